"""Whatever is damaged on disk, the same command gives the same numbers and ends well."""

import json
import os
import shutil

import pytest

from sondage import api
from sondage.commands import cache
from sondage.execute import listener
from sondage.store import Store


def scores(run):
    assert run.failed == []
    return {r["id"]: r["scores"] for r in run.folder.records()}


class Heard(listener.Silent):
    def __init__(self):
        self.notes, self.encodings, self.records = [], [], []

    def said(self, text):
        self.notes.append(text)

    def encoded(self, title, warnings, seconds):
        self.encodings.append(title)

    def recorded(self, records):
        self.records += records


def flip(file, place=0.7):
    raw = bytearray(file.read_bytes())
    raw[int(place * len(raw))] ^= 4
    file.write_bytes(raw)


def as_folder(path):
    path.unlink()
    path.mkdir()
    (path / "x").write_text("x")


def as_file(path):
    shutil.rmtree(path)
    path.write_text("x")


def shut(path):
    path.chmod(0)


HARM = {
    "missing": lambda path: path.unlink(),
    "empty": lambda path: path.write_bytes(b""),
    "cut": lambda path: os.truncate(path, path.stat().st_size - 3),
    "longer": lambda path: path.write_bytes(path.read_bytes() + b"\0" * 8),
    "garbled": lambda path: path.write_bytes(b"\xff\x00{" * 40),
    "flipped": flip,
    "flipped-early": lambda path: flip(path, 0.02),
    "folder": as_folder,
    "deep": lambda path: path.write_text("[" * 100_000),
    "list": lambda path: path.write_text("[1]"),
    "pipe": lambda path: (path.unlink(), os.mkfifo(path)),
    "shut": shut,
}
FOLDERS = {"gone": shutil.rmtree, "file": as_file, "shut": shut}


@pytest.fixture
def target(toy_registry):
    text = toy_registry.read_text("utf-8").replace("seeds: [0, 1, 2]", "seeds: [0]")
    toy_registry.write_text(text + "    layers: [0, 1]\n", "utf-8")
    return f"{toy_registry}:small"


def again(target, tmp_path, name="again", **options):
    """Run with the same store and no results."""
    os.environ["SONDAGE_RUNS"] = str(tmp_path / name)
    heard = Heard()
    return scores(api.run(target, listener=heard, **options)), heard


@pytest.mark.parametrize("file", ["data.npy", "offsets.npy", "manifest.json"])
def test_any_damage_of_any_file_of_an_entry_is_said_once_and_mended(target, tmp_path, file):
    before = scores(api.run(target))
    for i, (kind, harm) in enumerate(HARM.items()):
        entry = next((tmp_path / "store" / "entries").glob("*/*"))
        harm(entry / file)
        found, heard = again(target, tmp_path, f"again{i}")
        assert found == before, kind
        if kind != "shut" or os.geteuid():
            assert len(heard.encodings) == 1, kind
            assert sum("damaged" in note for note in heard.notes) == 1, (kind, heard.notes)
        assert all(not wrong for _, wrong in cache.verified_entries(Store(tmp_path / "store"))), (
            kind
        )
    found, heard = again(target, tmp_path)
    assert (found, heard.encodings, heard.notes) == (before, [], [])


@pytest.mark.parametrize("place", ["entries/*/*", "entries/*", "entries", "tmp"])
def test_any_damage_of_a_folder_of_the_store_is_mended(target, tmp_path, place):
    before = scores(api.run(target))
    for i, (kind, harm) in enumerate(FOLDERS.items()):
        (tmp_path / "store" / "tmp").mkdir(exist_ok=True)
        harm(next((tmp_path / "store").glob(place)))
        if place == "tmp":
            shutil.rmtree(tmp_path / "store" / "entries")
        assert again(target, tmp_path, f"again{i}")[0] == before, kind
    found, heard = again(target, tmp_path)
    assert (found, heard.encodings) == (before, [])


def test_an_entry_of_an_older_version_is_made_anew(target, tmp_path):
    before = scores(api.run(target))
    for file in (tmp_path / "store").glob("entries/*/*/manifest.json"):
        manifest = json.loads(file.read_text())
        del manifest["seal"], manifest["offsets"]
        file.write_text(json.dumps(manifest))
    found, heard = again(target, tmp_path)
    assert found == before
    assert len(heard.encodings) == 2
    assert all("older version" in note for note in heard.notes if "damaged" in note)


def test_a_store_that_is_pruned_during_a_run_is_filled_again(target, tmp_path):
    before = scores(api.run(target))

    class Pruned(Heard):
        def encoded(self, title, warnings, seconds):
            super().encoded(title, warnings, seconds)
            shutil.rmtree(tmp_path / "store" / "entries")

    os.environ["SONDAGE_RUNS"] = str(tmp_path / "again")
    shutil.rmtree(tmp_path / "store")
    heard = Pruned()
    assert scores(api.run(target, listener=heard)) == before
    assert len(heard.encodings) == 2


CHANGING = """
    import os, numpy as np, sondage
    from functools import cached_property
    from pathlib import Path
    from sondage.contracts import Encoder
    from sondage.data import Chunk, digest
    from sondage.testing.toys import ToyEncoder

    class Weights(ToyEncoder):
        def __init__(self, *, file: str):
            super().__init__()
            self.file = file
        @cached_property
        def text(self):
            return Path(self.file).read_text()
        @property
        def fingerprint(self):
            return digest(self.text)

    class Around(ToyEncoder):
        def __init__(self, *, base: Encoder):
            super().__init__()
            self.base = base
        @property
        def fingerprint(self):
            return digest("around", self.base.fingerprint)

    class Ragged(ToyEncoder):
        def __init__(self, *, how: str):
            super().__init__()
            self.how = how
        @property
        def fingerprint(self):
            return digest(self.how)
        def encode(self, corpus, request):
            half = len(corpus) // 2
            for n, part in enumerate((np.arange(half), np.arange(half, len(corpus)))):
                for chunk in super().encode(corpus.take(part), request):
                    rows = {v: self.other(r) if n else r for v, r in chunk.rows.items()}
                    yield Chunk(part[chunk.sentences], rows)
        def other(self, rows):
            if self.how == "width":
                return rows[:, :, ::2]
            return rows.astype(self.how)

    ABOUT = {"summary": "s", "reference": "r"}
    @sondage.hookimpl
    def sondage_encoders():
        return [sondage.EncoderSpec(name="changing." + n, factory=f, **ABOUT)
                for n, f in [("weights", Weights), ("around", Around), ("ragged", Ragged)]]
"""


@pytest.mark.parametrize("encoder", ["w", "around"])
def test_weights_replaced_between_plan_and_load_are_refused(target, tmp_path, make_plugin, encoder):
    make_plugin("changing", CHANGING)
    weights = tmp_path / "weights"
    weights.write_text("one")
    file, _, _ = target.rpartition(":")
    with open(file, encoding="utf-8") as stream:
        text = stream.read()
    declared = f"  w: {{use: changing.weights, file: {weights}}}\n"
    declared += "  around: {use: changing.around, base: w}\n"
    with open(file, "w", encoding="utf-8") as stream:
        stream.write(text.replace("tasks:\n", declared + "tasks:\n", 1))
    settings = {"encoders": [encoder], "baseline": None}
    planned = api.make_plan(target, settings=settings)
    weights.write_text("two")
    run = api.run_plan(planned)
    assert len(run.failed) == len(planned.cells)
    assert "have changed since" in run.failed[0]["error"]["message"]
    assert not list((tmp_path / "store").glob("entries/*/*"))
    assert scores(api.run(target, settings=settings))


@pytest.mark.parametrize("how", ["width", "float16", "float64", "int32", ">f4", "complex64"])
def test_an_encoder_that_changes_width_or_type_between_chunks_is_refused(
    target, tmp_path, make_plugin, how
):
    make_plugin("changing", CHANGING)
    settings = {"encoders": [{"use": "changing.ragged", "how": how}], "baseline": None}
    run = api.run(target, settings=settings)
    assert len(run.failed) == len(run.folder.records()) > 0
    assert " type" in run.failed[0]["error"]["message"]
    assert not list((tmp_path / "store").glob("entries/*/*"))


LINES = {
    "digit": lambda raw: raw.replace(b'"accuracy": 0.', b'"accuracy": 0.9', 1),
    "id": lambda raw: raw[:12] + (b"0" if raw[12:13] != b"0" else b"1") + raw[13:],
    "status": lambda raw: raw.replace(b'"status": "done"', b'"status": "dome"'),
    "garbled": lambda raw: raw[:90] + b"\xff\x00{" + raw[93:],
    "cut": lambda raw: raw[:200] + b"\n",
    "name": lambda raw: raw.replace(b'"layer"', b'"lazer"'),
    "unchecked": lambda raw: raw.replace(b', "check"', b', "cheek"'),
    "joined": lambda raw: raw[:-1] + b" ",
    "empty": lambda raw: b"\n",
}


def test_a_damaged_line_of_results_is_said_once_and_its_cell_run_again(target, tmp_path):
    run = api.run(target)
    before = scores(run)
    for kind, harm in LINES.items():
        lines = run.folder.cells.read_bytes().splitlines(keepends=True)
        lines[1] = harm(lines[1])
        run.folder.cells.write_bytes(b"".join(lines))
        heard = Heard()
        assert scores(api.run(target, listener=heard)) == before, kind
        assert [n for n in heard.notes if "damaged" in n], kind
        assert len(heard.records) in (1, 2), kind
        heard = Heard()
        assert scores(api.run(target, listener=heard)) == before, kind
        assert (heard.records, heard.notes) == ([], []), kind


@pytest.mark.parametrize("file", ["run.json", "cells.jsonl"])
def test_any_damage_of_a_run_is_mended_and_blocks_no_other(target, tmp_path, file):
    run = api.run(target)
    before = scores(run)
    for kind in ("missing", "empty", "garbled", "deep", "list", "folder"):
        HARM[kind](run.folder.path / file)
        assert api.run(target, layers=[0]).failed == [], kind
        assert scores(api.run(target)) == before, kind
        assert run.folder.header()["cells"] == len(before)


ARRAYS = """
    import numpy as np, sondage
    from sondage.data import Result

    class Means:
        units, randomness = "vectors", ()
        def run_layers(self, problem):
            for layer in problem.layers:
                mean = problem.vectors(layer).mean(axis=0)
                yield layer, 0, Result({"x": float(mean[0])}, arrays={"mean": mean})

    @sondage.hookimpl
    def sondage_probes():
        return [sondage.ProbeSpec(name="means.means", factory=Means, summary="s", reference="r")]
"""


@pytest.mark.parametrize("elsewhere", [False, True], ids=["here", "in another run"])
def test_any_damage_to_the_arrays_of_a_cell_is_said_once_and_mended(
    target, tmp_path, make_plugin, elsewhere
):
    make_plugin("means", ARRAYS)
    settings = {"encoders": ["a"], "baseline": None, "probes": ["means.means"]}

    def arrays(run):
        return {r["id"]: found["mean"].tolist() for r, found in run.arrays()}

    run = api.run(target, settings=settings)
    before = arrays(run)
    if elsewhere:
        # The same cells in a run of its own name have the arrays linked.
        assert arrays(api.run(target, settings=settings | {"summary": "other"})) == before
    files = sorted((run.folder.path / "artifacts").iterdir())
    kinds = {k: v for k, v in HARM.items() if k != "shut"}
    kinds["another's"] = lambda path: (path.unlink(), shutil.copy(files[1], path))
    for kind, harm in kinds.items():
        harm(files[0])
        heard = Heard()
        again = api.run(target, settings=settings, listener=heard)
        assert arrays(again) == before, kind
        assert sum("damaged results" in note for note in heard.notes) == 1, kind
        assert all(again.folder.holds(r) for r in again.folder.records())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs another user in a process")
def test_another_users_read_only_store_that_holds_everything_is_used(target, tmp_path):
    before = scores(api.run(target))
    store = tmp_path / "store"
    entries = {path: path.stat().st_mtime_ns for path in store.rglob("*")}
    for path in sorted(entries):
        path.chmod(0o555 if path.is_dir() else 0o444)
    store.chmod(0o555)
    mine = tmp_path / "mine"
    mine.mkdir()
    mine.chmod(0o777)
    for folder in (tmp_path, *tmp_path.parents[:-1]):
        if folder.stat().st_uid == os.geteuid() and not folder.stat().st_mode & 1:
            folder.chmod(folder.stat().st_mode | 0o111)
    pid = os.fork()
    if not pid:
        code = 1
        try:
            if os.geteuid() == 0:
                os.setresuid(65534, 65534, 65534)
            found, heard = again(target, mine)
            code = 0 if (found, heard.encodings, heard.notes) == (before, [], []) else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    store.chmod(0o755)
    assert {path: path.stat().st_mtime_ns for path in store.rglob("*")} == entries
