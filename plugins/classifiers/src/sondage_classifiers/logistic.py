"""Multinomial logistic regression to its optimum: many problems and strengths at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sondage.data import Ints
from sondage.errors import DataError, ParameterError
from sondage.probing import check_finite as check_rows
from sondage.probing import on_threads
from sondage_classifiers._basis import Basis, too_dear
from sondage_classifiers._objective import Objective
from sondage_classifiers._solver import Solution, refined, solve

#: The grid that a linear probe tries unless told otherwise.
STRENGTHS = (0.001, 0.01, 0.1, 1.0, 10.0)


@dataclass(frozen=True)
class LogisticPath:
    """The optima of J problems at T strengths, ascending (strongest penalty first).

    Parameters
    ----------
    strengths : float64 array, shape (T,)
    coef : float32 array, shape (T, J, K, d)
        Acts on the vectors as they were given.
    intercept : float64 array, shape (T, J, K)
        Minus infinity for a class without weight in the problem's training rows.
    objective, gradient_norm : float64 arrays, shape (T, J)
        Of the objective given in `fit_logistic`, in nats.
    gap_bound : float64 array, shape (T, J)
        (objective - optimum) / objective is at most this, if no intercept is more than a
        nat off its optimum; many times wider than the gap itself where C is large.
    converged : bool array, shape (T, J)
        Whether the stopping rule was met.
    iterations : int64 array, shape (T, J)
    """

    strengths: NDArray[np.float64]
    coef: NDArray[np.float32]
    intercept: NDArray[np.float64]
    objective: NDArray[np.float64]
    gradient_norm: NDArray[np.float64]
    gap_bound: NDArray[np.float64]
    converged: NDArray[np.bool_]
    iterations: Ints

    def scores(self, X: NDArray[Any], job: int = 0) -> NDArray[np.float64]:
        """Return the logits of one problem at every strength, shape (T, n, K)."""
        T, _, K, d = self.coef.shape
        flat = X @ self.coef[:, job].reshape(T * K, d).T
        logits = flat.reshape(len(X), T, K) + self.intercept[:, job]
        return np.asarray(logits.transpose(1, 0, 2), np.float64)

    def predict(self, X: NDArray[Any], job: int = 0) -> Ints:
        """Return the predicted class of each row at every strength, shape (T, n)."""
        return np.asarray(self.scores(X, job).argmax(axis=2), np.int64)


def fit_logistic(
    X: NDArray[Any],
    y: NDArray[Any],
    weights: NDArray[Any] | None = None,
    *,
    strengths: Sequence[float] = STRENGTHS,
    classes: int | None = None,
    standardise: bool = False,
    tol: float = 1e-3,
    max_iter: int = 1000,
) -> LogisticPath:
    """Fit J multinomial logistic regressions that share their rows, at T strengths.

    Each minimises ``C * sum_i w_i loss_i + 0.5 * ||W||**2`` over weights W (K × d) and
    unpenalised intercepts, with the log loss in nats: scikit-learn's objective for three and
    more classes. For two it equals scikit-learn's binary fit at 2C.

    Parameters
    ----------
    X : float array, shape (n, d)
        Finite.
    y : int array, shape (n,) or (J, n), values in 0..K-1
    weights : array, shape (n,) or (J, n), optional
        Row weights, not negative; 0 or False leaves a row out of a problem.
    strengths : sequence of float
        The values of C, each greater than 0.
    classes : int, optional
        K; the greatest label plus one unless given. A class without weight in a problem is
        no part of it and is never predicted.
    standardise : bool
        Penalise as if each feature had unit variance over a problem's rows. The weights
        returned still act on the vectors as given.
    tol : float
        (objective - optimum) / objective at which a problem is solved: a fit ends when this
        is proven by `gap_bound`, or when the gap predicted by the inverse Hessian of the
        moment is a tenth of it and `gap_bound` is at most ten times it.
    max_iter : int
        Iterations a strength; one evaluates the gradient at least once.

    Returns
    -------
    LogisticPath
        Bit-identical whatever the number of threads. A problem's last bits do hang on the
        others solved with it.

    Raises
    ------
    DataError
        If a problem has no rows or a single class, or if lengths or labels do not fit.
    EncodingError
        If a row with weight holds NaN or an infinity.
    ParameterError
        If a strength or `tol` is not positive.

    Notes
    -----
    All problems' weights are columns of one product with X, in blocks of rows, float32;
    sums over blocks, objectives and the stopping rule are float64, and the whole solver
    turns to float64 where float32 can no longer reach `tol`. The method is L-BFGS (Liu and
    Nocedal 1989, algorithm 2.1), preconditioned by the inverse of each class's own block of
    the Hessian, or where rows are so few that this costs more than it saves, by its diagonal
    along the rows' principal axes; strengths ascend, and each fit starts where the two before
    it point.
    """
    grid = checked_grid(strengths, tol)
    Y, weight = _problems(X, y, weights)
    K = int(Y.max(initial=-1)) + 1 if classes is None else classes
    used = np.flatnonzero(weight.any(axis=0))
    if len(used) and (Y[:, used].min() < 0 or Y[:, used].max() >= K):
        raise DataError(f"labels lie outside 0..{K - 1}")
    rows, Y, weight = X[used], np.clip(Y[:, used], 0, K - 1), weight[:, used]
    for j in range(len(Y)):
        check_classes(np.bincount(Y[j], weight[j], K), f"problem {j}")
    check_rows(rows)
    basis = None
    if not standardise and too_dear(len(rows), X.shape[1], len(Y)):
        basis = Basis.of(rows, weight)
        rows = basis.turned(rows)
    penalty = variances(rows, weight) if standardise else np.ones((len(Y), rows.shape[1]))
    with on_threads() as run:
        make = partial(Objective, rows, Y, weight, penalty, K, run, principal=basis is not None)
        # Float32 knows an objective to about six digits.
        first = make(np.float32 if tol >= 1e-5 else np.float64)
        double = cache(partial(make, np.float64))
        found: list[Solution] = []
        for t, strength in enumerate(grid):
            start = found[-1].W if found else first.start()
            if t > 1:
                ahead = np.log(strength / grid[t - 1]) / np.log(grid[t - 1] / grid[t - 2])
                start = start + min(ahead, 1.0) * (found[-1].W - found[-2].W)
            one = solve(first, start.astype(first.dtype), strength, tol, max_iter, t == 0)
            found.append(one if tol < 1e-5 else refined(one, double, strength, tol, max_iter))
    return collect(grid, found, first.center, first.present, basis)


def checked_grid(strengths: Sequence[float], tol: float) -> NDArray[np.float64]:
    """Return strengths, ascending; raises `ParameterError` for what is not positive."""
    grid = np.unique(np.asarray(strengths, np.float64))
    if not len(grid) or not np.all(np.isfinite(grid)) or grid[0] <= 0 or not tol > 0:
        raise ParameterError(f"strengths {list(strengths)} and tol {tol} must be positive numbers")
    return grid


def checked_dev(X_dev: Any, y_dev: Any, n: int, what: str) -> NDArray[Any]:
    """Return the labels of the dev part that chooses among `n`; raises `DataError` for none."""
    if X_dev is None or y_dev is None or len(X_dev) == 0:
        raise DataError(
            f"no dev items to choose among {n} {what}s",
            hint=f"give X_dev and y_dev, or a single {what}",
        )
    check_rows(X_dev, "the dev part")
    return np.asarray(y_dev)


def _problems(
    X: NDArray[Any], y: NDArray[Any], weights: NDArray[Any] | None
) -> tuple[Ints, NDArray[np.float32]]:
    """Bring labels and weights to shape (J, n)."""
    Y = np.atleast_2d(np.asarray(y))
    if X.ndim != 2 or Y.ndim != 2 or Y.dtype.kind not in "iu" or Y.shape[1] != len(X):
        raise DataError(f"labels of shape {np.shape(y)}, {Y.dtype}, do not fit vectors {X.shape}")
    w = np.ones((1, len(X))) if weights is None else np.atleast_2d(np.asarray(weights))
    if w.ndim != 2 or w.shape[1] != len(X) or 1 not in (len(w), len(Y), len(w) // len(Y)):
        raise DataError(f"weights of shape {w.shape} do not fit labels {Y.shape}")
    if not (np.isfinite(w).all() and (w >= 0).all()):
        raise DataError("row weights must be finite and not negative")
    J = max(len(Y), len(w))
    if len(Y) not in (1, J) or len(w) not in (1, J):
        raise DataError(f"weights of shape {w.shape} do not fit labels {Y.shape}")
    return (
        np.ascontiguousarray(np.broadcast_to(Y, (J, len(X))), np.int64),
        np.ascontiguousarray(np.broadcast_to(w, (J, len(X))), np.float32),
    )


def check_classes(counts: NDArray[Any], what: str) -> None:
    """Raise `DataError` unless at least two classes have training items."""
    there = np.flatnonzero(counts > 0)
    if len(there) == 0:
        raise DataError(f"{what}: no training items", hint="look at the split")
    if len(there) == 1:
        raise DataError(
            f"{what}: all {counts[there[0]]:g} training items carry one label, {there[0]}",
            hint="a classifier needs two labels: take more sentences or another split",
        )


def variances(X: NDArray[Any], weight: NDArray[Any]) -> NDArray[np.float64]:
    """Weighted variance of every feature, 1 where it is constant: shape (J, d)."""
    w = weight.astype(np.float64)
    w /= w.sum(axis=1, keepdims=True)
    centred = X - X.mean(axis=0, dtype=np.float64)
    variance = w @ centred**2 - (w @ centred) ** 2
    return np.where(variance > 1e-12 * (w @ centred**2) + 1e-30, variance, 1.0)


def collect(
    grid: NDArray[np.float64],
    found: list[Solution],
    center: NDArray[np.float64],
    present: NDArray[np.bool_],
    basis: Basis | None = None,
) -> LogisticPath:
    """Return solutions, one a strength, as a path; `present` is (K, J)."""
    W = np.stack([s.W for s in found]).transpose(0, 2, 1, 3)  # T, J, K, D
    if basis is not None:
        W, center = basis.back(W), basis.center + basis.axes @ center
    intercept = W[..., -1] - W[..., :-1].astype(np.float64) @ center
    told = ("value", "norm", "bound", "converged", "iterations")
    return LogisticPath(
        grid,
        W[..., :-1].astype(np.float32),
        np.where(present.T, intercept, -np.inf),
        *(np.stack([getattr(s, name) for s in found]) for name in told),
    )
