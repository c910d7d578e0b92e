"""From a task to batches for training: sequences, the words of each item, and labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from sondage.data import Answers, Corpus, Ints, Labels, Request, Split, TaskData, Trees, ranges
from sondage.errors import DataError, ParameterError
from sondage_transformers.batches import batch_of, warnings_of
from sondage_transformers.engine import Engine
from sondage_transformers.pooling import Batch
from sondage_transformers.ragged import starts_of
from sondage_transformers.settings import Head
from sondage_transformers.subwords import Subwords, blocks, cut
from sondage_transformers.windows import Windows, lay_out


@dataclass(frozen=True)
class Portion:
    """A batch with its items.

    Parameters
    ----------
    batch : Batch
    n_rows : int
        Rows that pooling makes: words, or sentences.
    first, length : int64 arrays, shape (n, k)
        Item i reads k runs of rows, ``first`` to ``first + length``, averages each and puts
        the averages after each other.
    y : int64 array, shape (n,)
    """

    batch: Batch
    n_rows: int
    first: Ints
    length: Ints
    y: Ints


def target_of(data: TaskData) -> Labels | Trees | Answers:
    """Return the target, if it is one label on each item, trees or answers.

    Raises
    ------
    DataError
        If it is anything else.
    """
    target = data.target
    if isinstance(target, Trees | Answers) or (isinstance(target, Labels) and target.y.ndim == 1):
        return target
    what = "several labels an item" if isinstance(target, Labels) else type(target).__name__
    raise DataError(f"{data.corpus.name}: fine-tuning needs one label an item, not {what}")


def training_sentences(data: TaskData, split: Split) -> Ints:
    """Return the sentences that carry a training item, ascending; of answers, the questions.

    Raises
    ------
    DataError
        If the training part has fewer than two labels, no tree of two words, or no question.
    """
    target = target_of(data)
    if isinstance(target, Answers):
        if not len(split.train):
            raise DataError(
                f"{data.corpus.name}: the training part has no question: nothing to learn"
            )
        return np.sort(split.train)
    if isinstance(target, Trees):
        sentences = np.unique(target.sentence[split.train])
        words = 0 if data.corpus.offsets is None else np.diff(data.corpus.offsets)[sentences]
        if np.max(words, initial=0) < 2:
            raise DataError(
                f"{data.corpus.name}: the training part has {len(sentences)} trees, none of two "
                "words: nothing to learn"
            )
        return sentences
    n_labels = len(np.unique(target.y[split.train]))
    if n_labels < 2:
        raise DataError(
            f"{data.corpus.name}: the training part has {len(split.train)} items with "
            f"{n_labels} labels: nothing to learn"
        )
    return np.unique(target.sentence[split.train])


def arity_of(target: Labels | Trees | Answers) -> int:
    """Return how many spans an item reads; -1 for trees, -2 for answers."""
    if isinstance(target, Labels):
        return target.units.arity
    return -1 if isinstance(target, Trees) else -2


def view_of(head: Head, target: Labels | Trees | Answers, has_cls: bool) -> str:
    """Return the view that a head reads.

    Raises
    ------
    ParameterError
        If the head does not fit what is predicted.
    """
    arity = arity_of(target)
    fits = {"word": 1, "pair": 2, "biaffine": -1, "span": -2, "auto": arity}
    if fits.get(head, 0) != arity:
        what = {-1: "trees", -2: "answers"}.get(arity, f"items of {arity} spans")
        raise ParameterError(
            f"head {head!r} does not fit {what}",
            where="transformers.finetuned",
            hint="head: auto",
        )
    if arity == -2:
        return "subwords"
    if arity:
        return "word"
    if head == "sentence-mean":
        return "mean"
    if head == "pooler" and not has_cls:
        raise ParameterError(
            "head 'pooler' reads the classification token, and the base's tokenizer puts none "
            "before a text",
            where="transformers.finetuned",
            hint="head: sentence, or sentence-mean",
        )
    return "cls" if has_cls else "last"


class Examples:
    """The sentences of one part of a split that carry an item, a batch at a time.

    Sequences are made anew for each batch, so that memory does not follow the corpus.

    Parameters
    ----------
    engine : Engine
    corpus : Corpus
    sentences : int64 array, ascending
    view : {'cls', 'last', 'mean', 'word', 'subwords'}
    """

    def __init__(self, engine: Engine, corpus: Corpus, sentences: Ints, view: str) -> None:
        self.engine, self.corpus = engine, corpus
        self.sentences, self.view = sentences, view

    def __len__(self) -> int:
        return len(self.sentences)

    def by_length(self) -> Ints:
        """Return the order of the sentences, the longest first."""
        if self.corpus.offsets is not None:
            size = np.diff(self.corpus.offsets)[self.sentences]
        else:
            second = self.corpus.second or [""] * len(self.corpus)
            size = np.array(
                [len(self.corpus.texts[i]) + len(second[i] or "") for i in self.sentences]
            )
        return np.argsort(-size, kind="stable")

    @cached_property
    def lengths(self) -> Ints:
        """Subwords of each sentence's longest sequence, shape (n,)."""
        found = [np.zeros(0, np.int64)]
        for windows in self._in_blocks():
            found.append(np.maximum.reduceat(windows.lengths, windows.first[:-1]))
        return np.concatenate(found)

    def scoring_batches(self, size: int) -> Iterator[Ints]:
        """Yield the places of the sentences that are scored together, the longest first.

        Batches of another make move the last bits of a score.
        """
        order = self.by_length()
        yield from (order[a : a + size] for a in range(0, len(order), size))

    def warnings(self) -> Counter[str]:
        """Count what the tokenizer had to mend or cut, as `encode` would."""
        found: Counter[str] = Counter()
        for windows in self._in_blocks():
            every = np.arange(len(windows.first) - 1)
            found.update(warnings_of(windows, every, Request((0,), (self.view,))))
        return found

    def _in_blocks(self) -> Iterator[Windows]:
        part = self.corpus.take(self.sentences)
        for sentences in blocks(part):
            yield self.engine.laid_out(part, sentences, self.engine.limit)

    def unseen(self, train: Examples) -> int:
        """Return how many items here have a label that no training item has."""
        raise NotImplementedError

    def portion(self, chosen: Ints) -> Any:
        """Return the batch of some sentences with all that is predicted of them.

        Parameters
        ----------
        chosen : int64 array
            Places in `sentences`.
        """
        raise NotImplementedError

    def items_of(self, chosen: Ints) -> tuple[Ints, Ints]:
        """Return what is scored in the portion of some sentences, and whose each of it is.

        Returns
        -------
        items, sentences : int64 arrays, shape (n,)
            Numbers of items of the target (of trees, of the corpus's words).
        """
        raise NotImplementedError

    def _laid_out(self, chosen: Ints) -> tuple[Subwords, Windows]:
        content = cut(self.corpus, self.sentences[chosen], self.engine.tokens)
        windows = lay_out(content, self.engine.tokens, self.engine.limit)
        self.engine.check_ids(windows)
        return content, windows

    def _words(self, content: Subwords, windows: Windows) -> Batch:
        """Return the batch of all windows, whose rows are the words in turn."""
        every = np.arange(len(windows.sentence), dtype=np.int64)
        none = np.zeros(len(content.n_words), np.int64)
        word_row = starts_of(content.n_words)
        return batch_of(windows, every, word_row, none, self.engine.tokens.pad, first=False)[0]

    def _firsts(self, windows: Windows) -> Batch:
        """Return the batch of first windows, whose rows are the sentences."""
        none = np.zeros(len(windows.first) - 1, np.int64)
        first = windows.first[:-1]
        return batch_of(windows, first, none, none, self.engine.tokens.pad, first=True)[0]


class LabelExamples(Examples):
    """Sentences with labels on them or on their words.

    Parameters
    ----------
    engine : Engine
    data : TaskData
    items : int64 array
        Which items of the target.
    view : {'cls', 'last', 'mean', 'word'}
    """

    def __init__(self, engine: Engine, data: TaskData, items: Ints, view: str) -> None:
        target = target_of(data)
        assert isinstance(target, Labels)
        self.target = target
        sentence = target.sentence[items]
        order = np.argsort(sentence, kind="stable")
        self._items = np.asarray(items, np.int64)[order]
        sentences, begin = np.unique(sentence[order], return_index=True)
        self._begin = np.append(begin, len(items))
        super().__init__(engine, data.corpus, sentences, view)
        self._check_spans()

    def _check_spans(self) -> None:
        spans = self.target.units.spans[self._items]
        if not spans.shape[1]:
            return
        offsets = self.corpus.offsets
        if offsets is None:
            raise DataError(f"{self.corpus.name} has labels on words but no words")
        size = np.diff(offsets)[self.target.sentence[self._items]][:, None]
        start, end = spans[:, :, 0], spans[:, :, 1]
        bad = np.flatnonzero(((start < 0) | (end > size) | (start >= end)).any(1))
        if len(bad):
            item = int(self._items[bad[0]])
            raise DataError(
                f"{self.corpus.name}: item {item} has span {spans[bad[0]].tolist()} in sentence "
                f"{int(self.target.sentence[item])}, which has {int(size[bad[0], 0])} words"
            )

    def unseen(self, train: Examples) -> int:
        """Return how many items here have a label that no training item has."""
        assert isinstance(train, LabelExamples)
        y, known = self.target.y[self._items], self.target.y[train._items]
        return int(np.isin(y, known, invert=True).sum())

    def items_of(self, chosen: Ints) -> tuple[Ints, Ints]:
        """Return the items of some sentences, and the sentence of each."""
        count = self._begin[chosen + 1] - self._begin[chosen]
        items = self._items[ranges(self._begin[chosen], count)]
        return items, np.repeat(self.sentences[chosen], count)

    def portion(self, chosen: Ints) -> Portion:
        """Return the batch of some sentences with all their items."""
        content, windows = self._laid_out(chosen)
        items, _ = self.items_of(chosen)
        count = self._begin[chosen + 1] - self._begin[chosen]
        place = np.repeat(np.arange(len(chosen), dtype=np.int64), count)
        if self.view == "word":
            batch = self._words(content, windows)
            spans = self.target.units.spans[items]
            first = starts_of(content.n_words)[place][:, None] + spans[:, :, 0]
            length, n_rows = spans[:, :, 1] - spans[:, :, 0], int(content.n_words.sum())
        else:
            batch = self._firsts(windows)
            first, n_rows = place[:, None], len(chosen)
            length = np.ones_like(first)
        return Portion(batch, n_rows, first, length, self.target.y[items].astype(np.int64))
