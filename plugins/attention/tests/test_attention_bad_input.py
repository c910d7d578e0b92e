"""A run over inputs that are wrong in one place each: they are told, and the others go on."""

from __future__ import annotations

import json
import math
import os
from textwrap import dedent

import pytest

from sondage.api import make_plan

PLUGIN = """
    import numpy as np, sondage
    from sondage.testing.passable import ToyPassable

    class Faulty(ToyPassable):
        def pass_through(self, batch, layers, wants, sink):
            def spoilt(layer, found):
                found = {what: np.array(values) for what, values in found.items()}
                self.spoil(batch, layer, found)
                sink(layer, found)
            super().pass_through(batch, layers, wants, spoilt)

    class Headless(Faulty):
        def spoil(self, batch, layer, found):
            if "attention" in found:
                found["attention"][:, 0] = 0

    class Hole(Faulty):
        def spoil(self, batch, layer, found):
            if layer == 1 and "attention" in found and 3 in batch.sentences:
                found["attention"][batch.sentences == 3, :, 0] = 0

    class Nan(Faulty):
        def spoil(self, batch, layer, found):
            if layer == 1:
                for values in found.values():
                    values[0, 0] = np.nan

    class Constant(Faulty):
        def spoil(self, batch, layer, found):
            if layer == 2 and "states" in found:
                found["states"][:] = 1.5

    class Cuts(ToyPassable):
        def _pieces(self, corpus, i):
            return [[w[:2], w[2:]] if len(w) > 2 else [w] for [w, *_] in super()._pieces(corpus, i)]

    @sondage.hookimpl
    def sondage_encoders():
        kinds = dict(good=ToyPassable, headless=Headless, hole=Hole, nan=Nan, constant=Constant,
                     cuts=Cuts)
        return [sondage.EncoderSpec(name=f"faulty.{n}", factory=c, summary="s", reference="r")
                for n, c in kinds.items()]
"""

REGISTRY = """
version: 1
encoders:
  base: {use: faulty.good}
  broad: {use: faulty.good, width: 48}
  broader: {use: faulty.good, width: 48, seed: 8}
  good: {use: faulty.good, seed: 1}
  headless: {use: faulty.headless, seed: 2}
  hole: {use: faulty.hole, seed: 3}
  nan: {use: faulty.nan, seed: 4}
  constant: {use: faulty.constant, seed: 5}
  shallow: {use: faulty.good, seed: 6, n_layers: 1}
  cuts: {use: faulty.cuts, seed: 7}
tasks:
  texts: {use: corpora.text, files: "FOLDER/texts.txt"}
probes:
  entropy: {use: attention.entropy}
metrics:
  js: {use: attention.js}
  emd: {use: attention.emd}
  svcca: {use: similarity.svcca}
compositions:
  faults:
    encoders: [base, good, headless, hole, nan, constant, shallow, cuts]
    baseline: base
    tasks: [texts]
    probes: [entropy]
    metrics: [js, emd, svcca]
    in_passing: [svcca]
    views: [mean]
  broad: {encoders: [broad, broader], baseline: broad, tasks: [texts], metrics: [js, svcca],
          views: [mean]}
"""


@pytest.fixture
def registry(tmp_path, monkeypatch):
    site = tmp_path / "site"
    info = site / "sondage_faulty-0.1.dist-info"
    info.mkdir(parents=True)
    module = f"m_faulty_{abs(hash(str(tmp_path)))}"
    (site / f"{module}.py").write_text(dedent(PLUGIN), "utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: sondage-faulty\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text(f"[sondage]\nfaulty = {module}\n")
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("SONDAGE_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("SONDAGE_RUNS", str(tmp_path / "runs"))
    # Fewer texts than the vectors are wide, one of a single subword.
    words = ("fox", "river", "bank", "over", "lazy", "nobody", "saw", "red")
    lines = [
        " ".join(words[(i * k) % 8] for k in range(1, 3 + i % 5)) + f" n{i}" for i in range(24)
    ]
    (tmp_path / "texts.txt").write_text("\n".join([*lines, "no"]) + "\n", "utf-8")
    path = tmp_path / "r.yaml"
    path.write_text(REGISTRY.replace("FOLDER", str(tmp_path)), "utf-8")
    return path


def cells(registry, tmp_path, name):
    """Run as the command does; return its exit code and the records of all cells."""
    from sondage.cli.app import app

    with pytest.raises(SystemExit) as ended:
        app(["run", f"{registry}:{name}"])
    (path,) = (tmp_path / "runs").glob(f"{name}-*/cells.jsonl")
    return ended.value.code, [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_each_fault_is_told_and_all_else_goes_on(registry, tmp_path):
    said = "'shallow' has 1 blocks and 'base' 2: metrics compare layers 0 to 1, each with that of"
    assert any(said in note for note in make_plan(f"{registry}:faults").notes)
    code, found = cells(registry, tmp_path, "faults")
    assert code == 1
    failed = {(c["encoder"], c["component"], c["layer"]): c["error"]["message"]
              for c in found if c["status"] == "failed"}  # fmt: skip
    wanted = {("nan", name, 1): "layer 1 of encoder 'nan' has NaN or infinite values in its"
              for name in ("js", "emd", "svcca", "entropy")}  # fmt: skip
    wanted["constant", "svcca", 2] = "svcca is undefined: the vectors of its first input are (near"
    unlike = "encoders 'cuts' and 'base' cut the texts into different subwords"
    wanted |= {("cuts", name, layer): unlike for name in ("js", "emd") for layer in (1, 2)}
    wanted |= {("cuts", "svcca", layer): unlike for layer in (0, 1, 2)}
    assert failed.keys() == wanted.keys()
    for key, message in wanted.items():
        assert failed[key].startswith(message), key
    # What is measured of one encoder alone does not hang on the other.
    assert {c["layer"] for c in found if (c["encoder"], c["component"]) == ("cuts", "entropy")} == {
        1, 2,
    }  # fmt: skip
    done = [c for c in found if c["status"] == "done"]
    warned = {(c["encoder"], c["component"], c["layer"]): c["warnings"] for c in done}
    assert warned["headless", "js", 2]["attention-zero-rows"] > 100
    assert warned["hole", "js", 1] == {"attention-zero-rows": 2}
    assert warned["hole", "js", 2] == {}
    assert warned["good", "entropy", 1] == {"one-subword-sentences": 1}
    assert {c["layer"] for c in done if c["encoder"] == "shallow"} == {0, 1}
    assert all(math.isfinite(value) for c in done for value in c["scores"].values())


def test_fewer_stimuli_than_dimensions_are_told_and_attention_goes_on(registry, tmp_path):
    code, found = cells(registry, tmp_path, "broad")
    assert code == 1
    failed = [c for c in found if c["status"] == "failed"]
    assert {c["component"] for c in failed} == {"svcca"}
    assert {c["error"]["message"].partition(":")[0] for c in failed} == {
        "svcca needs more stimuli than dimensions"
    }
    assert {c["layer"] for c in found if c["component"] == "js"} == {1, 2}
