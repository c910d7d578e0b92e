"""Metrics over stored states, and intervals by merging."""

import numpy as np
import pytest

from sondage import stats
from sondage.data import Result, States, offsets_of
from sondage.errors import PluginError
from sondage.execute import metric_job


class Sum:
    """Mean of a · b over rows, as an accumulator."""

    def __init__(self):
        self.total, self.n, self.rows = 0.0, 0, []

    def update(self, a, b, rows):
        self.total += float(np.sum(a * b))
        self.n += len(rows)
        self.rows += rows.tolist()

    def merge(self, other):
        self.total += other.total
        self.n += other.n
        self.rows += other.rows
        return self

    def compute(self):
        return Result({"mean": self.total / self.n})


class Mean:
    units, randomness = "vectors", ()

    def begin(self, seed):
        return Sum()


def states(n=47, seed=0):
    rng = np.random.default_rng(seed)
    lengths = np.random.default_rng(9).integers(0, 6, n)
    return States(rng.normal(size=(int(lengths.sum()), 3)).astype(np.float32), offsets_of(lengths))


def test_each_part_is_left_out_once_and_no_part_is_changed():
    parts = []
    for i in range(7):
        part = Sum()
        part.update(np.ones((1, 1)), np.full((1, 1), i), np.array([i]))
        parts.append(part)
    left = [sorted(p.rows) for p in metric_job._all_but_one(parts)]
    assert left == [[j for j in range(7) if j != i] for i in range(7)]
    assert [p.rows for p in parts] == [[i] for i in range(7)]


def test_the_jackknife_agrees_with_a_loop_that_leaves_sentences_out():
    a, b = states(), states(seed=1)
    result, intervals = metric_job._measure(Mean(), None_cell(), a, b)
    assert np.isclose(result.scores["mean"], np.sum(a.values * b.values) / len(a.values))
    values = []
    for group in range(metric_job.JACKKNIFE_GROUPS):
        keep = [s for s in range(len(a)) if s % metric_job.JACKKNIFE_GROUPS != group]
        x = np.concatenate([a[s] for s in keep])
        y = np.concatenate([b[s] for s in keep])
        values.append(np.sum(x * y) / len(x))
    slow = stats.jackknife_interval(np.array(values), result.scores["mean"])
    np.testing.assert_allclose(intervals["mean"], (slow.low, slow.high), rtol=1e-5)


@pytest.mark.parametrize(("sentences", "told"), [(19, {"few-sentences": 19}), (20, {}), (2, {})])
def test_too_few_sentences_for_a_metrics_interval_are_counted(sentences, told):
    result, intervals = metric_job._measure(
        Mean(), None_cell(), states(sentences), states(sentences, 1)
    )
    assert result.warnings == told
    # Two groups are no jackknife: no interval, and nothing to warn of.
    assert bool(intervals) == (sentences > 2)


class Chosen(Sum):
    """A mean that tells how many of the first ten rows it saw."""

    def compute(self):
        early = sum(row < 10 for row in self.rows)
        return Result({"mean": 0.5}, tables={"seen": {"side": ["a", "b"], "early": [early, 3]}})


class Choosing(Mean):
    chose = ("seen", "early")

    def begin(self, seed):
        return Chosen()


def test_what_a_metric_chose_is_told_with_its_least_and_most_over_groups():
    a = states()
    result, _ = metric_job._measure(Choosing(), None_cell(), a, a)
    left = []
    for group in range(metric_job.JACKKNIFE_GROUPS):
        out = range(group, len(a), metric_job.JACKKNIFE_GROUPS)
        left.append(10 - sum(i < 10 for s in out for i in range(a.offsets[s], a.offsets[s + 1])))
    assert result.tables["seen"] == {
        "side": ["a", "b"],
        "early": [10, 3],
        "early_least": [min(left), 3],
        "early_most": [10, 3],
    }
    assert result.warnings == {"choice-varies": sum(n != 10 for n in left)}
    assert 0 < result.warnings["choice-varies"] < metric_job.JACKKNIFE_GROUPS


def test_a_choice_that_is_nowhere_in_the_tables_is_the_plugins_mistake():
    class Astray(Mean):
        chose = ("ranks", "kept")

    with pytest.raises(PluginError, match="'kept' of a table 'ranks'"):
        metric_job._measure(Astray(), None_cell(), states(), states())


def None_cell():  # noqa: N802
    class Cell:
        seed = 0

    return Cell()


def test_every_row_is_fed_once_whatever_the_chunk_size(monkeypatch):
    a = states()
    for size in (1, 100, 1 << 20):
        monkeypatch.setattr(metric_job, "_CHUNK_BYTES", size)
        into = Sum()
        metric_job._feed(into, a, a, np.arange(len(a)))
        assert sorted(into.rows) == list(range(len(a.values)))
