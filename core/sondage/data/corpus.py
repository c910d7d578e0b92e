"""An ordered list of texts, with its words: what encoders see, and what identifies it."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sondage.errors import DataError

Ints = NDArray[np.int64]


def offsets_of(lengths: Iterable[int] | Ints) -> Ints:
    """Return the n + 1 offsets of consecutive runs with these n lengths."""
    counts = np.fromiter(lengths, dtype=np.int64)
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])


def ranges(starts: Ints, lengths: Ints) -> Ints:
    """Return ``start, start + 1, ..., start + length - 1`` of every run, one after the other."""
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    return np.repeat(starts - (ends - lengths), lengths) + np.arange(total, dtype=np.int64)


def digest(*pieces: object) -> str:
    """Return 32 hex digits that identify `pieces` (BLAKE2b over their repr or bytes)."""
    h = hashlib.blake2b(digest_size=16)
    for piece in pieces:
        raw = piece if isinstance(piece, bytes | memoryview) else repr(piece).encode()
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
    second : sequence of str or None, length n, optional
        The second segment of each text pair; None for a single text among pairs, which is not
        the same as a pair whose second text is empty.
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
    second: Sequence[str | None] | None = None
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
        """Build a corpus from one word list per sentence, or of pairs from two.

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
        for given, what in ((self.second, "second segments"), (self.boundary, "boundaries")):
            if given is not None and len(given) != n:
                raise DataError(f"{self.name}: {len(given)} {what} for {n} sentences")
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
            taken = [self.words_of(i) for i in index]
            words = tuple(w for sentence in taken for w in sentence)
            offsets = offsets_of(len(sentence) for sentence in taken)
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
