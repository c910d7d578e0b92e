"""Logistic regressions on training sets that grow: each goes on where the one before ended."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sondage.data import Ints
from sondage.errors import DataError
from sondage.probing import on_threads
from sondage_classifiers._curvature import CurvaturePairs
from sondage_classifiers._objective import Array, Doubles, Objective, centred
from sondage_classifiers._solver import Solution, refined, solve
from sondage_classifiers.logistic import (
    STRENGTHS,
    LogisticPath,
    check_classes,
    check_rows,
    checked_grid,
    collect,
    variances,
)

#: Steps that are remembered from one training set to the next.
MEMORY = 40
#: Rows that the shared shape of the Hessian's blocks is estimated on.
SAMPLE = 2048
#: Gradients that may be evaluated in the time that finding that shape takes.
WORTH = 3


def fit_nested(
    X: NDArray[Any],
    y: Ints,
    sizes: Sequence[int] | Ints,
    *,
    strengths: Sequence[float] = STRENGTHS,
    classes: int | None = None,
    standardise: bool = False,
    tol: float = 1e-3,
    max_iter: int = 1000,
) -> LogisticPath:
    """Fit a multinomial logistic regression on each of several beginnings of the rows.

    What `fit_logistic` gives for the rows ``[:sizes[0]]``, ``[:sizes[1]]``, ..., in less time:
    each fit starts at the optimum of the one before, with the curvature that it met, scaled
    to the rows that there are now.

    Parameters
    ----------
    X : float array, shape (n, d)
        Finite.
    y : int array, shape (n,), values in 0..classes-1
    sizes : ints, shape (J,), ascending, at most n
        How many rows each problem trains on.
    strengths, classes, standardise, tol, max_iter
        As in `fit_logistic`; `max_iter` is of one strength and size.

    Returns
    -------
    LogisticPath
        Of J problems; a problem's last bits hang on the sizes before it.

    Raises
    ------
    DataError
        If sizes do not ascend, the smallest has a single class, or labels do not fit.
    EncodingError
        If a row holds NaN or an infinity.
    ParameterError
        If a strength or `tol` is not positive.

    Notes
    -----
    L-BFGS as in `fit_logistic`, without its preconditioner, which costs more than it saves
    near the optimum; many rows of many classes get one shape for all classes' blocks of the
    Hessian instead. `gap_bound` may be 30 times `tol` where the predicted gap is a tenth of it.
    The first size is solved from zero weights.
    """
    grid = checked_grid(strengths, tol)
    ends, X, y, K = _beginnings(X, np.asarray(y), sizes, classes)
    center: Doubles = X.mean(axis=0, dtype=np.float64)
    kept: list[list[Solution]] = [[] for _ in grid]
    histories = [CurvaturePairs(MEMORY) for _ in grid]
    present, before, last = [], np.zeros(0), 0
    dtype = np.float32 if tol >= 1e-5 else np.float64
    every = centred(X, center, dtype)
    with on_threads() as run:
        for end in ends.tolist():
            rows, ones = X[:end], np.ones((1, end), np.float32)
            penalty = variances(rows, ones) if standardise else np.ones((1, X.shape[1]))
            parts = (rows, y[None, :end], ones, penalty, K, run)
            objective = Objective(*parts, dtype, center, every[:end])
            double = partial(Objective, *parts, np.float64, center)
            present.append(objective.present)
            for t, strength in enumerate(grid):
                start = objective.start()
                if kept[t]:
                    start = _continued(kept[t][-1].W, present[-2], start)
                    histories[t].grow(end / last, before, objective.penalty)
                start = start.astype(dtype)
                shared = _Shared(objective, start, strength) if _worth(objective) else None
                found = solve(
                    objective, start, strength, tol, max_iter, False, histories[t], shared
                )
                kept[t].append(refined(found, double, strength, tol, max_iter))
            before, last = objective.penalty, end
    return collect(grid, [_joined(k) for k in kept], center, np.concatenate(present, axis=1))


def _beginnings(
    X: NDArray[Any], y: Ints, sizes: Sequence[int] | Ints, classes: int | None
) -> tuple[Ints, NDArray[Any], Ints, int]:
    """Return sizes, the rows and labels that they reach, and how many classes there are."""
    ends = np.asarray(sizes, np.int64)
    if y.shape != (len(X),) or y.dtype.kind not in "iu":
        raise DataError(f"labels of shape {y.shape}, {y.dtype}, do not fit vectors {X.shape}")
    if not len(ends) or ends[0] < 1 or np.any(np.diff(ends) <= 0) or ends[-1] > len(X):
        raise DataError(f"sizes {ends.tolist()} do not ascend within 1..{len(X)}")
    X, y = X[: ends[-1]], y[: ends[-1]].astype(np.int64)
    K = int(y.max()) + 1 if classes is None else classes
    if y.min() < 0 or y.max() >= K:
        raise DataError(f"labels lie outside 0..{K - 1}")
    check_classes(np.bincount(y[: ends[0]], minlength=K), "problem 0")
    check_rows(X)
    return ends, X, y, K


def chains(parts: Sequence[tuple[Ints, NDArray[Any]]]) -> list[list[int]]:
    """Put problems whose training rows contain each other into chains, smallest first.

    Parameters
    ----------
    parts : sequence of (rows, labels of all rows)
        Only problems with equal labels share a chain, and only if one has more rows.

    Returns
    -------
    list of lists of places in `parts`
    """
    out: list[list[int]] = []
    for place in sorted(range(len(parts)), key=lambda i: len(parts[i][0])):
        rows, y = parts[place]
        for chain in out:
            inner, labels = parts[chain[-1]]
            if len(inner) < len(rows) and (labels is y or np.array_equal(labels, y)):
                inside = np.zeros(len(y), bool)
                inside[rows] = True
                if inside[inner].all():
                    chain.append(place)
                    break
        else:
            out.append([place])
    return out


def rows_of(trains: Sequence[Ints]) -> Ints:
    """Return the rows of a chain so that each training set is a beginning of them."""
    order = [trains[0]]
    for inner, outer in itertools.pairwise(trains):
        order.append(np.setdiff1d(outer, inner, assume_unique=True))
    return np.concatenate(order)


def _worth(o: Objective) -> bool:
    """Whether `_Shared`, a product and an eigendecomposition, costs a few gradients at most."""
    return bool(4 * o.n * o.K * WORTH >= o.D * (2 * SAMPLE + 9 * o.D))


class _Shared:
    """Inverses of the class blocks of the Hessian, all taken to be of one shape.

    Block k, ``C X' diag(p_k (1 - p_k)) X``, is taken to be a_k S: S the mean of the classes'
    blocks, estimated on rows at equal steps of their summed weight, a_k by the sum of weights.
    One decomposition of S, in the penalty's norm, then inverts all blocks and penalties.
    """

    def __init__(self, o: Objective, W: Array, strength: float) -> None:
        curvature = o.curvature(W, np.zeros(1, np.int64))
        mass = np.cumsum(curvature.sum(axis=0), dtype=np.float64)
        sample = min(o.n, SAMPLE)
        at = np.searchsorted(mass, (np.arange(sample) + 0.5) * (mass[-1] / sample))
        rows, hits = np.unique(np.minimum(at, o.n - 1), return_counts=True)
        penalty = o.penalty[0].astype(np.float64)
        penalty[-1] = 1e-3  # the intercepts have none
        norm = 1 / np.sqrt(penalty)
        B = o.X[rows] * (np.sqrt(hits / sample)[:, None] * norm).astype(o.dtype)
        values, vectors = np.linalg.eigh(B.T @ B)
        self._basis = (norm[:, None] * vectors).astype(o.dtype)
        weights = strength * curvature.sum(axis=1, dtype=np.float64)
        self._inverse = (1 / (weights[:, None] * np.maximum(values, 0) + 1)).astype(o.dtype)

    def __call__(self, G: Array, jobs: Ints) -> Array:
        """Multiply a (K, 1, D) array."""
        scaled = (G[:, 0] @ self._basis) * self._inverse
        return np.asarray((scaled @ self._basis.T)[:, None])


def _continued(W: Array, present: NDArray[np.bool_], start: Array) -> Array:
    """Return the weights before, with a first intercept for each class that is new."""
    W = W.copy()
    W[~present, -1] = start[~present, -1]
    return W


def _joined(parts: list[Solution]) -> Solution:
    told = ("value", "norm", "bound", "iterations", "converged")
    return Solution(
        np.concatenate([p.W for p in parts], axis=1),
        *(np.concatenate([getattr(p, name) for p in parts]) for name in told),
    )
