"""Anchors, matches and candidates compared: counts an example, and shares made of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sondage.data import Ints
from sondage.data.corpus import ranges
from sondage.errors import DataError
from sondage_pairwise.deciding import FARTHER, TIED, UNDEFINED, decide

Measure = Literal["cosine", "euclidean"]
Floats = NDArray[np.float64]

#: Pairs, and examples, compared at a time: they bound what is held beside the vectors.
BLOCK, EXAMPLES = 1 << 15, 512


@dataclass(frozen=True)
class Ranking:
    """How each example's match fared against its candidates.

    Parameters
    ----------
    farther : int64 array, shape (n,)
        Candidates less similar to the anchor than the match is.
    tied : int64 array, shape (n,)
        Candidates as similar as the match.
    compared : int64 array, shape (n,)
        Candidates that there are, without those of no defined similarity; 0 where the anchor
        or the match has none.
    undefined : int64 array, shape (n,)
        Pairs without a defined cosine: a vector of zeros has no direction.
    """

    farther: Ints
    tied: Ints
    compared: Ints
    undefined: Ints

    def __len__(self) -> int:
        return len(self.farther)

    @property
    def shares(self) -> Floats:
        """Share of candidates that the match beats, a tie counting half, shape (n,).

        For an example it is the area under the ROC curve of telling match from candidates, ½ by
        chance. NaN where nothing was compared.
        """
        return _over(self.farther + self.tied / 2, self.compared)

    def printed_shares(self, lengths: Ints) -> Floats:
        """Return equation 2 over `lengths`, the words of each example's context, shape (n,).

        A tie counts as lost. A perfect match does not reach 1, since it is no candidate of its
        own but counts as a word. NaN where nothing was compared.
        """
        found = _over(self.farther.astype(np.float64), np.asarray(lengths))
        return np.where(self.compared > 0, found, np.nan)

    def take(self, examples: Any) -> Ranking:
        """Return the ranking of some examples."""
        return Ranking(*(a[examples] for a in self._arrays()))

    @classmethod
    def joined(cls, parts: Iterable[Ranking]) -> Ranking:
        """Return one ranking of several parts' examples, in order."""
        columns = list(zip(*(p._arrays() for p in parts), strict=True))
        if not columns:
            return cls(*(np.zeros(0, np.int64) for _ in range(4)))
        return cls(*(np.concatenate(c) for c in columns))

    def _arrays(self) -> tuple[Ints, ...]:
        return self.farther, self.tied, self.compared, self.undefined


def _over(above: Floats, below: Ints) -> Floats:
    out = np.full(len(above), np.nan)
    np.divide(above, below, out=out, where=below > 0)
    return out


def rank(
    vectors: NDArray[Any],
    anchor: Ints,
    match: Ints,
    candidates: Ints,
    offsets: Ints,
    *,
    measure: Measure = "cosine",
) -> Ranking:
    """Count for each example the candidates that are less similar to its anchor than its match.

    Parameters
    ----------
    vectors : float array, shape (m, d)
        Read block by block; a memory map is not loaded whole.
    anchor, match : int64 arrays, shape (n,)
        Rows of `vectors`.
    candidates : int64 array
        Rows of `vectors`; example i owns ``candidates[offsets[i]:offsets[i + 1]]``. Fast where
        they are consecutive rows, as a text's words are, but for a few.
    offsets : int64 array, shape (n + 1,)
    measure : {'cosine', 'euclidean'}
        Similarity: the cosine, or the Euclidean distance with its sign turned.

    Returns
    -------
    Ranking

    Raises
    ------
    DataError
        If the arrays do not fit each other.
    EncodingError
        If a vector holds NaN or an infinity.

    References
    ----------
    Cai et al. 2020, arXiv:2006.01346, equations 1 and 2. Departs from it: similarities within
    1e-12 are ties (those of equal vectors, which rounding may tell apart), counted by
    themselves; the distance is negated, where the text compares similarities and prints none of
    either measure's signs.
    """
    _check(vectors, anchor, match, candidates, offsets)
    return Ranking.joined(
        compare(
            np.asarray(vectors[anchor[a:b]]),
            np.asarray(vectors[match[a:b]]),
            vectors,
            candidates[offsets[a] : offsets[b]],
            offsets[a : b + 1] - offsets[a],
            measure,
        )
        for a, b in blocks(offsets)
    )


def compare(
    anchors: NDArray[Any],
    matches: NDArray[Any],
    vectors: NDArray[Any],
    candidates: Ints,
    offsets: Ints,
    measure: Measure,
) -> Ranking:
    """Return the ranking of one block of examples, given the vectors of anchors and matches.

    Parameters
    ----------
    anchors, matches : float arrays, shape (n, d)
    vectors, candidates, offsets, measure
        As of `rank`.
    """
    said = decide(anchors, matches, vectors, candidates, offsets, measure)
    farther, tied, undefined = (_counts(said == k, offsets) for k in (FARTHER, TIED, UNDEFINED))
    return Ranking(farther, tied, np.diff(offsets) - undefined, undefined)


def blocks(offsets: Ints, most: int = BLOCK) -> Iterator[tuple[int, int]]:
    """Yield the first and last (excluded) of consecutive examples with about `most` candidates.

    An example is never parted, and a block has 512 examples at most.
    """
    first, n = 0, len(offsets) - 1
    while first < n:
        last = int(np.searchsorted(offsets, offsets[first] + most, side="right")) - 1
        last = min(max(last, first + 1), first + EXAMPLES)
        yield first, last
        first = last


def taken(candidates: Ints, offsets: Ints, examples: Ints) -> tuple[Ints, Ints]:
    """Return candidates and offsets of some examples, in this order and as often."""
    sizes = np.diff(offsets)[examples]
    new = np.concatenate([[0], np.cumsum(sizes)])
    return candidates[ranges(offsets[:-1][examples], sizes)], new


def _counts(which: NDArray[np.bool_], offsets: Ints) -> Ints:
    total = np.concatenate([[0], np.cumsum(which)])
    return np.asarray(total[offsets[1:]] - total[offsets[:-1]], np.int64)


def _check(
    vectors: NDArray[Any], anchor: Ints, match: Ints, candidates: Ints, offsets: Ints
) -> None:
    n = len(anchor)
    if len(match) != n or len(offsets) != n + 1:
        raise DataError(
            f"{n} anchors, {len(match)} matches and {len(offsets)} offsets do not fit: n anchors "
            "have n matches and n + 1 offsets"
        )
    if offsets[0] != 0 or offsets[-1] != len(candidates) or np.any(np.diff(offsets) < 0):
        raise DataError(f"offsets do not part {len(candidates)} candidates")
    for rows, what in ((anchor, "anchor"), (match, "match"), (candidates, "candidate")):
        if len(rows) and not 0 <= rows.min() <= rows.max() < len(vectors):
            bad = int(np.flatnonzero((rows < 0) | (rows >= len(vectors)))[0])
            raise DataError(f"{what} {bad} is row {int(rows[bad])} of {len(vectors)}")
