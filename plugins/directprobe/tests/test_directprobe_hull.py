"""Nearest points of two hulls: worked examples, an exact quadratic program, the SVM's margin."""

import cvxpy as cp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.svm import SVC

from sondage_directprobe import nearest
from sondage_directprobe.active import Active
from sondage_directprobe.hull import _Solver
from sondage_directprobe.overlap import compare_hulls, linear_program

SQUARE = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]])


def quadratic(P, C):
    """Return the hulls' distance by cvxpy."""
    a, b = cp.Variable(len(P), nonneg=True), cp.Variable(len(C), nonneg=True)
    gap = cp.Minimize(cp.sum_squares(P.T @ a - C.T @ b))
    problem = cp.Problem(gap, [cp.sum(a) == 1, cp.sum(b) == 1])
    return np.sqrt(max(problem.solve(solver=cp.CLARABEL), 0.0))


def drawn(seed):
    """Return two small clouds, random or on a grid (full of ties and collinear points)."""
    rng = np.random.default_rng(seed)
    d = int(rng.integers(1, 6))
    p, c = rng.integers(1, 10, 2)
    if seed % 2:
        return rng.integers(-3, 4, (p, d)).astype(float), rng.integers(-3, 4, (c, d)).astype(float)
    shift = rng.choice([0.0, 1.0, 4.0])
    return rng.normal(size=(p, d)), rng.normal(size=(c, d)) + shift


def test_square_and_a_point_beside_an_edge():
    # The nearest point of the unit square to (3, 1/2) is (1, 1/2): distance 2, along x.
    found = nearest(np.array([[3.0, 0.5]]), SQUARE, tolerance=1e-9)
    assert found.status == "apart"
    assert found.upper == pytest.approx(2, abs=1e-12)
    assert found.lower == pytest.approx(2, abs=1e-12)
    np.testing.assert_allclose(found.slab, [1, 0], atol=1e-12)
    np.testing.assert_allclose(found.second_weights @ SQUARE[found.second], [1, 0.5], atol=1e-12)


def test_two_squares_corner_to_corner():
    found = nearest(SQUARE + np.array([2, 3]), SQUARE, tolerance=1e-9)
    assert found.upper == pytest.approx(np.hypot(1, 2), abs=1e-12)


def test_crossing_segments_share_a_point():
    found = nearest(np.array([[0.0, 0], [2, 2]]), np.array([[0.0, 2], [2, 0]]), tolerance=1e-9)
    assert found.status == "overlap"
    assert found.upper <= 1e-9
    np.testing.assert_allclose(found.first_weights, [0.5, 0.5], atol=1e-9)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10_000))
def test_distance_is_that_of_the_quadratic_program(seed):
    P, C = drawn(seed)
    found = nearest(P, C, tolerance=1e-7)
    assert found.status in ("apart", "overlap")
    assert found.upper == pytest.approx(quadratic(P, C), abs=2e-4)


@settings(deadline=None, max_examples=200)
@given(st.integers(0, 100_000))
def test_what_is_claimed_is_proved_by_the_points(seed):
    P, C = drawn(seed)
    found = nearest(P, C, tolerance=1e-7)
    for weights in (found.first_weights, found.second_weights):
        assert (weights >= 0).all()
        assert weights.sum() == pytest.approx(1, abs=1e-12)
    gap = found.first_weights @ P[found.first] - found.second_weights @ C[found.second]
    assert np.linalg.norm(gap) == pytest.approx(found.upper, abs=1e-12)
    if found.status == "apart":
        assert np.linalg.norm(found.slab) == pytest.approx(1, abs=1e-12)
        width = (P @ found.slab).min() - (C @ found.slab).max()
        assert width == pytest.approx(found.lower, abs=1e-12)
        assert found.upper - found.lower <= 1e-6 * found.upper
    else:
        assert found.upper <= 1e-7


def test_distance_is_twice_the_margin_of_the_hard_margin_separator():
    rng = np.random.default_rng(3)
    for d in (2, 5, 40):
        P, C = rng.normal(size=(60, d)), rng.normal(size=(50, d)) + 8 / np.sqrt(d)
        machine = SVC(kernel="linear", C=1e10, tol=1e-8)
        machine.fit(np.concatenate([P, C]), np.repeat([1, 0], [60, 50]))
        margin = 1 / np.linalg.norm(machine.coef_)
        assert nearest(P, C, tolerance=1e-9).upper == pytest.approx(2 * margin, rel=1e-5)


def test_a_start_changes_the_way_not_the_answer():
    rng = np.random.default_rng(0)
    P, C = rng.normal(size=(80, 20)), rng.normal(size=(70, 20)) + 1.5
    cold = nearest(P, C, tolerance=1e-9)
    start = (cold.first, cold.first_weights, cold.second, cold.second_weights)
    warm = nearest(P, C, tolerance=1e-9, start=start)
    assert warm.iterations < cold.iterations / 5
    assert warm.upper == pytest.approx(cold.upper, rel=1e-9)
    poor = (np.arange(80), np.full(80, 1 / 80), np.arange(70), np.full(70, 1 / 70))
    assert nearest(P, C, tolerance=1e-9, start=poor).upper == pytest.approx(cold.upper, rel=1e-6)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 100_000))
def test_weights_by_the_kept_inverse_are_those_of_least_squares(seed):
    rng = np.random.default_rng(seed)
    side = np.repeat([1.0, -1.0], 3)
    active = Active(np.arange(6), side, np.full(6, 1 / 3), rng.normal(size=(6, 60)))
    for step in range(40):
        if rng.random() < 0.6 and active.k < 50:
            assert active.enter(6 + step, float(rng.choice([1, -1])), rng.normal(size=60))
        else:
            drop = np.flatnonzero(rng.random(active.k) < 0.2)
            kept = np.delete(active.side, drop)
            if (kept > 0).any() and (kept < 0).any():
                active.leave(drop)
        weights = active.best(fine=False)
        np.testing.assert_allclose(weights, active.best(fine=True), atol=1e-9)
        assert weights[active.side > 0].sum() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("seed", range(8))
def test_a_thin_slab_between_hulls_of_many_flat_directions_is_found(seed):
    # 2e-6 apart, along one of 60 directions whose spreads go from 1 to 1e-4. The weights that
    # normal equations give leave a point as long as the slab is wide, and the steps go nowhere.
    rng = np.random.default_rng(seed)
    turn = np.linalg.qr(rng.normal(size=(60, 60)))[0]
    spread = np.logspace(0, -4, 59)
    P, C = (
        np.column_stack([np.full(400, x), rng.normal(size=(400, 59)) * spread]) @ turn
        for x in (1e-6, -1e-6)
    )
    found = nearest(P, C, tolerance=1e-8, gap=0.01)
    assert found.status == "apart"
    assert (P @ found.slab).min() - (C @ found.slab).max() == pytest.approx(2e-6, rel=0.01)
    assert found.upper == pytest.approx(2e-6, rel=0.01)


def test_a_second_point_in_the_span_of_the_others_is_refused():
    active = Active(np.arange(2), np.array([1.0, -1.0]), np.ones(2), np.array([[1.0, 0], [0, 1]]))
    active.best(fine=False)
    assert active.enter(2, 1.0, np.array([2.0, 0]))
    assert not active.enter(3, 1.0, np.array([3.0, 0]), more=True)
    assert active.k == 3


@pytest.mark.parametrize("seed", range(4))
def test_a_start_that_leads_nowhere_is_left(seed, monkeypatch):
    # Whatever is taken over is called the best there is: no step gains anything.
    P, C = drawn(seed)
    plain = nearest(P, C, tolerance=1e-9)
    begin, begun = _Solver._begin, []

    def stubborn(self, start):
        active = begin(self, start)
        begun.append(start is None)
        if start is not None:
            weights = active.weights.copy()
            active.best = lambda *how: weights[: active.k]
            active.enter = lambda *point, **how: False
        return active

    monkeypatch.setattr(_Solver, "_begin", stubborn)
    one = np.ones(1)
    start = (np.zeros(1, np.int64), one, np.zeros(1, np.int64), one)
    found = nearest(P, C, tolerance=1e-9, start=start)
    assert begun == [False, True]
    assert found.status == plain.status
    assert found.upper == pytest.approx(plain.upper, rel=1e-6, abs=1e-9)


def test_a_cutoff_stops_as_soon_as_the_hulls_are_known_to_be_further_apart():
    found = nearest(SQUARE + np.array([9, 0]), SQUARE, tolerance=1e-9, cutoff=1.0)
    assert found.status == "far"
    assert found.lower > 1


def test_the_linear_program_alone_finds_a_common_point():
    P, C = drawn(0)
    inside = np.concatenate([C, P.mean(axis=0)[None]])
    first, a, second, b = linear_program(P, inside)
    gap = a @ P[first] / a.sum() - b @ inside[second] / b.sum()
    assert np.linalg.norm(gap) < 1e-7


def test_a_linear_program_of_too_many_steps_is_given_up(monkeypatch):
    monkeypatch.setattr("sondage_directprobe.overlap.PROGRAM", 1)
    assert linear_program(*drawn(0)) is None


def test_svc_calls_a_separable_pair_overlapping_where_the_proof_says_apart():
    # One side at 0, the other at 1e-4 and 1. The only separators lie between 0 and 1e-4; the
    # published program's machine (C = 10,000, standardised) pays less for an error than for
    # so steep a plane, and "accuracy is not 1" then reads as "the hulls overlap".
    P, C = np.zeros((3, 2)), np.array([[1e-4, 0], [1.0, 0], [1, 1]])
    X = np.concatenate([P, C])
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    y = np.repeat([0, 1], 3)
    machine = SVC(tol=1e-5, C=10_000, kernel="linear", max_iter=500_000).fit(Z, y)
    assert machine.score(Z, y) < 1
    found = compare_hulls(P, C, tolerance=1e-7)
    assert found.lower > 0.9e-4
    assert (P @ found.slab).min() > (C @ found.slab).max()


def test_svc_stopped_early_calls_a_separable_pair_overlapping():
    rng = np.random.default_rng(5)
    P, C = rng.normal(size=(60, 80)), rng.normal(size=(60, 80)) + 0.02
    X, y = np.concatenate([P, C]), np.repeat([0, 1], 60)
    with pytest.warns(UserWarning, match="terminated early"):
        machine = SVC(C=10_000, kernel="linear", max_iter=60).fit(X, y)
    assert machine.score(X, y) < 1
    found = compare_hulls(P, C, tolerance=1e-7)
    assert (P @ found.slab).min() - (C @ found.slab).max() == pytest.approx(found.lower)
    assert found.lower > 1e-3
