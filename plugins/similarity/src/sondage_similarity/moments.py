"""Sums over stimuli from which RSA and CKA follow; exact under merging.

Write u and v for the two sides of a stimulus with their means taken away, a = |u|² and
b = |v|². Both measures are functions of the sums of uvᵀ, ub, av and ab (and of the same
sums of each side with itself), so the n × n matrices are never formed.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from sondage.data import Ints
from sondage_similarity.second import Floats, centre, check_widths, reordered


@dataclass
class Cross:
    """Sums of products of two centred sides over n stimuli.

    Parameters
    ----------
    uv : float64 array, shape (d_a, d_b)
        Sum of u vᵀ.
    ub : float64 array, shape (d_a,)
        Sum of u |v|².
    av : float64 array, shape (d_b,)
        Sum of |u|² v.
    ab : float
        Sum of |u|² |v|².
    """

    uv: Floats
    ub: Floats
    av: Floats
    ab: float

    @classmethod
    def of(cls, ua: Floats, vb: Floats) -> Self:
        """Sum over the rows of centred blocks that carry their squared norm as last column."""
        # One product a pair of sides: several small ones stall each other on a busy machine.
        return cls.parts(ua.T @ vb)

    @classmethod
    def parts(cls, p: Floats) -> Self:
        """Return the four parts of a product of blocks that carry their squared norms."""
        return cls(p[:-1, :-1].copy(), p[:-1, -1].copy(), p[-1, :-1].copy(), float(p[-1, -1]))

    def negative(self) -> Self:
        """Return the sums with the other sign."""
        return type(self)(-self.uv, -self.ub, -self.av, -self.ab)

    def move(self, n: int, d: Floats, e: Floats, sum_a: float, sum_b: float) -> None:
        """Restate all but `uv` about centres displaced by `d` and `e` from the means.

        `sum_a` and `sum_b` are the sums of |u|² and |v|² before the move. Follows from
        |u - d|² = |u|² - 2 d·u + |d|² and from u and v summing to zero.
        """
        ue, ve, dd, ee = self.uv @ e, d @ self.uv, float(d @ d), float(e @ e)
        self.ab += (
            -2.0 * float(e @ self.av)
            - 2.0 * float(d @ self.ub)
            + 4.0 * float(d @ ue)
            + ee * sum_a
            + dd * sum_b
            + n * dd * ee
        )
        self.ub = self.ub - 2.0 * ue - (sum_b + n * ee) * d
        self.av = self.av - 2.0 * ve - (sum_a + n * dd) * e


@dataclass
class Moments:
    """Joint moments of two sides up to what RSA and debiased CKA need.

    Parameters
    ----------
    n : int
        Stimuli seen.
    mean_a, mean_b : float64 arrays, shape (d_a,) and (d_b,)
    sum_a, sum_b : float
        Sums of the squared distances from the means.
    aa, ab, bb : Cross
        Each side with itself and the two with each other, about the means.

    Notes
    -----
    Memory, and what overflow does, are as of `SecondMoments`.

    References
    ----------
    Chan, Golub and LeVeque 1983, The American Statistician 37(3), on merging centred sums of
    squares. Departs from it: carries third and fourth order sums as well, derived in `Cross`.
    """

    n: int
    mean_a: Floats
    mean_b: Floats
    sum_a: float
    sum_b: float
    aa: Cross
    ab: Cross
    bb: Cross

    @classmethod
    @np.errstate(over="ignore", invalid="ignore")
    def of(cls, x: NDArray[Any], y: NDArray[Any]) -> Self:
        """Return the moments of a block of at least one row, two-pass in float64."""
        (ua, mean_a), (vb, mean_b) = _centred(x), _centred(y)
        return cls(
            n=len(ua),
            mean_a=mean_a,
            mean_b=mean_b,
            sum_a=float(ua[:, -1].sum()),
            sum_b=float(vb[:, -1].sum()),
            aa=Cross.of(ua, ua),
            ab=Cross.of(ua, vb),
            bb=Cross.of(vb, vb),
        )

    def copy(self) -> Self:
        """Return moments that share nothing with these."""
        return copy.deepcopy(self)

    @np.errstate(over="ignore", invalid="ignore")
    def merge(self, other: Moments) -> None:
        """Take in another block's moments; `other` is left as it is.

        Raises
        ------
        DataError
            If the widths differ.
        """
        check_widths(self.ab.uv, other.ab.uv)
        n = self.n + other.n
        gap_a, gap_b = other.mean_a - self.mean_a, other.mean_b - self.mean_b
        mine, theirs = other.n / n, -self.n / n
        between = self.n * other.n / n
        for cross, more, i, j in (
            (self.aa, other.aa, 0, 0),
            (self.ab, other.ab, 0, 1),
            (self.bb, other.bb, 1, 1),
        ):
            gap = (gap_a, gap_b)
            d, e = gap[i], gap[j]
            sums, more_sums = (self.sum_a, self.sum_b), (other.sum_a, other.sum_b)
            added = Cross(more.uv, more.ub, more.av, more.ab)
            added.move(other.n, theirs * d, theirs * e, more_sums[i], more_sums[j])
            cross.move(self.n, mine * d, mine * e, sums[i], sums[j])
            cross.uv += more.uv
            cross.uv += np.multiply.outer(between * d, e)
            cross.ub += added.ub
            cross.av += added.av
            cross.ab += added.ab
        self.sum_a += other.sum_a + between * float(gap_a @ gap_a)
        self.sum_b += other.sum_b + between * float(gap_b @ gap_b)
        self.mean_a = self.mean_a + mine * gap_a
        self.mean_b = self.mean_b + mine * gap_b
        self.n = n

    def without(self, other: Moments) -> Self:
        """Return the moments of what is left of these stimuli without the `other` ones among them.

        Merging is algebra in the numbers of stimuli, so that a negative number takes away. There
        must be stimuli left.
        """
        rest = self.copy()
        away = Moments(
            -other.n, other.mean_a, other.mean_b, -other.sum_a, -other.sum_b, other.aa.negative(),
            other.ab.negative(), other.bb.negative(),
        )  # fmt: skip
        rest.merge(away)
        return rest


def _centred(x: NDArray[Any]) -> tuple[Floats, Floats]:
    """Return rows less their mean with their squared norms as a last column, and the mean."""
    ua = np.empty((len(x), x.shape[1] + 1))
    u = ua[:, :-1]
    mean = centre(x, u)
    np.einsum("ij,ij->i", u, u, out=ua[:, -1])
    return ua, mean


@np.errstate(over="ignore", invalid="ignore")
def shuffled_moments(
    whole: Moments, x: NDArray[Any], y: NDArray[Any], orders: Ints
) -> Iterator[Moments]:
    """Yield the moments `whole` of all these rows, `y` in other orders: one product each."""
    for product in reordered(_centred(x)[0], _centred(y)[0], orders):
        yield replace(whole, ab=Cross.parts(product))
