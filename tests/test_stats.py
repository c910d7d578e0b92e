"""Intervals and tests: worked by hand, against slow loops, coverage under simulation."""

from __future__ import annotations

import itertools
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as options
from hypothesis import strategies as st
from scipy.special import betainc

from sondage.errors import DataError
from sondage.stats import (
    Interval,
    bootstrap_interval,
    cluster_interval,
    holm,
    jackknife_interval,
    paired_difference,
    seed_interval,
)
from sondage.stats.clusters import degrees_of_freedom

unit = st.floats(0, 1, allow_nan=False)


def test_seed_interval_by_hand():
    # 1, 2, 3: mean 2, std 1; t(2) at 97.5% is 4.302653, over sqrt 3.
    out = seed_interval([1, 2, 3])
    assert (out.mean, out.std, out.n) == (2.0, 1.0, 3)
    assert out.low == pytest.approx(2 - 4.302653 / 3**0.5, abs=1e-6)
    assert out.high == pytest.approx(2 + 4.302653 / 3**0.5, abs=1e-6)


def test_one_seed_has_no_interval():
    assert seed_interval([0.25]) == Interval(0.25, None, None, None, 1)


def test_seed_interval_is_scipys():
    stats = pytest.importorskip("scipy.stats")
    x = np.random.default_rng(0).normal(3, 2, 7)
    low, high = stats.t.interval(0.95, 6, loc=x.mean(), scale=stats.sem(x))
    out = seed_interval(x)
    assert (out.low, out.high) == pytest.approx((low, high), rel=1e-10)


def test_interval_of_equal_clusters_is_the_t_interval_of_their_means():
    rng = np.random.default_rng(1)
    values, groups = rng.normal(size=60), np.repeat(np.arange(12), 5)
    out, plain = cluster_interval(values, groups), seed_interval(values.reshape(12, 5).mean(axis=1))
    assert (out.low, out.high) == pytest.approx((plain.low, plain.high), abs=1e-12)
    assert out.std == pytest.approx(plain.std / 12**0.5, abs=1e-12)
    assert out.n == 12


def test_interval_of_unequal_clusters_by_hand():
    # Sums 3 of 3 items, 0 of 1: mean 3/4. What the sums leave, of 4: 3 - 9/4 and 0 - 3/4, that is
    # 3/16 and -3/16; squares over 1 - 3/4 and 1 - 1/4 add to 9/256 (4 + 4/3) = 3/16.
    out = cluster_interval([1.5, 0.5, 1.0, 0.0], [5, 5, 5, 2])
    assert out.mean == 0.75
    assert out.std == pytest.approx((3 / 16) ** 0.5, abs=1e-12)
    # One degree of freedom: t at 97.5% is 12.7062.
    assert out.high == pytest.approx(0.75 + 12.7062 * out.std, abs=1e-4)


@given(counts=st.lists(st.integers(1, 40), min_size=2, max_size=12))
@options(deadline=None, max_examples=60)
def test_degrees_of_freedom_are_those_of_the_written_out_matrix(counts):
    c = np.array(counts, float)
    w = c / c.sum()
    residual = np.eye(len(c)) - np.outer(w, np.ones(len(c)))
    cover = residual @ np.diag(c * (1 + 0.1 * (c - 1))) @ residual.T * (1 / (1 - w))
    wanted = np.trace(cover) ** 2 / np.trace(cover @ cover)
    assert degrees_of_freedom(c) == pytest.approx(np.clip(wanted, 1, len(c) - 1), rel=1e-9)
    if len(set(counts)) == 1:
        assert degrees_of_freedom(c) == pytest.approx(len(c) - 1, rel=1e-9)


def test_standard_error_is_that_of_statsmodels_but_for_the_correction():
    regression = pytest.importorskip("statsmodels.regression.linear_model")
    rng = np.random.default_rng(9)
    groups = np.sort(rng.integers(0, 300, 6000))
    values = rng.normal(size=6000) + rng.normal(size=300)[groups]
    fit = regression.OLS(values, np.ones(6000)).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}
    )
    # The correction is about 1 + 1/300 of the variance.
    assert cluster_interval(values, groups).std == pytest.approx(fit.bse[0], rel=0.003)


def test_interval_of_a_share_is_wilsons():
    # 20 items of their own, 15 right. Of the variance p (1 - p) / 19, 19 items are left;
    # t(19) at 97.5% is 2.093024.
    out = cluster_interval(np.arange(20) < 15, np.arange(20))
    t2, n = 2.093024**2, 19
    middle, half = 0.75 + t2 / (2 * n), (t2 * (0.75 * 0.25 / n + t2 / (4 * n * n))) ** 0.5
    wanted = (middle - half) / (1 + t2 / n), (middle + half) / (1 + t2 / n)
    assert (out.low, out.high) == pytest.approx(wanted, abs=1e-6)


def test_all_right_is_no_certainty_and_sentences_are_counted():
    out = cluster_interval(np.ones(200), np.repeat(np.arange(20), 10))
    single = cluster_interval(np.ones(20), np.arange(20))
    assert (out.low, out.high) == pytest.approx((single.low, single.high), abs=1e-12)
    # Wilson's at p = 1 is n / (n + t²).
    assert out.low == pytest.approx(20 / (20 + 2.093024**2), abs=1e-6)
    assert out.high == 1.0
    none = cluster_interval(np.zeros(200), np.repeat(np.arange(20), 10))
    assert (none.low, none.high) == pytest.approx((0, 1 - out.low), abs=1e-12)


@given(
    right=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=2, max_size=9).filter(
        lambda x: sum(a + b > 0 for a, b in x) > 1
    )
)
@options(deadline=None, max_examples=80)
def test_shares_and_gains_stay_in_range_and_hold_their_estimate(right):
    values = np.concatenate([[1] * a + [0] * b for a, b in right])
    groups = np.concatenate([[i] * (a + b) for i, (a, b) in enumerate(right)])
    out = cluster_interval(values, groups)
    assert 0 <= out.low <= out.mean <= out.high <= 1
    flipped = cluster_interval(1 - values, groups)
    assert (1 - flipped.high, 1 - flipped.low) == pytest.approx((out.low, out.high), abs=1e-9)
    gain = paired_difference(values, 1 - values, groups, permutations=1000)
    assert -1 <= gain.low <= gain.difference <= gain.high <= 1


def test_one_cluster_has_no_interval():
    assert cluster_interval([1, 0], [3, 3]) == Interval(0.5, None, None, None, 1)


def test_interval_of_equal_values_is_a_point():
    out = cluster_interval(np.full(30, 0.5), np.arange(30) // 3)
    assert (out.low, out.high, out.std) == (0.5, 0.5, 0.0)


def test_interval_of_many_clusters_is_that_of_resampling():
    rng = np.random.default_rng(1)
    groups = rng.integers(0, 150, 1200)
    values = rng.random(1200) + groups / 150
    parts = [values[groups == g] for g in range(150)]
    means = [
        np.concatenate([parts[i] for i in rng.integers(0, 150, 150)]).mean() for _ in range(2000)
    ]
    out = cluster_interval(values, groups)
    wanted = np.quantile(means, (0.025, 0.975))
    assert (out.low, out.high) == pytest.approx(tuple(wanted), abs=0.1 * float(np.diff(wanted)[0]))
    assert out.std == pytest.approx(np.std(means), rel=0.1)
    # Groups matter: single items would give an interval less than half as wide.
    assert cluster_interval(values, np.arange(1200)).std < 0.5 * out.std


def test_interval_ignores_order_and_names_of_groups():
    rng = np.random.default_rng(2)
    groups, values = rng.integers(0, 40, 300), rng.random(300)
    out = cluster_interval(values, groups)
    assert cluster_interval(values, groups * 7 + 3) == out
    order = rng.permutation(300)
    moved = cluster_interval(values[order], groups[order])
    assert (moved.low, moved.high) == pytest.approx((out.low, out.high), abs=1e-12)
    # The name of before stays.
    assert bootstrap_interval(values, groups, resamples=10, seed=3) == out


def test_paired_difference_by_hand_exact():
    # Group sums of a - b: 3, 1, 1 (and a group of 0, which no flip moves). The eight sums are
    # ±5, ±3, ±3, ±1: at least 5 away from 0 are two of eight.
    a, b = [1, 1, 1, 1, 0, 1, 0], [0, 0, 0, 0, 0, 0, 0]
    out = paired_difference(a, b, [0, 0, 0, 1, 1, 2, 3])
    assert out.p_value == 0.25
    assert out.difference == pytest.approx(5 / 7)
    assert out.n == 4
    # Swapped: the same p, the mirrored interval.
    back = paired_difference(b, a, [0, 0, 0, 1, 1, 2, 3])
    assert (back.difference, back.p_value) == (-out.difference, out.p_value)
    assert (back.low, back.high) == pytest.approx((-out.high, -out.low), abs=1e-12)


@given(
    sums=st.lists(st.integers(-4, 4), min_size=1, max_size=8),
    scale=st.sampled_from([1.0, 0.1, 1e-9]),
)
@options(deadline=None, max_examples=60)
def test_exact_p_is_that_of_going_through_all_signs(sums, scale):
    seen = abs(sum(sums))
    flips = itertools.product((-1, 1), repeat=len(sums))
    wanted = np.mean([abs(np.dot(s, sums)) >= seen for s in flips])
    d = scale * np.array(sums, float)
    out = paired_difference(d, np.zeros(len(d)), np.arange(len(d)))
    assert out.p_value == pytest.approx(wanted, abs=1e-12)


def test_monte_carlo_agrees_with_exact():
    d = np.random.default_rng(3).normal(0.3, 1, 12)
    exact = paired_difference(d, 0 * d, np.arange(12), permutations=5000)
    drawn = paired_difference(d, 0 * d, np.arange(12), permutations=4000)
    assert (exact.p_value * 4096) == pytest.approx(round(exact.p_value * 4096), abs=1e-9)
    assert (drawn.p_value * 4001) == pytest.approx(round(drawn.p_value * 4001), abs=1e-9)
    error = (exact.p_value * (1 - exact.p_value) / 4000) ** 0.5
    assert abs(drawn.p_value - exact.p_value) < 4 * error + 1 / 4001


def test_clear_difference_has_the_least_p_and_none_has_one():
    a = np.ones(100)
    assert paired_difference(a, 0 * a, np.arange(100)).p_value == 1 / 10_000
    same = paired_difference(a, a, np.arange(100))
    assert (same.difference, same.p_value) == (0.0, 1.0)
    # No difference in 100 items does not prove that there is none: 102 with two that differ.
    assert same.high == -same.low == pytest.approx(1.984217 / 102, abs=1e-6)
    level = paired_difference(a / 2, a / 2, np.arange(100))
    assert (level.difference, level.low, level.high, level.p_value) == (0.0, 0.0, 0.0, 1.0)
    single = paired_difference(a, 0 * a, np.zeros(100))
    assert (single.low, single.high, single.p_value, single.n) == (None, None, 1.0, 1)


def test_copies_of_items_within_groups_do_not_add_evidence():
    rng = np.random.default_rng(4)
    a, b = rng.random((2, 40)) < 0.6
    once = paired_difference(a, b, np.arange(40))
    tenfold = paired_difference(np.repeat(a, 10), np.repeat(b, 10), np.repeat(np.arange(40), 10))
    assert tenfold.p_value == once.p_value
    assert (tenfold.low, tenfold.high) == pytest.approx((once.low, once.high), abs=1e-12)


def test_holm_by_hand():
    # Ordered .01, .02, .03, .04 times 4, 3, 2, 1: .04, .06, .06, .04, then never decreasing.
    np.testing.assert_allclose(holm([0.03, 0.01, 0.04, 0.02]), [0.06, 0.04, 0.06, 0.06])
    np.testing.assert_allclose(holm([0.5, 0.6]), [1.0, 1.0])
    assert holm([]).shape == (0,)
    assert holm([0.2]) == [0.2]


@given(p=st.lists(unit, min_size=1, max_size=12))
@options(deadline=None)
def test_holm_rejects_what_the_step_down_rule_rejects(p):
    adjusted = holm(p)
    order = np.argsort(p, kind="stable")
    for alpha in (0.01, 0.05, 0.2):
        rejected = set()
        for k, i in enumerate(order):
            if p[i] * (len(p) - k) > alpha:
                break
            rejected.add(int(i))
        assert rejected == set(np.flatnonzero(adjusted <= alpha).tolist())
    assert np.all(adjusted >= p)
    assert np.all(adjusted <= 1)


def test_holm_is_that_of_statsmodels():
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    p = np.random.default_rng(5).random(13) ** 3
    np.testing.assert_allclose(holm(p), multitest.multipletests(p, method="holm")[1], rtol=1e-12)


def test_jackknife_by_hand():
    # The mean of 1, 2, 6 (3) with one left out: 4, 3.5, 1.5; their mean is 3, squares about it
    # 1 + 1/4 + 9/4 = 7/2, times 2/3 is 7/3: the same as s²/n = 7/3 of the items themselves.
    out = jackknife_interval([4.0, 3.5, 1.5], 3.0)
    assert out.std == pytest.approx((7 / 3) ** 0.5, abs=1e-12)
    plain = seed_interval([1, 2, 6])
    assert (out.low, out.high) == pytest.approx((plain.low, plain.high), abs=1e-12)
    assert (out.mean, out.n) == (3.0, 3)
    assert jackknife_interval([0.5], 0.4) == Interval(0.4, None, None, None, 1)


@given(x=st.lists(st.floats(-10, 10), min_size=2, max_size=20))
@options(deadline=None)
def test_jackknife_of_a_mean_is_the_t_interval(x):
    values = np.array(x)
    out = jackknife_interval((values.sum() - values) / (len(x) - 1), values.mean())
    plain = seed_interval(values)
    assert (out.low, out.high) == pytest.approx((plain.low, plain.high), abs=1e-9)


def test_jackknife_takes_out_the_bias_and_holds_the_estimate():
    # Variance with divisor n is biased by -1/n of it. The jackknife takes that out to the last
    # bit: the middle is the variance with divisor n - 1 (Efron and Tibshirani, section 10.5).
    x = np.random.default_rng(10).normal(size=12)
    left = np.array([np.delete(x, i).var() for i in range(12)])
    out = jackknife_interval(left, x.var())
    assert (out.low + out.high) / 2 == pytest.approx(x.var(ddof=1), abs=1e-12)
    assert out.mean == x.var()
    # A bias beyond the interval: it is stretched to the estimate.
    far = jackknife_interval([0.5, 0.501, 0.5, 0.501], 0.6)
    assert far.low == 0.6 < far.high


def test_jackknife_of_a_bounded_measure_is_made_on_fishers_scale():
    left, full = np.array([0.88, 0.9, 0.93, 0.97]), 0.92
    out = jackknife_interval(left, full, (-1.0, 1.0))
    on_scale = jackknife_interval(np.arctanh(left), float(np.arctanh(full)))
    assert (out.low, out.high) == pytest.approx(
        (np.tanh(on_scale.low), np.tanh(on_scale.high)), abs=1e-12
    )
    assert out.high < 1 < jackknife_interval(left, full).high
    # A range twice as wide is the same on its scale, an endless one none.
    wide = jackknife_interval(2 * left, 2 * full, (-2.0, 2.0))
    assert (wide.low, wide.high) == pytest.approx((2 * out.low, 2 * out.high), abs=1e-12)
    assert jackknife_interval(left, full, (0.0, np.inf)) == jackknife_interval(left, full)
    # At the bound itself there is no scale, nor a spread.
    top = jackknife_interval(np.ones(5), 1.0, (-1.0, 1.0))
    assert (top.low, top.high) == (1.0, 1.0)
    assert jackknife_interval([0.001, 0.02, 0.01], 0.01, (0.0, 1.0)).low == 0.0


#: The share of sentences whose words are right by more than one in two: Beta(7.65, 1.35).
GOOD = 1 - float(betainc(0.85 * 9, 0.15 * 9, 0.5))


def covered(interval: Interval, truth: float) -> bool:
    return interval.low <= truth <= interval.high


@pytest.mark.parametrize("n", [20, 50])
def test_coverage_is_nominal_from_20_groups_on(n):
    # 1000 trials: the standard error of a share of 0.95 is 0.007. Ungrouped items cover 0.6.
    rng = np.random.default_rng(6 + n)
    trials = 1000
    names = ("seeds", "mean", "share", "few", "gain", "jackknife", "ungrouped")
    hits = dict.fromkeys(names, 0)
    for _ in range(trials):
        hits["seeds"] += covered(seed_interval(rng.normal(1.5, 2, 5)), 1.5)
        # Words of a sentence share its level: correlation 1/2, or 0.1 of what is right or wrong.
        counts = np.clip(rng.gamma(3.2, 6.5, n).astype(int), 2, 70)
        groups, total = np.repeat(np.arange(n), counts), int(counts.sum())
        level = rng.normal(0, 1, n)[groups]
        values = level + rng.normal(0, 1, total)
        hits["mean"] += covered(cluster_interval(values, groups), 0)
        hits["ungrouped"] += covered(cluster_interval(values, np.arange(total)), 0)
        chance = rng.beta(0.85 * 9, 0.15 * 9, n)[groups]
        mine, theirs = rng.random((2, total)) < (chance, chance - 0.1 * (chance > 0.5))
        hits["share"] += covered(cluster_interval(mine, groups), 0.85)
        # One item a sentence, nine of ten right.
        hits["few"] += covered(cluster_interval(rng.random(n) < 0.9, np.arange(n)), 0.9)
        gain = paired_difference(mine, theirs, groups, permutations=1)
        hits["gain"] += gain.low <= 0.1 * GOOD <= gain.high
        # A ratio of means, 2, n groups of 30.
        x = rng.normal(1, 0.5, (n, 30))
        y = 2 * x + rng.normal(0, 0.5, (n, 30))
        sx, sy = x.sum(axis=1), y.sum(axis=1)
        left = (sy.sum() - sy) / (sx.sum() - sx)
        hits["jackknife"] += covered(jackknife_interval(left, sy.sum() / sx.sum()), 2)
    share = {name: k / trials for name, k in hits.items()}
    for name in names[:-1]:
        assert 0.93 <= share[name] <= 0.98, share
    assert share["ungrouped"] < 0.7, share


def test_p_values_are_uniform_where_nothing_differs():
    rng = np.random.default_rng(7)
    groups = np.repeat(np.arange(30), 4)
    p = []
    for t in range(400):
        level = np.repeat(rng.normal(0, 1, 30), 4)
        d = level + rng.normal(0, 1, 120)
        p.append(paired_difference(d, 0 * d, groups, resamples=1, permutations=199, seed=t).p_value)
    for alpha in (0.05, 0.2, 0.5):
        error = (alpha * (1 - alpha) / 400) ** 0.5
        assert abs(np.mean(np.array(p) <= alpha) - alpha) < 3.5 * error


def test_memory_does_not_follow_the_number_of_resamples():
    n = 20_000
    values = np.random.default_rng(8).random(n)
    tracemalloc.start()
    paired_difference(values, 1 - values, np.arange(n), resamples=1000, permutations=1000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100e6  # at once: 20 million signs and as many draws, 160 MB each


@pytest.mark.parametrize(
    "call",
    [
        lambda: seed_interval([]),
        lambda: seed_interval([1.0, np.nan]),
        lambda: seed_interval([[1.0], [2.0]]),
        lambda: cluster_interval([], []),
        lambda: cluster_interval([1.0, np.inf], [0, 1]),
        lambda: cluster_interval([1.0, 2.0], [0, 1, 2]),
        lambda: paired_difference([1.0, 2.0], [1.0], [0, 1]),
        lambda: paired_difference([1.0, 2.0], [1.0, np.nan], [0, 1]),
        lambda: paired_difference(np.ones(20), np.zeros(20), np.arange(20), permutations=0),
        lambda: holm([0.5, np.nan]),
        lambda: holm([-0.1]),
        lambda: holm([[0.1]]),
        lambda: jackknife_interval([], 0.5),
        lambda: jackknife_interval([0.1, 0.2], np.nan),
    ],
)
def test_what_cannot_be_used_is_an_error(call):
    with pytest.raises(DataError):
        call()


def test_importing_it_imports_no_scipy():
    code = "import sys, sondage.stats; sys.exit(any(m.startswith('scipy') for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
