"""Exact match and F1 of SQuAD, and the threshold below which a question is answered."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sondage.errors import DataError

#: Whose rules: those of the official script of SQuAD 1.1 or of 2.0.
Rules = Literal["v1", "v2"]

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


def normalised_answer(text: str) -> str:
    """Return a text in lower case, without ASCII punctuation, English articles and extra blanks.

    The four steps come in this order, so that ``"A.D."`` becomes ``"ad"`` and ``"a.k.a."``
    ``"aka"``; other punctuation, such as curly quotes, stays.
    """
    bare = text.lower().translate(_NO_PUNCTUATION)
    return " ".join(_ARTICLES.sub(" ", bare).split())


def token_f1(predicted: str, gold: str, rules: Rules = "v2") -> float:
    """Return the F1 of two answers as multisets of words.

    Parameters
    ----------
    predicted, gold : str
        Normalised here.
    rules : {'v1', 'v2'}
        Where one of them has no word left: 1 if neither has any by the second, 0 by the first.
    """
    p, g = normalised_answer(predicted).split(), normalised_answer(gold).split()
    if not p or not g:
        return float(p == g and rules == "v2")
    same = sum((Counter(p) & Counter(g)).values())
    if not same:
        return 0.0
    precision, recall = same / len(p), same / len(g)
    return 2 * precision * recall / (precision + recall)


@dataclass(frozen=True)
class AnswerGrades:
    """How each answer fared.

    Parameters
    ----------
    exact : bool array, shape (n,)
    f1 : float64 array, shape (n,), from 0 to 1
    counted : bool array, shape (n,)
        False where there is no prediction and the rules leave the question out.
    """

    exact: NDArray[np.bool_]
    f1: NDArray[np.float64]
    counted: NDArray[np.bool_]

    @property
    def scores(self) -> dict[str, float]:
        """``exact_match`` and ``f1``: means over what counts, from 0 to 1."""
        kept = self.counted
        return {"exact_match": float(self.exact[kept].mean()), "f1": float(self.f1[kept].mean())}


def grade_answers(
    predicted: Sequence[str | None], golds: Sequence[Sequence[str]], rules: Rules = "v2"
) -> AnswerGrades:
    """Score predictions, each by the gold answer that suits it best.

    Parameters
    ----------
    predicted : sequence of str or None, length n
        The empty string says that there is no answer; None is no prediction at all.
    golds : sequence of sequences of str, length n
        No gold answer: the question has none in its context.
    rules : {'v1', 'v2'}
        `v2`: gold answers of which normalising leaves nothing do not count, and where none is
        left ``""`` is right; questions without a prediction are left out. `v1`: all gold
        answers count as they are, and a question without a prediction is wrong.

    Raises
    ------
    DataError
        If there are not as many predictions as questions, or a question has no gold answer by
        the rules of SQuAD 1.1, which know no such questions.

    References
    ----------
    Rajpurkar et al. 2016, arXiv:1606.05250, section 6.1; Rajpurkar et al. 2018,
    arXiv:1806.03822, section 4, and the official evaluation scripts of both. Departs from it:
    scores are from 0 to 1, not in percent; by the first rules a question without gold
    answers is an error here, and ends the script.
    """
    if len(predicted) != len(golds):
        raise DataError(f"{len(predicted)} predicted answers for {len(golds)} questions")
    exact, f1 = np.zeros(len(golds), bool), np.zeros(len(golds))
    counted = np.array([rules == "v1" or text is not None for text in predicted], bool)
    for i, (text, of) in enumerate(zip(predicted, golds, strict=True)):
        wanted = _counting(of, rules, i)
        if text is None:
            continue
        own = normalised_answer(text)
        exact[i] = any(own == normalised_answer(gold) for gold in wanted)
        f1[i] = max(token_f1(text, gold, rules) for gold in wanted)
    return AnswerGrades(exact, f1, counted)


def _counting(golds: Sequence[str], rules: Rules, question: int) -> Sequence[str]:
    if rules == "v2":
        return [gold for gold in golds if normalised_answer(gold)] or [""]
    if not golds:
        raise DataError(
            f"question {question} has no gold answer, which the rules of SQuAD 1.1 do not know",
            hint="rules: v2",
        )
    return golds


def best_threshold(
    values: NDArray[Any],
    no_answer: NDArray[Any],
    answerable: NDArray[np.bool_],
    given: NDArray[np.bool_],
    *,
    within_ties: bool = False,
) -> tuple[float, float]:
    """Find the threshold above which questions had best be left without an answer.

    Parameters
    ----------
    values : array, shape (n,)
        Score of each prediction (exact match or F1) if it stands.
    no_answer : float array, shape (n,)
        The higher, the likelier is there no answer: a probability, or `least_over_windows` less
        the score of the best span.
    answerable : bool array, shape (n,)
        Whether the question has gold answers.
    given : bool array, shape (n,)
        Whether the prediction is more than the empty string.
    within_ties : bool
        Let the best lie between questions of one and the same `no_answer`, where no threshold
        can, as the official script does; it depends on their order then.

    Returns
    -------
    score, threshold : float
        The best mean score (``best_exact`` or ``best_f1``, from 0 to 1), and the lowest
        threshold that gives it: questions whose `no_answer` is greater get no answer. It is -inf
        where no question had better be answered (the script says 0.0).

    Raises
    ------
    DataError
        If the arrays are empty or of unlike length.

    References
    ----------
    Rajpurkar et al. 2018, arXiv:1806.03822, the official evaluation script. Departs from it:
    questions of equal `no_answer` stand or fall together, unless `within_ties`; -inf for 0.0.
    """
    n = len(values)
    if not n or {len(no_answer), len(answerable), len(given)} != {n}:
        raise DataError("a threshold needs as many scores as questions, at least one")
    order = np.argsort(no_answer, kind="stable")
    gain = np.where(answerable, np.asarray(values, np.float64), -1.0 * given)[order]
    sums = np.concatenate([[0.0], np.cumsum(gain)]) + float((~answerable).sum())
    cuts = np.concatenate([[-np.inf], np.asarray(no_answer, np.float64)[order]])
    if not within_ties:
        last = np.append(cuts[1:] != cuts[:-1], True)
        sums, cuts = sums[last], cuts[last]
    best = int(sums.argmax())
    return float(sums[best] / n), float(cuts[best])
