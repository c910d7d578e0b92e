"""Scores of labels by hand, control labels by word type."""

import numpy as np
import pytest

from sondage.control import control_labels, selectivity
from sondage.data import Labels, Units
from sondage.scores import classification, per_class


def test_scores_per_class_by_hand():
    table = per_class(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 3]), ("a", "b", "c", "d"))
    assert table == {
        "label": ["a", "b", "d"],
        "n": [2, 2, 0],
        "predicted": [1, 2, 1],
        "correct": [1, 1, 0],
        "precision": [1.0, 0.5, 0.0],
        "recall": [0.5, 0.5, 0.0],
        "f1": [2 / 3, 0.5, 0.0],
    }


def test_a_test_set_is_scored_item_by_item_and_unseen_labels_are_counted():
    labels = Labels(Units.of_sentences(5), np.array([0, 1, 1, 0, 2]), ("a", "b", "c"))
    test = np.array([2, 3, 4])
    found = classification(labels, np.array([1, 1, 0]), test, train=np.array([0, 1]))
    assert found.scores["accuracy"] == pytest.approx(1 / 3)
    assert found.scores["macro_f1"] == pytest.approx((2 / 3) / 3)
    assert found.outcomes.values.tolist() == [True, False, False]
    assert found.outcomes.groups.tolist() == test.tolist()
    assert found.warnings == {"unseen-label": 1}
    assert not classification(labels, np.array([1, 1, 0]), test).warnings


def test_a_control_label_belongs_to_a_type_and_is_drawn_as_the_tasks_labels_are():
    types = [str(i) for i in range(4000)] * 2
    y = np.array([0, 0, 0, 1] * 2000)
    drawn = control_labels(types, y, rng=np.random.default_rng(0))
    assert np.array_equal(drawn[:4000], drawn[4000:])
    assert drawn.mean() == pytest.approx(0.25, abs=0.03)
    assert control_labels([], y, rng=np.random.default_rng(0)).shape == (0,)
    assert selectivity(0.75, 0.5) == 0.25
