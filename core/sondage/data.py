"""The arrays that pass between encoders, tasks, probes and metrics.

Everything is columnar: flat arrays with offsets, never an object a word. A word index is
counted within its sentence; a *span* is half-open ``[start, end)`` over such indices.
A text pair (premise and hypothesis, question and context) is one sentence with two
segments whose words are numbered through.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sondage.errors import DataError

Ints = NDArray[np.int64]

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


def offsets_of(lengths: Iterable[int] | Ints) -> Ints:
    """Return the n + 1 offsets of consecutive runs with these n lengths."""
    counts = np.fromiter(lengths, dtype=np.int64)
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])


def digest(*parts: object) -> str:
    """Return 32 hex digits that identify `parts` (BLAKE2b over their repr or bytes)."""
    h = hashlib.blake2b(digest_size=16)
    for part in parts:
        raw = part if isinstance(part, bytes | memoryview) else repr(part).encode()
        h.update(len(raw).to_bytes(8, "little"))
        h.update(raw)
    return h.hexdigest()


@dataclass(frozen=True)
class Corpus:
    """An ordered list of texts, with words where the data has words.

    Parameters
    ----------
    texts : sequence of str, length n
        The sentences as running text; used where `words` is None.
    second : sequence of str, length n, optional
        The second segment of each text pair.
    words : sequence of str, optional
        All words of all sentences, both segments, in order.
    offsets : int64 array, shape (n + 1,), optional
        Sentence i owns ``words[offsets[i]:offsets[i + 1]]``.
    boundary : int64 array, shape (n,), optional
        For pairs with words: how many of sentence i's words lie in its first segment.
    name : str
        What messages call it.
    """

    texts: Sequence[str]
    second: Sequence[str] | None = None
    words: Sequence[str] | None = None
    offsets: Ints | None = None
    boundary: Ints | None = None
    name: str = "corpus"

    @classmethod
    def of_words(
        cls,
        sentences: Sequence[Sequence[str]],
        texts: Sequence[str] | None = None,
        name: str = "corpus",
        *,
        second: Sequence[Sequence[str]] | None = None,
    ) -> Corpus:
        """Build a corpus from one word list a sentence, or of pairs from two.

        Parameters
        ----------
        sentences : sequence of word lists, length n
            The first segments, where there are two.
        texts : sequence of str, length n, optional
            The running text of `sentences`; by default the words parted by blanks.
        name : str
        second : sequence of word lists, length n, optional
            The second segments. Words are numbered through: the first word of a second
            segment comes after the last of its first, at ``boundary``.

        Raises
        ------
        DataError
            If there are not as many second segments, or a sentence is no list of words.
        """
        if second is not None and len(second) != len(sentences):
            raise DataError(f"{name}: {len(second)} second segments for {len(sentences)} sentences")
        for i, words in enumerate(itertools.chain(sentences, second or ())):
            if isinstance(words, str):
                raise DataError(
                    f"{name}: sentence {i % len(sentences)} is text, not a list of words",
                    hint="Corpus(texts) holds running text",
                )
        pairs = (
            None if second is None else [[*a, *b] for a, b in zip(sentences, second, strict=True)]
        )
        whole = sentences if pairs is None else pairs
        lengths = np.fromiter((len(s) for s in sentences), np.int64)
        return cls(
            texts=tuple(texts) if texts is not None else tuple(" ".join(s) for s in sentences),
            second=None if second is None else tuple(" ".join(s) for s in second),
            words=tuple(w for s in whole for w in s),
            offsets=offsets_of(len(s) for s in whole),
            boundary=None if second is None else lengths,
            name=name,
        )

    def __post_init__(self) -> None:
        n = len(self.texts)
        if (self.words is None) != (self.offsets is None):
            raise DataError(f"{self.name}: words and offsets come together")
        if self.offsets is not None and self.words is not None:
            ok = len(self.offsets) == n + 1 and self.offsets[-1] == len(self.words)
            if not ok or self.offsets[0] != 0 or np.any(np.diff(self.offsets) < 0):
                raise DataError(f"{self.name}: offsets do not fit {n} sentences")
        for part, what in ((self.second, "second segments"), (self.boundary, "boundaries")):
            if part is not None and len(part) != n:
                raise DataError(f"{self.name}: {len(part)} {what} for {n} sentences")
        if self.boundary is not None and self.offsets is not None:
            beyond = (self.boundary < 0) | (self.boundary > np.diff(self.offsets))
            if beyond.any():
                i = int(beyond.argmax())
                raise DataError(
                    f"{self.name}: boundary {int(self.boundary[i])} lies outside sentence {i}, "
                    f"which has {int(np.diff(self.offsets)[i])} words"
                )

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def n_words(self) -> int:
        """Number of words over all sentences (0 where the corpus has no words)."""
        return 0 if self.words is None else len(self.words)

    def words_of(self, sentence: int) -> Sequence[str]:
        """Return the words of one sentence, both segments."""
        if self.words is None or self.offsets is None:
            raise DataError(f"{self.name} has no words; a view of sentences is needed")
        return self.words[self.offsets[sentence] : self.offsets[sentence + 1]]

    def key(self, sentence: int) -> tuple[object, ...]:
        """Return all that an encoder sees of one sentence."""
        words = () if self.words is None else tuple(self.words_of(sentence))
        return (
            self.texts[sentence] if not words else None,
            self.second[sentence] if self.second is not None and not words else None,
            words,
            None if self.boundary is None else int(self.boundary[sentence]),
        )

    @cached_property
    def fingerprint(self) -> str:
        """32 hex digits over everything that an encoder sees."""
        return digest(*(self.key(i) for i in range(len(self))))

    @cached_property
    def distinct_fingerprint(self) -> str:
        """`fingerprint` of the corpus without its repetitions."""
        return digest(*(self.key(int(i)) for i in self.unique[0]))

    def take(self, sentences: Sequence[int] | Ints) -> Corpus:
        """Return the corpus of these sentences, in this order."""
        index = [int(i) for i in sentences]
        words = offsets = None
        if self.words is not None:
            parts = [self.words_of(i) for i in index]
            words = tuple(w for part in parts for w in part)
            offsets = offsets_of(len(part) for part in parts)
        return Corpus(
            texts=tuple(self.texts[i] for i in index),
            second=None if self.second is None else tuple(self.second[i] for i in index),
            words=words,
            offsets=offsets,
            boundary=None if self.boundary is None else self.boundary[np.asarray(index, int)],
            name=self.name,
        )

    @cached_property
    def unique(self) -> tuple[Ints, Ints]:
        """Sentences met for the first time, and for each sentence its place among them.

        Returns
        -------
        first : int64 array, shape (m,)
            Index of each distinct sentence's first occurrence, ascending.
        inverse : int64 array, shape (n,)
            ``first[inverse[i]]`` encodes the same as sentence i.
        """
        seen: dict[object, int] = {}
        inverse = np.empty(len(self), np.int64)
        first: list[int] = []
        for i in range(len(self)):
            place = seen.setdefault(self.key(i), len(first))
            if place == len(first):
                first.append(i)
            inverse[i] = place
        return np.asarray(first, np.int64), inverse


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
    """

    units: Units
    y: NDArray[Any]
    names: tuple[str, ...]

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
