"""The probe: by hand, on problems as the core hands them over, and in a run of its own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sondage.data import Corpus, Rankings, Split, States, TaskData, Units, offsets_of
from sondage.errors import DataError, EncodingError
from sondage.testing import toys
from sondage_pairwise import PairwiseRanking, rank
from sondage_pairwise.places import context_lengths, contexts_of, places_of


def ints(*values):
    return np.array(values, np.int64)


# Two questions about one context of four words, and one about another of three. Words:
# 0 q0, 1-4 context | 5 q1, 6-9 the same context | 10 q2, 11-13 context.
WORDS = np.array(
    [[1, 0], [1, 1], [1, 0], [0, 1], [1, -1],
     [0, 1], [1, 1], [1, 0], [0, 2], [1, -1],
     [1, 1], [1, 1], [1, 0], [0, 1]],
    np.float32,
)  # fmt: skip


def question_problem(vectors=WORDS, **rest):
    context, other = ["a", "b", "c", "d"], ["x", "y", "z"]
    corpus = Corpus.of_words(
        [["q0"], ["q1"], ["q2"]], second=[context, context, other], name="questions"
    )
    sentence = np.repeat([0, 1, 2], [5, 5, 4])
    units = Units.of_words(sentence, np.concatenate([np.arange(5), np.arange(5), np.arange(4)]))
    target = Rankings(
        units,
        anchor=ints(0, 5, 10),
        match=ints(1, 8, 11),
        candidates=ints(2, 3, 4, 6, 7, 9, 12, 13),
        offsets=ints(0, 3, 6, 8),
    )
    none = ints()
    data = TaskData(corpus, target, fixed=Split(none, none, ints(0, 1, 2)))
    return toys.ToyProblem(data, [vectors], **rest)


def only_result(probe, problem):
    ((_, _, result),) = probe.run_layers(problem)
    return result


def test_by_hand():
    # q0 = (1, 0), match (1, 1): beaten by (1, 0), beats (0, 1), ties with (1, -1): 1.5 of 3.
    # q1 = (0, 1), match (0, 2): beats all 3. q2 = (1, 1): beats both.
    found = only_result(PairwiseRanking(), question_problem())
    assert found.scores["cosine_auc"] == pytest.approx((0.5 + 1 + 1) / 3)
    assert found.scores["cosine_micro_auc"] == pytest.approx((1.5 + 3 + 2) / 8)
    assert found.outcomes.values == pytest.approx([0.5, 1, 1])
    assert found.outcomes.groups.tolist() == [0, 0, 2]
    table = found.tables["ranked"]
    assert table["ranked"] == ["match", "other anchor", "random word", "best possible"]
    assert table["macro"][2:] == [0.5, 1.0]
    assert table["low"][2:] == table["micro_high"][2:] == [None, None]
    assert table["low"][0] < table["macro"][0] < table["high"][0]
    assert table["contexts"] == [2, 2, 2, 2]


def test_by_hand_as_printed():
    found = only_result(PairwiseRanking(paper=True), question_problem())
    assert found.scores["cosine_share"] == pytest.approx((1 / 4 + 3 / 4 + 2 / 3) / 3)
    assert found.scores["cosine_micro_share"] == pytest.approx((1 + 3 + 2) / (4 + 4 + 3))
    table = found.tables["ranked"]
    # (3 - 1) / 2 of 4 words, twice, and (2 - 1) / 2 of 3; of 3, 3 and 2 candidates all.
    assert table["macro"][2:] == pytest.approx(
        [(1 / 4 + 1 / 4 + 1 / 6) / 3, (3 / 4 + 3 / 4 + 2 / 3) / 3]
    )
    assert table["micro"][2:] == pytest.approx([2.5 / 11, 8 / 11])


def test_other_anchors_are_of_other_contexts():
    # Only one of the two questions about the first context can have the anchor of the third.
    found = only_result(PairwiseRanking(), question_problem())
    assert found.warnings == {"examples-without-other-anchor": 1}
    assert found.tables["ranked"]["examples"] == [3, 2, 3, 3]


def slow_other(problem, layer, measure, other):
    target, X = problem.data.target, problem.vectors(layer)
    swapped = target.anchor[problem.splits[0].test][other]
    test = problem.splits[0].test
    parts = [target.candidates[target.offsets[i] : target.offsets[i + 1]] for i in test]
    offsets = offsets_of(len(p) for p in parts)
    return rank(X, swapped, target.match[test], np.concatenate(parts), offsets, measure=measure)


@pytest.mark.parametrize("measure", ["cosine", "euclidean"])
def test_other_anchors_rank_as_the_library_does(measure):
    from sondage_pairwise import other_anchors

    problem = toys.ranking_problem(candidates=7, n=40)
    probe = PairwiseRanking(measure=measure)
    for layer, seed, found in probe.run_layers(problem):
        if seed:
            continue
        groups = problem.data.target.sentence[problem.splits[0].test]
        slow = slow_other(problem, layer, measure, other_anchors(groups))
        assert found.scores[f"{measure}_other_anchor_auc"] == pytest.approx(slow.shares.mean())
        assert found.scores[f"{measure}_auc"] > 0.9 > found.scores[f"{measure}_other_anchor_auc"]


def test_spans_are_the_mean_of_their_words():
    problem = question_problem()
    target = problem.data.target
    spans = target.units.spans.copy()
    spans[1, 0] = (1, 3)  # the match is "a b"
    spans[3, 0] = (3, 5)  # a candidate is "c d"
    units = Units(target.units.sentence, spans)
    data = replace(problem.data, target=replace(target, units=units))
    moved = problem.only(data=data)
    found = only_result(PairwiseRanking(measure="euclidean"), moved)
    X = WORDS.copy()
    X[1], X[3] = WORDS[1:3].mean(axis=0), WORDS[3:5].mean(axis=0)
    wanted = rank(X, target.anchor, target.match, target.candidates, target.offsets,
                  measure="euclidean")  # fmt: skip
    assert np.array_equal(found.outcomes.values, wanted.shares)


def test_what_cannot_be_measured_is_counted():
    X = WORDS.copy()
    X[8] = 0  # the match of the second example
    X[3] = 0  # a candidate of the first
    problem = question_problem(X)
    target = replace(
        problem.data.target, candidates=ints(2, 3, 4, 6, 7, 9), offsets=ints(0, 3, 6, 6)
    )
    found = only_result(PairwiseRanking(), problem.only(data=replace(problem.data, target=target)))
    assert found.outcomes.items.tolist() == [0]
    assert found.scores["cosine_auc"] == 0.25
    assert found.warnings["examples-without-candidates"] == 1
    assert found.warnings["examples-with-zero-vectors"] == 1
    assert found.warnings["pairs-with-zero-vectors"] == 4


def test_nothing_to_compare_is_an_error():
    problem = question_problem()
    target = replace(problem.data.target, candidates=ints(), offsets=ints(0, 0, 0, 0))
    empty = problem.only(data=replace(problem.data, target=target))
    with pytest.raises(DataError, match="none of 3 examples has a candidate"):
        only_result(PairwiseRanking(), empty)


def test_other_targets_are_refused():
    with pytest.raises(DataError, match="wants rankings, but toy problem has Labels"):
        only_result(PairwiseRanking(), toys.labelled_problem())


def test_rows_that_are_no_words_are_refused():
    problem = question_problem()
    states, corpus = problem.states(0), problem.data.corpus
    fewer = replace(states, offsets=ints(0, 4, 9, 13))
    with pytest.raises(EncodingError, match="sentence 0 has 4 rows for 5 words"):
        places_of(problem.data.target.units, fewer, corpus)
    with pytest.raises(DataError, match=r"unit 0 has the span 4 to 6 in sentence 0, which has 5"):
        places_of(Units(ints(0), np.array([[[4, 6]]])), states, corpus)
    with pytest.raises(DataError, match="not pairs"):
        places_of(Units.of_words(ints(0), ints(0), ints(1)), states, corpus)


def test_repeated_texts_are_read_once_and_counted_as_often():
    problem = question_problem()
    corpus = problem.data.corpus.take([0, 1, 2, 0])
    target = problem.data.target
    sentence = np.concatenate([target.units.sentence, [3] * 5])
    spans = np.concatenate([target.units.spans, target.units.spans[:5]])
    more = Rankings(
        Units(sentence, spans), ints(0, 5, 10, 14), ints(1, 8, 11, 15),
        np.concatenate([target.candidates, ints(16, 17, 18)]), ints(0, 3, 6, 8, 11),
    )  # fmt: skip
    data = TaskData(corpus, more, fixed=Split(ints(), ints(), np.arange(4)))
    again = toys.ToyProblem(data, [np.concatenate([WORDS, WORDS[:5]])])
    found = only_result(PairwiseRanking(), again)
    assert found.outcomes.values == pytest.approx([0.5, 1, 1, 0.5])
    assert found.outcomes.groups.tolist() == [0, 0, 2, 0]


def test_texts_without_words_have_contexts_but_no_lengths():
    texts, asked = ["q", "r", "s"], ints(0, 1, 2)
    assert contexts_of(Corpus(texts, second=["same", "same", "other"]), asked).tolist() == [0, 0, 2]
    assert contexts_of(Corpus(["t", "u", "t"]), asked).tolist() == [0, 1, 0]
    assert contexts_of(Corpus(texts), asked, ints(5, 7, 7)).tolist() == [0, 1, 1]
    with pytest.raises(DataError, match="corpus has no words, so the paper's denominator"):
        context_lengths(Corpus(texts), asked)


def test_units_may_be_sentences():
    corpus = Corpus(["t", "u", "t"])
    states = States(np.ones((2, 3), np.float32), ints(0, 1, 2))
    assert places_of(Units.of_sentences(3), states, corpus).start.tolist() == [0, 1, 0]
    with pytest.raises(EncodingError, match="one vector a sentence"):
        places_of(Units.of_sentences(3), States(states.values, ints(0, 2, 2)), corpus)
