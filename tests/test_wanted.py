"""What a probe wants beside its units is kept: the view that it reads, and no training items."""

import numpy as np
import pytest

from sondage import api
from sondage.errors import RegistryError

MAPS = """
    import itertools
    import numpy as np, sondage
    from sondage.data import Chunk, Outcomes, Request, Result, Split
    from sondage.testing.toys import ToyEncoder, ToyTask

    ABOUT = {"summary": "s", "reference": "r"}

    class Maps(ToyEncoder):
        "Two heads whose every query looks at all subwords alike."
        views = ("mean", "word", "subwords", "attention")
        def row_counts(self, corpus, view):
            pieces = super().row_counts(corpus, view)
            return pieces ** 2 if view == "attention" else pieces
        def encode(self, corpus, request):
            rest = tuple(v for v in request.views if v != "attention")
            for chunk in super().encode(corpus, Request(request.layers, rest)):
                rows = dict(chunk.rows)
                if "attention" in request.views:
                    n = self.row_counts(corpus, "attention")[chunk.sentences]
                    flat = np.repeat(n ** -0.5, n)[None, :, None].astype(np.float32)
                    rows["attention"] = flat.repeat(2, axis=2).repeat(len(request.layers), axis=0)
                yield Chunk(chunk.sentences, rows)

    class Untrained(ToyTask):
        "Has test items alone."
        randomness = ()
        def load(self):
            data, none = super().load(), np.empty(0, np.int64)
            split = Split(none, none, np.arange(len(data.target)))
            return type(data)(data.corpus, data.target, fixed=split)

    class Entropy:
        units, joint, randomness = "vectors", (), ()
        wants_views, measures = ("attention",), True
        def run_layers(self, problem):
            for layer, seed in itertools.product(problem.layers, problem.seeds):
                states, items = problem.states(layer), problem.data.target
                test = problem.splits[seed].test
                bits = [self.of(states[i]) for i in items.sentence[test]]
                outcomes = Outcomes(test, items.sentence[test], np.array(bits))
                yield layer, seed, Result({"entropy": float(np.mean(bits))}, outcomes)
        def of(self, rows):
            t = round(len(rows) ** 0.5)
            return float(-(rows * np.log2(rows)).sum() / t / 2)

    class Double(Entropy):
        wants_views, wants_width = (), 16
        def run_layers(self, problem):
            for layer, seed in itertools.product(problem.layers, problem.seeds):
                yield layer, seed, Result({"width": float(problem.vectors(layer).shape[1])})

    class Learner(Entropy):
        measures = False

    @sondage.hookimpl
    def sondage_encoders():
        return [sondage.EncoderSpec(name="maps.encoder", factory=Maps, **ABOUT)]
    @sondage.hookimpl
    def sondage_tasks():
        return [sondage.TaskSpec(name="maps.untrained", factory=Untrained, **ABOUT)]
    @sondage.hookimpl
    def sondage_probes():
        return [sondage.ProbeSpec(name="maps.entropy", factory=Entropy, **ABOUT),
                sondage.ProbeSpec(name="maps.double", factory=Double, **ABOUT),
                sondage.ProbeSpec(name="maps.learner", factory=Learner, **ABOUT)]
"""

REGISTRY = """
version: 1
encoders:
  m: {use: maps.encoder, n_layers: 2}
  plain: {use: toy.encoder, n_layers: 2}
tasks:
  t: {use: toy.task, n: 20}
  untrained: {use: maps.untrained, n: 20}
compositions:
  c:
    encoders: [m]
    tasks: [t]
    probes: [maps.entropy]
"""


@pytest.fixture
def registry(toy_registry, make_plugin, tmp_path):
    make_plugin("maps", MAPS)
    file = tmp_path / "maps.yaml"

    def written(old="", new=""):
        file.write_text(REGISTRY.replace(old, new) if old else REGISTRY, "utf-8")
        return f"{file}:c"

    return written


def test_a_probe_gets_the_view_that_it_reads(registry):
    run = api.run(registry())
    assert run.failed == []
    # Layer 0 has no attention.
    cells = {(r["view"], r["layer"]): r["scores"]["entropy"] for r in run.folder.records()}
    assert set(cells) == {("attention", 1), ("attention", 2)}
    from sondage.testing.toys import ToyEncoder, ToyTask

    data = ToyTask(n=20).load()
    counts = ToyEncoder().row_counts(data.corpus, "subwords")
    right = np.log2(counts[data.target.sentence[data.split(0).test]]).mean()
    np.testing.assert_allclose(list(cells.values()), right, rtol=1e-5)


def test_others_get_theirs_beside_it(registry):
    run = api.run(registry("probes: [maps.entropy]", "probes: [maps.entropy, toy.centroid]"))
    assert run.failed == []
    views = {(r["component"], r["view"]) for r in run.folder.records()}
    assert views == {("maps.entropy", "attention"), ("toy.centroid", "word")}


def test_an_encoder_without_the_view_is_refused_before_anything_runs(registry):
    with pytest.raises(RegistryError, match="reads the view attention, which encoder 'plain'"):
        api.make_plan(registry("encoders: [m]", "encoders: [m, plain]"))


def test_what_measures_needs_no_training_items(registry):
    task = ("tasks: [t]\n    probes: [maps.entropy]", "tasks: [untrained]\n    probes: [{}]")
    run = api.run(registry(task[0], task[1].format("maps.entropy")))
    assert run.failed == []
    learner = api.run(registry(task[0], task[1].format("maps.learner")))
    assert {r["status"] for r in learner.folder.records()} == {"failed"}
    assert "the train part of the split" in learner.failed[0]["error"]["message"]


def test_vectors_of_another_width_than_a_probe_wants_are_never_handed_over(registry):
    # Words may be paired, which a plan does not know; these are not.
    run = api.run(registry("probes: [maps.entropy]", "probes: [maps.double]"))
    said = {r["error"]["message"].splitlines()[0] for r in run.failed}
    assert len(run.failed) == 3
    assert len(said) == 1
    assert "wants vectors of width 16, but those of" in said.pop()
