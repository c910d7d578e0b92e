"""L-BFGS's memory against the two-loop recursion; growing sets with one shape for all blocks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sondage_classifiers import fit_logistic, fit_nested, nested
from sondage_classifiers._curvature import CurvaturePairs


class Free:
    """An objective that projects onto everything."""

    @staticmethod
    def project(W, jobs):
        return W


def two_loops(pairs, g, M, scale):
    """Nocedal and Wright 2006, algorithm 7.4, with scale M as the first inverse Hessian."""
    q, kept = g.copy(), []
    for s, y in reversed(pairs):
        a = s @ q / (s @ y)
        kept.append(a)
        q = q - a * y
    r = scale * (M @ q)
    for (s, y), a in zip(pairs, reversed(kept), strict=True):
        r = r + (a - y @ r / (s @ y)) * s
    return r


def column(x, j):
    return x[:, j].reshape(-1)


@settings(deadline=None, max_examples=80)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 3),
    st.integers(1, 9),
    st.integers(1, 6),
    st.booleans(),
    st.sampled_from([None, 0.5, 4.0]),
)
def test_directions_are_those_of_two_loops(seed, J, steps, memory, bad, grown):
    rng = np.random.default_rng(seed)
    K, D = 2, 3
    A = rng.normal(size=(J, K * D, K * D))
    H = A @ A.transpose(0, 2, 1) + np.eye(K * D)  # the true Hessians
    B = rng.normal(size=(D, D))
    M = B @ B.T + np.eye(D)
    jobs, history, pairs = np.arange(J), CurvaturePairs(memory), [[] for _ in range(J)]

    def precondition(G, jobs):
        return G @ M

    for step in range(steps):
        s = rng.normal(size=(K, J, D))
        y = np.stack([(H[j] @ column(s, j)).reshape(K, D) for j in range(J)], axis=1)
        if bad and step % 2:
            y[:, 0] *= -1  # problem 0 meets no curvature here
        history.add(s, y, precondition(y, jobs))
        for j in range(J):
            pairs[j].append((column(s, j), column(y, j)))
    pairs = [[p if p[0] @ p[1] > 0 else None for p in own[-memory:]] for own in pairs]
    before, after = rng.uniform(0.1, 1, (2, J, D))
    if grown is not None:
        history.grow(grown, before, after)
        history.rescale(precondition, jobs, Free)
        for j, own in enumerate(pairs):
            b, a = (np.tile(x[j], K) for x in (before, after))
            made = [p and (p[0], (p[1] - b * p[0]) * grown + a * p[0]) for p in own]
            pairs[j] = [p if p and p[0] @ p[1] > 0 else None for p in made]
    G = rng.normal(size=(K, J, D))
    found = history.direction(G, precondition, jobs, Free)
    keep = np.arange(J) == J - 1
    history.keep(keep)
    last = history.direction(G[:, keep], precondition, jobs[keep], Free)
    np.testing.assert_allclose(last, found[:, keep], rtol=1e-9, atol=1e-9)
    big = np.kron(np.eye(K), M.T)
    for j, own in enumerate(pairs):
        assert history.scale is not None
        real = [p for p in own if p is not None]
        if grown is None and real:
            scale = real[-1][0] @ real[-1][1] / (real[-1][1] @ big @ real[-1][1])
        elif grown is not None and own[-1] is not None:
            scale = own[-1][0] @ own[-1][1] / (own[-1][1] @ big @ own[-1][1])
        elif grown is not None:
            scale = 1.0
        else:
            continue  # what was forgotten may still have set the scale
        wanted = two_loops(real, column(G, j), big, scale)
        np.testing.assert_allclose(column(found, j), wanted, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("standardise", [False, True])
@pytest.mark.parametrize("tol", [1e-4, 1e-6])
def test_growing_sets_with_one_shape_for_all_blocks_have_the_same_optima(
    monkeypatch, standardise, tol
):
    rng = np.random.default_rng(3)
    y = np.arange(900) % 5
    X = rng.normal(size=(5, 8))[y] + rng.normal(size=(900, 8)) * rng.uniform(0.1, 5, 8)
    how = {"strengths": (0.1, 1.0), "standardise": standardise, "tol": tol}
    calls, made = [], nested._Shared
    monkeypatch.setattr(nested, "WORTH", 1e9)
    monkeypatch.setattr(nested, "_Shared", lambda *a: calls.append(a) or made(*a))
    path = fit_nested(X, y, (60, 200, 900), **how)
    assert len(calls) == 6
    assert path.converged.all()
    for job, end in enumerate((60, 200, 900)):
        own = fit_logistic(X[:end], y[:end], **how)
        np.testing.assert_allclose(path.objective[:, job], own.objective[:, 0], rtol=2 * tol)


def test_the_shape_is_found_where_it_costs_a_few_gradients(monkeypatch):
    rng = np.random.default_rng(0)
    y = np.arange(3000) % 6
    X = (rng.normal(size=(6, 10))[y] + rng.normal(size=(3000, 10))).astype(np.float32)
    sizes, made = [], nested._Shared
    monkeypatch.setattr(nested, "_Shared", lambda o, *rest: sizes.append(o.n) or made(o, *rest))
    fit_nested(X, y, (100, 300, 3000), strengths=(1.0,))
    # 12 n K gradients' products against D (2 * 2048 + 9 D) with D = 11: from 642 rows on.
    assert sizes == [3000]
