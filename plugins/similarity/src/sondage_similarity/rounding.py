"""Which floating type the values of a side were rounded to, and what that leaves of its rank.

LayerNorm leaves directions without any variance. Rounding to few bits puts some there, which
is as well correlated with the other side as anything else: it has to be told from signal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Precision = Literal["auto", "float32", "float16", "bfloat16"]

#: Variances below this share of the largest are taken for rounding. Measured on MiniLM's
#: states: LayerNorm's null direction at 1e-17, 5e-10 and 3e-8, the next true one at 1.3e-6.
CUTS = {"float32": 1e-12, "float16": 1e-8, "bfloat16": 3e-7}

#: Variance that rounding puts into a value, as a share of its square: a step of 2^-bits of the
#: power of two below it, squared, over 12, averaged over where the value lies between two.
NOISE = {
    name: 0.541 * 2.0 ** (-2 * bits) / 12
    for name, bits in (("float32", 23), ("float16", 10), ("bfloat16", 7))
}

#: Rows that have to be exact in a short type before a side is taken to have come from it. Not
#: all: a word of several subwords has their mean, which is exact in no type.
SHARE = 0.1

_PROBED = 8


@dataclass
class Exact:
    """How many rows of a side are exact in a short floating type; counts add up.

    Parameters
    ----------
    rows, float16, bfloat16 : int
    """

    rows: int = 0
    float16: int = 0
    bfloat16: int = 0

    @classmethod
    def of(cls, x: NDArray[Any]) -> Exact:
        """Count the rows of a block."""
        if x.dtype == np.float16:
            return cls(len(x), len(x), 0)
        return cls(len(x), _unchanged(x, _as_float16), _unchanged(x, _as_bfloat16))

    def plus(self, other: Exact) -> Exact:
        """Return the counts of both."""
        return Exact(
            self.rows + other.rows, self.float16 + other.float16, self.bfloat16 + other.bfloat16
        )

    def precision(self, wanted: Precision = "auto") -> str:
        """Return the key of `CUTS` that is wanted, or that the counts speak for."""
        if wanted != "auto":
            return wanted
        # What is exact in both may have been rounded to the shorter one.
        if self.bfloat16 >= SHARE * self.rows:
            return "bfloat16"
        return "float16" if self.float16 >= SHARE * self.rows else "float32"


def _unchanged(x: NDArray[Any], rounded: Callable[[NDArray[Any]], NDArray[Any]]) -> int:
    """Return how many rows rounding leaves as they are."""
    # A few columns rule out nearly every row of a longer type.
    first = x[:, :_PROBED]
    left = np.flatnonzero((rounded(first) == first).all(axis=1))
    rest = x[left]
    return int(np.count_nonzero((rounded(rest) == rest).all(axis=1)))


@np.errstate(over="ignore", under="ignore")
def _as_float16(x: NDArray[Any]) -> NDArray[Any]:
    return x.astype(np.float16).astype(x.dtype)


@np.errstate(over="ignore", under="ignore")
def _as_bfloat16(x: NDArray[Any]) -> NDArray[Any]:
    # Cut, not rounded: what is exact has nothing to cut.
    bits = np.ascontiguousarray(x, np.float32).view(np.uint32) & np.uint32(0xFFFF0000)
    return bits.view(np.float32).astype(x.dtype)


def least_variance(largest: float, squares: Floats, precision: str) -> float:
    """Return what a direction's sum of squares must exceed to be taken for more than rounding.

    Parameters
    ----------
    largest : float
        That of the largest direction.
    squares : float64 array, shape (d,)
        Sums of the squares of each column, about zero.
    precision : {'float32', 'float16', 'bfloat16'}
    """
    # The median: a few columns of large values hardly take part in LayerNorm's direction.
    return max(CUTS[precision] * largest, 6 * NOISE[precision] * float(np.median(squares)))
