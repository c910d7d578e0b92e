"""Batched L-BFGS, preconditioned by each class's own block of the Hessian."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sondage_classifiers._basis import SAMPLE, Diagonal, by_targets
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
        size = objective.K * objective.D**2 * objective.dtype.itemsize
        lists = by_targets(objective, jobs)
        if len(lists) * size > BUDGET:
            lists = [np.arange(len(jobs))]
        self.parts = [
            (jobs[g], _class_inverses(objective, W[:, g], strength, jobs[g])) for g in lists
        ]

    def __call__(self, G: Array, jobs: Ints) -> Array:
        """Multiply (K, J, D) arrays of some of the problems."""
        out = np.empty_like(G)
        for members, inverses in self.parts:
            here = np.isin(jobs, members)
            out[:, here] = np.matmul(G[:, here], inverses)
        return out


def _preconditioner(
    objective: Objective, W: Array, strength: float, jobs: Ints
) -> Preconditioner | Diagonal:
    kind = Diagonal if objective.principal else Preconditioner
    return kind(objective, W, strength, jobs)


def _as_it_is(G: Array, jobs: Ints) -> Array:
    return G


def _class_inverses(objective: Objective, W: Array, strength: float, jobs: Ints) -> Array:
    from scipy.linalg import lapack  # costs more than a plan of a finished run

    curvature, D = objective.curvature(W, jobs), objective.D
    sample = max(SAMPLE, 5 * D)
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

    def reached(self, at: _Live, iteration: int, done: Array) -> None:
        """Note where the problems are that were not done, and who of them is now."""
        jobs = at.jobs
        self.W[:, jobs], self.value[jobs], self.bound[jobs] = at.W, at.value, at.bound
        self.converged[jobs] = done
        self.norm[jobs], self.iterations[jobs] = np.sqrt(inner(at.G, at.G)), iteration


@dataclass
class _Live:
    """The problems that are not done, and where they are."""

    jobs: Ints
    W: Array
    value: Doubles
    G: Array
    bound: Doubles
    best: Doubles
    since: Ints

    def keep(self, live: Array) -> None:
        self.jobs, self.value = self.jobs[live], self.value[live]
        self.W, self.G = self.W[:, live], self.G[:, live]
        self.best, self.since = self.best[live], self.since[live]

    def stalled(self) -> Ints:
        """Return for how many iterations the bound, looked at in each, has hardly shrunk."""
        self.since = np.where(self.bound < 0.9 * self.best, 0, self.since + 1)
        self.best = np.minimum(self.best, self.bound)
        return self.since


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
    none = np.zeros(len(jobs), np.int64)
    value, G = objective.evaluate(W, strength, jobs)
    bound = gap_bound(objective, value, G, jobs)
    out = Solution(W.copy(), value, np.sqrt(inner(G, G)), bound, none, bound <= tol)
    live = bound > tol
    if not live.any():
        return out
    renew: tuple[int, ...] = (3, 10, 30, 90) if cold else (40, 120)
    wide, precondition = SLACK * tol, shared or _as_it_is
    if history is None:
        history, precondition = CurvaturePairs(), _preconditioner(objective, W, strength, jobs)
    else:
        renew, wide = (), NESTED_SLACK * tol
        if shared is not None:
            history.rescale(shared, jobs, objective)
    at = _Live(jobs, W, value, G, bound, bound.copy(), none.copy())
    for iteration in range(1, max_iter + 1):
        if not live.any():
            break
        if not live.all():
            at.keep(live)
            history.keep(live)
        if iteration in renew:
            precondition = _preconditioner(objective, at.W, strength, at.jobs)
        near, moved = _step(objective, strength, tol, at, history, precondition)
        # The step at hand is made all the same: it closes most of the gap that it predicts.
        good = (at.bound <= tol) | (near & (at.bound <= wide))
        out.reached(at, iteration, good)
        live = ~good & moved & (at.stalled() < 50)
    return out


def _step(
    objective: Objective,
    strength: float,
    tol: float,
    at: _Live,
    history: CurvaturePairs,
    precondition: Precondition,
) -> tuple[Array, Array]:
    """Step; return whose predicted gap was a tenth of `tol`, and who has moved."""
    q = history.direction(at.G, precondition, at.jobs, objective)
    near = np.abs(inner(at.G, q)) <= 0.2 * tol * at.value
    W, value, G, moved = _search(objective, strength, at, q)
    dG = G - at.G
    history.add(W - at.W, dG, objective.project(precondition(dG, at.jobs), at.jobs))
    at.W, at.value, at.G = W, value, G
    at.bound = gap_bound(objective, value, G, at.jobs)
    return near, moved


def refined(
    found: Solution,
    double: Callable[[], Objective],
    strength: float,
    tol: float,
    max_iter: int,
) -> Solution:
    """Go on in float64, by `double`, where products in float32 are too coarse to reach `tol`."""
    if not (~found.converged & (found.iterations < max_iter)).any():
        return found
    more = solve(double(), found.W.astype(np.float64), strength, tol, max_iter, False)
    more.iterations += found.iterations
    return more


def _search(
    objective: Objective, strength: float, at: _Live, q: Array
) -> tuple[Array, Doubles, Array, Array]:
    """Step along -q, halving the steps of those problems whose objective does not fall."""
    slack = 1e-6 if objective.dtype == np.float32 else 1e-14
    jobs, W, value, G = at.jobs, at.W, at.value, at.G
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
        new_W[:, failed], new_G[:, failed] = W[:, failed], G[:, failed]
        new_value[failed] = value[failed]
    return new_W, new_value, new_G, ~failed
