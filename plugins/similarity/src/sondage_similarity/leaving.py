"""RSA of stimuli in groups, each group left out in turn, for about the price of two of all."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sondage.data import Ints, offsets_of
from sondage_similarity.kernels import Kernel, moments_of, narrow, side_of
from sondage_similarity.moments import Floats
from sondage_similarity.pairs import PairSums, Side, by_features


def without_each(a: NDArray[Any], b: NDArray[Any], group: Ints, kernel: Kernel) -> Iterator[float]:
    """Yield the correlation of two kernels over pairs of stimuli, without each group in turn.

    Parameters
    ----------
    a, b : float arrays, shape (n, d_a) and (n, d_b)
    group : int64 array, shape (n,)
        Groups come in the order of their numbers. There is nothing of fewer than 3 groups, nor
        where one leaves fewer than 3 stimuli.
    kernel : {'cosine', 'correlation', 'dot'}

    Raises
    ------
    DataError
        As `rsa`.
    """
    order = np.argsort(group, kind="stable")
    sizes = np.unique(group, return_counts=True)[1]
    if len(sizes) < 3 or len(group) - sizes.max() < 3:
        return
    a, b = a[order], b[order]
    found = _from_features(a, b, sizes, kernel) if narrow(a, b) else _from_pairs(
        side_of(a, kernel), side_of(b, kernel), sizes
    )  # fmt: skip
    for sums, size in zip(found, sizes, strict=True):
        yield sums.pearson(len(a) - int(size))


def _from_features(
    a: NDArray[Any], b: NDArray[Any], sizes: Ints, kernel: Kernel
) -> Iterator[PairSums]:
    whole, ends = moments_of(a, b, kernel), offsets_of(sizes)
    for start, end in pairwise(ends):
        yield by_features(whole.without(moments_of(a[start:end], b[start:end], kernel)))


def _from_pairs(a: Side, b: Side, sizes: Ints) -> Iterator[PairSums]:
    """Yield the sums over pairs of the other groups: those of all, less those of its own pairs."""
    each = _sums_of_groups(a, b, sizes)
    total = each.sum((0, 1))
    for g, size in enumerate(sizes):
        n = len(a.u) - int(size)
        rest = total - each[g].sum(0) - each[:, g].sum(0) + each[g, g]
        k, m, kk, km, mm = (float(x) for x in rest / (n * (n - 1) / 2))
        yield PairSums(kk - k * k, km - k * m, mm - m * m, a.noise(), b.noise())


def _sums_of_groups(a: Side, b: Side, sizes: Ints) -> Floats:
    """Return sums over the pairs of groups g <= h, shape (groups, groups, 5).

    They are of the two kernels less a constant, of their squares and of their product, and in the
    order of `by_pairs`.
    """
    ends = offsets_of(sizes)
    out = np.zeros((len(sizes), len(sizes), 5))
    for g, (start, end) in enumerate(pairwise(ends)):
        width = int(end - start)
        k, m = (_kernels(side, int(start), width) for side in (a, b))
        upper = np.triu_indices(width, 1)
        out[g, g] = _five(k[:, :width][upper][:, None], m[:, :width][upper][:, None])[:, 0]
        if g + 1 < len(sizes):
            later = ends[g + 1 : -1] - end
            columns = _five(k[:, width:], m[:, width:])
            out[g, g + 1 :] = np.add.reduceat(columns, later, axis=1).T
    return out


def _kernels(side: Side, start: int, width: int) -> Floats:
    """Return a block of rows of a kernel, less a constant, to all later columns."""
    rows = slice(start, start + width)
    found = side.u[rows] @ side.u[start:].T
    found += side.p[rows, None] + side.own / (len(side.u) - 1)
    found += side.p[start:]
    return found.astype(np.float64)


def _five(k: Floats, m: Floats) -> Floats:
    """Return the five sums over rows, shape (5, columns)."""
    products = [np.einsum("ij,ij->j", x, y) for x, y in ((k, k), (k, m), (m, m))]
    return np.stack([k.sum(0), m.sum(0), *products])
