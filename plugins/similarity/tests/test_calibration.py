"""Calibration: the formula by hand, distances, aggregates, others' metrics, bad input."""

from __future__ import annotations

import numpy as np
import pytest

from sondage.contracts import Metric
from sondage.data import Labels, Result, Units
from sondage.errors import DataError, ParameterError
from sondage_similarity import (
    CCA,
    CKA,
    RSA,
    SVCCA,
    Calibrated,
    Jaccard,
    MutualKNN,
    Procrustes,
    calibrate,
    calibrate_aggregate,
    cca,
    orders_of,
)

RNG = np.random.default_rng(0)


def test_the_formula_by_hand():
    null = np.arange(19) / 100  # 0, 0.01, ..., 0.18
    # Of 20 values the 19th is the threshold: 0.18, which only the observed one exceeds.
    found = calibrate(0.59, null)
    assert found == pytest.approx((0.5, 1 / 20, 0.18, 0.59))
    # Below the largest draw the observed value takes a place among the 19.
    low = calibrate(0.175, null)
    assert low == pytest.approx((0.0, 2 / 20, 0.175, 0.175))
    assert calibrate(1.0, null).score == 1.0
    assert calibrate(-0.5, null) == pytest.approx((0.0, 1.0, 0.17, -0.5))
    # 200 draws, the paper's number: the 191st of 201.
    many = np.arange(200) / 1000
    assert calibrate(0.9, many).threshold == pytest.approx(0.190)
    assert calibrate(0.9, many).p == pytest.approx(1 / 201)
    assert calibrate(0.195, many).p == pytest.approx(6 / 201)


def test_distances_are_calibrated_as_the_similarities_that_they_are():
    null = RNG.uniform(0, 0.4, 200)
    for value in (0.1, 0.37, 0.8):
        near, far = calibrate(value, null), calibrate(1 - value, 1 - null, best=0.0)
        assert far[:2] == pytest.approx(near[:2])
        assert far.threshold == pytest.approx(1 - near.threshold)


def test_an_aggregate_is_calibrated_as_it_is_reported():
    null = RNG.uniform(0, 0.5, (12, 200))
    values = np.append(np.full(11, 0.2), 0.49)
    layers = [calibrate(v, n) for v, n in zip(values, null, strict=True)]
    assert max(layer.score for layer in layers) > 0
    # The best of twelve unrelated layers is often as near.
    best = calibrate_aggregate(values, null, aggregate="max")
    assert best.score == 0
    assert best.p == pytest.approx((1 + np.count_nonzero(null.max(axis=0) >= 0.49)) / 201)
    mean = calibrate_aggregate(values, null)
    assert mean == calibrate(values.mean(), null.mean(axis=0))
    assert calibrate_aggregate(values, null, aggregate=np.median).observed == 0.2
    far = calibrate_aggregate(1 - values, 1 - null, aggregate="max", best=0.0)
    assert far[:2] == pytest.approx(best[:2])
    with pytest.raises(DataError, match=r"\(12,\) do not go with draws of shape \(11, 200\)"):
        calibrate_aggregate(values, null[1:])
    with pytest.raises(ParameterError, match="aggregate"):
        calibrate_aggregate(values, null, aggregate="sum")


def compared(metric, x, y, seed=0, rows=None, parts=1):
    accumulator = metric.begin(seed)
    rows = np.arange(len(x)) if rows is None else rows
    for part in np.array_split(np.arange(len(x)), parts):
        accumulator.update(x[part], y[part], rows[part])
    return accumulator.compute()


def test_unrelated_sides_are_near_nothing_and_related_ones_are_not():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(2, 80, 20))
    assert cca(x, y) > 0.4
    scores = compared(Calibrated(metric=CCA()), x, y).scores
    assert list(scores) == ["cca_centred_mean_calibrated", "cca_centred_mean", "p", "threshold"]
    assert scores["cca_centred_mean_calibrated"] < 0.05
    assert scores["p"] > 0.05
    assert scores["cca_centred_mean"] == pytest.approx(cca(x, y))
    near = compared(Calibrated(metric=CCA()), x, x + 0.3 * y).scores
    assert near["p"] == pytest.approx(1 / 201)
    assert near["cca_centred_mean_calibrated"] > 0.8


def test_p_is_even_where_nothing_is_related():
    rng = np.random.default_rng(2)
    metric = Calibrated(metric=CKA(), permutations=19)
    ps = [compared(metric, *rng.normal(size=(2, 30, 3)), seed=i).scores["p"] for i in range(200)]
    # One in twenty is 0.05, and the mean is 0.525.
    assert np.mean(np.array(ps) <= 0.05) == pytest.approx(0.05, abs=0.04)
    assert np.mean(ps) == pytest.approx(0.525, abs=0.06)


class Third:
    """Somebody's distance, without a null of its own and with one more score."""

    units = "vectors"
    symmetric = True
    bounds = (0.0, np.inf)
    self_value = 0.0
    invariances = frozenset({"translation"})
    randomness = ()

    def begin(self, seed):
        return Mean()


class Mean:
    def __init__(self):
        self.total = self.n = 0.0

    def update(self, a, b, rows):
        self.total += np.linalg.norm(a - b, axis=1).sum()
        self.n += len(a)

    def merge(self, other):
        self.total, self.n = self.total + other.total, self.n + other.n
        return self

    def compute(self):
        return Result({"gap": self.total / self.n, "n": self.n}, warnings={"odd": 2})


def test_somebody_elses_metric():
    x, y = RNG.normal(size=(2, 60, 4))
    metric: Metric = Third()
    result = compared(Calibrated(metric=metric, permutations=39, stimuli=100), x, x + 0.1 * y)
    assert list(result.scores) == ["gap_calibrated", "gap", "p", "threshold"]
    assert result.scores["gap_calibrated"] > 0.8
    assert result.scores["p"] == pytest.approx(1 / 40)
    assert result.warnings == {"odd": 2, "fewer-stimuli": 40}
    assert result.arrays["null"].shape == (39,)
    assert result.arrays["null"].min() > result.scores["gap"]
    found = calibrate(result.scores["gap"], result.arrays["null"], best=0.0)
    assert found.score == result.scores["gap_calibrated"]


@pytest.mark.parametrize("metric", [CKA(), RSA(), SVCCA(), MutualKNN(), Procrustes()])
def test_draws_are_of_one_sample_and_of_one_order_in_every_layer(metric):
    x, y = RNG.normal(size=(2, 150, 5))
    rows = RNG.permutation(10_000)[:150]
    calibrated = Calibrated(metric=metric, permutations=19, stimuli=60)
    one = compared(calibrated, x, y, seed=3, rows=rows)
    other = compared(calibrated, 2 * x, y, seed=3, rows=rows, parts=4)
    order = RNG.permutation(150)
    moved = compared(calibrated, x[order], y[order], seed=3, rows=rows[order], parts=2)
    for found in (other, moved):
        np.testing.assert_allclose(found.arrays["null"], one.arrays["null"], atol=1e-7)
        assert dict(found.scores) == pytest.approx(dict(one.scores), abs=1e-6)
    new = compared(calibrated, x, y, seed=4, rows=rows)
    assert not np.allclose(new.arrays["null"], one.arrays["null"])
    np.testing.assert_array_equal(orders_of(9, 3, 1), orders_of(9, 3, 1))
    assert (np.sort(orders_of(9, 3, 1)) == np.arange(9)).all()


class OfLabels(Third):
    units = "labelled"

    def begin(self, seed, labels=None):
        assert labels is not None
        return Gaps(labels.y)


class Gaps:
    """The correlation of label means' distances."""

    def __init__(self, y):
        self.y = y

    def update(self, a, b, rows):
        y = self.y[rows]
        far = []
        for x in (a, b):
            means = np.stack([x[y == k].mean(axis=0) for k in np.unique(y)])
            far.append(np.linalg.norm(means[:, None] - means, axis=-1)[np.triu_indices(4, 1)])
        self.value = float(np.corrcoef(*far)[0, 1])

    def compute(self):
        return Result({"gaps": 1 - self.value})


def test_a_metric_over_labelled_items():
    y = np.arange(80) % 4
    x = np.eye(4)[y] * [1, 3, 5, 9] + 0.1 * RNG.normal(size=(80, 4))
    labels = Labels(Units.of_sentences(80), y, ("a", "b", "c", "d"))
    metric = Calibrated(metric=OfLabels(), permutations=99, stimuli=80)
    assert metric.units == "labelled"
    accumulator = metric.begin(0, labels)
    accumulator.update(x, x + 0.1, np.arange(80))
    scores = accumulator.compute().scores
    assert scores["p"] <= 0.02
    assert scores["gaps_calibrated"] > 0.5


def test_what_cannot_be_calibrated_is_told():
    maps = type("Maps", (Third,), {"units": "attention"})()
    with pytest.raises(ParameterError, match="Maps takes attention maps, which are never kept"):
        _ = Calibrated(metric=maps).units
    with pytest.raises(ParameterError, match=r"18 permutations no value can pass.* takes 19"):
        _ = Calibrated(metric=CKA(), permutations=18).units
    with pytest.raises(ParameterError, match="takes 99"):
        Calibrated(metric=CKA(), permutations=98, level=0.01).begin(0)
    endless = type("Endless", (Third,), {"self_value": np.inf})()
    with pytest.raises(ParameterError, match="value inf for equal sides"):
        Calibrated(metric=endless).begin(0)
    with pytest.raises(ParameterError, match="at least 19 permutations and has 3"):
        calibrate(0.5, np.zeros(3))
    with pytest.raises(DataError, match="not finite"):
        calibrate(0.5, np.full(20, np.nan))
    with pytest.raises(ParameterError, match="level is 1"):
        calibrate(0.5, np.zeros(20), level=1.0)
    x = RNG.normal(size=(30, 30))
    with pytest.raises(DataError, match="more stimuli than dimensions"):
        compared(Calibrated(metric=CCA()), x, x)
    odd = type("Odd", (Third,), {"null": lambda self, a, b, orders: np.zeros(3)})()
    with pytest.raises(DataError, match=r"Odd.null returned shape \(3,\) for 200 orders"):
        compared(Calibrated(metric=odd), x, x)


class Fragile(Mean):
    def update(self, a, b, rows):
        if not np.allclose(a, b):
            raise DataError("fragile: sides differ")
        super().update(a, b, rows)


def test_an_error_in_another_order_says_so():
    metric = Third()
    metric.begin = lambda seed: Fragile()
    x = RNG.normal(size=(30, 3))
    with pytest.raises(DataError, match="calibrated, stimuli in another order: fragile: sides"):
        compared(Calibrated(metric=metric), x, x)


@pytest.mark.parametrize("metric", [MutualKNN, Jaccard])
def test_a_metric_that_draws_fewer_stimuli_than_the_calibration_has_its_own_null(metric):
    rng = np.random.default_rng(3)
    x, y = rng.standard_normal((60, 5)), rng.standard_normal((60, 5))
    few = Calibrated(metric=metric(neighbours=5, stimuli=20), permutations=99, stimuli=60)
    accumulator = few.begin(0)
    accumulator.update(x, y, np.arange(60))
    found = accumulator.compute()
    # Of 5 of 19 others; of 5 of 59 it would be a third of that.
    chance = {MutualKNN: 5 / 19, Jaccard: 0.15}[metric]
    assert abs(found.arrays["null"].mean() - chance) < 0.03
