"""Batched L-BFGS, preconditioned by each class's own block of the Hessian."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack

from sondage_classifiers._curvature import CurvaturePairs, Precondition
from sondage_classifiers._objective import Array, Doubles, Ints, Objective, inner

#: Bytes that all preconditioners together may take before problems have to share one.
BUDGET = 1 << 29
#: Nats within which the optimal intercepts are taken to lie when the gap is bounded.
RADIUS = 1.0
#: How far above the tolerance the bound may be where the predicted gap is small.
SLACK = 10.0
#: The same for a problem that goes on with a neighbour's steps, which predict better.
NESTED_SLACK = 30.0


class Preconditioner:
    """Inverses of the Hessian's class blocks, one set for problems with the same targets.

    A block, ``diag(penalty) + C X' diag(w p (1 - p)) X``, is estimated on rows taken at equal
    steps of their summed weight: five a column are enough, and no chance is involved.
    """

    def __init__(self, objective: Objective, W: Array, strength: float, jobs: Ints) -> None:
        groups: dict[bytes, list[int]] = {}
        size = objective.K * objective.D**2 * objective.dtype.itemsize
        for place, job in enumerate(jobs):
            groups.setdefault(objective.y[job].tobytes(), []).append(place)
        lists = list(groups.values())
        if len(lists) * size > BUDGET:
            lists = [list(range(len(jobs)))]
        self.parts = [
            (jobs[g], _class_inverses(objective, W[:, g], strength, jobs[g]))
            for g in (np.array(places, np.int64) for places in lists)
        ]

    def __call__(self, G: Array, jobs: Ints) -> Array:
        """Multiply (K, J, D) arrays of some of the problems."""
        out = np.empty_like(G)
        for members, inverses in self.parts:
            here = np.isin(jobs, members)
            out[:, here] = np.matmul(G[:, here], inverses)
        return out


def _as_it_is(G: Array, jobs: Ints) -> Array:
    return G


def _class_inverses(objective: Objective, W: Array, strength: float, jobs: Ints) -> Array:
    curvature, D = objective.curvature(W, jobs), objective.D
    sample = max(2048, 5 * D)
    diagonal = objective.penalty[jobs].mean(axis=0, dtype=np.float64)
    diagonal[-1] = 1e-3

    def one(k: int) -> Array:
        mass = np.cumsum(curvature[k], dtype=np.float64)
        A = np.diag(diagonal)
        if mass[-1] > 0:
            step = mass[-1] / sample
            at = np.searchsorted(mass, (np.arange(sample) + 0.5) * step)
            rows, hits = np.unique(np.minimum(at, objective.n - 1), return_counts=True)
            B = objective.X[rows] * np.sqrt(hits * (strength * step))[:, None].astype(
                objective.dtype
            )
            A += B.T @ B
        inverse = np.tril(lapack.dpotri(lapack.dpotrf(A, lower=1)[0], lower=1)[0])
        return np.asarray(inverse + np.tril(inverse, -1).T, objective.dtype)

    return np.stack(objective.run(one, range(objective.K)))


@dataclass
class Solution:
    """What `solve` reached, by problem: arrays of shape (J,), and W of shape (K, J, D)."""

    W: Array
    value: Doubles
    norm: Doubles
    bound: Doubles
    iterations: Ints
    converged: NDArray[np.bool_]


def gap_bound(objective: Objective, value: Doubles, G: Array, jobs: Ints) -> Doubles:
    """Return an upper bound of (value - optimum) / value, shape (J,).

    The objective is strongly convex in the weights, so the gap is at most half the squared
    gradient in the penalty's norm, plus what the intercepts' gradient could still gain.
    """
    squares = G[..., :-1].astype(np.float64) ** 2 / objective.penalty[jobs, :-1]
    gap = 0.5 * squares.sum(axis=(0, 2)) + RADIUS * np.abs(G[..., -1]).sum(axis=0)
    return np.asarray(gap / np.maximum(value, np.finfo(np.float64).tiny))


def solve(
    objective: Objective,
    W: Array,
    strength: float,
    tol: float,
    max_iter: int,
    cold: bool,
    history: CurvaturePairs | None = None,
    shared: Precondition | None = None,
) -> Solution:
    """Minimise all problems from `W` until each one's relative gap is at most `tol`.

    That is so when the bound says so; or when the gap that the inverse Hessian of the
    moment predicts is a tenth of `tol` and the bound, which is far too wide where the
    penalty is weak, is at most `SLACK` times `tol`. A problem whose bound stops shrinking,
    because products are rounded, is left as it is.

    Parameters
    ----------
    cold : bool
        `W` is no neighbour's optimum: the preconditioner is renewed early.
    history : CurvaturePairs, optional
        Steps of a neighbour to go on from, instead of the preconditioner.
    shared : callable, optional
        Another preconditioner, beside the history.
    """
    jobs: Ints = np.arange(W.shape[1], dtype=np.int64)
    slack = 1e-6 if objective.dtype == np.float32 else 1e-14
    value, G = objective.evaluate(W, strength, jobs)
    bound = gap_bound(objective, value, G, jobs)
    out = Solution(
        W.copy(), value, np.sqrt(inner(G, G)), bound, np.zeros(len(jobs), np.int64), bound <= tol
    )
    live = bound > tol
    if not live.any():
        return out
    renew: tuple[int, ...] = (3, 10, 30, 90) if cold else (40, 120)
    precondition: Precondition = _as_it_is
    wide = NESTED_SLACK * tol
    if history is None:
        wide = SLACK * tol
        history, precondition = CurvaturePairs(), Preconditioner(objective, W, strength, jobs)
    else:
        renew = ()
        if shared is not None:
            precondition = shared
            history.rescale(shared, jobs, objective)
    best, since = bound.copy(), np.zeros(len(jobs), np.int64)
    for iteration in range(1, max_iter + 1):
        if not live.any():
            break
        if not live.all():
            W, G, value, best, since = W[:, live], G[:, live], value[live], best[live], since[live]
            history.keep(live)
            jobs = jobs[live]
        if iteration in renew:
            precondition = Preconditioner(objective, W, strength, jobs)
        q = history.direction(G, precondition, jobs, objective)
        near = np.abs(inner(G, q)) <= 0.2 * tol * value
        new_W, new_value, new_G, moved = _search(objective, strength, W, value, G, q, jobs, slack)
        dG = new_G - G
        history.add(new_W - W, dG, objective.project(precondition(dG, jobs), jobs))
        W, value, G = new_W, new_value, new_G
        bound = gap_bound(objective, value, G, jobs)
        since = np.where(bound < 0.9 * best, 0, since + 1)
        best = np.minimum(best, bound)
        out.W[:, jobs], out.value[jobs], out.bound[jobs] = W, value, bound
        out.norm[jobs], out.iterations[jobs] = np.sqrt(inner(G, G)), iteration
        # The step at hand is made all the same: it closes most of the gap that it predicts.
        good = (bound <= tol) | (near & (bound <= wide))
        out.converged[jobs] = good
        live = ~good & moved & (since < 50)
    return out


def _search(
    objective: Objective,
    strength: float,
    W: Array,
    value: Doubles,
    G: Array,
    q: Array,
    jobs: Ints,
    slack: float,
) -> tuple[Array, Doubles, Array, Array]:
    """Step along -q, halving the steps of those problems whose objective does not fall."""
    slope, step = inner(G, q), np.ones(len(jobs))
    new_W = W - q
    new_value, new_G = objective.evaluate(new_W, strength, jobs)
    for _ in range(30):
        limit = value - 1e-4 * step * slope + slack * np.abs(value)
        bad = np.flatnonzero(~(new_value <= limit))
        if not len(bad):
            break
        step[bad] /= 2
        new_W[:, bad] = W[:, bad] - step[bad, None].astype(W.dtype) * q[:, bad]
        new_value[bad], new_G[:, bad] = objective.evaluate(new_W[:, bad], strength, jobs[bad])
    failed = ~(new_value <= value + slack * np.abs(value))
    if failed.any():
        new_W[:, failed], new_value[failed], new_G[:, failed] = (
            W[:, failed],
            value[failed],
            G[:, failed],
        )
    return new_W, new_value, new_G, ~failed
