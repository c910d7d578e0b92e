"""From a task with dependency trees to batches for training a parser."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sondage.data import Corpus, Ints, TaskData, Trees, ranges
from sondage.errors import DataError
from sondage_transformers.engine import Engine
from sondage_transformers.examples import Examples, target_of
from sondage_transformers.pooling import Batch


@dataclass(frozen=True)
class TreePortion:
    """A batch with its trees.

    Parameters
    ----------
    batch : Batch
    n_rows : int
        Rows that pooling makes: words.
    size : int64 array, shape (b,)
        Words of each sentence.
    heads, relations : int64 arrays, shape (n_rows,)
        Of each word, as `Trees` has them.
    scored : bool array, shape (n_rows,)
    """

    batch: Batch
    n_rows: int
    size: Ints
    heads: Ints
    relations: Ints
    scored: NDArray[np.bool_]


class TreeExamples(Examples):
    """Sentences with a dependency tree each.

    Parameters are as of `LabelExamples`; the view is ``word``.

    Raises
    ------
    DataError
        If what is said of a sentence is no tree, or no word of the items is scored.
    """

    def __init__(self, engine: Engine, data: TaskData, items: Ints) -> None:
        target = target_of(data)
        assert isinstance(target, Trees)
        self.target = target
        super().__init__(engine, data.corpus, np.unique(target.sentence[items]), "word")
        check_trees(target, data.corpus, self.sentences)

    def words(self, sentences: Ints) -> Ints:
        """Return where the words of these sentences are, one sentence after the other."""
        offsets = self.corpus.offsets
        assert offsets is not None  # check_trees has seen to it
        return ranges(offsets[sentences], np.diff(offsets)[sentences])

    def unseen(self, train: Examples) -> int:
        """Return how many words here have a relation that no training word has."""
        assert isinstance(train, TreeExamples)
        y = self.target.relations[self.words(self.sentences)]
        known = self.target.relations[self.words(train.sentences)]
        return int(np.isin(y, known, invert=True).sum())

    def items_of(self, chosen: Ints) -> tuple[Ints, Ints]:
        """Return the scored words of some sentences, and the sentence of each."""
        sentences, offsets = self.sentences[chosen], self.corpus.offsets
        assert offsets is not None  # check_trees has seen to it
        words = self.words(sentences)
        scored = self.target.scored[words].astype(bool)
        return words[scored], np.repeat(sentences, np.diff(offsets)[sentences])[scored]

    def portion(self, chosen: Ints) -> TreePortion:
        """Return the batch of some sentences with their trees."""
        content, windows = self._laid_out(chosen)
        words = self.words(self.sentences[chosen])
        return TreePortion(
            batch=self._words(content, windows),
            n_rows=len(words),
            size=content.n_words,
            heads=self.target.heads[words].astype(np.int64),
            relations=self.target.relations[words].astype(np.int64),
            scored=self.target.scored[words].astype(bool),
        )


def check_trees(target: Trees, corpus: Corpus, sentences: Ints) -> None:
    """Raise `DataError` unless each of these sentences has one root and no cycle."""
    if corpus.offsets is None:
        raise DataError(f"{corpus.name} has trees but no words")
    if not len(sentences):
        return
    size = np.diff(corpus.offsets)[sentences]
    words = ranges(corpus.offsets[sentences], size)
    owner = np.repeat(np.arange(len(sentences)), size)
    heads, start = target.heads[words], np.repeat(np.cumsum(size) - size, size)
    wrong = np.isin(np.arange(len(sentences)), owner[(heads < -1) | (heads >= size[owner])])
    wrong |= np.bincount(owner[heads == -1], minlength=len(sentences)) != 1
    if not wrong.any():
        own = np.arange(len(words))
        above = np.where(heads < 0, own, start + heads)
        # Each round doubles how far up a word looks.
        for _ in range(int(size.max()).bit_length()):
            above = above[above]
        wrong[owner[heads[above] >= 0]] = True
    if wrong.any():
        raise DataError(
            f"{corpus.name}: the heads of sentence {int(sentences[np.argmax(wrong)])} are no tree "
            "with one root",
            hint="leave such sentences out of the target's items",
        )
    if not target.scored[words].any():
        raise DataError(
            f"{corpus.name}: none of the {len(words)} words of a part of the split counts in scores"
        )
    names = len(target.names)
    relations = target.relations[words]
    if ((relations < 0) | (relations >= names)).any():
        raise DataError(f"{corpus.name}: a relation lies outside the {names} declared")
