"""Vectors to test with: pairs of representations for metrics, and means of classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sondage.data import Labels, Units

Vectors = NDArray[np.float32]


def vector_pairs(n: int = 48, width: int = 6, seed: int = 0) -> tuple[Vectors, Vectors]:
    """Return two related representations of the same n stimuli.

    Returns
    -------
    a, b : float32 arrays, shape (n, width)
        Neither centred nor of unit scale; b is a linear map of a, plus noise.
    """
    rng = np.random.default_rng(seed)
    a = rng.standard_normal((n, width)) * np.linspace(0.5, 2.0, width) + rng.standard_normal(width)
    mixing = rng.standard_normal((width, width)) / np.sqrt(width)
    b = a @ mixing + 0.5 * rng.standard_normal((n, width)) + rng.standard_normal(width)
    return a.astype(np.float32), b.astype(np.float32)


def labelled_pairs(n: int = 48, width: int = 6, seed: int = 0) -> tuple[Vectors, Vectors]:
    """Return two related representations of the items of `stimulus_labels`.

    Returns
    -------
    a, b : float32 arrays, shape (n, width)
        As in `vector_pairs`, but the labels lie apart: every two are linearly separable.
    """
    rng = np.random.default_rng(seed)
    y = stimulus_labels(n).y
    means = 5 * np.linalg.qr(rng.standard_normal((width, width)))[0] * rng.uniform(1, 2, (width, 1))
    a = means[y] + 0.5 * rng.standard_normal((n, width)) + rng.standard_normal(width)
    mixing = np.linalg.qr(rng.standard_normal((width, width)))[0] * np.linspace(0.7, 1.4, width)
    b = a @ mixing + 0.3 * rng.standard_normal((n, width)) + rng.standard_normal(width)
    return a.astype(np.float32), b.astype(np.float32)


def stimulus_labels(n: int = 48) -> Labels:
    """Return the labels of n toy items, each a word: four of them, in turn."""
    index = np.arange(n, dtype=np.int64)
    units = Units.of_words(index, np.zeros(n, np.int64))
    return Labels(units, index % 4, ("north", "east", "south", "west"))


def attention_maps(
    n: int = 12, heads: int = 3, seed: int = 0
) -> tuple[list[Vectors], list[Vectors]]:
    """Return two related sets of attention maps of the same n sentences.

    Returns
    -------
    a, b : lists of float32 arrays, shape (heads, t, t), t from 2 to 7
        Every row is a distribution.
    """
    rng = np.random.default_rng(seed)
    a, b = [], []
    for length in np.arange(n) % 6 + 2:
        logits = rng.standard_normal((heads, length, length))
        a.append(_softmax(logits))
        b.append(_softmax(logits + 0.7 * rng.standard_normal(logits.shape)))
    return a, b


def _softmax(logits: NDArray[np.float64]) -> Vectors:
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares: Vectors = (weights / weights.sum(axis=-1, keepdims=True)).astype(np.float32)
    return shares


def class_means(classes: int, width: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a mean for each class: at right angles where the width allows, else in a row."""
    if width >= classes:
        return np.asarray(np.linalg.qr(rng.standard_normal((width, width)))[0][:classes] * 3)
    direction = rng.standard_normal(width)
    steps = 6 * (np.arange(classes) - (classes - 1) / 2)
    return np.asarray(steps[:, None] * direction / np.linalg.norm(direction))
