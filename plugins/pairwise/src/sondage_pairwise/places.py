"""Where the vectors of a task's units lie among an encoder's rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sondage.data import Corpus, Ints, States, Units
from sondage.data.corpus import ranges
from sondage.errors import DataError, EncodingError


@dataclass(frozen=True)
class Places:
    """The rows of each unit: ``start`` to ``start + length``, shape (m,) both."""

    start: Ints
    length: Ints

    def single(self, units: Ints) -> bool:
        """Tell whether these units have one row each."""
        return bool(np.all(self.length[units] == 1))

    def pooled(self, values: NDArray[Any], units: Ints) -> NDArray[Any]:
        """Return the mean row of each of these units, shape (n, d)."""
        start, length = self.start[units], self.length[units]
        if np.all(length == 1):
            return np.asarray(values)[start]
        cuts = np.concatenate([[0], np.cumsum(length)[:-1]])
        rows = np.asarray(values)[ranges(start, length)]
        if rows.dtype.itemsize < 4:
            rows = rows.astype(np.float32)
        return np.asarray(np.add.reduceat(rows, cuts, axis=0) / length[:, None], rows.dtype)


def places_of(units: Units, states: States, corpus: Corpus) -> Places:
    """Return where units are in the rows of a corpus' distinct sentences.

    Parameters
    ----------
    units : Units
        Sentences, words or spans.
    states : States
        As `sondage.contracts.Problem.distinct_states` gives them.
    corpus : Corpus

    Raises
    ------
    DataError
        For pairs of spans, and for a span that is empty or leaves its sentence.
    EncodingError
        If the rows are not one a sentence, or one a word.
    """
    first, inverse = corpus.unique
    place = inverse[units.sentence]
    rows = np.diff(states.offsets)
    if units.arity > 1:
        raise DataError(
            f"{corpus.name}: pairwise.ranking compares sentences, words or spans, not pairs",
            hint="give anchor, match and candidates as units of their own",
        )
    if units.arity == 0:
        _check_rows(rows, np.ones(len(first), np.int64), first, corpus, "sentence")
        return Places(states.offsets[place], np.ones(len(place), np.int64))
    if corpus.offsets is not None:
        _check_rows(rows, np.diff(corpus.offsets)[first], first, corpus, "word")
    start, end = units.spans[:, 0, 0], units.spans[:, 0, 1]
    bad = np.flatnonzero((start < 0) | (start >= end) | (end > rows[place]))
    if len(bad):
        i = int(bad[0])
        raise DataError(
            f"{corpus.name}: unit {i} has the span {int(start[i])} to {int(end[i])} in sentence "
            f"{int(units.sentence[i])}, which has {int(rows[place[i]])} words"
        )
    return Places(states.offsets[place] + start, end - start)


def _check_rows(rows: Ints, wanted: Ints, first: Ints, corpus: Corpus, what: str) -> None:
    if np.array_equal(rows, wanted):
        return
    i = int(np.flatnonzero(rows != wanted)[0]) if len(rows) == len(wanted) else 0
    raise EncodingError(
        f"{corpus.name}: pairwise.ranking takes one vector a {what}, but sentence "
        f"{int(first[i])} has {int(rows[i])} rows for {int(wanted[i])} {what}s",
        hint=f"choose a view with a row per {what}",
    )


def contexts_of(corpus: Corpus, sentences: Ints, groups: Ints | None = None) -> Ints:
    """Return the first of these sentences that has the same context, for each of them.

    The context is the group of a sentence, where the data has such: its paragraph or document.
    Otherwise it is the second text of a pair, or the whole of a single one.
    """
    seen: dict[object, int] = {}
    known: dict[int, int] = {}
    for s in np.unique(sentences).tolist():
        context = _context(corpus, s) if groups is None else int(groups[s])
        known[s] = seen.setdefault(context, s)
    return np.asarray([known[s] for s in sentences.tolist()], np.int64)


def _context(corpus: Corpus, sentence: int) -> object:
    if corpus.boundary is not None:
        return tuple(corpus.words_of(sentence)[int(corpus.boundary[sentence]) :])
    second = None if corpus.second is None else corpus.second[sentence]
    return corpus.key(sentence) if second is None else second


def context_lengths(corpus: Corpus, sentences: Ints) -> Ints:
    """Return how many words the context of each of these sentences has.

    Raises
    ------
    DataError
        If the corpus has no words.
    """
    if corpus.offsets is None:
        raise DataError(
            f"{corpus.name} has no words, so the paper's denominator is not known",
            hint="leave 'paper' out",
        )
    words = np.diff(corpus.offsets)
    if corpus.boundary is not None:
        words = words - corpus.boundary
    return np.asarray(words[sentences], np.int64)
