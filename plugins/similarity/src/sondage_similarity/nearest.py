"""Each row's nearest other rows, the same whatever a matrix product's last digits are."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sondage.data import Ints
from sondage.errors import DataError
from sondage_similarity.arrays import slices

Kernel = Literal["cosine", "euclidean"]

#: Similarities are compared in steps of this share of the largest possible one: equal vectors
#: have equal similarities, whatever a matrix product's last digits are.
_STEPS = 1 << 38


def nearest_rows(x: NDArray[Any], k: int, kernel: Kernel, wanted: str) -> Ints:
    """Return each row's k nearest other rows, in ascending order of their numbers.

    Parameters
    ----------
    x : real array, shape (n, d)
    k : int
    kernel : {'cosine', 'euclidean'}
    wanted : str
        Who asks; messages begin with it.

    Returns
    -------
    int64 array, shape (n, k)

    Raises
    ------
    DataError
        If there are too few rows, a vector without direction, or one vector only.
    """
    n = len(x)
    if n < k + 2:
        raise DataError(
            f"{wanted}: {n} stimuli have no {k} nearest neighbours to choose",
            hint="use more stimuli, or fewer neighbours",
        )
    z, half = _scaled(x, kernel, wanted)
    out = np.empty((n, k), np.int64)
    for rows in slices(n, max(16, (1 << 21) // n)):
        near = z[rows] @ z.T
        # -|x - y|² / 2, but for what is the same in a whole row.
        near -= half
        keys = np.rint(near * _STEPS).astype(np.int64)
        keys[np.arange(len(keys)), np.arange(rows.start, rows.stop)] = -(1 << 40)
        # No two keys of a row are equal: of the equally near, the lower number is nearer.
        keys = keys * n - np.arange(n)
        out[rows] = np.sort(np.argpartition(keys, n - k, axis=1)[:, n - k :], axis=1)
    return out


def _scaled(
    x: NDArray[Any], kernel: Kernel, wanted: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return vectors of norm 1 at most, and what to take from their products."""
    z = x.astype(np.float64)
    if kernel == "euclidean":
        z -= z[0]
        z -= z.mean(axis=0)
    most = np.abs(z).max(axis=1)
    if kernel == "cosine" and (zero := int(np.count_nonzero(most == 0))):
        raise DataError(
            f"{wanted}: {zero} of {len(x)} vectors are zero, so they have no cosine",
            hint="use kernel 'euclidean', or find out why the encoder gives such vectors",
        )
    if (x == x[0]).all():
        raise DataError(f"{wanted} is undefined: a side's vectors are the same for all stimuli")
    # Scaled before squaring: tiny or huge vectors have neighbours too.
    z /= most[:, None] if kernel == "cosine" else most.max()
    squares = np.einsum("ij,ij->i", z, z)
    if kernel == "cosine":
        z /= np.sqrt(squares)[:, None]
        return z, np.zeros(len(z))
    z /= np.sqrt(squares.max())
    return z, squares / (2 * squares.max())


def shared_neighbours(a: Ints, b: Ints) -> Ints:
    """Return how many neighbours each row has on both sides; rows hold no number twice."""
    n = len(a)
    here = (a + n * np.arange(n)[:, None]).ravel()
    there = (b + n * np.arange(n)[:, None]).ravel()
    both = np.isin(here, there, assume_unique=True).reshape(a.shape)
    return np.asarray(both.sum(axis=1), np.int64)
