"""Intervals and tests: over seeds, over test items, between two encoders, over many layers.

Whatever is uncertain is taken whole: a sentence's items stand or fall together, because its
words share a context. All intervals are at 95%, two-sided; ``bench/coverage.py`` measures them.
Where too little is there for an interval its bounds are None, never NaN.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from sondage import clusters
from sondage.errors import DataError
from sondage.resampling import Codes, Floats, sign_flip, sums

#: With fewer groups an interval over them is rough: it may hold its target in less, or in more,
#: than 95 of 100 cases.
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
        One score a seed.

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
    x = _values(values, "seed_interval")
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
        A t interval, with a standard error and degrees of freedom for few and unequal groups;
        where every value is 0 or 1, Wilson's, with as many items as count after grouping, so
        that it stays within [0, 1] and is no point where all are right. `std` is the standard
        error, `n` the number of groups; with a single group `std`, `low` and `high` are None.

    Raises
    ------
    DataError
        If values are empty, NaN or infinite, or do not match the groups.

    References
    ----------
    Bell and McCaffrey 2002; Wilson 1927. Departs from it: see `sondage.clusters`.
    """
    x, codes, n = _grouped(values, groups, "cluster_interval")
    if n == 1:
        return Interval(float(x.mean()), None, None, None, 1)
    found = clusters.spread(x, codes, n)
    ends = clusters.of_share(found) if _binary(x) else clusters.of_mean(found)
    return Interval(found.mean, float(np.sqrt(found.variance)), *ends, n)


def bootstrap_interval(
    values: ArrayLike, groups: ArrayLike, resamples: int = 2000, seed: int = 0
) -> Interval:
    """Return `cluster_interval`, under the name of what was there before it.

    Percentiles of resampled means are too narrow in small samples, so nothing is resampled any
    more: `resamples` and `seed` only keep calls of before going.
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
    x, y = _values(a, "paired_difference"), _values(b, "paired_difference")
    if len(x) != len(y):
        raise DataError(f"paired_difference: {len(x)} outcomes against {len(y)}")
    d, codes, n = _grouped(x - y, groups, "paired_difference")
    p = sign_flip(sums(codes, d, n), permutations, np.random.default_rng((seed, 1)))
    if n == 1:
        return Difference(float(d.mean()), None, None, p, 1)
    found = clusters.spread(d, codes, n)
    if _binary(x) and _binary(y):
        return Difference(found.mean, *clusters.of_gain(found, float(np.mean(d * d))), p, n)
    return Difference(found.mean, *clusters.of_mean(found), p, n)


def holm(p_values: ArrayLike) -> Floats:
    """Return p-values adjusted for testing all of them, in the order given.

    Parameters
    ----------
    p_values : floats in [0, 1], shape (m,)
        One a test of the family, such as one a layer.

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


def jackknife_interval(leave_one_out_values: ArrayLike, full: float) -> Interval:
    """Return the interval of an estimate from its values with one group left out at a time.

    Parameters
    ----------
    leave_one_out_values : floats, shape (g,)
        The estimate without group 1, 2, ..., g.
    full : float
        The estimate from everything.

    Returns
    -------
    Interval
        full ± t(g - 1) se with se² = (g - 1)/g Σ (value_i - mean of values)²; `mean` is `full`,
        `std` is se, `n` is g. Bounds and `std` are None for g = 1.

    Raises
    ------
    DataError
        If there are no values, or one is NaN or infinite.

    References
    ----------
    Efron and Tibshirani 1993, An Introduction to the Bootstrap, equation 11.5, for groups
    instead of items; Kott 2001, J. Official Statistics 17(4), for groups and the t interval.
    Departs from it: no bias correction; groups of unequal size count alike, so they should
    be of about equal size. Bounds may leave a bounded measure's range.
    """
    x = _values(leave_one_out_values, "jackknife_interval")
    (estimate,) = _values([full], "jackknife_interval")
    g = len(x)
    if g == 1:
        return Interval(float(estimate), None, None, None, 1)
    error = float(np.sqrt((g - 1) / g * np.sum((x - x.mean()) ** 2)))
    half = clusters.student(g - 1) * error
    return Interval(float(estimate), error, float(estimate) - half, float(estimate) + half, g)


def _binary(values: Floats) -> bool:
    return bool(np.all((values == 0) | (values == 1)))


def _values(values: ArrayLike, who: str) -> Floats:
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 1 or len(x) == 0:
        raise DataError(f"{who} needs a flat list of at least one value, not shape {x.shape}")
    bad = int(np.count_nonzero(~np.isfinite(x)))
    if bad:
        raise DataError(f"{who}: {bad} of {len(x)} values are NaN or infinite")
    return x


def _grouped(values: ArrayLike, groups: ArrayLike, who: str) -> tuple[Floats, Codes, int]:
    """Return values, group codes 0..g-1 and g."""
    x, labels = _values(values, who), np.asarray(groups)
    if labels.shape != x.shape:
        raise DataError(f"{who}: {len(x)} values, but groups of shape {labels.shape}")
    names, codes = np.unique(labels, return_inverse=True)
    return x, codes, len(names)
