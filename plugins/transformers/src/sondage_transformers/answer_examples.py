"""From a task with answers in contexts to batches for training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sondage.data import Answers, Ints, TaskData
from sondage.errors import DataError
from sondage.scores import Rules, normalised_answer
from sondage_transformers.answer_windows import QuestionWindows, WindowPlan, question_windows
from sondage_transformers.batches import batch_of
from sondage_transformers.engine import Engine
from sondage_transformers.examples import Examples, target_of
from sondage_transformers.question_pool import QuestionPool
from sondage_transformers.ragged import starts_of
from sondage_transformers.settings import Settings
from sondage_transformers.span_head import SpanPortion


class AnswerExamples(Examples):
    """Questions with their contexts, cut into windows, a batch at a time.

    Texts are cut into subwords once, each distinct context once; windows are slices.

    Parameters
    ----------
    engine : Engine
    data : TaskData
    items : int64 array
        Which questions of the target.
    settings : Settings
        Says how windows are made, and how long an answer may be.

    Raises
    ------
    DataError
        If the contexts are no second segments, or an answer lies outside its context.
    ParameterError, EncodingError
        As `WindowPlan.fitting`.
    """

    def __init__(self, engine: Engine, data: TaskData, items: Ints, settings: Settings) -> None:
        target = target_of(data)
        assert isinstance(target, Answers)
        self.target, self.items = target, np.sort(np.asarray(items, np.int64))
        super().__init__(engine, data.corpus, target.sentence[self.items], "subwords")
        check_answers(target, data, self.items)
        self.longest = settings.max_answer
        self.plan = WindowPlan.fitting(
            engine.limit,
            engine.tokens.pair.n_special,
            longest_question=settings.max_question,
            overlap=settings.overlap,
            step=settings.window_step,
        )
        self.pool = QuestionPool.of(
            data.corpus, self.sentences, engine.tokens, self.plan.longest_question
        )
        counts = np.diff(target.offsets)
        self.rules: Rules = "v1" if (counts > 0).all() else "v2"
        self.has_gold = counts[self.items] > 0
        # The first gold answer is the one that is learned.
        self._gold = target.offsets[self.items[self.has_gold]]

    @cached_property
    def _spans(self) -> tuple[Ints, Ints]:
        """Subwords of each question's answer in the pool, half-open; -1 where there are none."""
        first, last = np.full((2, len(self.items)), -1, np.int64)
        has, gold = self.has_gold, self._gold
        first[has], last[has] = self.pool.subwords_of(
            self.pool.which[has], self.target.start[gold], self.target.end[gold]
        )
        return first, last

    @cached_property
    def _windows_and_subwords(self) -> tuple[Ints, Ints]:
        question, context = self.pool.sizes()
        count, begin, end = self.plan.starts(question, context)
        owner = np.repeat(np.arange(len(count)), count)
        whole = np.bincount(owner, weights=end - begin, minlength=len(count)).astype(np.int64)
        return count, whole + count * (question + self.plan.n_special)

    @cached_property
    def lengths(self) -> Ints:
        """Subwords of each question's longest window, shape (n,)."""
        question, context = self.pool.sizes()
        count, begin, end = self.plan.starts(question, context)
        longest: Ints = np.maximum.reduceat(end - begin, starts_of(count))
        return longest + question + self.plan.n_special

    def by_length(self) -> Ints:
        """Return the order of the questions, that with the most subwords first."""
        return np.argsort(-self._windows_and_subwords[1], kind="stable")

    def scoring_batches(self, size: int) -> Iterator[Ints]:
        """Yield places of questions: as many as have `size` windows together, or one."""
        order = self.by_length()
        ends = np.cumsum(self._windows_and_subwords[0][order])
        start = 0
        while start < len(order):
            before = ends[start - 1] if start else 0
            stop = max(int(np.searchsorted(ends, before + size, side="right")), start + 1)
            yield order[start:stop]
            start = stop

    def unseen(self, train: Examples) -> int:
        """Return 0: answers are places, not labels."""
        return 0

    def warnings(self) -> Counter[str]:
        """Count what is cut, and which answers cannot be learned or given back.

        ``cut-questions``: only their first subwords are read. ``windowed-contexts``: questions
        with more than one window. ``empty-contexts``: nothing to answer from.
        ``answers-in-no-window``: the answer lies whole in no window, and its question's windows
        are not learned from. ``answers-not-given-back``: the subwords that cover the answer make
        another text, so that no span is right. ``answers-over-maximum``: longer than
        `max_answer` subwords, so that it is never predicted.
        """
        first, last = self._spans
        count = self._windows_and_subwords[0]
        size = last - first
        found = {
            "cut-questions": self.pool.cut,
            "windowed-contexts": count > 1,
            "empty-contexts": self.pool.sizes()[1] == 0,
            "answers-in-no-window": ~self._learnable,
            "answers-not-given-back": self._lost(),
            "answers-over-maximum": size > self.longest,
        }
        return Counter({slug: int(bad.sum()) for slug, bad in found.items() if bad.any()})

    def _lost(self) -> NDArray[np.bool_]:
        """Whether the subwords of the answer make another text than the gold one."""
        first, last = self._spans
        lost = np.zeros(len(self.items), bool)
        second = self.corpus.second
        assert second is not None  # check_answers has seen to it
        for k, gold in zip(np.flatnonzero(self.has_gold), self._gold, strict=True):
            if first[k] < 0:
                lost[k] = True
                continue
            places = self.pool.places
            text = (second[self.sentences[k]] or "")[places[first[k], 0] : places[last[k] - 1, 1]]
            wanted = self.target.texts[gold]
            same = text.strip() == wanted
            lost[k] = not same and normalised_answer(text) != normalised_answer(wanted)
        return lost

    @cached_property
    def _learnable(self) -> NDArray[np.bool_]:
        """False where there is an answer, but no window that holds it whole."""
        count, begin, end = self.plan.starts(*self.pool.sizes())
        owner = np.repeat(np.arange(len(count)), count)
        first, last = (side - self.pool.context[:, 0] for side in self._spans)
        inside = (begin <= first[owner]) & (last[owner] <= end) & (self._spans[0][owner] >= 0)
        held = np.bincount(owner, weights=inside, minlength=len(count)) > 0
        return held | ~self.has_gold

    def windows(self, chosen: Ints) -> QuestionWindows:
        """Return the windows of some questions."""
        return question_windows(self.pool, chosen, self.plan, self.engine.tokens)

    def items_of(self, chosen: Ints) -> tuple[Ints, Ints]:
        """Return some questions as the target numbers them, and the text pair of each."""
        return self.items[chosen], self.sentences[chosen]

    def portion(self, chosen: Ints) -> SpanPortion:
        """Return all windows of some questions.

        Parameters
        ----------
        chosen : int64 array
            Places in `items`.
        """
        made = self.windows(chosen)
        windows, of = made.windows, made.context
        self.engine.check_ids(windows)
        every = np.arange(len(windows.sentence), dtype=np.int64)
        rows = windows.offsets[windows.first[:-1]]
        batch, _ = batch_of(windows, every, 0 * rows, rows, self.engine.tokens.pad, first=False)
        place = np.arange(batch.mask.shape[1]) - made.begin[:, None]
        context = (place >= 0) & (place < np.diff(of))
        owner = chosen[windows.sentence]
        first, last = (side[owner] for side in self._spans)
        held = (of[:, 0] <= first) & (last <= of[:, 1]) & (first >= 0)
        shift = made.begin - of[:, 0]
        second = self.corpus.second
        assert second is not None  # check_answers has seen to it
        return SpanPortion(
            batch=batch,
            n_rows=int(windows.offsets[-1]),
            question=windows.sentence,
            start=np.where(held, first + shift, made.null),
            end=np.where(held, last - 1 + shift, made.null),
            learned=self._learnable[owner],
            null=made.null,
            context=context,
            answerable=self._answerable(batch.unit, context, made.null),
            places=self.pool.places,
            contexts=[second[i] or "" for i in self.sentences[chosen]],
            golds=[self._golds(item) for item in self.items[chosen]],
            rules=self.rules,
            longest=self.longest,
        )

    def _answerable(self, unit: Ints, context: NDArray[np.bool_], null: Ints) -> NDArray[np.bool_]:
        found: NDArray[np.bool_] = context & self.pool.spelled[unit]
        if self.rules == "v2":
            # Without special tokens the place of no answer lies in the context.
            found[np.arange(len(null)), null] = False
        return found

    def _golds(self, item: Ints) -> tuple[str, ...]:
        start, end = self.target.offsets[[item, item + 1]]
        return self.target.texts[start:end]


def check_answers(target: Answers, data: TaskData, items: Ints) -> None:
    """Raise `DataError` unless the answers to these questions lie in their contexts."""
    corpus = data.corpus
    if corpus.second is None or corpus.offsets is not None:
        raise DataError(
            f"{corpus.name}: answers need questions as texts and contexts as second segments, "
            "without words"
        )
    count = np.diff(target.offsets)[items]
    size = np.fromiter(
        (len(corpus.second[i] or "") for i in target.sentence[items]), np.int64, len(items)
    )
    golds = np.concatenate(
        [np.arange(target.offsets[i], target.offsets[i + 1]) for i in items] or [count]
    )
    start, end = target.start[golds], target.end[golds]
    bad = np.flatnonzero((start < 0) | (end <= start) | (end > np.repeat(size, count)))
    if len(bad):
        item = items[np.searchsorted(np.cumsum(count), bad[0], side="right")]
        raise DataError(
            f"{corpus.name}: an answer to question {target.ids[item]!r} is characters "
            f"{int(start[bad[0]])} to {int(end[bad[0]])} of a context of "
            f"{len(corpus.second[int(target.sentence[item])] or '')}",
            hint="leave such questions out of the target's items",
        )
