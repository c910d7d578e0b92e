"""From logits of start and end to the best spans, over the windows of a question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from sondage.data import Ints
from sondage.errors import DataError

#: Where there are fewer spans than were asked for, the score is -inf and the place this.
NO_SPAN = -1


@dataclass(frozen=True)
class SpanList:
    """The best spans of each question, best first.

    Parameters
    ----------
    window, start, end : int64 arrays, shape (q, n)
        Window, and positions within it, half-open; `NO_SPAN` where there is no further span.
    score : float64 array, shape (q, n)
        Logit of the start plus that of the end; -inf where there is no further span.
    """

    window: Ints
    start: Ints
    end: Ints
    score: NDArray[np.float64]


def best_spans(
    start: NDArray[Any],
    end: NDArray[Any],
    question: Ints,
    *,
    n_questions: int,
    n: int = 1,
    longest: int = 30,
    of_each: int | None = None,
) -> SpanList:
    """Find the spans with the greatest sum of two logits.

    Parameters
    ----------
    start, end : float arrays, shape (w, t)
        Logits of the first and of the last position of a span, window by window; -inf where
        none may begin or end (padding, the question, special tokens).
    question : int64 array, shape (w,), values in 0..n_questions-1
        The question that each window belongs to.
    n_questions : int
    n : int
        Spans of a question.
    longest : int
        The most positions of a span.
    of_each : int, optional
        Look at combinations of only so many best starts and ends of each window, as
        `transformers`' example and BERT's script do (20): what these miss may be better than what
        they find. By default every span is looked at.

    Returns
    -------
    SpanList
        Of equal scores the one in the first window comes first, there the one with the earlier
        start, then the shorter one.

    Raises
    ------
    DataError
        If the shapes do not fit, or `longest` or `n` is less than 1.
    """
    if start.shape != end.shape or start.ndim != 2 or len(question) != len(start):
        raise DataError(
            f"logits of start {start.shape} and of end {end.shape} for {len(question)} windows"
        )
    if min(longest, n) < 1:
        raise DataError(f"{n} spans of at most {longest} positions: both are at least 1")
    places = np.full((3, n_questions, n), NO_SPAN, np.int64)
    scores = np.full((n_questions, n), -np.inf)
    order = np.argsort(question, kind="stable")
    edges = np.searchsorted(question[order], np.arange(n_questions + 1))
    for q in range(n_questions):
        windows = order[edges[q] : edges[q + 1]]
        if len(windows):
            first_of, last_of = (_foremost(logits[windows], of_each) for logits in (start, end))
            sums = _sums(first_of, last_of, longest)
            flat = _greatest(sums.ravel(), n)
            window, first, more = np.unravel_index(flat, sums.shape)
            scores[q, : len(flat)] = sums.ravel()[flat]
            places[:, q, : len(flat)] = windows[window], first, first + more + 1
    return SpanList(places[0], places[1], places[2], scores)


def _foremost(logits: NDArray[Any], k: int | None) -> NDArray[np.float64]:
    """Return logits with all but the k greatest of each row at -inf; the first of equal ones."""
    logits = np.asarray(logits, np.float64)
    if k is None or k >= logits.shape[1]:
        return logits
    kept = np.argsort(-logits, axis=1, kind="stable")[:, :k]
    out = np.full_like(logits, -np.inf)
    np.put_along_axis(out, kept, np.take_along_axis(logits, kept, 1), 1)
    return out


def _sums(
    start: NDArray[np.float64], end: NDArray[np.float64], longest: int
) -> NDArray[np.float64]:
    """Return the score of each span by window, start and length less 1."""
    longest = min(longest, start.shape[1])
    padded = np.pad(end, ((0, 0), (0, max(longest - 1, 0))), constant_values=-np.inf)
    return start[:, :, None] + sliding_window_view(padded, max(longest, 1), axis=1)


def _greatest(values: NDArray[np.float64], n: int) -> Ints:
    """Return where the n greatest are that are not -inf, the greatest first, then in order."""
    if n < len(values):
        least = np.partition(values, len(values) - n)[len(values) - n]
        places = np.flatnonzero((values >= least) & (values > -np.inf))
    else:
        places = np.flatnonzero(values > -np.inf)
    return places[np.argsort(-values[places], kind="stable")][:n]


def least_over_windows(values: NDArray[Any], question: Ints, n_questions: int) -> NDArray[Any]:
    """Return the least value over the windows of each question; inf for one without windows.

    Of the sum of both logits at the place that stands for no answer this is a question's
    score for having none: it has none only if every window says so.

    Parameters
    ----------
    values : float array, shape (w,)
    question : int64 array, shape (w,), values in 0..n_questions-1
    """
    out = np.full(n_questions, np.inf)
    np.minimum.at(out, question, np.asarray(values, np.float64))
    return out
