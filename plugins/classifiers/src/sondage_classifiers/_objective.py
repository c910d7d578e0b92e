"""The multinomial logistic objective of many problems that share their rows."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]
Run = Callable[..., list[Any]]

#: Rows are cut into this many slabs, whatever the number of threads: sums keep their order.
SLABS = 16
#: Rows that a slab has at least, where there are so many.
LEAST = 64
#: Logits that a block holds, so that they stay in a core's cache.
BLOCK = 1 << 17


class Objective:
    """Loss and gradient of J problems over the same rows, in row blocks.

    Problem j minimises, over weights W and intercepts b of the classes present in it,
    ``C * sum_i weight[j, i] * loss_i + 0.5 * sum_kd penalty[j, d] * W[k, d]**2`` with the
    multinomial log loss in nats. Rows are centred, which moves only the intercepts, and
    carry a column of ones for them.

    Parameters
    ----------
    X : float array, shape (n, d)
        Finite.
    y : int64 array, shape (J, n), values in 0..classes-1
    weight : float array, shape (J, n), not negative
    penalty : float array, shape (J, d), positive
    classes : int
    run : callable
        ``run(function, items) -> list`` (see `sondage.probing.on_threads`).
    dtype : numpy dtype
        Of the products; sums over blocks of rows are always float64.
    center : float64 array, shape (d,), optional
        What rows are centred on; their own weighted mean by default.
    rows : array, shape (n, d + 1), of `dtype`, optional
        What `centred` makes of X, where it is there already.
    principal : bool
        Whether the columns of X lie along its principal axes.
    """

    def __init__(
        self,
        X: Array,
        y: Ints,
        weight: Array,
        penalty: Array,
        classes: int,
        run: Run,
        dtype: Any = np.float32,
        center: Doubles | None = None,
        rows: Array | None = None,
        principal: bool = False,
    ) -> None:
        self.run, self.K, self.n, self.principal = run, classes, len(X), principal
        self.D, self.dtype = X.shape[1] + 1, np.dtype(dtype)
        total = weight.sum(axis=0, dtype=np.float64)
        self.center: Doubles = total @ X / total.sum() if center is None else center
        self.X = centred(X, self.center, dtype) if rows is None else rows
        self.y, self.weight = y, weight.astype(dtype, copy=False)
        self.penalty = np.concatenate([penalty, np.zeros((len(y), 1))], axis=1).astype(dtype)
        self.counts: Doubles = np.stack(
            [np.bincount(a, b, classes) for a, b in zip(y, weight, strict=True)]
        )
        self.present = np.ascontiguousarray((self.counts > 0).T)  # K, J
        slabs = max(1, min(SLABS, self.n // LEAST))
        cuts = [self.n * s // slabs for s in range(slabs + 1)]
        self.slabs = [(a, b) for a, b in itertools.pairwise(cuts) if b > a]

    @cached_property
    def squares(self) -> Array:
        """Squares of the centred rows, shape (n, d + 1)."""
        return np.square(self.X)

    def start(self) -> Array:
        """Return zero weights with the logarithms of class shares as intercepts (K, J, D)."""
        W = np.zeros((self.K, len(self.y), self.D), self.dtype)
        shares = np.where(self.present, self.counts.T, 1) / self.counts.sum(axis=1)
        W[..., -1] = np.where(self.present, np.log(shares), 0)
        return W

    def project(self, W: Array, jobs: Ints) -> Array:
        """Make classes sum to zero, and absent ones be zero: the optimum's own subspace."""
        here = self.present[:, jobs, None]
        W = W * here
        return np.asarray((W - W.sum(axis=0) / here.sum(axis=0).astype(self.dtype)) * here)

    def _blocks(self, bounds: tuple[int, int], jobs: int) -> list[tuple[int, int]]:
        step = max(128, BLOCK // (self.K * jobs) // 128 * 128)
        return [(a, min(a + step, bounds[1])) for a in range(*bounds, step)]

    def _logits(self, W: Array, jobs: Ints, a: int, b: int) -> Array:
        """Return logits less their greatest, -inf at absent classes: (K, J, b - a)."""
        Z = (W.reshape(-1, self.D) @ self.X[a:b].T).reshape(self.K, len(jobs), b - a)
        if not self.present.all():
            Z[~self.present[:, jobs]] = -np.inf
        Z -= Z.max(axis=0)
        return Z

    def evaluate(self, W: Array, strength: float, jobs: Ints) -> tuple[Doubles, Array]:
        """Return objective and gradient of some problems.

        Parameters
        ----------
        W : array, shape (K, len(jobs), d + 1), the intercept last
        strength : float
            C.
        jobs : int array

        Returns
        -------
        value : float64 array, shape (len(jobs),)
        gradient : array, shape of `W`
        """
        J = len(jobs)

        def slab(bounds: tuple[int, int]) -> tuple[Doubles, Doubles]:
            loss, gradient = np.zeros(J), np.zeros((self.K * J, self.D))
            for a, b in self._blocks(bounds, J):
                weight = self.weight[jobs, a:b]
                at = self.y[jobs, a:b] * (J * (b - a)) + np.arange(J * (b - a)).reshape(J, -1)
                Z = self._logits(W, jobs, a, b)
                flat = Z.reshape(-1)
                # A row of weight 0 may carry a class that its problem lacks: a logit of -inf.
                own = np.where(weight > 0, flat[at], 0)
                np.exp(Z, out=Z)
                # In float64, since 1 + 1e-9 matters where all rows are fitted well.
                total = Z.sum(axis=0, dtype=np.float64)
                loss += (weight * (np.log(total) - own)).sum(axis=1)
                Z *= (weight / total).astype(self.dtype)
                flat[at] -= weight
                gradient += Z.reshape(self.K * J, -1) @ self.X[a:b]
            return loss, gradient

        parts = self.run(slab, self.slabs)
        loss = np.sum([p[0] for p in parts], axis=0)
        gradient = strength * np.sum([p[1] for p in parts], axis=0).reshape(W.shape)
        pull = self.penalty[jobs] * W
        gradient += pull
        return strength * loss + 0.5 * inner(pull, W), gradient.astype(self.dtype)

    def curvature(self, W: Array, jobs: Ints) -> Array:
        """Return the mean over `jobs` of weight * p * (1 - p), shape (K, n)."""
        J = len(jobs)
        out = np.empty((self.K, self.n), self.dtype)

        def slab(bounds: tuple[int, int]) -> None:
            for a, b in self._blocks(bounds, J):
                P = self._logits(W, jobs, a, b)
                np.exp(P, out=P)
                P /= P.sum(axis=0)
                P *= 1 - P
                P *= self.weight[jobs, a:b]
                P.mean(axis=1, out=out[:, a:b])

        self.run(slab, self.slabs)
        return out


def centred(X: Array, center: Doubles, dtype: Any) -> Array:
    """Return the rows of X less the center, with a column of ones."""
    out = np.empty((len(X), X.shape[1] + 1), dtype)
    np.subtract(X, center, out=out[:, :-1], casting="same_kind")
    out[:, -1] = 1
    return out


def inner(a: Array, b: Array) -> Doubles:
    """Return the inner products of each problem's parts of (K, J, D) arrays, shape (J,)."""
    if a.shape[1] == 1 and a.flags.c_contiguous and b.flags.c_contiguous:
        return np.asarray([np.dot(a.reshape(-1), b.reshape(-1))], np.float64)
    return np.asarray(np.einsum("kjd,kjd->j", a, b), np.float64)
