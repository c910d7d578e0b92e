"""Questions with their contexts as windows: slices of a pool of subwords."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sondage.data import Ints, offsets_of, ranges
from sondage.errors import EncodingError, ParameterError
from sondage_transformers.question_pool import QuestionPool
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
