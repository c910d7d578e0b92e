"""Exact match, F1, thresholds and spans: the official rules by hand, and against slow copies."""

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sondage.errors import DataError
from sondage.scores import (
    NO_SPAN,
    best_spans,
    best_threshold,
    grade_answers,
    least_over_windows,
    normalised_answer,
    token_f1,
)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("The  Quick\tfox!", "quick fox"),
        ("the", ""),
        ("%", ""),
        ("a.k.a.", "aka"),
        ("A.D. 70", "ad 70"),
        ("“the” answer", "“ ” answer"),
        ("l'été", "lété"),
        ("theatre an-the", "theatre anthe"),
        ("\u00a0x\u2003y ", "x y"),
        ("3½ %", "3½"),
        ("", ""),
    ],
)
def test_normalising_by_hand(text, wanted):
    assert normalised_answer(text) == wanted


@pytest.mark.parametrize(
    ("predicted", "gold", "v1", "v2"),
    [
        ("the", "a", 0.0, 1.0),  # neither has a word left
        ("", "the", 0.0, 1.0),
        ("", "x", 0.0, 0.0),
        ("x", "", 0.0, 0.0),
        ("x x y", "x", 0.5, 0.5),  # a multiset: one x is shared
        ("x x", "x x z", 0.8, 0.8),
        ("“x”", "x", 0.0, 0.0),  # curly quotes stay
        ('"x"', "x", 1.0, 1.0),
        ("y", "x", 0.0, 0.0),
    ],
)
def test_f1_by_hand(predicted, gold, v1, v2):
    assert token_f1(predicted, gold, "v1") == pytest.approx(v1)
    assert token_f1(predicted, gold, "v2") == pytest.approx(v2)


def test_the_best_gold_counts_for_each_score_by_itself():
    found = grade_answers(["x y", "", "y"], [["x y z w", "y"], [], ["the", "y"]])
    assert found.exact.tolist() == [False, True, True]
    assert found.f1 == pytest.approx([2 / 3, 1, 1])
    assert found.scores == {"exact_match": pytest.approx(2 / 3), "f1": pytest.approx(8 / 9)}


def test_gold_answers_without_a_word_left():
    golds, predicted = [["%"], ["%"], ["the", "x"]], ["", "x", ""]
    assert grade_answers(predicted, golds, "v2").exact.tolist() == [True, False, False]
    assert grade_answers(predicted, golds, "v2").f1.tolist() == [1.0, 0.0, 0.0]
    assert grade_answers(predicted, golds, "v1").exact.tolist() == [True, False, True]
    assert grade_answers(predicted, golds, "v1").f1.tolist() == [0.0, 0.0, 0.0]


def test_a_missing_prediction_is_wrong_by_the_first_rules_and_left_out_by_the_second():
    golds = [["x"], ["x"]]
    assert grade_answers([None, "x"], golds, "v1").scores == {"exact_match": 0.5, "f1": 0.5}
    assert grade_answers([None, "x"], golds, "v2").scores == {"exact_match": 1.0, "f1": 1.0}


def test_what_does_not_fit_is_refused():
    with pytest.raises(DataError, match="question 1 has no gold answer"):
        grade_answers(["x", ""], [["x"], []], "v1")
    with pytest.raises(DataError, match="1 predicted answers for 2"):
        grade_answers(["x"], [["x"], []])
    with pytest.raises(DataError, match="at least one"):
        best_threshold(*(np.zeros(0),) * 4)
    with pytest.raises(DataError, match="for 2 windows"):
        best_spans(np.zeros((1, 3)), np.zeros((1, 3)), np.zeros(2, int), n_questions=1)
    with pytest.raises(DataError, match="at least 1"):
        best_spans(np.zeros((1, 3)), np.zeros((1, 3)), np.zeros(1, int), n_questions=1, longest=0)


# The rules written out once more, one answer at a time.


def words(text):
    kept = "".join(c for c in text.lower() if not (c.isascii() and c.isprintable()) or c.isalnum()
                   or c == " ")  # fmt: skip
    out, run = [], ""
    for c in kept + " ":
        if c.isalnum() or c == "_":
            run += c
            continue
        out.append(" " if run in ("a", "an", "the") else run)
        out.append(c)
        run = ""
    return "".join(out).split()


def slow_grade(text, golds, version):
    if version == "v2":
        golds = [g for g in golds if words(g)] or [""]
    exact = max(words(text) == words(g) for g in golds)
    scores = []
    for g in golds:
        p, q = words(text), words(g)
        same = sum(min(p.count(w), q.count(w)) for w in set(p))
        if not p or not q:
            scores.append(float(version == "v2" and p == q))
        else:
            scores.append(2 * same / (len(p) + len(q)))
    return exact, max(scores)


TEXT = st.lists(
    st.sampled_from(
        ["the", "a", "An", "x", "Y", "x", "%", "“", "-", ".", " ", "\t", "é", "½", "3"]
    ),
    max_size=7,
).map("".join)


@given(TEXT, st.lists(TEXT, min_size=1, max_size=3), st.sampled_from(["v1", "v2"]))
@example("the", ["a"], "v1")
def test_grades_against_the_rules_written_out(text, golds, version):
    found = grade_answers([text], [golds], version)
    exact, f1 = slow_grade(text, golds, version)
    assert bool(found.exact[0]) == exact
    assert found.f1[0] == pytest.approx(f1)


def slow_threshold(values, no_answer, answerable, given):
    """Try every threshold that parts the questions."""
    best = (-1.0, None)
    for cut in sorted({-math.inf, *no_answer}):
        total = 0.0
        for v, na, has, said in zip(values, no_answer, answerable, given, strict=True):
            if na > cut:
                total += not has
            else:
                total += v if has else not said
        if total / len(values) > best[0] + 1e-12:
            best = (total / len(values), cut)
    return best


def official_threshold(values, no_answer, answerable, given):
    """The official sweep, question by question."""
    score = best = sum(not has for has in answerable)
    cut = 0.0
    for i in sorted(range(len(values)), key=lambda i: no_answer[i]):
        score += values[i] if answerable[i] else (-1 if given[i] else 0)
        if score > best + 1e-12:
            best, cut = score, no_answer[i]
    return best / len(values), cut


QUESTIONS = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.25, 0.5, 1.0]), st.integers(-2, 2), st.booleans(), st.booleans()
    ),
    min_size=1,
    max_size=9,
)


@given(QUESTIONS)
def test_thresholds_against_every_threshold(questions):
    arrays = [np.array(column) for column in zip(*questions, strict=True)]
    score, cut = best_threshold(*arrays)
    wanted = slow_threshold(*zip(*questions, strict=True))
    assert (score, cut) == (pytest.approx(wanted[0]), wanted[1])
    score, cut = best_threshold(*arrays, within_ties=True)
    wanted = official_threshold(*zip(*questions, strict=True))
    assert score == pytest.approx(wanted[0])
    assert cut == wanted[1] or (cut == -np.inf and wanted[1] == 0.0)


def test_a_threshold_by_hand_and_where_all_say_the_same():
    yes, no = np.array([True]), np.array([False])
    answerable = np.concatenate([yes, no, yes])
    said = np.concatenate([yes, yes, yes])
    values = np.array([1.0, 0.0, 1.0])
    # Answered up to 0.1: one right, one rightly left out.
    assert best_threshold(values, np.array([0.1, 0.5, 0.4]), answerable, said) == (1.0, 0.4)
    # With one and the same score there are two ways: answer all, or none.
    same = np.zeros(3)
    assert best_threshold(values, same, answerable, said) == (pytest.approx(2 / 3), 0.0)
    few = np.array([1.0, 0.0, 0.0])
    assert best_threshold(few, same, answerable[[0, 1, 1]], said)[1] == -np.inf
    # The official script stops between them.
    assert best_threshold(few, same, answerable[[0, 1, 1]], said, within_ties=True) == (1.0, 0.0)


# Spans.


def slow_spans(start, end, question, q, n, longest, of_each):
    found = []
    for w in range(len(start)):
        if question[w] != q:
            continue
        t = len(start[w])
        k = t if of_each is None else of_each
        starts = sorted(range(t), key=lambda i: -start[w][i])[:k]
        ends = sorted(range(t), key=lambda i: -end[w][i])[:k]
        for s in starts:
            for e in ends:
                score = start[w][s] + end[w][e]
                if s <= e < s + longest and score > -np.inf:
                    found.append((-score, w, s, e + 1))
    return [(w, s, e, -score) for score, w, s, e in sorted(found)[:n]]


LOGIT = st.sampled_from([-math.inf, -1.0, 0.0, 0.5, 2.0])


@st.composite
def logits(draw):
    t, w = draw(st.integers(1, 6)), draw(st.integers(0, 4))
    table = st.lists(st.lists(LOGIT, min_size=t, max_size=t), min_size=w, max_size=w)
    start, end = (np.array(draw(table), np.float32).reshape(w, t) for _ in range(2))
    question = draw(st.lists(st.integers(0, 2), min_size=w, max_size=w))
    return start, end, np.array(question, np.int64)


@given(logits(), st.integers(1, 5), st.integers(1, 7), st.one_of(st.none(), st.integers(1, 4)))
def test_spans_against_all_spans(given_logits, n, longest, of_each):
    start, end, question = given_logits
    found = best_spans(start, end, question, n_questions=3, n=n, longest=longest, of_each=of_each)
    for q in range(3):
        wanted = slow_spans(start, end, question, q, n, longest, of_each)
        rows = list(zip(*(x[q].tolist() for x in (found.window, found.start, found.end)),
                        found.score[q].tolist(), strict=True))  # fmt: skip
        assert rows[: len(wanted)] == wanted
        assert all(row == (NO_SPAN, NO_SPAN, NO_SPAN, -math.inf) for row in rows[len(wanted) :])


def test_what_the_best_starts_and_ends_miss_is_found_by_looking_at_all():
    # The best end lies before the best start.
    start, end = np.array([[0.0, 1.0, 9.0]]), np.array([[9.0, 1.0, -np.inf]])
    question = np.zeros(1, np.int64)
    few = best_spans(start, end, question, n_questions=1, of_each=1)
    assert few.start.tolist() == [[NO_SPAN]]
    found = best_spans(start, end, question, n_questions=1)
    assert (found.start[0, 0], found.end[0, 0], found.score[0, 0]) == (0, 1, 9.0)


def test_a_question_has_no_answer_only_if_every_window_says_so():
    found = least_over_windows(np.array([3.0, -1.0, 2.0]), np.array([0, 0, 2]), 3)
    assert found.tolist() == [-1.0, np.inf, 2.0]
