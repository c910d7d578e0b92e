"""Intervals of the scores over test sentences."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sondage.data import Ints
from sondage.stats import FEW, clusters
from sondage_structural.measures import LONGEST, SHORTEST

Floats = NDArray[np.float64]


def ratio(part: Ints, whole: Ints) -> tuple[float, float]:
    """Return the 95% interval of a share of what sentences hold, such as UUAS.

    Its target is the share in all sentences of the source that these are a sample of.

    Parameters
    ----------
    part, whole : int64 arrays, shape (n,)
        One number a sentence, part at most whole; sentences without any are left out.

    Returns
    -------
    (float, float)
        NaN if there is one sentence.

    References
    ----------
    `sondage.stats.clusters.of_share`. Departs from it: none.
    """
    held = whole > 0
    part, whole = part[held], whole[held]
    if len(part) < 2:
        return float("nan"), float("nan")
    share = part.sum() / whole.sum()
    found = clusters.spread_of_sums(part.astype(float), whole.astype(float), share * (1 - share))
    return clusters.of_share(found)


def by_length(values: Floats, lengths: Ints) -> tuple[float, float]:
    """Return the 95% interval of a mean over lengths of means over sentences.

    Its target is what test sets of this size from this source give on average: a larger one
    has more of the rare lengths, and so another mean to estimate.

    Parameters
    ----------
    values : float64 array, shape (n,)
        One correlation a sentence.
    lengths : int64 array, shape (n,)
        Sentences beyond 5 to 50 words are not looked at.

    Returns
    -------
    (float, float)
        A t interval. Each length's mean varies as its sentences do. A length of one sentence,
        which another test set may lack, varies as far as it lies from the mean of the lengths.
        NaN if there is one sentence.

    References
    ----------
    Cochran 1977, Sampling Techniques, sections 5.3 (strata) and 5.4 (Satterthwaite's degrees of
    freedom). Departs from it: lengths of one sentence; each square of an estimated variance
    stands for its expectation, so that few sentences do not lower the degrees of freedom twice.
    """
    inside = (lengths >= SHORTEST) & (lengths <= LONGEST)
    values, stratum = values[inside], np.unique(lengths[inside], return_inverse=True)[1]
    if len(values) < 2:
        return float("nan"), float("nan")
    n = np.bincount(stratum)
    means = np.bincount(stratum, weights=values) / n
    mean = float(means.mean())
    squares = np.bincount(stratum, weights=(values - means[stratum]) ** 2)
    alone, df, count = n == 1, np.maximum(n - 1, 1), len(n)
    variances = squares / df / n
    if alone.any() and count > 1:
        variances[alone] = (means[alone] - mean) ** 2 * count / (count - 1)
    total = float(variances.sum())
    if total == 0:
        return mean, mean
    freedom = total**2 / float(np.sum(variances**2 / (df + 2))) - 2
    half = clusters.student(float(np.clip(freedom, 1, len(values) - 1))) * total**0.5 / count
    return max(mean - half, -1.0), min(mean + half, 1.0)


def few(lengths: Ints) -> dict[str, int]:
    """Return the warning ``few-sentences`` where there are too few for exact intervals.

    Its count is of the sentences that there are, of 5 to 50 words.
    """
    n = int(((lengths >= SHORTEST) & (lengths <= LONGEST)).sum())
    return {"few-sentences": n} if n < FEW else {}


def table(**scores: tuple[float, tuple[float, float]]) -> dict[str, list[Any]]:
    """Return columns ``name, value, low, high``, a row per score; what is unknown is None."""
    known = {k: (v, *(None if np.isnan(b) else b for b in ends)) for k, (v, ends) in scores.items()}
    value, low, high = (list(column) for column in zip(*known.values(), strict=True))
    return {"name": list(known), "value": value, "low": low, "high": high}
