"""What `sondage.probing` and `sondage.data` offer to probes beside running them."""

from __future__ import annotations

import numpy as np
import pytest

from sondage.data import Labels, Split, TaskData, Units, ranges
from sondage.errors import DataError, EncodingError
from sondage.probing import check_finite, labels_of, split_of, surprisals
from sondage.testing.toys import word_corpus


@pytest.mark.parametrize("runs", [[], [(3, 2)], [(5, 0), (2, 3), (0, 1)]])
def test_ranges_are_the_runs_end_to_end(runs):
    starts, lengths = np.array(runs, np.int64).reshape(-1, 2).T
    wanted = [i for start, n in runs for i in range(start, start + n)]
    found = ranges(starts, lengths)
    assert found.tolist() == wanted
    assert found.dtype == np.int64


def test_surprisals_are_bits_of_the_own_label():
    chances = np.array([[0.5, 0.25, 0.25], [0.125, 0.125, 0.75]])
    logits = np.log(chances) + np.array([[1000.0], [-3.0]])
    np.testing.assert_allclose(surprisals(logits, np.array([0, 1])), [1, 3])


def test_an_unseen_label_surprises_without_end():
    assert surprisals(np.array([[0.0, -np.inf]]), np.array([1])).tolist() == [np.inf]


class Given:
    """A problem's data and splits, as far as the checks look."""

    def __init__(self, y, split=None):
        corpus = word_corpus(4)
        sentence, word = np.arange(4), np.zeros(4, np.int64)
        units = Units.of_words(sentence, word)
        target = None if y is None else Labels(units, np.asarray(y), ("a", "b"))
        self.data, self.splits = TaskData(corpus, target), {0: split}


def test_one_label_per_item_is_asked_for():
    assert labels_of(Given([0, 1, 0, 1]), "p", "h").y.tolist() == [0, 1, 0, 1]
    with pytest.raises(DataError, match="p wants labels"):
        labels_of(Given(None), "p", "h")
    with pytest.raises(DataError, match="one label") as caught:
        labels_of(Given(np.eye(4, 2, dtype=bool)), "p", "use edge.probe")
    assert caught.value.hint == "use edge.probe"


def test_an_empty_part_that_is_needed_is_refused():
    none = np.zeros(0, np.int64)
    given = Given([0, 1, 0, 1], Split(np.arange(3), none, np.array([3])))
    assert split_of(given, 0, "p", dev=False).train.tolist() == [0, 1, 2]
    with pytest.raises(DataError, match="p: the dev part") as caught:
        split_of(given, 0, "p", dev=True, without_dev=", or give C")
    assert caught.value.hint.endswith("or give C")


def test_vectors_that_are_no_numbers_are_counted():
    check_finite(np.ones((3, 2)))
    with pytest.raises(EncodingError, match="2 of 3 vectors"):
        check_finite(np.array([[1, np.nan], [np.inf, 1], [0, 0]]))
