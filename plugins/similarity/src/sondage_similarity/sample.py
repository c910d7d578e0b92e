"""A random sample of stimuli that does not depend on the order in which they come.

Every stimulus has an identity, a seed turns identities into random numbers, and the sample
is the rows with the smallest numbers. Any chunking, order and merge tree picks the same.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from sondage.data import Ints, Labels
from sondage.errors import DataError
from sondage_similarity.arrays import aligned

_MASK = (1 << 64) - 1
_GAMMA = 0x9E3779B97F4A7C15


def _mix(z: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scramble 64-bit numbers; one to one."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def priorities(rows: Ints, seed: int) -> NDArray[np.uint64]:
    """Return a pseudo-random number for each row identity, different for different rows.

    Parameters
    ----------
    rows : int64 array, shape (n,)
        Identities of stimuli.
    seed : int
        Any integer; equal seeds give equal numbers.

    Returns
    -------
    uint64 array, shape (n,)

    References
    ----------
    Steele, Lea and Flood 2014, Fast splittable pseudorandom number generators, OOPSLA, the
    generator SplitMix64. Departs from it: the identity takes the place of the step count,
    and the seed is scrambled first, so that near seeds give unrelated samples.
    """
    start = _mix(np.array([(seed * _GAMMA + _GAMMA) & _MASK], dtype=np.uint64))
    return _mix(start + (np.asarray(rows).astype(np.uint64) + np.uint64(1)) * np.uint64(_GAMMA))


class BottomK:
    """The k stimuli of smallest priority among those seen, with both sides' vectors.

    Parameters
    ----------
    k : int
        Size of the sample.
    seed : int

    Notes
    -----
    Memory: at most k (d_a + d_b) numbers of the inputs' dtypes. A stimulus given twice is
    noticed where it falls into the sample, not otherwise.

    References
    ----------
    Cohen and Kaplan 2007, Summarizing data using bottom-k sketches, PODC. Departs from it:
    uniform weights only.
    """

    def __init__(self, k: int, seed: int) -> None:
        self.k, self.seed = k, seed
        self.seen = 0
        self.size = 0
        self._keys = np.empty(0, np.uint64)
        self._rows = np.empty(0, np.int64)
        self._a: NDArray[Any] | None = None
        self._b: NDArray[Any] | None = None

    def add(self, a: NDArray[Any], b: NDArray[Any], rows: Ints) -> None:
        """Offer stimuli: `a` and `b` of shapes (n, d_a) and (n, d_b), `rows` their identities.

        Raises
        ------
        DataError
            If identities and rows differ in number, or widths or dtypes from earlier chunks.
        """
        rows = np.asarray(rows, dtype=np.int64)
        if rows.shape != (len(a),):
            raise DataError(f"similarity: {rows.shape} row identities for {len(a)} stimuli")
        if self._a is None or self._b is None:
            self._a, self._b = (
                np.empty((0, a.shape[1]), a.dtype),
                np.empty((0, b.shape[1]), b.dtype),
            )
        was, given = (self._a, self._b), (a, b)
        if any(
            p.shape[1] != q.shape[1] or p.dtype != q.dtype for p, q in zip(was, given, strict=True)
        ):
            raise DataError(
                f"similarity: chunks of {a.shape[1]} {a.dtype} and {b.shape[1]} {b.dtype} do not "
                f"go with earlier ones of {was[0].shape[1]} {was[0].dtype} and "
                f"{was[1].shape[1]} {was[1].dtype}"
            )
        self.seen += len(rows)
        keys = priorities(rows, self.seed)
        if self.size == self.k:
            new = np.flatnonzero(keys < self._keys.max())
        else:
            new = np.arange(len(rows))
        joined = np.concatenate([self._keys[: self.size], keys[new]])
        if len(joined) > self.k:
            kept = np.zeros(len(joined), bool)
            kept[np.argpartition(joined, self.k - 1)[: self.k]] = True
        else:
            kept = np.ones(len(joined), bool)
        free = np.flatnonzero(~kept[: self.size])
        new = new[kept[self.size :]]
        self._put(free, a[new], b[new], rows[new], keys[new])

    def _put(
        self,
        free: Ints,
        a: NDArray[Any],
        b: NDArray[Any],
        rows: Ints,
        keys: NDArray[np.uint64],
    ) -> None:
        """Write stimuli over the slots `free`, and the rest behind the last."""
        total = self.size + len(rows) - len(free)
        if total > len(self._rows):
            # Doubling keeps the copying linear; a stream shorter than k costs no k rows.
            room = min(self.k, max(total, 2 * len(self._rows)))
            for name in ("_keys", "_rows", "_a", "_b"):
                old = getattr(self, name)
                wider = np.empty((room, *old.shape[1:]), old.dtype)
                wider[: self.size] = old[: self.size]
                setattr(self, name, wider)
        slots = np.concatenate([free, np.arange(self.size, total)])
        for store, values in ((self._keys, keys), (self._rows, rows), (self._a, a), (self._b, b)):
            assert store is not None
            store[slots] = values
        self.size = total

    def merge(self, other: BottomK) -> None:
        """Take in another sample of the same size and seed; `other` is left as it is.

        Raises
        ------
        DataError
            If they were begun with other settings.
        """
        if (self.k, self.seed) != (other.k, other.seed):
            raise DataError(
                f"similarity: samples of {other.k} stimuli with seed {other.seed} and of "
                f"{self.k} with seed {self.seed} cannot be merged"
            )
        if other._a is None or other._b is None:
            return
        seen = self.seen + other.seen
        n = other.size
        self.add(other._a[:n], other._b[:n], other._rows[:n])
        self.seen = seen

    def drawn(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return both sides of the sample, in the order of the stimuli's identities.

        Raises
        ------
        DataError
            If a stimulus of the sample was given more than once, or nothing was given.
        """
        if self._a is None or self._b is None:
            raise DataError("similarity was given no stimuli")
        order = np.argsort(self._rows[: self.size], kind="stable")
        repeated = np.count_nonzero(np.diff(self._rows[order]) == 0)
        if repeated:
            raise DataError(
                f"similarity was given {repeated} stimuli more than once",
                hint="row identities must be unique over all chunks and merged parts",
            )
        return self._a[order], self._b[order]

    def identities(self) -> Ints:
        """Return the identities of the sample, ascending: those of the rows of `drawn`."""
        return np.sort(self._rows[: self.size])


class Sampled:
    """A random sample of the stimuli seen, as an accumulator that belongs to no metric.

    Parameters
    ----------
    stimuli : int
    seed : int
    labels : Labels, optional
        Of the items that the stimuli are.
    """

    def __init__(self, stimuli: int, seed: int, labels: Labels | None = None) -> None:
        self.sample = BottomK(stimuli, seed)
        self.labels = labels

    def update(self, a: Any, b: Any, rows: Ints) -> None:
        """Take aligned chunks, shapes (n, d_a) and (n, d_b), and the stimuli's identities."""
        a, b = aligned(a, b, "similarity")
        self.sample.add(a, b, rows)

    def merge(self, other: Self) -> Self:
        """Take in another accumulator's stimuli, leave it as it is, return self."""
        self.sample.merge(other.sample)
        return self
