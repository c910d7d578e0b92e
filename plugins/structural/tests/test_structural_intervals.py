"""Intervals over sentences: by hand, against resampling, and whether they hold their target."""

import numpy as np
import pytest
from scipy.special import stdtrit

from sondage.stats import cluster_interval, seed_interval
from sondage_structural.intervals import by_length, few, ratio, table
from sondage_structural.measures import average


def test_the_ratios_interval_is_about_that_of_plain_resampling_where_sentences_are_many():
    rng = np.random.default_rng(0)
    whole = rng.integers(0, 30, 400)
    part = rng.binomial(whole, 0.6)
    draws = np.random.default_rng(1).integers(0, 400, (4000, 400))
    plain = np.quantile(part[draws].sum(axis=1) / whole[draws].sum(axis=1), (0.025, 0.975))
    assert ratio(part, whole) == pytest.approx(tuple(plain), abs=0.004)
    # That of the edges themselves, by sentence.
    edges = np.concatenate([np.arange(w) < p for p, w in zip(part, whole, strict=True)])
    own = cluster_interval(edges, np.repeat(np.arange(400), whole))
    assert ratio(part, whole) == pytest.approx((own.low, own.high), abs=1e-12)


def test_all_edges_found_is_no_certainty():
    low, high = ratio(np.full(20, 7), np.full(20, 7))
    assert 0.7 < low < 0.9
    assert high == 1


def test_the_mean_by_lengths_interval_by_hand():
    # Two lengths of two sentences: means 0.4 and 0.7; variances of the means 0.02/2 and 0.08/2,
    # of their mean 0.05/4. 1 + 1 sentences are free, of unlike weight: 0.05² over
    # (0.01² + 0.04²)/3, less 2, is 2.41; t(2.41) at 97.5% is 3.670.
    values = np.array([0.3, 0.5, 0.5, 0.9, 0.1])
    lengths = np.array([6, 6, 9, 9, 51])
    t = stdtrit(0.05**2 * 3 / (0.01**2 + 0.04**2) - 2, 0.975)
    assert t == pytest.approx(3.670, abs=0.001)
    half = t * 0.0125**0.5
    assert by_length(values, lengths) == pytest.approx((0.55 - half, 0.55 + half), abs=1e-12)


def test_lengths_of_one_sentence_are_a_plain_sample():
    values = np.random.default_rng(2).random(9)
    plain = seed_interval(values)
    found = by_length(values, np.arange(10, 19))
    assert sum(found) / 2 == pytest.approx(plain.mean, abs=1e-12)
    # The same standard error; its degrees of freedom are estimated, 8 at most.
    assert found[1] - found[0] >= plain.high - plain.low - 1e-12
    assert found[1] - found[0] < 1.25 * (plain.high - plain.low)


@pytest.mark.parametrize("sentences", [20, 60, 300])
def test_the_intervals_of_correlations_hold_their_target(sentences):
    # Lengths as in a treebank, a third of them beyond two of a kind at 60 sentences; long
    # sentences are harder. 600 test sets: 0.95 has a standard error of 0.009.
    rng = np.random.default_rng(sentences)
    means, found = [], []
    for _ in range(600):
        lengths = np.clip(np.rint(rng.gamma(4.5, 4.7, sentences)), 2, 70).astype(int)
        values = np.clip(
            0.9 - 0.004 * lengths + rng.normal(0, 0.5, sentences) / lengths**0.5, -1, 1
        )
        means.append(average(values, lengths)[0])
        found.append(by_length(values, lengths))
    low, high = np.array(found).T
    target = np.mean(means)
    assert 0.925 < np.mean((low <= target) & (target <= high)) < 0.98


def test_equal_correlations_are_a_point_and_bounds_stay_in_range():
    assert by_length(np.ones(30), np.arange(30) % 7 + 5) == (1.0, 1.0)
    low, high = by_length(np.array([1.0, -0.9, 1.0]), np.array([7, 8, 9]))
    assert (low, high) == (-1.0, 1.0)


def test_few_sentences_are_told():
    assert few(np.arange(40)) == {}
    assert few(np.arange(20)) == {"few-sentences": 15}


def test_one_sentence_has_no_interval():
    found = table(uuas=(0.5, ratio(np.array([1]), np.array([2]))), dspr=(0.25, (0.125, 0.375)))
    assert found == {
        "name": ["uuas", "dspr"],
        "value": [0.5, 0.25],
        "low": [None, 0.125],
        "high": [None, 0.375],
    }
    assert np.isnan(by_length(np.array([1.0, 0.5]), np.array([7, 3]))).all()
