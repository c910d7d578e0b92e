"""What a task asks for: labels on units, trees, rankings, or answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sondage.data.corpus import Ints
from sondage.errors import DataError


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
        """One unit per sentence."""
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


@dataclass(frozen=True)
class Answers:
    """Questions with the places of their answers in a context (extractive question answering).

    Parameters
    ----------
    sentence : int64 array, shape (n,)
        The text pair of each question: the question, and its context as second segment.
    start, end : int64 arrays, shape (m,)
        Characters of the context, half-open, of all gold answers of all questions.
    offsets : int64 array, shape (n + 1,)
        Question i has the gold answers ``offsets[i]`` to ``offsets[i + 1]``; one without any
        has no answer in its context.
    texts : tuple of str, length m
        The gold answers as the data words them. Where one differs from its slice of the
        context, the slice is learned and the wording scored.
    ids : tuple of str, length n
        What the data calls each question.
    """

    sentence: Ints
    start: Ints
    end: Ints
    offsets: Ints
    texts: tuple[str, ...]
    ids: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.sentence)


Target = Labels | Trees | Rankings | Answers
