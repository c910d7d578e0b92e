"""The distinct labelled vectors of a data set, scaled, centred and sorted by label."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sondage.errors import DataError

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Hulls no further apart than this share of the largest distance from the mean overlap: about
#: the rounding of float32, in which vectors are stored.
TOLERANCE = 1e-7


@dataclass(frozen=True)
class Points:
    """Each vector of each label once.

    Parameters
    ----------
    X : float64 array, shape (m, d)
        Distinct vectors of each label, ``(rows - centre) * scale``, sorted by label and,
        within a label, by first occurrence.
    weight : float64 array, shape (m,)
        How many rows each stands for.
    label : int64 array, shape (m,), ascending, values in 0..len(names)-1
    first : int64 array, shape (m,)
        The first row of each.
    vector : int64 array, shape (m,)
        Equal for points of different labels whose vectors are identical, else different.
    of_row : int64 array, shape (n,)
        The point of each row.
    names : array, shape (k,)
        The labels, ascending.
    centre : float64 array, shape (d,)
        The rows' mean.
    scale : float
        A power of two that brings the data near 1, so that no square over- or underflows.
    """

    X: Doubles
    weight: Doubles
    label: Ints
    first: Ints
    vector: Ints
    of_row: Ints
    names: NDArray[Any]
    centre: Doubles
    scale: float

    def __len__(self) -> int:
        return len(self.X)

    @cached_property
    def starts(self) -> Ints:
        """Label a owns points ``starts[a]:starts[a + 1]``."""
        return np.searchsorted(self.label, np.arange(len(self.names) + 1))

    def of_label(self, label: int) -> slice:
        """Return where a label's points are."""
        return slice(int(self.starts[label]), int(self.starts[label + 1]))

    @cached_property
    def tolerance(self) -> float:
        """`TOLERANCE` times the largest distance from the mean."""
        return TOLERANCE * float(np.sqrt(np.einsum("ij,ij->i", self.X, self.X).max()))

    @cached_property
    def conflicting(self) -> NDArray[np.bool_]:
        """Whether a point's vector also occurs with another label, shape (m,)."""
        return (np.bincount(self.vector) > 1)[self.vector]

    @cached_property
    def twins(self) -> dict[int, list[int]]:
        """For each conflicting point, the points of other labels with the same vector."""
        groups: dict[int, list[int]] = {}
        for i in np.flatnonzero(self.conflicting):
            groups.setdefault(int(self.vector[i]), []).append(int(i))
        return {i: [j for j in group if j != i] for group in groups.values() for i in group}

    @property
    def warnings(self) -> dict[str, int]:
        """Rows whose vector has several labels, and labels with a single row."""
        rows = int(self.weight[self.conflicting].sum())
        alone = int((np.bincount(self.label, self.weight) == 1).sum())
        found = {"conflicting-rows": rows, "single-row-labels": alone}
        return {slug: count for slug, count in found.items() if count}


def points_of(X: NDArray[Any], y: NDArray[Any], *, memory: float) -> Points:
    """Check a data set and take each vector of each label once.

    Parameters
    ----------
    X : real array, shape (n, d), finite
    y : array, shape (n,)
        Labels that can be sorted.
    memory : float
        GiB that this may take.

    Raises
    ------
    DataError
        If shapes do not fit, fewer than two rows or labels are there, a value is not finite,
        all vectors are identical, or the memory does not suffice.
    """
    X, y = np.asarray(X), np.asarray(y)
    _check(X, y, memory)
    names, code = np.unique(y, return_inverse=True)
    if len(names) < 2:
        raise DataError(
            f"DirectProbe needs at least two labels; all {len(y)} rows have {names[0]!r}"
        )
    top = float(max(abs(X.min()), abs(X.max())))
    scale = float(2.0 ** -np.frexp(top)[1]) if top > 0 else 1.0
    work = np.multiply(X, scale, dtype=np.float64)
    work += 0.0  # a negative zero is a zero
    identity = _identities(work)
    if identity.max() == 0:
        raise DataError(
            f"all {len(X)} vectors are identical, so that no label can be told from another",
            hint="look whether the encoder or the layer is the one that was meant",
        )
    code = code.reshape(-1).astype(np.int64)
    _, first, of_row = np.unique(
        code * (identity.max() + 1) + identity, return_index=True, return_inverse=True
    )
    # np.unique sorts by label and vector; within a label the order should be that of rows.
    order = np.lexsort((first, code[first]))
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    of_row, first = place[of_row.reshape(-1)], first[order]
    centre = work.mean(axis=0)
    distinct = work[first]
    distinct -= centre
    return Points(
        X=distinct,
        weight=np.bincount(of_row).astype(np.float64),
        label=code[first],
        first=first.astype(np.int64),
        vector=identity[first],
        of_row=of_row.astype(np.int64),
        names=names,
        centre=centre,
        scale=scale,
    )


def _check(X: NDArray[Any], y: NDArray[Any], memory: float) -> None:
    if X.ndim != 2 or X.shape[1] == 0:
        raise DataError(f"DirectProbe wants vectors of shape (n, d), d > 0; got {X.shape}")
    if X.dtype.kind not in "fiub":
        raise DataError(f"DirectProbe wants real vectors; got dtype {X.dtype}")
    if y.shape != (len(X),):
        raise DataError(f"{len(X)} vectors and labels of shape {y.shape} do not fit")
    if len(X) < 2:
        raise DataError(f"DirectProbe needs at least two rows; got {len(X)}")
    if y.dtype.kind == "f" and np.isnan(y).any():
        raise DataError(f"{int(np.isnan(y).sum())} of {len(y)} labels are NaN")
    need(24 * X.size, memory, f"{len(X)} vectors of width {X.shape[1]}")
    bad = [
        at + int(i)
        for at in range(0, len(X), 65536)
        for i in np.flatnonzero(~np.isfinite(X[at : at + 65536]).all(axis=1))
    ]
    if bad:
        raise DataError(
            f"{len(bad)} of {len(X)} vectors hold NaN or infinite values, the first in row {bad[0]}"
        )


def need(size: float, memory: float, what: str) -> None:
    """Refuse what would take more than `memory` GiB; `size` is in bytes.

    Raises
    ------
    DataError
        With the estimate and the number of GiB allowed.
    """
    if size > memory * 2**30:
        raise DataError(
            f"{what} need about {size / 2**30:.1f} GiB; DirectProbe may take {memory:g}",
            hint="sample the rows, or raise `memory` (GiB)",
        )


def _identities(X: Doubles) -> Ints:
    """Return an id per row, equal for identical rows: hashed exactly, then compared."""
    bits = np.ascontiguousarray(X).view(np.uint64)
    odd = np.random.default_rng(0).integers(0, 2**63, X.shape[1], np.uint64) * np.uint64(2)
    odd += np.uint64(1)
    keys = np.zeros(len(X), np.uint64)
    for at in range(0, len(X), 4096):
        block = bits[at : at + 4096]
        keys[at : at + 4096] = ((block ^ (block >> np.uint64(32))) * odd).sum(axis=1)
    _, first, found = np.unique(keys, return_index=True, return_inverse=True)
    found = found.reshape(-1)
    repeated = np.flatnonzero(first[found] != np.arange(len(X)))
    if all((X[i] == X[first[found[i]]]).all() for i in repeated):
        return found.astype(np.int64)
    # Two different rows share a hash: compare all rows in full.
    return np.unique(X, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)
