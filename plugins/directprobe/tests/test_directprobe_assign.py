"""The nearest hull of many rows at once: each as if it were asked for alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sondage_directprobe import DirectProbe, assign, nearest
from sondage_directprobe.crowd import approach


def literal(probe, X, Q):
    """Return the first hull that holds each row, by nearest members, else the nearest hull."""
    hulls = [X[probe.assignments_ == k] for k in range(probe.n_clusters_)]
    out = []
    for q in Q:
        least = [((C - q) ** 2).sum(axis=1).min() for C in hulls]
        order = np.argsort(least, kind="stable")
        far = np.array([nearest(q[None], hulls[k], tolerance=1e-7).upper for k in order])
        out.append(order[(far <= 1e-7).argmax() if (far <= 1e-7).any() else far.argmin()])
    return np.array(out)


@settings(deadline=None, max_examples=6)
@given(st.integers(0, 100_000))
def test_rows_together_get_the_hulls_they_get_alone(seed):
    rng = np.random.default_rng(seed)
    d = 1 + seed % 4
    X, y = rng.normal(size=(34, d)), rng.integers(0, 3, 34)
    X[26:] = X[rng.integers(0, 26, 8)]
    probe = DirectProbe().fit(X, y)
    # Outside, inside, on members, between two members.
    Q = np.concatenate([rng.normal(size=(8, d)) * 2, X[:6], 0.3 * X[:6] + 0.7 * X[10:16]])
    wanted = literal(probe, X, Q)
    assert probe.predict_cluster(Q).tolist() == wanted.tolist()


def test_rows_in_small_blocks_and_crowds_are_the_same(monkeypatch):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(120, 8)), rng.integers(0, 4, 120)
    probe = DirectProbe().fit(X, y)
    Q = rng.normal(size=(40, 8))
    whole = probe.predict_cluster(Q)
    monkeypatch.setattr(assign, "BLOCK", 120 * 9)
    monkeypatch.setattr(assign, "CROWD", 2)
    assert probe.predict_cluster(Q).tolist() == whole.tolist()
    assert probe.predict_cluster(Q[:0]).shape == (0,)


@pytest.mark.parametrize("d", [1, 2, 30])
def test_every_bound_holds_and_is_as_close_as_asked(d):
    rng = np.random.default_rng(d)
    C = rng.normal(size=(200, d))
    Q = np.concatenate([rng.normal(size=(40, d)) * 3, C[:5], C.mean(axis=0)[None]])
    first = ((Q[:, None] - C) ** 2).sum(axis=2).argmin(axis=1)
    cutoff = np.full(len(Q), np.inf)
    cutoff[::7] = 0.5
    found = approach(C, Q, first, tolerance=1e-7, gap=0.05, cutoff=cutoff)
    exact = np.array([nearest(q[None], C, tolerance=1e-9).upper for q in Q])
    assert (found.lower <= exact + 1e-9).all()
    assert (found.upper >= exact - 1e-9).all()
    assert found.settled.mean() > 0.7
    for k in np.flatnonzero(found.settled):
        weights = found.weights[k]
        assert weights.sum() == pytest.approx(1)
        assert np.linalg.norm(Q[k] - weights @ C[found.index[k]]) == pytest.approx(found.upper[k])
        near = found.upper[k] <= 1e-7 or found.upper[k] - found.lower[k] <= 0.05 * found.upper[k]
        assert near or found.lower[k] > cutoff[k]


def test_what_rounding_leaves_open_goes_alone(monkeypatch):
    # No step at all is left to the crowd: every row must be settled by itself.
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 4)), rng.integers(0, 3, 60)
    probe = DirectProbe().fit(X, y)
    Q = rng.normal(size=(20, 4))
    whole = probe.predict_cluster(Q)
    monkeypatch.setattr("sondage_directprobe.crowd.LONGEST", 1)
    assert probe.predict_cluster(Q).tolist() == whole.tolist()
