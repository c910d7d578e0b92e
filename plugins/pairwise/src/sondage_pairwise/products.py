"""Anchors times the rows of their texts: one product for all examples of a text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sondage.data import Ints, offsets_of

#: Rows that a product may read beside those asked for; more are picked out first.
_SLACK = 16


def _einsum(x: NDArray[Any], y: NDArray[Any], out: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(np.einsum("ij,ij->i", x, y, out=out))


#: Products of rows: numpy's own from version 2, which reads faster.
_dots = getattr(np, "vecdot", _einsum)


@dataclass(frozen=True)
class Products:
    """Products of anchors with rows of vectors, example after example.

    Attributes
    ----------
    dot, square : arrays, shape (k,)
        Of a row with the anchor, and with itself.
    width : int64 array, shape (n,)
        How many of them belong to each example.
    index : int64 array, of the candidates' shape
        Where each candidate is.
    """

    dot: NDArray[Any]
    square: NDArray[Any]
    width: Ints
    index: Ints


def working(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the type in which products are made: float64 of float64, else float32."""
    return np.dtype(np.float64 if dtype == np.float64 else np.float32)


def products(
    anchors: NDArray[Any], vectors: NDArray[Any], candidates: Ints, offsets: Ints
) -> Products:
    """Return each anchor's products with its candidates, and with rows that lie between them.

    Parameters
    ----------
    anchors : float array, shape (n, d)
        In the type to work in.
    vectors : float array, shape (m, d)
    candidates, offsets
        As of `sondage_pairwise.rank`.
    """
    plan = list(_runs(candidates, offsets))
    # Without the class of a memory map, whose slices are slow to make.
    plain = np.asarray(vectors)
    width, low = (np.zeros(len(anchors), np.int64) for _ in range(2))
    for first, last, begin, end in plan:
        width[first:last], low[first:last] = end - begin, max(begin, 0)
    start = offsets_of(width)
    dot, square = (np.empty(int(start[-1]), anchors.dtype) for _ in range(2))
    place = candidates.copy()
    for first, last, begin, end in plan:
        if begin < 0:
            some = slice(int(offsets[first]), int(offsets[last]))
            rows, place[some] = plain[candidates[some]], np.arange(end - begin)
        else:
            rows = plain[begin:end]
        rows = rows.astype(anchors.dtype, copy=False)
        shape, here = (last - first, len(rows)), slice(start[first], start[last])
        squares = square[here].reshape(shape)
        # First what reads memory in order: then the rows are near for the product.
        _dots(rows, rows, out=squares[0])
        squares[1:] = squares[0]
        np.matmul(anchors[first:last], rows.T, out=dot[here].reshape(shape))
    return Products(dot, square, width, place + np.repeat(start[:-1] - low, np.diff(offsets)))


def _runs(candidates: Ints, offsets: Ints) -> Iterator[tuple[int, int, int, int]]:
    """Yield examples ``first`` to ``last`` and the rows ``begin`` to ``end`` that they share.

    Consecutive examples of one text share rows while all are at most about twice those of each.
    Of an example whose candidates lie scattered, ``begin`` is minus their number and ``end`` 0.
    """
    there = np.flatnonzero(np.diff(offsets) > 0)
    if not len(there):
        return
    lows = np.minimum.reduceat(candidates, offsets[:-1][there]).tolist()
    highs = (np.maximum.reduceat(candidates, offsets[:-1][there]) + 1).tolist()
    rooms = (2 * np.diff(offsets)[there] + _SLACK).tolist()
    run, most = (0, 0, 0, 0), 0
    for i, low, high, room in zip(there.tolist(), lows, highs, rooms, strict=True):
        begin, end = min(run[2], low), max(run[3], high)
        overlap = run[1] == i > run[0] and low < run[3] and run[2] < high
        if overlap and end - begin <= min(most, room):
            run, most = (run[0], i + 1, begin, end), min(most, room)
            continue
        if run[1] > run[0]:
            yield run
        run, most = (i, i + 1, low, high), room
        if high - low > room:
            yield i, i + 1, -(room - _SLACK) // 2, 0
            run = (0, 0, 0, 0)
    if run[1] > run[0]:
        yield run
