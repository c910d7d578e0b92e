"""Second moments of two sides, from which the whole family of linear measures follows."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from sondage.data import Ints
from sondage.errors import DataError
from sondage_similarity.rounding import Exact

Floats = NDArray[np.float64]


@dataclass
class SecondMoments:
    """Numbers, means and centred sums of products of two sides; merging is exact.

    Parameters
    ----------
    n : int
        Stimuli seen.
    mean_a, mean_b : float64 arrays, shape (d_a,) and (d_b,)
    aa, ab, bb : float64 arrays, shape (d_a, d_a), (d_a, d_b), (d_b, d_b)
        Sums of products about the means.
    exact_a, exact_b : Exact
        What type the rows seem to have been rounded to.

    Notes
    -----
    Memory: d_a² + d_a d_b + d_b² float64, whatever n. Overflow is not reported here but shows
    as values that are not finite.

    References
    ----------
    Chan, Golub and LeVeque 1983, The American Statistician 37(3). Departs from it: none.
    """

    n: int
    mean_a: Floats
    mean_b: Floats
    aa: Floats
    ab: Floats
    bb: Floats
    exact_a: Exact
    exact_b: Exact

    @classmethod
    @np.errstate(over="ignore", invalid="ignore")
    def of(cls, x: NDArray[Any], y: NDArray[Any]) -> Self:
        """Return the moments of a block of at least one row, two-pass in float64."""
        d = x.shape[1]
        z = np.empty((len(x), d + y.shape[1]))
        mean_a, mean_b = centre(x, z[:, :d]), centre(y, z[:, d:])
        # One product of both sides: half of it is symmetric, and several stall each other.
        p = z.T @ z
        aa, ab, bb = p[:d, :d], p[:d, d:], p[d:, d:]
        return cls(len(x), mean_a, mean_b, aa, ab, bb, Exact.of(x), Exact.of(y))

    def copy(self) -> Self:
        """Return moments that share nothing with these."""
        return copy.deepcopy(self)

    @np.errstate(over="ignore", invalid="ignore")
    def merge(self, other: SecondMoments) -> None:
        """Take in another block's moments; `other` is left as it is.

        Raises
        ------
        DataError
            If the widths differ.
        """
        check_widths(self.ab, other.ab)
        n = self.n + other.n
        gap_a, gap_b = other.mean_a - self.mean_a, other.mean_b - self.mean_b
        between, step = self.n * other.n / n, other.n / n
        for mine, theirs, d, e in (
            (self.aa, other.aa, gap_a, gap_a),
            (self.ab, other.ab, gap_a, gap_b),
            (self.bb, other.bb, gap_b, gap_b),
        ):
            mine += theirs
            mine += np.multiply.outer(between * d, e)
        self.mean_a = self.mean_a + step * gap_a
        self.mean_b = self.mean_b + step * gap_b
        self.exact_a = self.exact_a.plus(other.exact_a)
        self.exact_b = self.exact_b.plus(other.exact_b)
        self.n = n


def check_widths(ab: Floats, other: Floats) -> None:
    """Raise `DataError` unless products of both sides of two blocks are of one shape."""
    if ab.shape != other.shape:
        raise DataError(
            f"similarity: chunks of widths {other.shape} do not go with earlier ones of widths "
            f"{ab.shape}"
        )


def centre(x: NDArray[Any], out: Floats) -> Floats:
    """Write rows less their mean into `out`; return the mean."""
    # From the first row on: equal rows give exact zeros, however far from the origin.
    first = x[0].astype(np.float64)
    np.subtract(x, first, out=out)
    # As a product: `mean` takes ten times as long over the columns of a part of an array.
    shift = np.full(len(out), 1 / len(out)) @ out
    out -= shift
    return np.asarray(first + shift, np.float64)


def centred(x: NDArray[Any]) -> Floats:
    """Return rows less their mean."""
    out = np.empty(x.shape)
    centre(x, out)
    return out


@np.errstate(over="ignore", invalid="ignore")
def reordered(u: NDArray[Any], v: NDArray[Any], orders: Ints) -> Iterator[Floats]:
    """Yield uᵀv for each order of the rows of `v`.

    Parameters
    ----------
    u, v : float arrays, shape (n, d_a) and (n, d_b)
        Multiplied in their type a few hundred rows at a time, and summed in float64.
    orders : int64 array, shape (k, n)
        Permutations of the rows.
    """
    # In pieces that stay in the processor's cache between being gathered and multiplied.
    size = max(64, (1 << 18) // max(u.shape[1], v.shape[1]))
    piece = np.empty((min(size, len(v)), v.shape[1]), v.dtype)
    for order in orders:
        total = np.zeros((u.shape[1], v.shape[1]))
        for start in range(0, len(u), size):
            rows = order[start : start + size]
            gathered = piece[: len(rows)]
            np.take(v, rows, axis=0, out=gathered, mode="clip")
            total += u[start : start + size].T @ gathered
        yield total
