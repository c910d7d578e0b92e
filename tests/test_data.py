"""The arrays' own rules: what does not fit is refused, and how a seed splits items."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sondage import data
from sondage.data import Answers, Corpus, Labels, Rankings, Split, States, TaskData, Trees, Units
from sondage.errors import DataError

NONE = np.empty(0, np.int64)
CORPUS = Corpus.of_words([["a", "b"], ["c"], ["a", "b"]], name="three")


def ints(*values):
    return np.array(values, np.int64)


def of_sentences(corpus):
    n = len(corpus)
    return Labels(Units.of_sentences(n), np.zeros(n, np.int64), ("x",))


def test_units_are_sentences_words_or_pairs_of_words():
    assert (len(Units.of_sentences(3)), Units.of_sentences(3).arity) == (3, 0)
    words = Units.of_words(ints(0, 2), ints(1, 0))
    assert (words.arity, words.spans.tolist()) == (1, [[[1, 2]], [[0, 1]]])
    pairs = Units.of_words(ints(0), ints(1), ints(0))
    assert (pairs.arity, pairs.spans.tolist()) == (2, [[[1, 2], [0, 1]]])


@pytest.mark.parametrize("shape", [(2, 1), (3, 1, 2), (2, 1, 3)])
def test_spans_of_another_shape_are_refused(shape):
    with pytest.raises(DataError, match=r"spans have shape .*, wanted \(2, k, 2\)"):
        Units(ints(0, 1), np.zeros(shape, np.int64))


def test_a_label_is_known_or_was_not_asked_for():
    units, y = Units.of_sentences(2), np.array([[True, False], [False, False]])
    asked = np.array([[True, True], [False, True]])
    labels = Labels(units, y, ("a", "b"), asked)
    assert (len(labels), labels.sentence.tolist()) == (2, [0, 1])
    with pytest.raises(DataError, match="that it was not asked for"):
        Labels(units, y, ("a", "b"), ~asked)
    for wrong in (asked[:1], asked.astype(int)):
        with pytest.raises(DataError, match="wanted bool of the same shape"):
            Labels(units, y, ("a", "b"), wrong)
    with pytest.raises(DataError, match="wanted bool of the same shape"):
        Labels(units, ints(0, 1), ("a", "b"), np.array([True, True]))


def test_trees_rankings_and_answers_count_items_and_say_their_sentences():
    trees = Trees(ints(-1, 0, -1), np.ones(3, bool), ints(0, 1, 0), ("root", "obj"), ints(1))
    assert (len(trees), trees.sentence.tolist()) == (1, [1])
    units = Units.of_words(ints(2, 0, 0), ints(0, 0, 1))
    ranking = Rankings(units, ints(0, 1), ints(1, 2), ints(2), ints(0, 1, 1))
    assert (len(ranking), ranking.sentence.tolist()) == (2, [2, 0])
    answers = Answers(ints(1, 0), ints(3), ints(7), ints(0, 1, 1), ("here",), ("q1", "q0"))
    assert (len(answers), answers.sentence.tolist()) == (2, [1, 0])


def test_states_of_a_sentence_are_its_rows():
    states = States(np.arange(6.0).reshape(3, 2), data.offsets_of([2, 0, 1]))
    assert len(states) == 3
    assert [states[i].tolist() for i in range(3)] == [[[0, 1], [2, 3]], [], [[4, 5]]]


texts = st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=12)


@settings(deadline=None)
@given(texts, st.integers(0, 5), st.lists(st.integers(0, 11), max_size=20))
def test_a_drawn_split_shares_out_items_and_keeps_equal_sentences_together(words, seed, chosen):
    corpus = Corpus.of_words([[w] for w in words])
    sentence = ints(*(i % len(words) for i in chosen))
    some = Labels(Units.of_words(sentence, 0 * sentence), 0 * sentence, ("x",))
    drawn, whole = (TaskData(corpus, t).split(seed) for t in (some, of_sentences(corpus)))
    parts = (drawn.train, drawn.dev, drawn.test)
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(some)))
    for mine, all_of_them in zip(parts, (whole.train, whole.dev, whole.test), strict=True):
        assert mine.tolist() == sorted(mine.tolist())
        # Whatever the target, the same sentences are in the same part, repeated ones too.
        held = {words[i] for i in all_of_them}
        assert {words[i] for i in sentence[mine]} <= held
        assert {i for i, w in enumerate(words) if w in held} == set(all_of_them.tolist())


def test_shares_are_of_distinct_sentences():
    corpus = Corpus.of_words([[str(i % 10)] for i in range(30)])
    found = TaskData(corpus, of_sentences(corpus), ratios=(0.5, 0.2, 0.3)).split(1)
    assert [len(p) for p in (found.train, found.dev, found.test)] == [15, 6, 9]
    other = TaskData(corpus, of_sentences(corpus), ratios=(0.5, 0.2, 0.3)).split(2)
    assert found.train.tolist() != other.train.tolist()


@settings(deadline=None)
@given(texts, st.integers(0, 5), st.floats(0.01, 0.99))
def test_a_given_split_stays_but_for_dev_carved_from_train(words, seed, share):
    corpus = Corpus.of_words([[w] for w in words])
    n = len(words)
    fixed = Split(np.arange(n - 1), NONE, ints(n - 1))
    target = of_sentences(corpus)
    assert TaskData(corpus, target, fixed=fixed).split(seed) is fixed
    found = TaskData(corpus, target, fixed=fixed, dev_share=share).split(seed)
    assert found.test is fixed.test
    assert np.union1d(found.train, found.dev).tolist() == fixed.train.tolist()
    moved, stay = ({words[i] for i in part} for part in (found.dev, found.train))
    assert not moved & stay
    if len(moved | stay) > 1:
        assert moved
        assert stay


@settings(deadline=None)
@given(texts, st.integers(0, 5), st.data())
def test_groups_stay_together_and_equal_sentences_with_them(words, seed, drawn):
    corpus = Corpus.of_words([[w] for w in words])
    target = of_sentences(corpus)
    groups = np.array([drawn.draw(st.integers(-2, 3)) for _ in words], np.int64)
    first = corpus.unique[0][corpus.unique[1]]
    of_item = groups[first]
    fixed = Split(np.arange(len(words)), NONE, NONE)
    half, whole = (
        TaskData(corpus, target, groups=groups, **how).split(seed)
        for how in ({"fixed": fixed, "dev_share": 0.5}, {"ratios": (0.4, 0.3, 0.3)})
    )
    for split in (half, whole):
        parts = [set(of_item[p].tolist()) for p in (split.train, split.dev, split.test)]
        assert sum(map(len, parts)) == len(set(of_item.tolist()))
        assert set.union(*parts) == set(of_item.tolist())


def test_shares_are_of_groups_where_there_are_some():
    corpus = Corpus.of_words([[str(i)] for i in range(40)])
    task = TaskData(corpus, of_sentences(corpus), ratios=(0.5, 0.2, 0.3), groups=np.arange(40) // 4)
    found = task.split(1)
    assert [len(p) for p in (found.train, found.dev, found.test)] == [20, 8, 12]
    with pytest.raises(DataError, match="three: 2 groups for 3 sentences"):
        TaskData(CORPUS, None, groups=ints(0, 1))


def test_stimuli_have_nothing_to_split():
    with pytest.raises(DataError, match="three has no target to split"):
        TaskData(CORPUS, None).split(0)


def test_the_type_of_an_item_is_its_words():
    assert TaskData(CORPUS, of_sentences(CORPUS)).types() == ["a b", "c", "a b"]
    spans = np.array([[[0, 2], [1, 2]], [[0, 1], [0, 1]]])
    pairs = Labels(Units(ints(0, 1), spans), ints(0, 0), ("x",))
    assert TaskData(CORPUS, pairs).types() == ["a b\tb", "c\tc"]
    trees = Trees(ints(-1, 0, -1, -1, 0), np.ones(5, bool), ints(0, 0, 0, 0, 0), ("r",), ints(0))
    with pytest.raises(DataError, match="only labels have word types"):
        TaskData(CORPUS, trees).types()


def test_a_digest_tells_its_pieces_apart():
    assert data.digest("ab", "c") != data.digest("a", "bc")
    assert data.digest(b"ab") == data.digest(memoryview(b"ab")) != data.digest("ab")
    assert len(data.digest()) == 32
