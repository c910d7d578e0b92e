"""runs: what has been run, and the names by which runs are meant."""

import csv
import io
import json
import os
import subprocess
import time

import pytest

from sondage import api
from sondage.records import history
from sondage.records.catalogue import listed
from sondage.records.folder import RunFolder
from sondage.store import paths


@pytest.fixture
def three(call, both):
    """Three runs, the second of ``small``."""
    for words in (
        ["both"],
        ["small", "--layers", "0,2", "--seeds", "1"],
        ["both", "--layers", "0"],
    ):
        call("run", f"{both}:{words[0]}", "--quiet", "--set", "probes.slow.wait=0.0", *words[1:])
    return [one.name for one in listed(paths.runs_folder())]


def test_runs_are_listed_as_they_were_begun(call, three):
    lines = call("runs").out.splitlines()
    assert lines[0].split() == ["#", "run", "begun", "state", "took", "models", "layers", "seeds"]
    assert [line.split()[:2] for line in lines[1:]] == [[str(i), n] for i, n in enumerate(three, 1)]
    assert lines[2].split()[-4:] == ["a,", "b", "0,2", "1"]
    assert all("finished" in line for line in lines[1:])
    assert max(map(len, lines)) <= 100


def test_one_run_in_full(call, three, both):
    out = call("runs", "2").out
    assert f"2, {three[1]}" in out
    assert "state      finished: 4 of 4 cells" in out
    command = f"sondage run {both}:small --set probes.slow.wait=0.0 --layers 0,2 --seeds 1"
    assert f"command    {command}\n" in out
    assert "versions   sondage " in out
    rows = list(csv.DictReader(io.StringIO(call("runs", "--csv", "-").out)))
    assert [row["run"] for row in rows] == three
    assert rows[1]["command"] == command
    assert float(rows[0]["seconds"]) > 0


def test_the_command_that_is_written_down_makes_the_same_run(call, three):
    import shlex

    words = shlex.split(listed(paths.runs_folder())[1].command)
    assert call(*words[1:], "--quiet").code == 0
    assert len(listed(paths.runs_folder())) == 3


def test_runs_are_meant_by_number_id_and_latest(call, three):
    first, second, third = three
    for name in ("2", second, "small", "sma", second[-8:], second[-8:-3]):
        assert api.results(name).name == second, name
    assert api.results("1").name == first
    assert api.results("latest").name == third
    call("run", "latest")  # names no composition
    assert call("results", "4").code == 2
    ended = call("results", "9")
    assert "there is no run '9'" in ended.err
    assert "sondage runs" in ended.err
    # A whole name counts first.
    root = paths.runs_folder()
    (root / first).rename(root / "3-0a1b2c3d")
    (root / second).rename(root / "latest-0a1b2c3d")
    assert api.results("3").name == "3-0a1b2c3d"
    assert api.results("latest").name == "latest-0a1b2c3d"


def test_numbers_stay_when_a_run_is_asked_for_again(call, three, both):
    call("run", f"{both}:both", "--quiet", "--set", "probes.slow.wait=0.0")
    assert [one.name for one in listed(paths.runs_folder())] == three
    assert api.results("latest").name == three[0]


def test_how_far_a_run_is(call, both):
    run = api.run(f"{both}:both")
    lines = run.folder.cells.read_bytes().splitlines(keepends=True)
    state = lambda: listed(paths.runs_folder())[0]  # noqa: E731
    assert (state().state, state().done, state().failed) == ("finished", 20, 0)
    run.folder.cells.write_bytes(b"".join(lines[:5]))
    assert (state().state, state().done) == ("partial", 5)
    assert "partial 5/20" in call("runs").out
    failed = b"".join(
        line.replace(b'"status": "done"', b'"status": "failed"') for line in lines[5:]
    )
    run.folder.cells.write_bytes(b"".join(lines[:5]) + failed)
    assert (state().state, state().failed) == ("failed", 15)
    event = {"begun": time.time() + 1, "command": "c", "commit": "", "pid": os.getpid(),
             "host": history.machine.this_machine(), "versions": {}}  # fmt: skip
    with (run.folder.path / "history.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(event) + "\n")
    assert state().state == "running"
    run.folder.cells.unlink()
    run.folder.cells.mkdir()
    assert state().state == "unreadable"
    assert "unreadable" in call("runs").out


def test_runs_of_before_and_damaged_ones_are_listed(call, both):
    run = api.run(f"{both}:both")
    (run.folder.path / "history.jsonl").unlink()
    (one,) = listed(paths.runs_folder())
    assert (one.state, one.seconds, one.command) == ("finished", None, "")
    assert one.begun > 0
    for said in (b"\xff{", b'{"begun": "x"}\n3\n{"ended": 1}\n{"of": 3}\n', b'{"begun": 1'):
        (run.folder.path / "history.jsonl").write_bytes(said)
        assert listed(paths.runs_folder())[0].state == "finished"
    (run.folder.path / "run.json").write_text("{")
    assert listed(paths.runs_folder())[0].done == 20
    assert call("runs").code == 0


def test_no_runs(call):
    assert "sondage run quickstart" in call("runs").out


def test_a_line_that_a_killed_process_left_is_closed(tmp_path):
    folder = RunFolder(tmp_path)
    (tmp_path / "history.jsonl").write_bytes(b'{"begun": 1, "comm')
    with history.worked_on(folder, "again", {}):
        assert history.events(folder)[0].at_work
    (event,) = history.events(folder)
    assert event.command == "again"
    assert event.seconds is not None
    with pytest.raises(KeyboardInterrupt), history.worked_on(folder, "third", {}):
        raise KeyboardInterrupt
    assert [e.command for e in history.events(folder)] == ["again", "third"]
    assert not history.events(folder)[1].at_work
    with history.worked_on(RunFolder(tmp_path / "no" / "folder"), "", {}):
        pass


def test_the_commit_of_a_folder_says_whether_files_differ(tmp_path):
    assert history.commit_of(tmp_path) == ""
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(tmp_path)]
    (tmp_path / "a").write_text("1")
    for words in (["init", "-q"], ["add", "a"], ["commit", "-q", "-m", "one"]):
        subprocess.run([*git, *words], check=True)
    commit = history.commit_of(tmp_path)
    assert len(commit) == 40
    (tmp_path / "new").write_text("1")
    assert history.commit_of(tmp_path) == commit
    (tmp_path / "a").write_text("2")
    assert history.commit_of(tmp_path) == commit + "+"


def test_five_hundred_runs_are_listed_without_reading_their_cells(call, both, monkeypatch):
    run = api.run(f"{both}:both")
    root = paths.runs_folder()
    for i in range(499):
        folder = root / f"both-{i:08d}"
        folder.mkdir()
        for name in ("run.json", "cells.jsonl", "history.jsonl"):
            (folder / name).hardlink_to(run.folder.path / name)
    monkeypatch.setattr(history, "counts", lambda folder: pytest.fail("read"))
    begun = time.process_time()
    assert len(call("runs").out.splitlines()) == 501
    assert time.process_time() - begun < 2.0


def test_cells_and_tables_fit_a_page(call, three):
    for options in (["--cells"], ["--table", "per_class"]):
        for name in three:
            lines = call("results", name, *options).out.splitlines()
            assert max(map(len, lines)) <= 100
    lines = call("results", "2", "--cells").out.splitlines()
    assert (
        lines[0]
        == "in all rows: kind probe, task t, component slow, view word, seed 1, status done"
    )
    assert lines[1].split() == ["encoder", "layer", "score", "value"]
