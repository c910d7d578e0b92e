"""What is measured while models read: no map is stored, and the numbers are those of a loop."""

import numpy as np
import pytest

from sondage import api, stats
from sondage.testing.passable import ToyPassable
from sondage.testing.toys import ToyTask

PLUGIN = """
    import numpy as np, sondage
    from sondage.data import Result
    from sondage.testing.passable import ToyPassable
    from sondage.testing.toys import ToyTask

    ABOUT = {"summary": "s", "reference": "r"}
    MOST = []

    class Gaps:
        def __init__(self):
            self.total, self.n = 0.0, 0
        def update(self, a, b, batch):
            for x, y, t in zip(a, b, batch.lengths):
                self.total += float(np.abs(x - y)[:, :t, :t].sum(axis=-1).mean()) / 2
                self.n += 1
        def merge(self, other):
            self.total += other.total
            self.n += other.n
            return self
        def compute(self):
            return Result({"gap": self.total / self.n})

    class Attention:
        units, symmetric, bounds, self_value = "attention", True, (0.0, 1.0), 0.0
        invariances, randomness = frozenset(), ()
        def begin(self, seed):
            return Gaps()

    class Broken(Attention):
        def begin(self, seed):
            raise ValueError("no")

    class Peaks(Gaps):
        def update(self, a, batch):
            for x, t in zip(a, batch.lengths):
                self.total += float(x[:, :t, :t].max(axis=-1).mean())
                self.n += 1
        def compute(self):
            return Result({"peak": self.total / self.n})

    class Peak:
        units, randomness, bounds = "attention", (), (0.0, 1.0)
        def begin(self, seed):
            return Peaks()

    class Dots:
        def __init__(self):
            self.total, self.n, self.rows = 0.0, 0, 0
        def update(self, a, b, rows):
            self.total += float((a * b).sum())
            self.n += len(a)
            self.rows += int(rows.sum())
        def merge(self, other):
            self.total += other.total
            self.n += other.n
            self.rows += other.rows
            return self
        def compute(self):
            return Result({"dot": self.total / self.n, "rows": float(self.rows)})

    class Dot:
        units, symmetric, bounds, self_value = "vectors", True, (-99.0, 99.0), 0.0
        invariances, randomness = frozenset(), ()
        def begin(self, seed):
            return Dots()

    class Draws(Dots):
        def __init__(self):
            super().__init__()
            self.drawn = []
        def update(self, a, b, rows):
            super().update(a, b, rows)
            self.drawn += zip(rows.tolist(), (a * b).sum(1).tolist())
        def left_out(self, group_of):
            rows, values = map(np.array, zip(*self.drawn))
            group = group_of(rows)
            for g in np.unique(group):
                rest = values[group != g]
                yield {"dot": rest.mean()}

    class Drawn(Dot):
        randomness = ("resample",)
        def begin(self, seed):
            return Draws()

    class Shared(Dot):
        shares = "dots"
        def result(self, accumulator):
            MOST.append(id(accumulator))
            return Result({"n": float(accumulator.n)})

    class Asks:
        units, reads, joint, randomness = "none", "encoder", (), ()
        def run_layers(self, problem):
            width = problem.encoder.width * len(problem.data.corpus)
            yield None, problem.seeds[0], Result({"size": float(width)})

    class Holed(ToyPassable):
        def pass_through(self, batch, layers, wants, sink):
            def spoilt(layer, found):
                if layer == 1 and 0 in batch.sentences:
                    found = {k: v.copy() for k, v in found.items()}
                    for values in found.values():
                        values[0, 0] = np.nan
                sink(layer, found)
            super().pass_through(batch, layers, wants, spoilt)

    class Cuts(ToyPassable):
        def _pieces(self, corpus, i):
            return [[w[:2], w[2:]] if len(w) > 2 else [w] for [w, *_] in super()._pieces(corpus, i)]

    def specs(kind, **classes):
        spec = getattr(sondage, kind + "Spec")
        return [spec(name="toy." + n, factory=c, **ABOUT) for n, c in classes.items()]

    @sondage.hookimpl
    def sondage_encoders():
        return specs("Encoder", encoder=ToyPassable, holed=Holed, cuts=Cuts)
    @sondage.hookimpl
    def sondage_tasks():
        return specs("Task", task=ToyTask)
    @sondage.hookimpl
    def sondage_probes():
        return specs("Probe", peak=Peak, asks=Asks)
    @sondage.hookimpl
    def sondage_metrics():
        return specs(
            "Metric", gap=Attention, broken=Broken, dot=Dot, shared=Shared, drawn=Drawn
        )
"""

REGISTRY = """
version: 1
encoders:
  a: {use: toy.encoder}
  b: {use: toy.encoder, seed: 1}
  holed: {use: toy.holed, seed: 2}
  cuts: {use: toy.cuts, seed: 3}
tasks:
  t: {use: toy.task, n: 45}
compositions:
  both: {encoders: [a, b], baseline: a, tasks: [t], probes: [toy.peak], metrics: [toy.gap]}
  vectors:
    encoders: [a, b]
    baseline: a
    tasks: [t]
    metrics: [toy.dot, toy.shared]
    views: [subwords]
    in_passing: [toy.dot, toy.shared]
  stored: {encoders: [a, b], baseline: a, tasks: [t], metrics: [toy.dot], views: [subwords]}
  words:
    encoders: [a, b]
    baseline: a
    tasks: [t]
    metrics: [toy.dot]
    views: [word, mean]
    in_passing: [toy.dot]
  words-stored: {encoders: [a, b], baseline: a, tasks: [t], metrics: [toy.dot], views: [word, mean]}
  drawn:
    encoders: [a, b]
    baseline: a
    tasks: [t]
    metrics: [toy.dot, toy.drawn]
    views: [subwords, word, mean]
    in_passing: [toy.dot, toy.drawn]
  drawn-stored:
    encoders: [a, b]
    baseline: a
    tasks: [t]
    metrics: [toy.dot, toy.drawn]
    views: [subwords, word, mean]
  faults:
    encoders: [a, b, holed]
    baseline: a
    tasks: [t]
    metrics: [toy.gap, toy.broken, toy.dot]
    views: [subwords]
    in_passing: [toy.dot]
  unlike: {encoders: [a, cuts], baseline: a, tasks: [t], metrics: [toy.gap]}
  misnamed: {encoders: [a], tasks: [t], probes: [toy.peak], in_passing: [toy.peak]}
  asked: {encoders: [a, b], tasks: [t], probes: [toy.asks]}
"""


@pytest.fixture
def runs(make_plugin, tmp_path):
    make_plugin("toy", PLUGIN)
    path = tmp_path / "registry.yaml"
    path.write_text(REGISTRY)
    return lambda name, **how: api.run(f"{path}:{name}", **how)


def maps(seed, corpus, layer):
    encoder = ToyPassable(seed=seed)
    for i in range(len(corpus)):
        found = {}
        batch = encoder.lay_out(corpus, np.array([i]))
        encoder.pass_through(batch, (layer,), frozenset(["attention"]), found.__setitem__)
        yield found[layer]["attention"][0]


def test_maps_of_two_encoders_are_compared_as_in_a_loop_and_never_stored(runs, tmp_path):
    done = runs("both")
    assert not done.failed
    corpus = ToyTask(n=45).load().corpus
    corpus = corpus.take(corpus.unique[0])
    records = {(r["component"], r["encoder"], r["layer"]): r for r in done.folder.records()}
    assert {key[2] for key in records} == {1, 2}
    for layer in (1, 2):
        pairs = zip(maps(0, corpus, layer), maps(1, corpus, layer), strict=True)
        gaps = np.array([np.abs(x - y).sum(axis=-1).mean() / 2 for x, y in pairs])
        record = records["toy.gap", "b", layer]
        assert record["scores"]["gap"] == pytest.approx(gaps.mean(), rel=1e-6)
        left_out = [np.delete(gaps, np.s_[k::20]).mean() for k in range(20)]
        slow = stats.jackknife_interval(np.array(left_out), gaps.mean(), (0.0, 1.0))
        assert record["intervals"]["gap"] == pytest.approx([slow.low, slow.high], rel=1e-5)
        for seed, name in enumerate("ab"):
            peaks = [m.max(axis=-1).mean() for m in maps(seed, corpus, layer)]
            peak = records["toy.peak", name, layer]["scores"]["peak"]
            assert peak == pytest.approx(np.mean(peaks), rel=1e-6)
    assert not list((tmp_path / "store").rglob("*.npy"))


@pytest.mark.parametrize(("one", "other"), [("vectors", "stored"), ("words", "words-stored")])
def test_vectors_in_passing_are_those_of_the_store(runs, tmp_path, one, other):
    passed = runs(one)
    assert not passed.failed
    assert not list((tmp_path / "store").rglob("*.npy"))
    stored = {(r["view"], r["layer"]): r for r in runs(other).folder.records()}
    for record in passed.folder.records():
        if record["component"] == "toy.dot":
            same = stored[record["view"], record["layer"]]
            assert record["scores"] == pytest.approx(same["scores"], rel=1e-5)
            assert record["intervals"]["dot"] == pytest.approx(same["intervals"]["dot"], rel=1e-3)
            assert record["id"] != same["id"]


@pytest.mark.parametrize("name", ["drawn", "drawn-stored"])
def test_what_a_seed_draws_has_intervals_over_sentences(runs, name):
    done = runs(name)
    assert [r["error"]["message"] for r in done.failed] == []
    found = {(r["component"], r["view"], r["layer"]): r["intervals"] for r in done.folder.records()}
    assert len(found) == 2 * 3 * 3
    for (component, *rest), intervals in found.items():
        # All rows are drawn here, so that leaving groups out is what it is for other metrics.
        if component == "toy.drawn":
            wanted = found["toy.dot", *rest]["dot"]
            assert list(intervals) == ["dot"]
            assert intervals["dot"] == pytest.approx(wanted, rel=1e-4, abs=1e-5)


def test_a_run_in_passing_is_the_same_on_workers(runs, tmp_path, monkeypatch):
    first = {r["id"]: r["scores"] for r in runs("both").folder.records()}
    monkeypatch.setenv("SONDAGE_RUNS", str(tmp_path / "others"))
    assert {r["id"]: r["scores"] for r in runs("both", workers=2).folder.records()} == first


def test_one_fault_is_one_layers_and_one_metrics(runs):
    done = runs("faults")
    failed = {(r["component"], r["encoder"], r["layer"]): r["error"] for r in done.failed}
    assert {key for key in failed if key[0] != "toy.broken"} == {
        ("toy.gap", "holed", 1),
        ("toy.dot", "holed", 1),
    }
    assert "layer 1 of encoder 'holed' has NaN" in failed["toy.gap", "holed", 1]["message"]
    assert "ValueError" in failed["toy.broken", "b", 2]["traceback"]
    good = {(r["component"], r["encoder"], r["layer"]) for r in done.folder.records()} - set(failed)
    assert {("toy.gap", "b", 1), ("toy.gap", "holed", 2), ("toy.dot", "holed", 0)} <= good


def test_encoders_that_cut_otherwise_are_not_compared(runs):
    said = [r["error"]["message"] for r in runs("unlike").failed]
    assert len(said) == 2
    assert all("cut the texts into different subwords" in one for one in said)
    assert all("attention between models with one tokenizer" in one for one in said)


def test_only_metrics_of_vectors_are_put_in_passing(runs):
    with pytest.raises(Exception, match=r"'in_passing' names 'toy.peak'.*") as caught:
        runs("misnamed")
    assert "registry.yaml:" in str(caught.value)
    assert "always measured in passing" in caught.value.hint


def test_a_probe_may_ask_the_encoder_itself(runs, tmp_path):
    done = runs("asked")
    assert {r["scores"]["size"] for r in done.folder.records()} == {8 * 45.0}
    assert [r["layer"] for r in done.folder.records()] == [None, None]
    assert not list((tmp_path / "store").rglob("*.npy"))
