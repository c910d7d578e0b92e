"""Squared distances and norms of projected vectors, in padded blocks of sentences."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sondage.data import Ints
from sondage_structural.trees import Forest

Blocks = Iterator[tuple[Ints, NDArray[np.float64]]]


def distance_blocks(
    forest: Forest, values: NDArray[np.floating], projection: NDArray[np.float32], sentences: Ints
) -> Blocks:
    """Yield squared distances after projection.

    Parameters
    ----------
    forest : Forest
    values : float array, shape (n_words, d)
    projection : float32 array, shape (d, k)
    sentences : int64 array, shape (n,)

    Yields
    ------
    positions : int64 array, shape (b,)
        Into `sentences`; every one comes once.
    D : float64 array, shape (b, t, t), t the longest of them
        Exactly 0 on the diagonal, nowhere below 0.
    """
    for block, Z in _projected(forest, values, projection, sentences):
        Z = Z - Z[:, :1]
        norms = np.einsum("btk,btk->bt", Z, Z)
        D = norms[:, :, None] + norms[:, None, :] - 2 * (Z @ Z.transpose(0, 2, 1))
        np.maximum(D, 0, out=D)
        each = np.arange(D.shape[1])
        D[:, each, each] = 0
        yield block, D


def depth_blocks(
    forest: Forest, values: NDArray[np.floating], projection: NDArray[np.float32], sentences: Ints
) -> Blocks:
    """Yield squared norms after projection, float64, shape (b, t); else as `distance_blocks`."""
    for block, Z in _projected(forest, values, projection, sentences):
        yield block, np.einsum("btk,btk->bt", Z, Z)


def _projected(
    forest: Forest, values: NDArray[np.floating], projection: NDArray[np.float32], sentences: Ints
) -> Blocks:
    for block in forest.blocks(sentences):
        rows, real = forest.places(sentences[block])
        Z = np.zeros((*rows.shape, projection.shape[1]))
        Z[real] = values[rows[real]].astype(np.float32, copy=False) @ projection
        yield block, Z
