"""Few rows: along principal axes the optimum is the same, and found for less."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sondage_classifiers import fit_logistic, logistic
from sondage_classifiers._basis import Basis, too_dear


def drawn(seed, n=40, d=7, K=3, J=2):
    rng = np.random.default_rng(seed)
    y = np.arange(n) % K
    X = (rng.normal(size=(K, d))[y] + rng.normal(size=(n, d)) + 3).astype(np.float32)
    masks = (rng.random((J, n)) < 0.8).astype(np.float32)
    masks[:, :K] = 1
    return X, y, masks


def recomputed(path, X, y, mask, t, job, C):
    z = X.astype(float) @ path.coef[t, job].T.astype(float) + path.intercept[t, job]
    loss = np.logaddexp.reduce(z, axis=1) - z[np.arange(len(y)), y]
    return C * float(mask @ loss) + 0.5 * float((path.coef[t, job].astype(float) ** 2).sum())


def test_when_blocks_cost_too_much():
    # 319 rows of width 384, five problems: (319 + 384) 384 = 270k against 6 * 4 * 319 * 5 = 38k.
    assert too_dear(319, 384, 5)
    # A treebank of 21,180 words: (2048 + 384) 384 = 934k against 2.5 million.
    assert not too_dear(21180, 384, 5)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([(40, 7), (9, 20), (12, 12)]))
def test_the_optimum_is_that_of_the_blocks(seed, size):
    X, y, masks = drawn(seed, *size)
    grid = (0.01, 1.0, 100.0)
    with pytest.MonkeyPatch.context() as patch:
        found = {}
        for dear in (True, False):
            patch.setattr(logistic, "too_dear", lambda *_, dear=dear: dear)
            found[dear] = fit_logistic(X, y, masks, strengths=grid, tol=1e-7, max_iter=5000)
    for path in found.values():
        assert path.converged.all()
        for t, C in enumerate(grid):
            for job, mask in enumerate(masks):
                value = recomputed(path, X, y, mask, t, job, C)
                assert value == pytest.approx(path.objective[t, job], rel=1e-5)
    np.testing.assert_allclose(found[True].objective, found[False].objective, rtol=1e-5)
    np.testing.assert_allclose(found[True].coef, found[False].coef, atol=0.02)


def test_fewer_rows_than_columns_keep_what_they_span():
    X = drawn(3, n=6, d=30)[0]
    basis = Basis.of(X, np.ones((1, 6)))
    assert basis.axes.shape == (30, 6)
    centred = X - X.mean(axis=0)
    np.testing.assert_allclose(basis.turned(X) @ basis.axes.T, centred, atol=1e-5)
    np.testing.assert_allclose(basis.axes.T @ basis.axes, np.eye(6), atol=1e-12)


def test_half_precision_rows_lose_nothing_to_the_turn():
    X, y, masks = drawn(5, n=30, d=9)
    half = X.astype(np.float16)
    found = [fit_logistic(rows, y, masks, tol=1e-6) for rows in (half, half.astype(np.float32))]
    np.testing.assert_allclose(found[0].objective, found[1].objective, rtol=1e-5)
