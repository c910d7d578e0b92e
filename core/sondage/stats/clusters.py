"""The spread of a mean over items that come in clusters, in small samples.

An item is a word or a pair; a cluster is its sentence. Clusters are independent of each other,
items of one cluster are not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sondage.stats.resampling import Codes, Floats, sums

#: Correlation of two items of one cluster that the degrees of freedom reckon with. Equal
#: clusters do not need it; for unequal ones 0.1 covers best (``bench/coverage.py``).
WITHIN = 0.1

Ends = tuple[float, float]


@dataclass(frozen=True)
class Spread:
    """A mean and how uncertain it is.

    Parameters
    ----------
    mean : float
        Over items.
    variance : float
        Of the mean, over samples of clusters.
    df : float
        Degrees of freedom of `variance`.
    effective : float
        How many independent items would leave the mean as uncertain. Where no item or no
        cluster differs from another nothing says how many, and it is the number of clusters.
    """

    mean: float
    variance: float
    df: float
    effective: float


def spread_of(values: Floats, codes: Codes, n: int) -> Spread:
    """Return the mean of values and its spread over `n` clusters, at least 2.

    Parameters
    ----------
    values : floats, shape (items,)
    codes : ints, shape (items,)
        Cluster of each item, 0 to n - 1; none is empty.
    n : int

    References
    ----------
    Bell and McCaffrey 2002, Survey Methodology 28(2), 169-181, for a regression on a constant:
    their bias-reduced linearisation (CR2) and its degrees of freedom. Departs from it: clusters
    are reckoned to correlate within (`WITHIN`).
    """
    counts, totals = sums(codes, np.ones(len(values)), n), sums(codes, values, n)
    return spread_of_sums(totals, counts, float(np.mean((values - values.mean()) ** 2)))


def spread_of_sums(totals: Floats, counts: Floats, square: float) -> Spread:
    """Return the spread of a ratio of sums, Σ totals / Σ counts, over clusters, at least 2.

    Parameters
    ----------
    totals, counts : floats, shape (n,)
        A cluster's sum over its items and its number of items, above 0.
    square : float
        Variance of items about their mean.

    References
    ----------
    As `spread_of`.
    """
    items = float(counts.sum())
    mean, share = float(totals.sum()) / items, counts / items
    residual = (totals - mean * counts) / items
    variance = float(np.sum(residual**2 / (1 - share)))
    # Below is rounding: what is left of sums that fit the mean exactly.
    uncertain = square > 0 and variance > 1e-14 * square
    effective = square / variance if uncertain else float(len(counts))
    return Spread(mean, variance, degrees_of_freedom(counts), effective)


def degrees_of_freedom(counts: NDArray[np.float64]) -> float:
    """Return those of the variance of a mean over clusters of `counts` items.

    They are (Σλ)² / Σλ² over the eigenvalues λ of the variance as a form in the clusters' sums,
    here without any matrix. Clusters of one size give their number less one.
    """
    n = len(counts)
    # The sum of c items that correlate by r has variance c (1 + r (c - 1)); w are the weights,
    # a the correction of each cluster's square.
    w = counts / counts.sum()
    s = w * (1 + WITHIN * (counts - 1)) / counts.sum()
    a = 1 / (1 - w)
    whole = s.sum()
    shift = 2 * w * s - w * w * whole
    trace = float(np.sum(a * (s - shift)))
    ww, ss, ws = (float(np.sum(a * x * y)) for x, y in ((w, w), (s, s), (w, s)))
    off = 2 * ww * ss + 2 * ws**2 + (whole * ww) ** 2 - 4 * whole * ww * ws
    squares = float(np.sum(a**2 * (s**2 - 2 * s * shift))) + off
    return float(np.clip(trace**2 / squares, 1, n - 1))


def of_mean(found: Spread) -> Ends:
    """Return the t interval of any mean."""
    half = student(found.df) * float(np.sqrt(found.variance))
    return found.mean - half, found.mean + half


def of_share(found: Spread) -> Ends:
    """Return the interval of a share: the mean of values that are 0 or 1.

    References
    ----------
    Wilson 1927, J. Am. Stat. Assoc. 22, 209-212. Departs from it: with as many items as count
    after clustering, and Student's t for the normal quantile, as in surveys (Dean and Pagano
    2015, J. Survey Stat. Methodol. 3(4)).
    """
    p, n, z2 = found.mean, found.effective, student(found.df) ** 2
    middle = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = float(np.sqrt(z2 * (p * (1 - p) / n + z2 / (4 * n * n)))) / (1 + z2 / n)
    return min(max(middle - half, 0.0), p), max(min(middle + half, 1.0), p)


def of_gain(found: Spread, square: float) -> Ends:
    """Return the interval of a mean difference of values that are 0 or 1.

    Parameters
    ----------
    found : Spread
        Of the differences: each is -1, 0 or 1.
    square : float
        Mean of their squares: the share of items on which the two differ.

    References
    ----------
    Agresti and Min 2005, Statistics in Medicine 24, 729-740: two items are added, half of one
    gained, half of one lost and one on which both are equal. Departs from it: as `of_share`.
    """
    n, d = found.effective, found.mean
    middle = d * n / (n + 2)
    # About the middle: of the items there are, and of the two that are added.
    seen = square - d * d + (d - middle) ** 2
    half = student(found.df) * float(np.sqrt(n * seen + 1 + 2 * middle**2)) / (n + 2)
    return min(max(middle - half, -1.0), d), max(min(middle + half, 1.0), d)


def binary(values: Floats) -> bool:
    """Return whether every value is 0 or 1."""
    return bool(np.all((values == 0) | (values == 1)))


def jackknife_error(left_out: Floats) -> float:
    """Return the standard error from an estimate's values with one cluster left out each."""
    g = len(left_out)
    return float(np.sqrt((g - 1) / g * np.sum((left_out - left_out.mean()) ** 2)))


def of_jackknife(left_out: Floats, full: float, bounds: Ends | None) -> Ends:
    """Return the t interval of an estimate less its bias; see `stats.jackknife_interval`."""
    g, most = len(left_out), max(map(abs, bounds)) if bounds else float("inf")
    half = student(g - 1) * jackknife_error(left_out)
    if not np.isfinite(most) or half == 0 or max(np.abs(left_out).max(), abs(full)) >= most:
        middle = g * full - (g - 1) * float(left_out.mean())
        return middle - half, middle + half
    ends = of_jackknife(np.arctanh(left_out / most), float(np.arctanh(full / most)), None)
    low, high = (most * float(np.tanh(end)) for end in ends)
    return max(low, bounds[0]) if bounds else low, high


def student(df: float) -> float:
    """Return the upper 2.5% point of Student's t."""
    # Not at the top, nor scipy.stats: this module is imported by every listing of results.
    from scipy.special import stdtrit

    return float(stdtrit(df, 0.975))
