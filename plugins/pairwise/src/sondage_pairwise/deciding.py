"""Which of two pairs is the more similar: fast where it is clear, exactly where it is close.

Products are made in the vectors' own precision. Where the difference to the match is less than
their rounding can be, it is computed again in float64, pair by pair, so that no decision hangs on
how a product was blocked, and equal vectors tie.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sondage.data import Ints
from sondage.probing import check_finite
from sondage_pairwise.products import Products, products, working

#: What is said of a pair: the candidate is nearer than the match, as near, farther, or has no
#: defined similarity.
NEARER, TIED, FARTHER, UNDEFINED = range(4)
_CLOSE = 4
#: Similarities this close, relative to the largest, are one.
TIE = 1e-12
_EXACTLY = 1024

Floats = NDArray[np.float64]
Said = NDArray[np.int8]


@dataclass(frozen=True)
class Ends:
    """Anchors and matches in float64, and how similar they are.

    Parameters
    ----------
    anchors : float64 array, shape (n, d)
    square : float64 array, shape (n,)
        Squared length of each anchor.
    bound : float64 array, shape (n,)
        What a candidate has to stay below to be farther than the match: of cosines the
        projection of the match on the anchor's length, of distances 2 a·m - |m|². NaN where
        there is none.
    nearest : float64 array, shape (n,)
        The cosine of anchor and match, or their squared distance.
    """

    anchors: Floats
    square: Floats
    bound: Floats
    nearest: Floats


def decide(
    anchors: NDArray[Any],
    matches: NDArray[Any],
    vectors: NDArray[Any],
    candidates: Ints,
    offsets: Ints,
    measure: str,
) -> Said:
    """Say of each candidate whether it is nearer to its anchor than the match, or farther.

    Parameters
    ----------
    anchors, matches : float arrays, shape (n, d)
    vectors, candidates, offsets, measure
        As of `sondage_pairwise.rank`.

    Returns
    -------
    int8 array, of the candidates' shape
        `NEARER`, `TIED`, `FARTHER` or `UNDEFINED`.
    """
    check_finite(anchors, "the anchors")
    check_finite(matches, "the matches")
    ends = _ends(anchors.astype(np.float64), matches.astype(np.float64), measure)
    # What overflows is not a number afterwards, and looked at in float64.
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        made = products(anchors.astype(working(vectors.dtype)), vectors, candidates, offsets)
        said = _clearly(made, ends, measure, anchors.shape[1])[made.index]
    close = np.flatnonzero(said == _CLOSE)
    owner = np.searchsorted(offsets, close, side="right") - 1
    for at in range(0, len(close), _EXACTLY):
        some = slice(at, at + _EXACTLY)
        rows = candidates[close[some]]
        said[close[some]] = _exactly(ends, owner[some], vectors, rows, measure)
    return said


def _ends(a: Floats, m: Floats, measure: str) -> Ends:
    square, other = _dots(a, a), _dots(m, m)
    if measure == "euclidean":
        return Ends(a, square, 2 * _dots(a, m) - other, _dots(a - m, a - m))
    cosine = _cosines(_dots(a, m), square, other)
    return Ends(a, square, cosine * np.sqrt(square), cosine)


def _clearly(made: Products, ends: Ends, measure: str, width: int) -> Said:
    """Say of each product whether its row is nearer or farther than the match, or `_CLOSE`.

    A product of two vectors of d numbers is wrong by d u |a| |b| at most, u being half the
    spacing of numbers at 1 (Higham 2002, Accuracy and Stability, section 3.1). The few roundings
    that follow are covered by 16 u.
    """
    dtype = made.dot.dtype
    info = np.finfo(dtype)
    unit = (1.5 * width + 16) * max(float(info.eps) / 2, TIE)
    length = np.sqrt(ends.square)
    square = made.square
    # Squares whose own rounding is not relative to them are left to float64.
    low, high = float(info.tiny) ** 0.8, float(info.max) ** 0.8
    if len(square) and not low < square.min() <= square.max() < high:
        square = np.where((square > low) & (square < high), square, np.nan)
    bound = _spread(ends.bound, made.width, dtype)
    if measure == "euclidean":
        gap = 2 * made.dot - square - bound
        # size of what was rounded: |c|² + 2 |a| |c|, and the bound itself
        error = square + _spread(2 * length, made.width, dtype) * np.sqrt(square)
        error = unit * (error + np.abs(bound))
    else:
        gap = made.dot / np.sqrt(square) - bound
        error = _spread(unit * length, made.width, dtype)
    said: Said = np.multiply(gap < 0, FARTHER, dtype=np.int8)
    # Written so that NaN is close, too.
    said[~(np.abs(gap) > error)] = _CLOSE
    return said


def _spread(values: Floats, width: Ints, dtype: np.dtype[Any]) -> NDArray[Any]:
    return np.repeat(values.astype(dtype), width)


def _exactly(ends: Ends, owner: Ints, vectors: NDArray[Any], rows: Ints, measure: str) -> Said:
    c = np.asarray(vectors[rows], np.float64)
    check_finite(c, "the candidates")
    a, nearest = ends.anchors[owner], ends.nearest[owner]
    if measure == "euclidean":
        found = _dots(a - c, a - c)
        tie = TIE * np.maximum(found, nearest)
        nearer, farther = found < nearest - tie, found > nearest + tie
    else:
        found = _cosines(_dots(a, c), ends.square[owner], _dots(c, c))
        nearer, farther = found > nearest + TIE, found < nearest - TIE
    said = np.where(nearer, NEARER, np.where(farther, FARTHER, TIED))
    said = np.where(np.isnan(found) | np.isnan(nearest), UNDEFINED, said)
    return np.asarray(said, np.int8)


def _cosines(dot: Floats, one: Floats, other: Floats) -> Floats:
    """Return cosines; NaN for vectors of zeros, which have no direction."""
    out = np.full(len(dot), np.nan)
    np.divide(dot, np.sqrt(one) * np.sqrt(other), out=out, where=(one > 0) & (other > 0))
    return out


def _dots(x: Floats, y: Floats) -> Floats:
    return np.asarray(np.einsum("ij,ij->i", x, y))
