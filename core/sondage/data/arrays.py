"""The arrays that pass between encoders, tasks, probes and metrics.

Everything is columnar: flat arrays with offsets, never an object a word. A word index is
counted within its sentence; a *span* is half-open ``[start, end)`` over such indices.
A text pair (premise and hypothesis, question and context) is one sentence with two
segments whose words are numbered through.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sondage.data.corpus import Corpus, Ints, digest, offsets_of, ranges
from sondage.errors import DataError

__all__ = [
    "VIEWS", "Chunk", "Corpus", "Ints", "Labels", "Outcomes", "Rankings", "Request", "Result",
    "Split", "States", "Target", "TaskData", "Trees", "Units", "digest", "offsets_of", "ranges",
]  # fmt: skip

#: What one row of a view stands for. An encoder may offer views beyond these.
VIEWS: dict[str, Literal["sentence", "word", "subword", "attention"]] = {
    "cls": "sentence",
    "mean": "sentence",
    "max": "sentence",
    "last": "sentence",
    "word": "word",
    "word-first": "word",
    "word-last": "word",
    "subwords": "subword",
    "attention": "attention",
}


@dataclass(frozen=True)
class Units:
    """What vectors are made for: sentences, spans of words, or pairs of spans.

    Parameters
    ----------
    sentence : int64 array, shape (n,)
    spans : int64 array, shape (n, k, 2)
        k = 0 for the whole sentence, 1 for a word or span, 2 for a pair. Half-open.
    """

    sentence: Ints
    spans: Ints

    def __post_init__(self) -> None:
        s = self.spans
        if s.ndim != 3 or s.shape[0] != len(self.sentence) or s.shape[2] != 2:
            raise DataError(f"spans have shape {s.shape}, wanted ({len(self.sentence)}, k, 2)")

    @classmethod
    def of_words(cls, sentence: Ints, word: Ints, *more: Ints) -> Units:
        """Units of single words, or with `more` of tuples of words."""
        starts = np.stack([word, *more], axis=1)
        return cls(sentence, np.stack([starts, starts + 1], axis=2))

    @classmethod
    def of_sentences(cls, n: int) -> Units:
        """One unit a sentence."""
        return cls(np.arange(n, dtype=np.int64), np.empty((n, 0, 2), np.int64))

    def __len__(self) -> int:
        return len(self.sentence)

    @property
    def arity(self) -> int:
        """Number of spans a unit has."""
        return int(self.spans.shape[1])


@dataclass(frozen=True)
class Labels:
    """A label on each unit.

    Parameters
    ----------
    units : Units, length n
    y : int64 array, shape (n,), values in 0..len(names)-1; or bool, (n, len(names)),
        where a unit may carry several labels
    names : tuple of str
        The declared labels.
    asked : bool array, shape (n, len(names)), optional
        Where `y` is bool: whether it is known if an item carries a label. Where it is not
        (an annotation question that was not put for this item), `y` is False and means
        nothing: a probe neither trains nor scores there. Without it, everything is known.
    """

    units: Units
    y: NDArray[Any]
    names: tuple[str, ...]
    asked: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        if self.asked is None:
            return
        if self.y.ndim != 2 or self.asked.shape != self.y.shape or self.asked.dtype != bool:
            raise DataError(
                f"labels of shape {self.y.shape} have 'asked' of shape {self.asked.shape}, "
                f"{self.asked.dtype}; wanted bool of the same shape, with several labels an item"
            )
        if (self.y & ~self.asked).any():
            raise DataError("an item carries a label that it was not asked for")

    def __len__(self) -> int:
        return len(self.units)

    @property
    def sentence(self) -> Ints:
        """Sentence of each item."""
        return self.units.sentence


@dataclass(frozen=True)
class Trees:
    """A dependency tree over each sentence of the corpus.

    Parameters
    ----------
    heads : int64 array, shape (n_words,)
        Index within the sentence of each word's head; -1 at the root. A corpus sentence
        that has no usable tree is left out of the splits, not of this array.
    scored : bool array, shape (n_words,)
        False for words that scores leave out (punctuation).
    relations : int64 array, shape (n_words,)
        Index into `names`.
    names : tuple of str
    sentence : int64 array, shape (n,)
        The sentences that carry a tree: the items of this target.
    """

    heads: Ints
    scored: NDArray[np.bool_]
    relations: Ints
    names: tuple[str, ...]
    sentence: Ints

    def __len__(self) -> int:
        return len(self.sentence)


@dataclass(frozen=True)
class Rankings:
    """An anchor, its match, and candidates that the match should beat.

    Parameters
    ----------
    units : Units, length m
        Everything that is compared; anchors, matches and candidates point into it.
    anchor, match : int64 arrays, shape (n,)
    candidates : int64 array; item i owns ``candidates[offsets[i]:offsets[i + 1]]``
    offsets : int64 array, shape (n + 1,)
    """

    units: Units
    anchor: Ints
    match: Ints
    candidates: Ints
    offsets: Ints

    def __len__(self) -> int:
        return len(self.anchor)

    @property
    def sentence(self) -> Ints:
        """Sentence of each item's anchor."""
        return self.units.sentence[self.anchor]


Target = Labels | Trees | Rankings


@dataclass(frozen=True)
class Split:
    """Item indices of each part, ascending; parts are disjoint.

    Parameters
    ----------
    train, dev, test : int64 arrays
        Indices into the task's target. `dev` may be empty.
    """

    train: Ints
    dev: Ints
    test: Ints


@dataclass(frozen=True)
class TaskData:
    """A task's corpus, target and splits, loaded.

    Parameters
    ----------
    corpus : Corpus
    target : Labels, Trees, Rankings or None
        None for a corpus that only serves as stimuli.
    fixed : Split, optional
        The split that the files give. Without it, `split` draws one by sentence.
    ratios : (float, float, float)
        Shares of train, dev and test among the distinct sentences, for a drawn split.
    warnings : mapping of slug to count
        What the reader had to skip or mend; reported, never silent.
    dev_share : float, in [0, 1)
        Share of the distinct sentences of ``fixed.train`` that a seed moves to dev.
    """

    corpus: Corpus
    target: Target | None
    fixed: Split | None = None
    ratios: tuple[float, float, float] = (0.8, 0.1, 0.1)
    warnings: Mapping[str, int] = field(default_factory=dict)
    dev_share: float = 0.0

    def split(self, seed: int) -> Split:
        """Return the files' split, or draw one that keeps equal sentences together.

        For one seed and corpus the same sentences go into the same part, whatever the target.
        With `dev_share`, at least one sentence of train goes to dev and one stays, if there
        are two with items.
        """
        if self.target is None:
            raise DataError(f"{self.corpus.name} has no target to split")
        if self.fixed is not None:
            return self._carved(self.fixed, seed) if self.dev_share else self.fixed
        first, inverse = self.corpus.unique
        # All sentences are dealt, those without an item too: tasks over one corpus agree on
        # which sentences are test sentences.
        order = np.random.default_rng(seed).permutation(len(first))
        train = round(self.ratios[0] * len(order))
        dev = round((self.ratios[0] + self.ratios[1]) * len(order))
        part = np.full(len(first), 2)
        part[order[:train]] = 0
        part[order[train:dev]] = 1
        ids = part[inverse[self.target.sentence]]
        return Split(*(np.flatnonzero(ids == k).astype(np.int64) for k in range(3)))

    def _carved(self, given: Split, seed: int) -> Split:
        assert self.target is not None
        group = self.corpus.unique[1][self.target.sentence[given.train]]
        present = np.unique(group)
        n = min(max(round(self.dev_share * len(present)), 1), len(present) - 1)
        drawn = np.random.default_rng(seed).permutation(present)[: max(n, 0)]
        moved = np.isin(group, drawn)
        dev = np.union1d(given.dev, given.train[moved])
        return Split(train=given.train[~moved], dev=dev, test=given.test)

    def types(self) -> list[str]:
        """Return each item's word type(s), the key on which control tasks act."""
        labels = self.target
        if not isinstance(labels, Labels):
            raise DataError(f"{self.corpus.name}: only labels have word types")
        if labels.units.arity == 0:
            return [self.corpus.texts[i] for i in labels.sentence]
        out = []
        for i, spans in zip(labels.sentence, labels.units.spans, strict=True):
            words = self.corpus.words_of(int(i))
            out.append("\t".join(" ".join(words[a:b]) for a, b in spans))
        return out


@dataclass(frozen=True)
class Request:
    """What an encoder is asked for: only this is computed.

    Parameters
    ----------
    layers : tuple of int
        In the order in which their rows have to come.
    views : tuple of str
    """

    layers: tuple[int, ...]
    views: tuple[str, ...]


@dataclass(frozen=True)
class Chunk:
    """What an encoder streams: some sentences, in any order.

    Parameters
    ----------
    sentences : int64 array, shape (b,)
        Which sentences of the corpus these are.
    rows : mapping of view to array, shape (n_layers, r, width)
        In the request's layer order. A sentence view has b rows; a word view the words of
        the b sentences in turn; ``subwords`` likewise. ``attention`` has a row for each
        (query, key) pair of a sentence's t subwords, t² in C order, and a column a head;
        layer 0 has no attention, and its place is filled with zeros where it is in the way.
    warnings : mapping of slug to count
        ``lost-words`` (no subword of their own), ``truncated-words``, ...
    """

    sentences: Ints
    rows: Mapping[str, NDArray[Any]]
    warnings: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class States:
    """Ragged rows of one layer: sentence i owns ``values[offsets[i]:offsets[i + 1]]``.

    Parameters
    ----------
    values : float array, shape (n_rows, width)
    offsets : int64 array, shape (n + 1,)
    """

    values: NDArray[Any]
    offsets: Ints

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, sentence: int) -> NDArray[Any]:
        return self.values[self.offsets[sentence] : self.offsets[sentence + 1]]


@dataclass(frozen=True)
class Outcomes:
    """How each test item fared: what paired tests and bootstraps work on.

    Parameters
    ----------
    items : int64 array, shape (n,)
        Item indices into the task's target.
    groups : int64 array, shape (n,)
        The sentence of each item: items of one sentence are resampled together.
    values : float64 or bool array, shape (n,)
        1 for right and 0 for wrong, or a score an item.
    surprisal : float64 array, shape (n,), optional
        −log2 of the probability that the probe gave to the item's own label, in bits; for an
        item with several labels the sum over all binary decisions. What codelengths are made
        of; not kept in the results.
    score : str
        The score that the mean of `values` is; the first one if empty.
    """

    items: Ints
    groups: Ints
    values: NDArray[Any]
    surprisal: NDArray[np.float64] | None = None
    score: str = ""


@dataclass(frozen=True)
class Result:
    """What one cell yields.

    Parameters
    ----------
    scores : mapping of name to float
        The first is the one that tables and tests use unless told otherwise.
    outcomes : Outcomes, optional
    tables : mapping of name to a mapping of column name to a list
        Small tables: per-class scores, chosen strengths.
    arrays : mapping of name to array
        Artifacts: weights, assignments.
    warnings : mapping of slug to count
    """

    scores: Mapping[str, float]
    outcomes: Outcomes | None = None
    tables: Mapping[str, Mapping[str, list[Any]]] = field(default_factory=dict)
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    warnings: Mapping[str, int] = field(default_factory=dict)
