"""Questions with their contexts as windows: each text is cut into subwords once, then sliced."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sondage.data import Corpus, Ints, offsets_of, ranges
from sondage.errors import EncodingError, ParameterError
from sondage_transformers.ragged import starts_of
from sondage_transformers.subwords import Subwords
from sondage_transformers.tokens import Tokens
from sondage_transformers.windows import Windows, assembled

_WHERE = "transformers.finetuned"


@dataclass(frozen=True)
class WindowPlan:
    """How the contexts of questions are cut into windows that overlap.

    Parameters
    ----------
    limit : int, optional
        The most subwords of a window, special tokens included; None for one window a question.
    longest_question : int
        The subwords of a question that are read.
    overlap : int
        How many subwords of context two neighbouring windows share (`transformers` calls it
        ``stride``).
    step : int, optional
        How far apart windows begin instead, in subwords of context (BERT's ``doc_stride``); at
        most the room that there is.
    n_special : int
        Special tokens of a window.
    """

    limit: int | None
    longest_question: int
    overlap: int
    step: int | None
    n_special: int

    @classmethod
    def fitting(
        cls,
        limit: int | None,
        n_special: int,
        *,
        longest_question: int,
        overlap: int | None,
        step: int | None,
    ) -> WindowPlan:
        """Return a plan that always goes on: a question takes half of a window at most.

        Parameters
        ----------
        overlap : int, optional
            By default a third of the limit, or as much as lets windows go on.

        Raises
        ------
        ParameterError
            If both `overlap` and `step` are given, or the overlap takes all the room that the
            longest question leaves.
        EncodingError
            If the limit leaves no room beside the special tokens.
        """
        if overlap is not None and step is not None:
            raise ParameterError(
                "overlap and window_step are two ways to say one thing",
                where=_WHERE,
                hint="one of them: overlap is transformers' stride, window_step BERT's doc_stride",
            )
        if limit is None:
            return cls(None, longest_question, 0, None, n_special)
        longest = min(longest_question, (limit - n_special) // 2)
        room = limit - n_special - longest
        if room < 1:
            raise EncodingError(f"a maximum of {limit} subwords leaves no room for a context")
        most = room - 1
        if overlap is not None and overlap > most:
            raise ParameterError(
                f"overlap: {overlap}, but beside a question of {longest} subwords a window of "
                f"{limit} has room for {room}: the next one would not go on",
                where=_WHERE,
                hint=f"at most {most}; or a smaller max_question, or a larger max_length",
            )
        return cls(
            limit, longest, min(limit // 3, most) if overlap is None else overlap, step, n_special
        )

    def starts(self, question: Ints, context: Ints) -> tuple[Ints, Ints, Ints]:
        """Return where in its context each window begins and ends.

        Parameters
        ----------
        question, context : int64 arrays, shape (n,)
            Subwords of each question (cut) and of its context.

        Returns
        -------
        count : int64 array, shape (n,)
            Windows of each question, at least one.
        begin, end : int64 arrays, shape (sum of count,)
            Windows follow each other until one reaches the context's end.
        """
        if self.limit is None:
            return np.ones_like(context), np.zeros_like(context), context
        room = self.limit - self.n_special - question
        step = room - self.overlap if self.step is None else np.minimum(self.step, room)
        count = 1 + np.maximum(-(-(context - room) // step), 0)
        begin = ranges(np.zeros_like(count), count) * np.repeat(step, count)
        return count, begin, np.minimum(begin + np.repeat(room, count), np.repeat(context, count))


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


@dataclass(frozen=True)
class QuestionWindows:
    """The windows of some questions.

    Parameters
    ----------
    windows : Windows
        Its units are places in the pool.
    context : int64 array, shape (w, 2)
        Which of the pool's subwords a window has of its context.
    begin : int64 array, shape (w,)
        Position of the first of these in the window.
    null : int64 array, shape (w,)
        Position that stands for no answer.
    """

    windows: Windows
    context: Ints
    begin: Ints
    null: Ints


def question_windows(
    pool: QuestionPool, chosen: Ints, plan: WindowPlan, tokens: Tokens
) -> QuestionWindows:
    """Lay out the windows of some questions of a pool.

    Parameters
    ----------
    chosen : int64 array
        Questions, by their places in the pool's arrays.
    """
    question, context = pool.question[chosen], pool.context[chosen]
    count, begin, end = plan.starts(np.diff(question)[:, 0], np.diff(context)[:, 0])
    owner = np.repeat(np.arange(len(chosen), dtype=np.int64), count)
    asked, of = question[owner], np.stack([begin, end], axis=1) + context[owner][:, :1]
    ones = np.ones((len(owner), 3), np.int64)
    content = _as_content(pool, chosen, count)
    windows = assembled(
        content,
        np.concatenate([owner[:, None], asked, of, ones], axis=1),
        (tokens.single, tokens.pair),
        0 * count,
    )
    ahead, between, _ = (len(part) for part in tokens.pair.parts)
    where = ahead + np.diff(asked)[:, 0] + between
    return QuestionWindows(windows, of, where, _nulls(windows, tokens, asked, of))


def _as_content(pool: QuestionPool, chosen: Ints, count: Ints) -> Subwords:
    none = np.zeros(len(chosen), np.int64)
    return Subwords(
        sentences=chosen,
        ids=pool.ids,
        offsets=offsets_of(count),
        middle=none,
        unit=pool.numbers,
        n_words=none,
        replaced=none,
        empty=none,
        otherwise=none,
        pairs=np.ones(len(chosen), np.bool_),
    )


def _nulls(windows: Windows, tokens: Tokens, asked: Ints, of: Ints) -> Ints:
    """Return where each window has its classification token; without one, its last subword."""
    token = getattr(tokens.tokenizer, "cls_token_id", None)
    before = starts_of(np.array([len(part) for part in tokens.pair.parts]))
    texts = (0, np.diff(asked)[:, 0], np.diff(asked)[:, 0] + np.diff(of)[:, 0])
    for start, text, part in zip(before, texts, tokens.pair.parts, strict=True):
        for k, (special, _) in enumerate(part):
            if special == token:
                found: Ints = start + k + text + np.zeros_like(windows.lengths)
                return found
    return windows.lengths - 1
