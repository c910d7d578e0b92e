"""Trees as heads: depths, distances, and many sentences' trees in padded blocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sondage.data import Ints, offsets_of, ranges
from sondage.errors import DataError

Bools = NDArray[np.bool_]

#: Entries of one padded block of word pairs, at most, unless one sentence has more.
PAIRS = 1 << 18


def depths(heads: ArrayLike) -> Ints:
    """Return how many edges lie between each word and the root.

    Parameters
    ----------
    heads : ints, shape (t,)
        Index of each word's head; -1 at the one root.

    Returns
    -------
    int64 array, shape (t,)

    Raises
    ------
    sondage.errors.DataError
        If there is not exactly one root, a head is no word, or the heads run in a cycle.
    """
    return Forest.of([heads]).depths


def tree_distances(heads: ArrayLike) -> Ints:
    """Return how many edges lie between each two words, the direction of edges left aside.

    Parameters
    ----------
    heads : ints, shape (t,)
        As of `depths`.

    Returns
    -------
    int64 array, shape (t, t)
        Symmetric, 0 on the diagonal.

    Raises
    ------
    sondage.errors.DataError
        As `depths`.
    """
    forest = Forest.of([heads])
    found: Ints = forest.distances(np.zeros(1, np.int64))[0].astype(np.int64)
    return found


@dataclass(frozen=True)
class Forest:
    """The trees of some sentences, flat.

    Parameters
    ----------
    heads : int64 array, shape (n_words,)
        Index within the sentence; -1 at the root.
    scored : bool array, shape (n_words,)
        False for words that UUAS and root accuracy leave out.
    offsets : int64 array, shape (n + 1,)
        Sentence i owns words ``offsets[i]:offsets[i + 1]``.
    """

    heads: Ints
    scored: Bools
    offsets: Ints

    @classmethod
    def of(cls, heads: Sequence[ArrayLike], scored: Sequence[ArrayLike] | None = None) -> Forest:
        """Build a forest from one array per sentence; raises `DataError` for what is no tree."""
        parts = [np.asarray(h) for h in heads]
        for i, part in enumerate(parts):
            if part.ndim != 1 or not len(part) or part.dtype.kind not in "iu":
                raise DataError(
                    f"the heads of sentence {i} have shape {part.shape} and type {part.dtype}, "
                    "wanted one int a word",
                    hint="give -1 at the root and the head's index elsewhere",
                )
        offsets = offsets_of(len(p) for p in parts)
        flat = np.concatenate(parts).astype(np.int64) if parts else np.empty(0, np.int64)
        keep = np.ones(len(flat), bool)
        if scored is not None:
            given = [np.asarray(s, bool) for s in scored]
            if [s.shape for s in given] != [p.shape for p in parts]:
                raise DataError("'scored' does not say one thing of each word of each sentence")
            keep = np.concatenate(given) if given else keep
        forest = cls(flat, keep, offsets)
        forest.check(np.arange(len(parts)))
        return forest

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @cached_property
    def lengths(self) -> Ints:
        """Words of each sentence: int64, shape (n,)."""
        return np.diff(self.offsets)

    @cached_property
    def depths(self) -> Ints:
        """Depth of each word: int64, shape (n_words,); -1 in a cycle."""
        base = np.repeat(self.offsets[:-1], self.lengths)
        # A head beyond its sentence counts as none here: `check` speaks of it.
        inside = (self.heads >= 0) & (self.heads < np.repeat(self.lengths, self.lengths))
        above = np.where(inside, self.heads + base, -1)
        depth = np.zeros(len(self.heads), np.int64)
        moving = np.flatnonzero(inside)
        at = above[moving]
        for _ in range(int(self.lengths.max(initial=0))):
            depth[moving] += 1
            at = above[at]
            moving, at = moving[at >= 0], at[at >= 0]
        depth[moving] = -1
        return depth

    def check(self, sentences: Ints, name: str = "") -> None:
        """Raise `DataError` unless each of these sentences is a tree with one root."""
        what = f"{name}: " if name else ""
        rows = self.rows(sentences)
        owner = np.repeat(sentences, self.lengths[sentences])
        beyond = (self.heads[rows] < -1) | (self.heads[rows] >= self.lengths[owner])
        if beyond.any():
            at = int(np.flatnonzero(beyond)[0])
            raise DataError(
                f"{what}sentence {int(owner[at])} has a head {int(self.heads[rows[at]])}, "
                f"but {int(self.lengths[owner[at]])} words"
            )
        roots = np.bincount(owner[self.heads[rows] == -1], minlength=len(self))[sentences]
        if np.any(roots != 1):
            at = int(np.flatnonzero(roots != 1)[0])
            raise DataError(
                f"{what}sentence {int(sentences[at])} has {int(roots[at])} roots, a tree has one",
                hint="leave out sentences that are no trees",
            )
        cyclic = self.depths[rows] < 0
        if cyclic.any():
            at = int(owner[np.flatnonzero(cyclic)[0]])
            raise DataError(f"{what}the heads of sentence {at} run in a cycle")

    def rows(self, sentences: Ints) -> Ints:
        """Return the flat word indices of these sentences, in turn."""
        return ranges(self.offsets[sentences], self.lengths[sentences])

    def places(self, sentences: Ints) -> tuple[Ints, Bools]:
        """Return padded word indices of these sentences.

        Returns
        -------
        rows : int64 array, shape (b, t)
            Flat word indices; those of the sentence's first word where it has ended.
        real : bool array, shape (b, t)
            Where there is a word.
        """
        lengths = self.lengths[sentences][:, None]
        at = np.arange(int(lengths.max(initial=0)))[None]
        real = at < lengths
        return self.offsets[sentences][:, None] + np.where(real, at, 0), real

    def distances(self, sentences: Ints) -> NDArray[np.float32]:
        """Return tree distances, float32, shape (b, t, t) with t the longest; 0 where padded."""
        rows, real = self.places(sentences)
        b, t = rows.shape
        above = np.zeros((b, t, t), np.float32)
        sentence, word = np.nonzero(real)
        at = word
        while len(at):
            above[sentence, word, at] = 1
            at = self.heads[rows[sentence, at]]
            sentence, word, at = sentence[at >= 0], word[at >= 0], at[at >= 0]
        depth = above.sum(axis=2)
        shared = above @ above.transpose(0, 2, 1)
        out: NDArray[np.float32] = depth[:, :, None] + depth[:, None, :] - 2 * shared
        out *= real[:, :, None] & real[:, None, :]
        return out

    def blocks(self, sentences: Ints, pairs: int = PAIRS) -> Iterator[Ints]:
        """Yield positions in `sentences`, by length, in groups whose padded pairs are bounded."""
        lengths = self.lengths[sentences]
        order = np.argsort(lengths, kind="stable")
        start = 0
        while start < len(order):
            # Room for n sentences as long as the n-th; at least one, however long it is.
            room = np.arange(1, len(order) - start + 1) * lengths[order[start:]] ** 2
            stop = start + max(int(np.searchsorted(room, pairs, side="right")), 1)
            yield order[start:stop]
            start = stop
