"""Scores against hand-made numbers and scikit-learn; what a mix says about layers."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from sondage.data import Labels, Units
from sondage.errors import DataError
from sondage_edge import centre_of_gravity, differential, expected_layer
from sondage_edge.labels import (
    asked,
    check_labels,
    check_training,
    decisions,
    masked,
    micro_f1,
    per_label,
    shares_of_f1,
    surprisal,
    truth,
    unseen,
)

GOLD = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 1, 0]], bool)
#: Right; nothing said; right and one too many; wrong.
SAID = np.array([[1, 0, 0], [0, 0, 0], [1, 0, 1], [0, 0, 1]], bool)


def test_scores_by_hand():
    # TP = 2, FP = 2, FN = 2.
    assert micro_f1(GOLD, SAID) == pytest.approx(2 * 2 / (2 * 2 + 2 + 2))
    table = per_label(GOLD, SAID, "abc")
    assert table["label"] == ["a", "b", "c"]
    assert table["n"] == [1, 2, 1]
    assert table["predicted"] == [2, 0, 2]
    assert table["correct"] == [1, 0, 1]
    assert table["f1"] == pytest.approx([2 / 3, 0, 2 / 3])
    assert table["precision"] == pytest.approx([1 / 2, 0, 1 / 2])
    assert table["recall"] == pytest.approx([1, 0, 1])


def test_shares_of_f1_by_hand():
    # A = 2, 0, 2, 0; B = 2, 1, 3, 2; F = 1/2, mean of B = 2.
    assert shares_of_f1(GOLD, SAID) == pytest.approx([1, 0.25, 0.75, 0])
    assert shares_of_f1(GOLD, GOLD).tolist() == [1, 1, 1, 1]
    assert shares_of_f1(GOLD, np.zeros_like(GOLD)).tolist() == [0, 0, 0, 0]
    assert shares_of_f1(~(GOLD | ~GOLD), ~(GOLD | ~GOLD)).tolist() == [0, 0, 0, 0]


@st.composite
def bools(draw):
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    shape = (draw(st.integers(1, 30)), draw(st.integers(2, 5)))
    return rng.random(shape) < 0.4, rng.random(shape) < 0.4


@settings(deadline=None)
@given(bools())
def test_scores_equal_scikit_learns_and_shares_average_to_the_score(case):
    gold, said = case
    expected = f1_score(gold, said, average="micro", zero_division=0)
    assert micro_f1(gold, said) == pytest.approx(expected)
    assert shares_of_f1(gold, said).mean() == pytest.approx(expected)
    kept = gold.any(axis=0) | said.any(axis=0)
    each = f1_score(gold, said, average=None, zero_division=0)
    names = [str(i) for i in range(gold.shape[1])]
    assert per_label(gold, said, names)["f1"] == pytest.approx(each[kept].tolist())


def test_interval_from_shares_is_that_of_resampled_f1():
    rng = np.random.default_rng(0)
    gold = rng.random((400, 6)) < 0.3
    said = gold ^ (rng.random((400, 6)) < 0.1)
    draws = rng.integers(0, 400, (2000, 400))
    direct = np.std([micro_f1(gold[d], said[d]) for d in draws])
    shares = shares_of_f1(gold, said)
    assert np.std([shares[d].mean() for d in draws]) == pytest.approx(direct, rel=0.05)


def test_decisions():
    z = np.array([[1.0, 2.0, -1.0], [-1.0, -2.0, -3.0]])
    assert decisions(z, "sigmoid").tolist() == [[True, True, False], [False, False, False]]
    assert decisions(z, "softmax").tolist() == [[False, True, False], [True, False, False]]


def test_surprisal_by_hand():
    z = np.log(np.array([[1.0, 3.0], [1.0, 1.0]]))
    # Under the softmax: 3/4 and 1/2.
    assert surprisal(z, np.array([1, 0])) == pytest.approx([math.log2(4 / 3), 1])
    # Under the sigmoid of 0 and ln 3: 1/2 and 3/4; both of 0: 1/2 and 1/2.
    y = np.array([[False, True], [True, True]])
    assert surprisal(z, y) == pytest.approx([1 + math.log2(4 / 3), 2])


def test_surprisal_of_even_scores_is_the_uniform_code():
    assert surprisal(np.zeros((7, 5)), np.arange(7) % 5).sum() == pytest.approx(7 * math.log2(5))
    assert surprisal(np.zeros((7, 5)), np.zeros((7, 5), bool)).sum() == pytest.approx(35)


def test_surprisal_stays_finite_far_out():
    z = np.array([[1000.0, -1000.0]])
    assert surprisal(z, np.array([1]))[0] == pytest.approx(2000 / math.log(2))
    assert surprisal(z, np.array([[False, True]]))[0] == pytest.approx(2000 / math.log(2))


def test_unseen_labels_are_counted_an_item():
    y = np.array([0, 1, 2, 2, 3])
    assert unseen(y, np.array([0, 1]), np.array([1, 2, 3, 4])) == 3
    assert unseen(truth(y, 4), np.array([0, 1]), np.array([1, 2, 3, 4])) == 3


def test_labels_out_of_range():
    assert check_labels(np.array([0, 2]), "sigmoid") == 3
    with pytest.raises(DataError, match="0 to 1"):
        check_labels(np.array([0, 2]), "sigmoid", 2)
    with pytest.raises(DataError, match="wanted 2 columns"):
        check_labels(np.zeros((4, 3), bool), "sigmoid", 2)


def test_expected_layer_by_hand():
    # Gains of 0.2, 0.1 and 0.1 at layers 1 to 3: (0.2 + 0.2 + 0.3) / 0.4.
    scores = [0.5, 0.7, 0.8, 0.9]
    assert differential(scores) == pytest.approx([0.2, 0.1, 0.1])
    assert expected_layer(scores) == pytest.approx(1.75)
    assert expected_layer(scores, [0, 2, 4, 6]) == pytest.approx(3.5)
    assert expected_layer([0.5, 0.9, 0.8]) == pytest.approx((0.4 - 0.2) / 0.3)
    assert expected_layer([0.5, 0.4]) is None
    assert expected_layer([0.5]) is None


def test_expected_layer_of_published_scores():
    # BERT-base on dependencies of EWT, dev: published cumulative scores, mixes of layers 0 to 12.
    scores = [85.2, 90.2, 91.3, 92.6, 93.7, 94.1, 94.6, 94.9, 95.2, 95.2, 95.1, 95.3, 95.2]
    gains = [b - a for a, b in itertools.pairwise(scores)]
    slow = sum(layer * gain for layer, gain in enumerate(gains, 1)) / 10.0
    assert expected_layer(scores) == pytest.approx(slow)
    assert 2 < slow < 4


def test_centre_of_gravity_by_hand():
    assert centre_of_gravity([0.5, 0.25, 0.25]) == pytest.approx(0.75)
    assert centre_of_gravity([1, 1], [3, 6]) == pytest.approx(4.5)
    for bad in ([0.0, 0.0], [-1.0, 2.0], [math.nan, 1.0]):
        with pytest.raises(DataError, match="no mean layer"):
            centre_of_gravity(bad)


def test_what_was_not_asked_by_hand():
    asked_for = np.array([[1, 1, 0], [1, 1, 1], [1, 0, 1], [0, 1, 1]], bool)
    labels = Labels(Units.of_sentences(4), GOLD & asked_for, ("a", "b", "c"), asked_for)
    y = masked(labels).y
    assert np.isnan(y).sum() == 3
    assert check_labels(y, "sigmoid", 3) == 3
    assert (truth(y, 3) == (GOLD & asked_for)).all()
    assert (asked(y) == asked_for).all()
    # Logits 0: a bit a decision that was asked for.
    assert surprisal(np.zeros((4, 3)), y) == pytest.approx([2, 3, 2, 2])
    # In training only label a has a positive; the test items carry c, and b.
    assert unseen(y, np.array([0]), np.array([1, 2, 3])) == 3
    with pytest.raises(DataError, match="carry the same"):
        # Label a is always there where it is asked for, the others never.
        check_training(np.array([[1, np.nan, 0], [np.nan, 0, 0]]), "train", "abc")
    everything = Labels(labels.units, GOLD, labels.names, np.ones_like(GOLD))
    assert masked(everything) is everything


def test_asked_fits_its_labels():
    units = Units.of_sentences(4)
    with pytest.raises(DataError, match="same shape"):
        Labels(units, GOLD, ("a", "b", "c"), np.ones((4, 2), bool))
    with pytest.raises(DataError, match="not asked for"):
        Labels(units, GOLD, ("a", "b", "c"), np.zeros_like(GOLD))
