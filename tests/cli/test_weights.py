"""Trained weights in ``sondage cache``: listed, verified, pruned."""

import os

import pytest
from filelock import FileLock

from sondage.store import paths

TUNE = """
    import pathlib
    import sondage
    from sondage.contracts import Encoder, Task
    from sondage.data import Result, digest
    from sondage.testing.toys import ToyEncoder

    class Step(ToyEncoder):
        def __init__(self, series, step):
            super().__init__()
            self.series, self.step = series, step
        @property
        def fingerprint(self):
            return digest(self.series.fingerprint, self.step)

    class Tuned:
        def __init__(self, *, base: Encoder, task: Task):
            self.base, self.task = base, task
        @property
        def fingerprint(self):
            return digest(self.base.fingerprint, self.task.fingerprint)
        @property
        def steps(self):
            return (0, 5)
        def at(self, step):
            return Step(self, step)
        def place(self, folder):
            self.folder = pathlib.Path(folder)
        def train(self):
            for step in self.steps:
                (self.folder / f"{step}.txt").write_text("w" * 5000)
            return Result({"dev_accuracy": 0.5})

    @sondage.hookimpl
    def sondage_encoders():
        return [sondage.EncoderSpec(name="tune.tuned", factory=Tuned, summary="s", reference="r")]
"""

REGISTRY = """
version: 1
encoders:
  a: {use: toy.encoder}
  polished: {use: tune.tuned, base: a, task: t}
tasks:
  t: {use: toy.task, n: 30}
compositions:
  c: {encoders: [polished], tasks: [t], probes: [toy.centroid], layers: [1]}
"""


@pytest.fixture
def folder(call, tmp_path, make_plugin):
    make_plugin("toy")
    make_plugin("tune", TUNE)
    path = tmp_path / "r.yaml"
    path.write_text(REGISTRY, "utf-8")
    assert call("run", f"{path}:c").code == 0
    (found,) = paths.store_folder().glob("models/*/*")
    return found


def row(call, folder):
    lines = call("cache", "ls").out.splitlines()
    return [line.split() for line in lines if line.startswith(folder.name[:8])]


def test_weights_are_listed_with_their_name_and_size(call, folder):
    (found,) = row(call, folder)
    assert found[1:3] == ["polished", "weights"]
    assert "kB" in found or "KiB" in found
    (folder / "trained.json").unlink()
    assert "unfinished" in row(call, folder)[0]


@pytest.mark.parametrize("way", ["all", "encoder", "old"])
def test_prune_picks_weights(call, folder, way):
    assert "weights" in row(call, folder)[0]
    call("cache", "prune")
    call("cache", "prune", "--older-than", "1", "--yes")
    call("cache", "prune", "--encoder", "zz", "--yes")
    assert row(call, folder)
    refused = call("cache", "prune", "--all")
    assert refused.code == 2
    assert "1 trained encoder" in refused.err
    if way == "old":
        for path in (folder, *folder.iterdir()):
            os.utime(path, (0, 1e9))
    options = {"all": ["--all"], "encoder": ["--encoder", folder.name[:8]]}
    call("cache", "prune", *options.get(way, ["--older-than", "1"]), "--yes")
    assert not row(call, folder)
    assert not list(folder.glob("*.txt"))


def test_weights_in_training_are_left(call, folder):
    with FileLock(folder / ".lock"):
        ended = call("cache", "prune", "--all", "--yes")
    assert "training them now" in ended.err
    assert len(list(folder.glob("*.txt"))) == 2


def test_verify_discards_damaged_weights(call, folder):
    assert "trained weights: 1 whole, 0 discarded" in call("cache", "verify").out
    (folder / "5.txt").write_text("x" * 5000)
    assert "trained weights: 0 whole, 1 discarded" in call("cache", "verify").out
    assert not (folder / "5.txt").exists()
    assert (folder / "0.txt").exists()
