"""Intervals and tests: over seeds, over test items, between two encoders, over many layers.

Whatever is uncertain is taken whole: a sentence's items stand or fall together, because its
words share a context. All intervals are at 95%, two-sided; ``bench/coverage.py`` measures them.
Where too little is there for an interval its bounds are None, never NaN.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from sondage.errors import DataError
from sondage.stats import clusters
from sondage.stats.resampling import Floats, as_values, grouped, sign_flip, sums

#: With fewer groups an interval over them is rough (``bench/coverage.py``).
FEW = 20


@dataclass(frozen=True)
class Interval:
    """An estimate and its 95% interval.

    Parameters
    ----------
    mean : float
        The estimate.
    std : float or None
        Over seeds: the sample standard deviation (n - 1). Over items or groups: the standard
        error of the estimate. None where n is 1.
    low, high : float or None
        Bounds; None where n is 1.
    n : int
        Independent units behind it: seeds, or groups.
    """

    mean: float
    std: float | None
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True)
class Difference:
    """A mean difference of aligned values, its 95% interval and a test of no difference.

    Parameters
    ----------
    difference : float
        Mean of a - b over items.
    low, high : float or None
        Bounds; None with a single group.
    p_value : float
        Two-sided, never 0.
    n : int
        Groups.
    """

    difference: float
    low: float | None
    high: float | None
    p_value: float
    n: int


def seed_interval(values: ArrayLike) -> Interval:
    """Return mean, standard deviation and Student's t interval over seeds.

    Parameters
    ----------
    values : floats, shape (n,)
        One score per seed.

    Returns
    -------
    Interval
        mean ± t(n - 1) std / sqrt(n). `std`, `low` and `high` are None for n = 1.

    Raises
    ------
    DataError
        If there are no values, or one is NaN or infinite.

    References
    ----------
    Student 1908, Biometrika 6(1). Departs from it: none. It assumes independent, roughly
    normal scores: seeds that redraw overlapping splits of one data set are neither quite, and
    the interval is about the seeds, not about other data.
    """
    x = as_values(values, "seed_interval")
    n, mean = len(x), float(x.mean())
    if n == 1:
        return Interval(mean, None, None, None, 1)
    std = float(x.std(ddof=1))
    half = clusters.student(n - 1) * std / float(np.sqrt(n))
    return Interval(mean, std, mean - half, mean + half, n)


def cluster_interval(values: ArrayLike, groups: ArrayLike) -> Interval:
    """Return the mean over items with an interval over whole groups.

    Its target is the mean over all items of the source that the groups are a sample of: what
    ever more test sentences of this kind would give, to the same fitted probe.

    Parameters
    ----------
    values : floats or bools, shape (n,)
        One outcome an item.
    groups : ints, shape (n,)
        Group (sentence) of each item.

    Returns
    -------
    Interval
        A t interval for few and unequal groups; where every value is 0 or 1, Wilson's, with
        as many items as count after grouping: within [0, 1], and no point where all are right.
        `std` is the standard error, `n` the number of groups; with a single group `std`, `low`
        and `high` are None.

    Raises
    ------
    DataError
        If values are empty, NaN or infinite, or do not match the groups.

    References
    ----------
    Bell and McCaffrey 2002; Wilson 1927. Departs from it: see `sondage.stats.clusters`.
    """
    x, codes, n = grouped(values, groups, "cluster_interval")
    if n == 1:
        return Interval(float(x.mean()), None, None, None, 1)
    found = clusters.spread_of(x, codes, n)
    ends = clusters.of_share(found) if clusters.binary(x) else clusters.of_mean(found)
    return Interval(found.mean, float(np.sqrt(found.variance)), *ends, n)


def bootstrap_interval(
    values: ArrayLike, groups: ArrayLike, resamples: int = 2000, seed: int = 0
) -> Interval:
    """Return `cluster_interval`: nothing is resampled any more, since percentiles are too narrow.

    The name, `resamples` and `seed` keep calls of before going.
    """
    return cluster_interval(values, groups)


def paired_difference(
    a: ArrayLike,
    b: ArrayLike,
    groups: ArrayLike,
    resamples: int = 2000,
    permutations: int = 9999,
    seed: int = 0,
) -> Difference:
    """Compare two sets of outcomes on the same items.

    Parameters
    ----------
    a, b : floats or bools, shape (n,)
        Aligned outcomes: entry i of both belongs to item i.
    groups : ints, shape (n,)
        Group (sentence) of each item; flipped whole.
    resamples : int
        Not used: it only keeps calls of before going.
    permutations : int
        Random sign patterns for the test. All 2^m patterns of the m groups whose sums differ
        are gone through instead where there are no more than that, plus one.
    seed : int
        Seeds the sign patterns.

    Returns
    -------
    Difference
        `difference` is the mean of a - b, with the interval of `cluster_interval`, whose
        target is the mean difference over all items of the source; where every outcome is 0 or
        1, that of Agresti and Min, which is no point where all are equal. `p_value` of the
        hypothesis that within every group a and b could be swapped: the share of sign
        patterns with a sum at least as far from 0 as the one seen, which itself counts among
        them. 1 where no group differs.

    Raises
    ------
    DataError
        As `cluster_interval`, or if a and b differ in length.

    References
    ----------
    Fisher 1935, The Design of Experiments, section 21 (sign flips); Phipson and Smyth 2010,
    Stat. Appl. Genet. Mol. Biol. 9(1), arXiv:1603.05766 (the observed pattern is counted);
    Agresti and Min 2005 (the interval). Departs from it: groups are flipped, not items.
    """
    x, y = as_values(a, "paired_difference"), as_values(b, "paired_difference")
    if len(x) != len(y):
        raise DataError(f"paired_difference: {len(x)} outcomes against {len(y)}")
    d, codes, n = grouped(x - y, groups, "paired_difference")
    p = sign_flip(sums(codes, d, n), permutations, np.random.default_rng((seed, 1)))
    if n == 1:
        return Difference(float(d.mean()), None, None, p, 1)
    found = clusters.spread_of(d, codes, n)
    if clusters.binary(x) and clusters.binary(y):
        return Difference(found.mean, *clusters.of_gain(found, float(np.mean(d * d))), p, n)
    return Difference(found.mean, *clusters.of_mean(found), p, n)


def holm(p_values: ArrayLike) -> Floats:
    """Return p-values adjusted for testing all of them, in the order given.

    Parameters
    ----------
    p_values : floats in [0, 1], shape (m,)
        One per test of the family, such as one per layer.

    Returns
    -------
    float64 array, shape (m,)
        The k-th smallest times m - k + 1, made non-decreasing, at most 1. Rejecting those at
        most α keeps the chance of any false rejection at most α, however they depend.

    Raises
    ------
    DataError
        If a value is NaN or outside [0, 1].

    References
    ----------
    Holm 1979, Scand. J. Statist. 6(2), 65-70. Departs from it: none; states adjusted p-values
    where the paper states the step-down rule.
    """
    p = np.asarray(p_values, dtype=np.float64)
    if p.ndim != 1 or not np.all((p >= 0) & (p <= 1)):
        raise DataError("holm needs a flat list of p-values between 0 and 1")
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    out = np.empty_like(p)
    out[order] = np.minimum(stepped, 1.0)
    return out


def jackknife_interval(
    leave_one_out_values: ArrayLike, full: float, bounds: tuple[float, float] | None = None
) -> Interval:
    """Return the interval of an estimate from its values with one group left out at a time.

    Its target is what the estimate would be from all that the groups are a sample of.

    Parameters
    ----------
    leave_one_out_values : floats, shape (g,)
        The estimate without group 1, 2, ..., g.
    full : float
        The estimate from everything.
    bounds : (float, float), optional
        Least and greatest value possible. Where both are finite the interval is made on the
        scale of artanh(value / greatest in size), on which it is about symmetric.

    Returns
    -------
    Interval
        e ± t(g - 1) se, stretched to `full`; se² = (g - 1)/g Σ (value_i - m)², m the mean of
        values, and e = g full - (g - 1) m, less biased. `mean` is `full`, `std` is se, `n` is
        g. Bounds and `std` are None for g = 1.

    Raises
    ------
    DataError
        As `seed_interval`.

    References
    ----------
    Efron and Tibshirani 1993, An Introduction to the Bootstrap, equations 10.13 and 11.5; Kott
    2001, J. Official Statistics 17(4), for groups and t. Departs from it: the scale; groups
    count alike, so they should be of about equal size.
    """
    x = as_values(leave_one_out_values, "jackknife_interval")
    (estimate,) = map(float, as_values([full], "jackknife_interval"))
    g = len(x)
    if g == 1:
        return Interval(estimate, None, None, None, 1)
    error = clusters.jackknife_error(x)
    low, high = clusters.of_jackknife(x, estimate, bounds)
    return Interval(estimate, error, min(low, estimate), max(high, estimate), g)
