"""export, import and report: runs that travel, and what is made of them later."""

import hashlib
import json
import stat
import zipfile
from pathlib import Path

import pytest

from sondage import api
from sondage.errors import ResultsError
from sondage.records import parcel
from sondage.store import paths

REPORTING = """
import sondage
from dataclasses import dataclass

@dataclass(kw_only=True)
class Note:
    word: str = "plain"
    def write(self, run, folder):
        if self.word == "bad":
            raise ValueError("no such word")
        (folder / "note.txt").write_text(f"{self.word} {len(run.frame())}")
        return [folder / "note.txt"]

@sondage.hookimpl
def sondage_reports():
    return [sondage.ReportSpec(name="noted.note", factory=Note, summary="s", reference="r")]
"""


@pytest.fixture
def ran(call, both):
    call("run", f"{both}:both", "--quiet")
    return api.results()


@pytest.fixture
def away(monkeypatch, tmp_path):
    """Look for runs elsewhere."""

    def move():
        monkeypatch.setenv("SONDAGE_RUNS", str(tmp_path / "away"))
        return tmp_path / "away"

    return move


def test_a_run_goes_out_and_comes_back(call, ran, away, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shown = call("results", ran.name).out
    ended = call("export", "1")
    assert ended.out.startswith(f"{ran.name}: ")
    file = tmp_path / f"{ran.name}.zip"
    first = file.read_bytes()
    call("results", ran.name)  # leaves a summary, which stays behind
    call("export", "1", "-o", "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == first
    away()
    assert call("import", file).out == f"{ran.name} is in {tmp_path / 'away' / ran.name}\n"
    assert call("results", ran.name).out == shown
    assert call("runs", "1").out.count("command") == 1
    assert call("import", file).out.startswith(f"{ran.name} is there already, with the same")
    cells = tmp_path / "away" / ran.name / "cells.jsonl"
    cells.write_bytes(b"".join(cells.read_bytes().splitlines(keepends=True)[:2]))
    ended = call("import", file)
    assert ended.code == 2
    assert "already, with other results" in ended.err


def test_arrays_and_reports_travel_and_scratch_stays(ran, tmp_path):
    (cell,) = (r["id"] for r in ran.folder.records()[:1])
    ran.folder.artifact(cell, {"a": [1.0]})
    (ran.folder.path / "reports" / "r").mkdir(parents=True)
    for name in ("reports/r/a b.svg", "reports/r/.written-from", ".lock", "other.txt"):
        (ran.folder.path / name).write_text("x")
    (ran.folder.path / "reports" / "r" / "link").symlink_to("/etc/passwd")
    parcel.export(ran.folder, tmp_path / "a.zip")
    folder, new = parcel.unpack_run(tmp_path / "a.zip", tmp_path / "away")
    there = {f.relative_to(folder.path).as_posix() for f in folder.path.rglob("*") if f.is_file()}
    assert new
    assert there == {
        "run.json", "cells.jsonl", "history.jsonl", f"artifacts/{cell}.npz", "reports/r/a b.svg",
    }  # fmt: skip


def packed(path, members, *, contents=None, **changed):
    """Write an archive as `export` does, of these members, and say otherwise where asked."""
    files = {
        name: {"size": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}
        for name, raw in members.items()
    }
    told = {"format": 1, "sondage": "9.9", "run": "x-0a1b2c3d", "files": files} | changed
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(parcel.CONTENTS, json.dumps(told) if contents is None else contents)
        for name, raw in members.items():
            archive.writestr(name, raw)
    return path


HEADER = {"run.json": b"{}"}
NEWER = {"run.json": b'{"schema": 2, "versions": {"sondage": "9.9"}}'}
WRONG = hashlib.sha256(b"no").hexdigest()


@pytest.mark.parametrize(
    ("members", "changed", "said"),
    [
        (HEADER | {"../evil": b""}, {}, "no part of a run"),
        (HEADER | {"/etc/evil": b""}, {}, "no part of a run"),
        (HEADER | {"reports/../../evil": b""}, {}, "no part of a run"),
        (HEADER | {"reports/\x1b[31m": b""}, {}, "no part of a run"),
        (HEADER | {"reports/a\\..\\b": b""}, {}, "no part of a run"),
        (HEADER | {".bashrc": b""}, {}, "no part of a run"),
        (HEADER, {"run": "../x"}, "no name of one"),
        (HEADER, {"run": ".hidden"}, "no name of one"),
        (HEADER, {"run": 3}, "no name of one"),
        (HEADER, {"files": {}}, "not those of its"),
        ({"cells.jsonl": b""}, {}, "not those of its"),
        (HEADER, {"files": {"run.json": {"size": 2, "sha256": WRONG}}}, "checksum differs"),
        (HEADER, {"files": {"run.json": {"size": 1, "sha256": WRONG}}}, "checksum differs"),
        (HEADER, {"files": {"run.json": {"size": 2**60, "sha256": WRONG}}}, "larger than any"),
        (HEADER, {"files": {"run.json": 3}}, "cannot be read"),
        (HEADER, {"contents": "[" * 9000}, "cannot be read"),
        (HEADER, {"format": 2}, "format 2 by sondage 9.9"),
        (NEWER, {}, r"newer sondage \(9.9"),
    ],
)  # fmt: skip
def test_what_is_no_exported_run_is_refused_and_leaves_nothing(tmp_path, members, changed, said):
    root = tmp_path / "away"
    with pytest.raises(ResultsError, match=said):
        parcel.unpack_run(packed(tmp_path / "a.zip", members, **changed), root)
    left = [p for p in tmp_path.rglob("*") if p not in (tmp_path / "a.zip", root)]
    assert left == []


def test_links_broken_files_and_files_that_are_none(call, ran, tmp_path, monkeypatch):
    link = zipfile.ZipInfo("run.json")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    told = {"size": 4, "sha256": hashlib.sha256(b"/etc").hexdigest()}
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as archive:
        whole = {"format": 1, "run": "x-0a1b2c3d", "files": {"run.json": told}}
        archive.writestr(parcel.CONTENTS, json.dumps(whole))
        archive.writestr(link, "/etc")
    with pytest.raises(ResultsError, match="a link"):
        parcel.unpack_run(tmp_path / "link.zip", tmp_path / "away")
    parcel.export(ran.folder, tmp_path / "a.zip")
    raw = (tmp_path / "a.zip").read_bytes()
    monkeypatch.setenv("SONDAGE_RUNS", str(tmp_path / "away"))
    for broken in (raw[: len(raw) // 2], raw[:200] + b"\0\1\2" + raw[203:], b"", b"no zip"):
        (tmp_path / "broken.zip").write_bytes(broken)
        ended = call("import", tmp_path / "broken.zip")
        assert ended.code == 2
        assert "Traceback" not in ended.err
    assert call("import", tmp_path / "nosuch.zip").code == 2
    assert call("import", tmp_path).code == 2
    assert list((tmp_path / "away").glob("*")) == []


def test_a_run_that_a_newer_version_wrote_is_refused(call, ran):
    header = ran.folder.header()
    (ran.folder.path / "run.json").write_text(json.dumps(header | {"schema": 2}), "utf-8")
    for words in (["results"], ["results", "1"], ["export", "1"], ["report", "x", "1"]):
        ended = call(*words)
        assert ended.code == 2
        assert "written by a newer sondage (0.1.0)" in ended.err
        assert "pip install --upgrade sondage" in ended.err
    assert call("runs").code == 0


def test_an_export_that_cannot_be_written_leaves_nothing(call, ran, tmp_path):
    ended = call("export", "1", "-o", tmp_path / "no" / "a.zip")
    assert ended.code == 2
    assert "cannot be exported" in ended.err


def test_a_report_of_a_finished_run(call, ran, make_plugin, both):
    make_plugin("noted", REPORTING)
    ended = call("report", "noted.note", "1")
    file = Path(ended.out.strip())
    assert file == ran.folder.path / "reports" / "noted.note" / "note.txt"
    assert file.read_text() == "plain 36"
    # Asked for by name it is written anew, with what is set.
    assert call("report", "noted.note", "1", "--set", "word=other").code == 0
    assert file.read_text() == "other 36"
    with both.open("a", encoding="utf-8") as opened:
        opened.write("reports:\n  mine: {use: noted.note, word: declared}\n")
    ended = call("report", f"{both}:mine")
    assert Path(ended.out.strip()).read_text() == "declared 36"
    assert Path(ended.out.strip()).parent.name == "mine"


def test_reports_that_cannot_be_written(call, ran, make_plugin):
    make_plugin("noted", REPORTING)
    ended = call("report", "noted.not", "1")
    assert ended.code == 2
    assert "closest: noted.note" in ended.err
    failing = call("report", "noted.note", "1", "--set", "word=bad")
    assert failing.code == 2
    assert "no such word" in failing.err
    unknown = call("report", "noted.note", "1", "--set", "colour=red")
    assert unknown.code == 2
    assert "colour" in unknown.err
    assert call("report", "noted.note", "nosuch").code == 2
    assert paths.runs_folder().is_dir()
