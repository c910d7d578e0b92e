"""Corpora of words, of pairs too."""

import numpy as np
import pytest

from sondage.data import Corpus
from sondage.errors import DataError

FIRST = [["A", "man", "sleeps"], ["It", "rains"], []]
SECOND = [["Nobody", "does"], ["It", "is", "wet"], ["Yes"]]


def test_pairs_of_word_lists_are_numbered_through():
    corpus = Corpus.of_words(FIRST, name="pairs", second=SECOND)
    assert corpus.boundary.tolist() == [3, 2, 0]
    assert corpus.boundary.dtype == np.int64
    assert corpus.offsets.tolist() == [0, 5, 10, 11]
    assert [list(corpus.words_of(i)) for i in range(3)] == [
        a + b for a, b in zip(FIRST, SECOND, strict=True)
    ]
    assert corpus.texts == ("A man sleeps", "It rains", "")
    assert corpus.second == ("Nobody does", "It is wet", "Yes")


def test_where_a_pair_is_cut_makes_it_another_pair():
    one = Corpus.of_words([["a", "b"]], second=[["c"]])
    other = Corpus.of_words([["a"]], second=[["b", "c"]])
    plain = Corpus.of_words([["a", "b", "c"]])
    assert len({c.fingerprint for c in (one, other, plain)}) == 3


def test_pairs_can_be_taken():
    corpus = Corpus.of_words(FIRST, second=SECOND).take([1])
    assert (corpus.boundary.tolist(), corpus.second) == ([2], ("It is wet",))


def test_without_second_segments_there_is_no_boundary():
    corpus = Corpus.of_words(FIRST)
    assert corpus.boundary is None
    assert corpus.second is None


@pytest.mark.parametrize(
    ("sentences", "more", "message"),
    [
        (FIRST, {"second": SECOND[:2]}, "2 second segments for 3 sentences"),
        (["A man"], {}, "sentence 0 is text, not a list of words"),
        (FIRST, {"second": [["a"], "b c", ["d"]]}, "sentence 1 is text, not a list of words"),
    ],
)
def test_what_is_no_list_of_words_is_refused(sentences, more, message):
    with pytest.raises(DataError, match=message):
        Corpus.of_words(sentences, **more)


@pytest.mark.parametrize("boundary", [[-1, 0], [3, 0], [1]])
def test_a_boundary_lies_in_its_sentence(boundary):
    plain = Corpus.of_words([["a", "b"], ["c"]])
    with pytest.raises(DataError, match=r"boundar"):
        Corpus(plain.texts, words=plain.words, offsets=plain.offsets, boundary=np.array(boundary))
