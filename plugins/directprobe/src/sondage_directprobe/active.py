"""The points that span the nearest points of two hulls, as an active-set method moves them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lstsq
from scipy.linalg.blas import dger
from scipy.linalg.lapack import dpotrf, dpotri

from sondage_directprobe.points import Doubles, Ints

#: Places kept free.
ROOM = 32
#: Updates after which the inverse is computed afresh.
AGE = 60
#: Share of its length that a point must have outside the others' span to enter the inverse.
THIN = 1e-11
#: The same for a second point that enters at a time.
WIDE = 1e-4
#: Corrections of the weights of a short point.
REFINE = 2


class Active:
    """Points of two sides with weights of sum 1 on each, and what their best weights are.

    The combination of least length is had from the Gram matrix of the signed vectors plus, for
    each side, a block of ones times `unit`. Its inverse is kept, so that a point enters or
    leaves in the square, not the cube, of the number of points.

    Parameters
    ----------
    index : int64 array, shape (k,)
        Number of each point on its side.
    side : float64 array, shape (k,)
        1 or -1.
    weights : float64 array, shape (k,)
    signed : float64 array, shape (k, d)
        The vectors times `side`.
    """

    def __init__(self, index: Ints, side: Doubles, weights: Doubles, signed: Doubles) -> None:
        self.k = len(index)
        room = self.k + ROOM
        self._index = np.empty(room, np.int64)
        self._weights, self._signed = np.empty(room), np.empty((room, signed.shape[1]))
        self._sides = np.zeros((room, 2))
        # Zero beyond the points that take part, so that one product of a column with itself
        # changes it in place.
        self._inverse = np.zeros((room, room), order="F")
        self._index[: self.k], self._weights[: self.k] = index, weights
        self._signed[: self.k] = signed
        self._sides[: self.k] = np.stack([side > 0, side < 0], axis=1)
        # Updates since the inverse was computed; AGE where there is none.
        self.age = AGE
        self.unit = 0.0

    @property
    def index(self) -> Ints:
        """Number of each point on its side."""
        return self._index[: self.k]

    @property
    def side(self) -> Doubles:
        """1 or -1 for each point."""
        out: Doubles = self._sides[: self.k, 0] - self._sides[: self.k, 1]
        return out

    @property
    def weights(self) -> Doubles:
        """Not negative, of sum 1 on each side."""
        return self._weights[: self.k]

    @property
    def signed(self) -> Doubles:
        """The vectors times `side`, shape (k, d)."""
        return self._signed[: self.k]

    @property
    def point(self) -> Doubles:
        """The point of the first side minus that of the second."""
        out: Doubles = self.weights @ self.signed
        return out

    def has(self, index: int, side: float) -> bool:
        """Tell whether a point takes part."""
        return bool((self._sides[: self.k, 0 if side > 0 else 1][self.index == index]).any())

    def enter(self, index: int, side: float, signed: Doubles, *, more: bool = False) -> bool:
        """Take in a point, with weight 0; say whether it was.

        A point that violates optimality is out of the span of the active ones. A second one
        (`more`) may be in that of those and the first, and is then refused.
        """
        k = self.k
        if k == len(self._index):
            self._grow()
        column = 0 if side > 0 else 1
        if self.age < AGE:
            products = self.signed @ signed + self.unit * self._sides[:k, column]
            own = float(signed @ signed) + self.unit
            h = np.zeros(len(self._index))
            h[:k] = self._inverse[:k, :k] @ products
            rest = own - float(products @ h[:k])
            if more and rest <= WIDE * own:
                return False
            if rest > THIN * own:
                h[k] = -1.0
                self._change(h, 1.0 / rest)
            else:
                self.age = AGE
        elif more:
            return False
        self._index[k], self._weights[k], self._signed[k] = index, 0.0, signed
        self._sides[k] = 0.0
        self._sides[k, column] = 1.0
        self.k += 1
        return True

    def _change(self, column: Doubles, by: float) -> None:
        self._inverse = dger(by, column, column, a=self._inverse, overwrite_a=1)
        self.age += 1

    def _grow(self) -> None:
        room = self.k + self.k // 2 + ROOM
        inverse = np.zeros((room, room), order="F")
        inverse[: self.k, : self.k] = self._inverse[: self.k, : self.k]
        self._inverse = inverse
        self._index, self._weights = np.resize(self._index, room), np.resize(self._weights, room)
        self._sides = np.resize(self._sides, (room, 2))
        self._signed = np.resize(self._signed, (room, self._signed.shape[1]))

    def leave(self, places: Ints) -> None:
        """Drop the points at these places, ascending; the last ones move into the gaps."""
        for at in places[::-1]:
            last = self.k - 1
            if self.age < AGE:
                self._shrink(int(at), last)
            for kept in (self._index, self._sides, self._weights, self._signed):
                kept[at] = kept[last]
            self.k = last

    def _shrink(self, at: int, last: int) -> None:
        B = self._inverse
        own = float(B[at, at])
        if not own > 0:
            self.age = AGE
            return
        self._change(B[:, at].copy(), -1.0 / own)
        B = self._inverse
        if at != last:
            # What this row and column held is now zero, but for rounding.
            B[:last, at] = B[:last, last]
            B[at, :last] = B[:last, last]
            B[at, at] = B[last, last]
        B[: last + 1, last] = 0.0
        B[last, : last + 1] = 0.0

    def refresh(self) -> bool:
        """Forget an inverse that updates may have made coarse; say whether there were any."""
        coarse = 0 < self.age < AGE
        self.age = AGE
        return coarse

    def best(self, fine: bool, short: bool = False) -> Doubles:
        """Return weights, of sum 1 on each side, of the shortest affine combination.

        Parameters
        ----------
        fine : bool
            Solve least squares on the vectors, without squaring their condition.
        short : bool
            Correct what the squared condition does to a point that is short beside the vectors.
        """
        sides = self._sides[: self.k]
        if not fine and (self.age < AGE or self._invert()):
            solved = self._inverse[: self.k, : self.k] @ sides
            small = sides.T @ solved
            det = small[0, 0] * small[1, 1] - small[0, 1] * small[1, 0]
            if det > 0:
                adjugate = (
                    np.array([[small[1, 1], -small[0, 1]], [-small[1, 0], small[0, 0]]]) / det
                )
                weights: Doubles = solved @ adjugate.sum(axis=1)
                weights /= sides @ (sides.T @ weights)
                return self._refined(weights, solved, adjugate) if short else weights
        return self._least_squares(sides > 0)

    def _refined(self, weights: Doubles, solved: Doubles, adjugate: Doubles) -> Doubles:
        """Correct weights by what the vectors themselves leave over.

        The Gram matrix has their condition squared; the rest of its equations, computed from
        the vectors, has not, and the kept inverse is good enough to take it away.
        """
        sides = self._sides[: self.k]
        for _ in range(REFINE):
            rest = self._inverse[: self.k, : self.k] @ (self.signed @ (weights @ self.signed))
            weights = weights - rest + solved @ (adjugate @ (sides.T @ rest))
        return weights

    def _invert(self) -> bool:
        sides = self._sides[: self.k]
        gram = self.signed @ self.signed.T
        self.unit = float(gram.trace()) / self.k
        gram += self.unit * (sides @ sides.T)
        factor, failed = dpotrf(gram, lower=0, overwrite_a=1)
        # Where points depend on each other, rounding alone may let the factor exist.
        if not failed and float(factor.diagonal().min()) ** 2 > THIN * self.unit:
            upper, failed = dpotri(factor, lower=0, overwrite_c=1)
        else:
            failed = 1
        if failed:
            self.age = AGE
            return False
        self._inverse[:] = 0.0
        inverse = self._inverse[: self.k, : self.k]
        np.add(upper, upper.T, out=inverse)
        np.fill_diagonal(inverse, upper.diagonal())
        self.age = 0
        return True

    def _least_squares(self, sides: NDArray[np.bool_]) -> Doubles:
        weights = np.zeros(self.k)
        pivots = [int(np.flatnonzero(s)[self.weights[s].argmax()]) for s in sides.T]
        base = self.signed[pivots].sum(axis=0)
        rest = np.setdiff1d(np.arange(self.k), pivots)
        mine = np.where(sides[rest, 0], pivots[0], pivots[1])
        if len(rest):
            A = (self.signed[rest] - self.signed[mine]).T
            weights[rest] = lstsq(A, -base, lapack_driver="gelsy")[0]
        for column, pivot in zip(sides.T, pivots, strict=True):
            weights[pivot] = 1.0 - weights[column].sum()
        return weights
