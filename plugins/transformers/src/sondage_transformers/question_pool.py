"""Questions and their contexts in subwords: each distinct text is cut once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sondage.data import Corpus, Ints
from sondage.errors import EncodingError
from sondage_transformers.tokens import Tokens


@dataclass(frozen=True)
class QuestionPool:
    """The subwords of questions and of their distinct contexts, one after the other.

    Parameters
    ----------
    ids : int64 array
    places : int32 array, shape (len(ids), 2)
        Characters of its context that a subword stands for, half-open.
    question, context : int64 arrays, shape (n, 2)
        Which of `ids` are the question (cut) and its context.
    which : int64 array, shape (n,)
        Number of the distinct context.
    bounds : int64 array, shape (k + 1,)
        Context j owns ``ids[bounds[j]:bounds[j + 1]]``.
    cut : bool array, shape (n,)
        Whether the question is longer than what is read of it.
    """

    ids: Ints
    places: NDArray[np.int32]
    question: Ints
    context: Ints
    which: Ints
    bounds: Ints
    cut: NDArray[np.bool_]

    @classmethod
    def of(cls, corpus: Corpus, sentences: Ints, tokens: Tokens, longest: int) -> QuestionPool:
        """Cut the texts of some pairs: each question, and each context that differs.

        Parameters
        ----------
        longest : int
            The subwords of a question that are read.
        """
        known: dict[str, int] = {}
        second = corpus.second or [None] * len(corpus)
        which = np.fromiter(
            (known.setdefault(second[i] or "", len(known)) for i in sentences),
            np.int64,
            len(sentences),
        )
        asked, begin = tokens.of_texts([corpus.texts[i] for i in sentences])
        ids, bounds, places = tokens.placed_texts(list(known))
        length = np.minimum(np.diff(begin), longest)
        question = np.stack([begin[:-1], begin[:-1] + length], axis=1)
        bounds = bounds + len(asked)
        context = np.stack([bounds[which], bounds[which + 1]], axis=1)
        parts = [asked, ids]
        empty = (length == 0) & (context[:, 0] == context[:, 1])
        if empty.any():
            if tokens.substitute is None:
                raise EncodingError(
                    "the tokenizer gives an empty question with an empty context no subword and "
                    "has no unknown token to put instead",
                    where=str(tokens.checkpoint.folder),
                )
            question[empty] = [bounds[-1], bounds[-1] + 1]
            parts.append(np.array([tokens.substitute], np.int64))
        flat = np.concatenate(parts)
        placed = np.zeros((len(flat), 2), np.int32)
        placed[len(asked) : len(asked) + len(ids)] = places
        return cls(flat, placed, question, context, which, bounds, np.diff(begin) > longest)

    @cached_property
    def numbers(self) -> Ints:
        """The places in `ids`, which windows have for units."""
        return np.arange(len(self.ids), dtype=np.int64)

    @cached_property
    def spelled(self) -> NDArray[np.bool_]:
        """Whether a subword stands for at least one character of a context."""
        found: NDArray[np.bool_] = self.places[:, 1] > self.places[:, 0]
        return found

    def sizes(self) -> tuple[Ints, Ints]:
        """Return the subwords of each question and of its context."""
        question: Ints = np.diff(self.question)[:, 0]
        context: Ints = np.diff(self.context)[:, 0]
        return question, context

    def subwords_of(self, which: Ints, start: Ints, end: Ints) -> tuple[Ints, Ints]:
        """Return the subwords that cover characters of contexts, half-open; -1, -1 for none.

        Parameters
        ----------
        which : int64 array, shape (m,)
            Numbers of distinct contexts.
        start, end : int64 arrays, shape (m,)
            Characters, half-open.
        """
        base, stop = int(self.bounds[0]), int(self.bounds[-1])
        owner = np.repeat(np.arange(len(self.bounds) - 1), np.diff(self.bounds))
        places = self.places[base:stop].astype(np.int64)
        far = 1 + max(int(places.max(initial=0)), int(end.max(initial=0)))
        # Some tokenizers give characters out of order: the first subword that ends behind the
        # start, and the last that begins before the end, are those of running extremes too.
        ends = np.maximum.accumulate(owner * far + places[:, 1])
        starts = np.minimum.accumulate((owner * far + places[:, 0])[::-1])[::-1]
        first = np.searchsorted(ends, which * far + start, side="right") + base
        last = np.searchsorted(starts, which * far + end, side="left") + base
        there = (first < last) & (first >= self.bounds[which]) & (last <= self.bounds[which + 1])
        return np.where(there, first, -1), np.where(there, last, -1)
