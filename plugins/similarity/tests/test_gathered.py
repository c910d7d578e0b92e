"""One accumulator for the whole family: exact under merging, read by any of its metrics."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sondage.errors import DataError
from sondage_similarity import (
    CCA,
    CKA,
    PWCCA,
    RSA,
    SVCCA,
    Bures,
    Calibrated,
    Jaccard,
    LinearRegression,
    MutualKNN,
    Procrustes,
    SecondMoments,
    null_of,
    orders_of,
)

N = 90
RNG = np.random.default_rng(0)
X = (RNG.normal(2.0, 1.0, (N, 5))).astype(np.float32)
Y = (X[:, :4] + RNG.normal(0.0, 0.7, (N, 4))).astype(np.float32)
ROWS = RNG.permutation(10_000)[:N].astype(np.int64)
MOMENTS = [SVCCA(variance=0.9), CCA(), PWCCA(), Procrustes(), Bures(), LinearRegression()]
SAMPLED = [
    MutualKNN(neighbours=3, stimuli=30),
    Jaccard(neighbours=5, stimuli=30),
    Calibrated(metric=SVCCA(), permutations=19, stimuli=30),
    Calibrated(metric=MutualKNN(), permutations=19, stimuli=30),
]
FAMILIES = {"moments": MOMENTS, "sample": SAMPLED}


def fed(metric, index, seed=3):
    accumulator = metric.begin(seed)
    accumulator.update(X[index], Y[index], ROWS[index])
    return accumulator


@pytest.mark.parametrize("family", FAMILIES)
def test_metrics_that_share_read_one_accumulator(family):
    metrics = FAMILIES[family]
    assert len({m.shares for m in metrics}) == 1
    hash(metrics[0].shares)
    one = fed(metrics[0], np.arange(N))
    for metric in metrics:
        alone = fed(metric, np.arange(N)).compute()
        shared = metric.result(one)
        assert shared.scores == alone.scores
        assert shared.tables == alone.tables
        assert metric.result(one.gathered).scores == alone.scores


@given(data=st.data(), family=st.sampled_from(sorted(FAMILIES)))
@settings(deadline=None, max_examples=40)
def test_any_order_chunking_and_merge_tree(data, family):
    metrics = FAMILIES[family]
    order = np.array(data.draw(st.permutations(range(N))))
    cuts = sorted(data.draw(st.lists(st.integers(0, N), max_size=6)))
    parts = [fed(data.draw(st.sampled_from(metrics)), c) for c in np.split(order, cuts)]
    while len(parts) > 1:
        i = data.draw(st.integers(0, len(parts) - 2))
        assert parts[i].merge(parts.pop(i + 1)) is parts[i]
    for metric in metrics:
        wanted = fed(metric, np.arange(N)).compute()
        found = metric.result(parts[0])
        assert found.scores == pytest.approx(dict(wanted.scores), abs=1e-10)
        assert found.tables == wanted.tables


def test_what_was_worked_out_follows_updates_and_does_not_travel():
    metric = PWCCA()
    first, second = np.arange(50), np.arange(50, N)
    accumulator = fed(metric, first)
    small = len(pickle.dumps(accumulator))
    accumulator.compute()
    assert len(pickle.dumps(accumulator)) == small
    accumulator.update(X[second], Y[second], ROWS[second])
    wanted = fed(metric, np.arange(N)).compute().scores
    assert accumulator.compute().scores == pytest.approx(dict(wanted), abs=1e-12)
    other = fed(metric, first)
    other.compute()
    copied = copy.deepcopy(other)
    copied.merge(fed(metric, second))
    assert copied.compute().scores == pytest.approx(dict(wanted), abs=1e-12)
    # What grew out of an empty one shares no memory with what it was merged from.
    part = fed(metric, first)
    before = pickle.dumps(part)
    metric.begin(0).merge(part).merge(fed(metric, second))
    assert pickle.dumps(part) == before


@given(
    na=st.integers(1, 30),
    nb=st.integers(1, 30),
    far=st.sampled_from([0.0, 1.0, 1e6]),
    seed=st.integers(0, 2**32 - 1),
)
@settings(deadline=None)
def test_merged_moments_are_those_of_the_whole(na, nb, far, seed):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(na + nb, 3)) + far, rng.normal(size=(na + nb, 2)) - far
    merged = SecondMoments.of(x[:na], y[:na])
    merged.merge(SecondMoments.of(x[na:], y[na:]))
    u, v = x - x.mean(axis=0), y - y.mean(axis=0)
    # Plain sums of squares would lose all their digits at 1e6.
    for found, wanted in ((merged.aa, u.T @ u), (merged.ab, u.T @ v), (merged.bb, v.T @ v)):
        np.testing.assert_allclose(found, wanted, atol=1e-7)
    np.testing.assert_allclose(merged.mean_a, x.mean(axis=0), rtol=1e-12, atol=1e-12)
    assert (merged.n, merged.exact_a.rows) == (na + nb, na + nb)
    with pytest.raises(DataError, match="widths"):
        merged.merge(SecondMoments.of(y, x))


NULLS = [
    *MOMENTS,
    SVCCA(mean_over="width", precision="bfloat16"),
    PWCCA(weights="b"),
    LinearRegression(direction="a_from_b"),
    MutualKNN(neighbours=4),
    MutualKNN(kernel="euclidean"),
    Jaccard(),
    CKA(),
    CKA(debiased=False),
    RSA(),
    RSA(stimuli=None, kernel="dot"),
]


class Slow:
    """A metric without a null of its own."""

    def __init__(self, metric):
        self.begin = metric.begin


@pytest.mark.parametrize("metric", NULLS, ids=lambda m: type(m).__name__)
@pytest.mark.parametrize("n", [30, 90])
def test_fast_nulls_are_those_of_asking_anew(metric, n):
    a, b = X[:n].astype(np.float64), Y[:n].astype(np.float64)
    orders = orders_of(n, 6, 1)
    fast, slow = null_of(metric, a, b, orders), null_of(Slow(metric), a, b, orders)
    np.testing.assert_allclose(fast, slow, atol=1e-6)
    assert len(set(np.round(fast, 6))) > 1


def test_rsa_that_samples_is_asked_anew():
    metric, orders = RSA(stimuli=20), orders_of(N, 3, 1)
    assert metric.null(X, Y, orders) is NotImplemented
    found = null_of(metric, X, Y, orders, rows=ROWS)
    np.testing.assert_allclose(found, null_of(Slow(metric), X, Y, orders, rows=ROWS))
