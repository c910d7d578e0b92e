"""What L-BFGS remembers: recent steps and what they did to the gradient."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sondage_classifiers._objective import Array, Doubles, Ints, Objective, inner

#: Recent steps that the inverse Hessian remembers.
MEMORY = 20

Precondition = Callable[[Array, Ints], Array]


class CurvaturePairs:
    """Recent steps s and gradient changes y of the live problems.

    They lie in two arrays of shape (J, memory, K D), the oldest overwritten first, so that the
    inverse Hessian takes four products with those and two solutions of triangular systems in
    place of two loops over pairs (Byrd, Nocedal and Schnabel 1994, section 2). A pair without
    positive curvature is kept as zeros, which count for nothing.
    """

    def __init__(self, memory: int = MEMORY) -> None:
        self.memory = memory
        self.scale: Doubles | None = None
        self._order: list[int] = []  # places of pairs, oldest first
        self._s: Array = np.empty((0, 0, 0))
        self._y = self._s
        #: s_i . y_j where i is not younger than j, else 0.
        self._r: Doubles = self._s
        self._width = 0

    def add(self, s: Array, y: Array, My: Array) -> None:
        """Keep a step and the change of the gradient, (K, J, D); `My` is y preconditioned."""
        sy = inner(s, y)
        good = sy > 1e-10 * np.sqrt(inner(s, s) * inner(y, y))
        scale = np.where(good, sy / np.where(good, inner(y, My), 1), 1)
        self.scale = scale if self.scale is None else np.where(good, scale, self.scale)
        if not self._order:
            K, J, self._width = s.shape
            self._s = np.zeros((J, self.memory, K * self._width), s.dtype)
            self._y = np.zeros_like(self._s)
            self._r = np.zeros((J, self.memory, self.memory))
        full = len(self._order) == self.memory
        place = self._order.pop(0) if full else len(self._order)
        self._order.append(place)
        self._s[:, place], self._y[:, place] = _flat(s), _flat(y)
        if not good.all():
            self._s[~good, place] = self._y[~good, place] = 0
        self._r[:, place] = 0
        self._r[:, :, place] = _times(self._s, self._y[:, place])
        self._r[:, place, place] = np.where(good, sy, 1)

    def keep(self, live: Array) -> None:
        """Drop the problems that are done."""
        if self._order:
            self._s, self._y, self._r = self._s[live], self._y[live], self._r[live]
        if self.scale is not None:
            self.scale = self.scale[live]

    def grow(self, ratio: float, before: Array, after: Array) -> None:
        """Rewrite the gradient changes for `ratio` times the rows and another penalty, (J, D).

        The loss is a sum over rows, so its part of the curvature grows with their number.
        """
        if not self._order:
            return
        shape = (*self._s.shape[:2], -1, self._width)
        s, y = self._s.reshape(shape), self._y.reshape(shape)
        before, after = before[:, None, None], after[:, None, None]
        y = ((y - before * s) * ratio + after * s).astype(s.dtype).reshape(self._s.shape)
        products = np.asarray(self._s @ y.transpose(0, 2, 1), np.float64)
        sy = np.einsum("jmm->jm", products).copy()
        ss, yy = (np.einsum("jmp,jmp->jm", x, x, dtype=np.float64) for x in (self._s, y))
        good = sy > 1e-10 * np.sqrt(ss * yy)
        self._s, self._y = self._s * good[..., None], y * good[..., None]
        age = np.full(self.memory, -1)
        age[self._order] = np.arange(len(self._order))
        older = age[:, None] <= age
        self._r = products * (older & good[:, None, :] & good[:, :, None])
        each = np.arange(self.memory)
        self._r[:, each, each] = np.where(good, sy, 1)
        self.scale = np.ones(len(sy))
        for place in self._order:
            ratios = sy[:, place] / np.where(good[:, place], yy[:, place], 1)
            self.scale = np.where(good[:, place], ratios, self.scale)

    def rescale(self, precondition: Precondition, jobs: Ints, o: Objective) -> None:
        """Fit the scale to another preconditioner, by the youngest pair."""
        if self._order:
            s, y = (_square(x[:, self._order[-1]], self._width) for x in (self._s, self._y))
            sy, yMy = inner(s, y), inner(y, o.project(precondition(y, jobs), jobs))
            good = (sy > 0) & (yMy > 0)
            self.scale = np.where(good, sy / np.where(good, yMy, 1), 1)

    def direction(self, G: Array, precondition: Precondition, jobs: Ints, o: Objective) -> Array:
        """Return the inverse Hessian of the moment times G, (K, J, D)."""
        if not self._order:
            return o.project(precondition(G, jobs), jobs)
        places, width = np.array(self._order), G.shape[2]
        R = self._r[:, places[:, None], places]
        g = _flat(G)
        a = np.linalg.solve(R, _times(self._s, g)[:, places, None])
        q = _square(g - self._combined(a, places, self._y), width)
        q = o.project(precondition(q, jobs), jobs)
        assert self.scale is not None
        q *= self.scale.astype(q.dtype)[:, None]
        r, across = _flat(q), R.transpose(0, 2, 1)
        diagonal = np.einsum("jmm->jm", R)[..., None]
        right = _times(self._y, r)[:, places, None] + across @ a - diagonal * a
        return _square(
            r + self._combined(a - np.linalg.solve(across, right), places, self._s), width
        )

    def _combined(self, weights: Doubles, places: Ints, vectors: Array) -> Array:
        """Return each problem's sum of pairs' (J, m, P), by weights (J, n, 1): (J, P)."""
        every = np.zeros((len(vectors), 1, self.memory), vectors.dtype)
        every[:, 0, places] = weights[..., 0]
        return np.asarray((every @ vectors)[:, 0])


def _flat(a: Array) -> Array:
    """Bring (K, J, D) to (J, K D)."""
    return a.transpose(1, 0, 2).reshape(a.shape[1], -1)


def _square(a: Array, width: int) -> Array:
    """Bring (J, K D) to (K, J, D)."""
    return np.ascontiguousarray(a.reshape(len(a), -1, width).transpose(1, 0, 2))


def _times(vectors: Array, one: Array) -> Doubles:
    """Return each problem's products of (J, m, P) and (J, P), shape (J, m)."""
    return np.asarray((vectors @ one[..., None])[..., 0], np.float64)
