"""What the four scores are made of: spanning trees, correlations and roots, a sentence each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sondage.data import Ints
from sondage_structural.spanning import edges_of, parents
from sondage_structural.trees import Bools, Forest

Floats = NDArray[np.float64]

#: Lengths, in words, over which Spearman correlations are averaged.
SHORTEST, LONGEST = 5, 50


@dataclass(frozen=True)
class Spanned:
    """Predicted trees.

    Parameters
    ----------
    sentence : int64 array, shape (m,)
        Position, in what was asked, of each predicted edge; ascending.
    edges : int64 array, shape (m, 2)
        The smaller index first.
    correct : bool array, shape (m,)
        Whether it is an edge of the gold tree.
    gold : int64 array, shape (n,)
        Gold edges of each sentence between words that are scored.
    """

    sentence: Ints
    edges: Ints
    correct: Bools
    gold: Ints

    @property
    def found(self) -> Ints:
        """Gold edges predicted in each sentence: int64, shape (n,)."""
        return np.bincount(self.sentence[self.correct], minlength=len(self.gold))


def spanned(forest: Forest, sentences: Ints, D: Floats) -> Spanned:
    """Return the minimum spanning trees of some sentences' predicted distances.

    Parameters
    ----------
    forest : Forest
    sentences : int64 array, shape (b,)
    D : float array, shape (b, t, t), t the longest of them
    """
    rows, real = forest.places(sentences)
    scored = forest.scored[rows] & real
    sentence, edges = edges_of(parents(D, scored))
    low, high = rows[sentence, edges[:, 0]], rows[sentence, edges[:, 1]]
    correct = (forest.heads[low] == edges[:, 1]) | (forest.heads[high] == edges[:, 0])
    heads = np.where(scored, forest.heads[rows], -1)
    has = np.take_along_axis(scored, np.maximum(heads, 0), axis=1) & (heads >= 0)
    return Spanned(sentence, edges, correct, has.sum(axis=1))


def rank_correlation(
    a: NDArray[np.floating], b: NDArray[np.floating], real: NDArray[np.bool_]
) -> Floats:
    """Return Spearman's correlation of a and b along the last axis.

    Parameters
    ----------
    a, b : float arrays, shape (..., t)
    real : bool array, broadcast to them
        Which entries count; at least one of each row, and the same number in both.

    Returns
    -------
    float64 array, shape (...)
        NaN where a or b is constant.
    """
    from scipy.stats import rankdata  # costs more than a plan of a finished run

    centred = []
    for values in (a, b):
        r = rankdata(np.where(real, values, np.inf), axis=-1)
        # With ties at their mean, n ranks add up to n (n + 1) / 2.
        r -= (real.sum(axis=-1, keepdims=True) + 1) / 2
        centred.append(np.where(real, r, 0.0))
    x, y = centred
    scale = np.sqrt((x * x).sum(axis=-1) * (y * y).sum(axis=-1))
    products = (x * y).sum(axis=-1)
    out: Floats = np.full(products.shape, np.nan)
    np.divide(products, scale, out=out, where=scale > 0)
    return out


def distance_correlations(forest: Forest, sentences: Ints, D: Floats) -> tuple[Floats, Ints]:
    """Return each sentence's mean, over its words, of Spearman's correlation.

    Parameters
    ----------
    forest, sentences, D
        As in `spanned`.

    Returns
    -------
    mean : float64 array, shape (b,)
        A word whose correlation is undefined, since it is as far from every word, counts 0;
        NaN for a sentence of one word.
    undefined : int64 array, shape (b,)
        How many words these were.
    """
    _, real = forest.places(sentences)
    rho = rank_correlation(D, forest.distances(sentences), real[:, None, :])
    lengths = forest.lengths[sentences]
    undefined = (np.isnan(rho) & real).sum(axis=1)
    total = np.where(real, np.nan_to_num(rho), 0.0).sum(axis=1)
    several = lengths > 1
    mean = np.where(several, total / lengths, np.nan)
    return mean, np.where(several, undefined, 0)


def depth_correlations(forest: Forest, sentences: Ints, d: Floats) -> tuple[Floats, Ints]:
    """Return each sentence's Spearman correlation of depths, as `distance_correlations`.

    Parameters
    ----------
    d : float array, shape (b, t)
    """
    rows, real = forest.places(sentences)
    rho = rank_correlation(d, forest.depths[rows].astype(float), real)
    several = forest.lengths[sentences] > 1
    undefined = (np.isnan(rho) & several).astype(np.int64)
    return np.where(several, np.nan_to_num(rho), np.nan), undefined


def roots(forest: Forest, sentences: Ints, d: Floats) -> Ints:
    """Return the least deep scored word; any word where none is scored. int64, shape (b,)."""
    rows, real = forest.places(sentences)
    scored = forest.scored[rows] & real
    allowed = np.where(scored.any(axis=1, keepdims=True), scored, real)
    found: Ints = np.where(allowed, d, np.inf).argmin(axis=1)
    return found


def average(values: Floats, lengths: Ints) -> tuple[float, dict[str, list[Any]]]:
    """Return the mean over lengths of the mean over each length's sentences, and a table.

    Parameters
    ----------
    values : float array, shape (n,)
        One a sentence.
    lengths : int64 array, shape (n,)

    Returns
    -------
    float
        Over lengths from `SHORTEST` to `LONGEST`; NaN if no sentence has one of these.
    dict of columns ``length, sentences, spearman``
        One row for each such length that occurs.
    """
    inside = (lengths >= SHORTEST) & (lengths <= LONGEST)
    found, group = np.unique(lengths[inside], return_inverse=True)
    counts = np.bincount(group, minlength=len(found))
    means = np.bincount(group, weights=values[inside], minlength=len(found)) / counts
    table = {"length": found.tolist(), "sentences": counts.tolist(), "spearman": means.tolist()}
    return (float(means.mean()) if len(found) else float("nan")), table
