"""From spans of words to rows of states: checks, batches of sentences, indices for pooling.

A batch gathers each row that its items need once, however many spans share it. Everything
here is numpy on whole batches; no loop runs over items.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sondage.data import Ints, States, Units, ranges
from sondage.errors import DataError, EncodingError


@dataclass(frozen=True)
class Places:
    """Where each item's spans lie among the rows of the states.

    Parameters
    ----------
    start, length : int64 arrays, shape (n, k)
        First row and number of rows of each span; k is 1 or 2.
    sentence : int64 array, shape (n,)
    """

    start: Ints
    length: Ints
    sentence: Ints

    def __len__(self) -> int:
        return len(self.sentence)


def places(units: Units, offsets: Ints, name: str = "the data") -> Places:
    """Find the rows of each span; a whole sentence is a span of all its words.

    Parameters
    ----------
    units : Units
        Of arity 0, 1 or 2.
    offsets : int64 array, shape (s + 1,)
        Sentence i owns the rows ``offsets[i]`` to ``offsets[i + 1]``.
    name : str
        What messages call the data.

    Raises
    ------
    DataError
        If there are more than two spans per item, or a span is empty, reversed or leaves its
        sentence (the first such item is named).
    """
    if units.arity > 2:
        raise DataError(f"edge probes take one or two spans an item, {name} has {units.arity}")
    if len(units) and not 0 <= units.sentence.min() <= units.sentence.max() < len(offsets) - 1:
        bad = int(units.sentence.max() if units.sentence.min() >= 0 else units.sentence.min())
        raise DataError(f"{name}: an item is in sentence {bad} of {len(offsets) - 1}")
    size = np.diff(offsets)[units.sentence]
    spans = units.spans
    if not units.arity:
        spans = np.stack([np.zeros_like(size), size], axis=1)[:, None]
    begin, end = spans[:, :, 0], spans[:, :, 1]
    bad_spans = ((begin < 0) | (end > size[:, None]) | (begin >= end)).any(axis=1)
    if bad_spans.any():
        i = int(np.flatnonzero(bad_spans)[0])
        raise DataError(
            f"{name}: item {i} has spans {spans[i].tolist()} in sentence "
            f"{int(units.sentence[i])}, which has {int(size[i])} words "
            f"({int(bad_spans.sum())} such items)",
            hint="a span is [start, end) over the words of its sentence and not empty",
        )
    start = offsets[units.sentence][:, None] + begin
    return Places(start.astype(np.int64), (end - begin).astype(np.int64), units.sentence)


def same_rows(states: Sequence[States]) -> Ints:
    """Return the layers' offsets; raises `EncodingError` if they differ or there are none."""
    if not states:
        raise EncodingError("no layer was given")
    first = states[0].offsets
    for i, layer in enumerate(states):
        if not np.array_equal(layer.offsets, first) or layer.values.shape != states[0].values.shape:
            raise EncodingError(
                f"layers 0 and {i} of the list have different rows: shapes "
                f"{states[0].values.shape} and {layer.values.shape}",
                hint="give all layers of one encoder under one view",
            )
    return first


@dataclass(frozen=True)
class Bucket:
    """Spans of like length.

    Parameters
    ----------
    words : int64 array, shape (m, w)
        Index of each word among the pool's rows; padding repeats the last word.
    real : bool array, shape (m, w), or None where nothing is padded
    """

    words: Ints
    real: NDArray[np.bool_] | None


@dataclass(frozen=True)
class Pool:
    """The spans of one role (first or second) in one batch.

    Parameters
    ----------
    rows : int64 array, shape (u,), or None where it would be all the batch's rows
        Which of the batch's rows these spans touch, ascending.
    n_rows : int
        u.
    buckets : tuple of Bucket
    order : int64 array, shape (m,), or None where it would change nothing
        Item i of the batch is number ``order[i]`` of the buckets laid end to end.
    index : int64 array, shape (f,)
        The same without padding: index of each word among the pool's rows, item after item.
    length : int64 array, shape (m,)
        Words of each item's span.
    """

    rows: Ints | None
    n_rows: int
    buckets: tuple[Bucket, ...]
    order: Ints | None
    index: Ints
    length: Ints

    @cached_property
    def first(self) -> Ints:
        """Where each item's words begin in `index`."""
        found: Ints = np.cumsum(self.length) - self.length
        return found


@dataclass(frozen=True)
class Batch:
    """Items that are computed together.

    Parameters
    ----------
    items : int64 array, shape (m,)
        Which of the items, in no particular order.
    rows : int64 array, shape (r,)
        Rows of the states that they need, ascending, each once.
    pools : tuple of Pool, one a role
    """

    items: Ints
    rows: Ints
    pools: tuple[Pool, ...]


def batch(where: Places, items: Ints) -> Batch:
    """Return the indices with which these items are computed."""
    roles = []
    for k in range(where.start.shape[1]):
        length = where.length[items, k]
        flat = ranges(where.start[items, k], length)
        rows, index = np.unique(flat, return_inverse=True)
        roles.append((rows, index, length))
    # Distinct and ascending already, where there is one role.
    union = roles[0][0] if len(roles) == 1 else np.union1d(roles[0][0], roles[1][0])
    pools = tuple(_pool(union, *role) for role in roles)
    return Batch(items, union, pools)


def _pool(union: Ints, rows: Ints, index: Ints, length: Ints) -> Pool:
    own = None if len(rows) == len(union) else np.searchsorted(union, rows)
    if length.max(initial=1) == 1:
        bucket = Bucket(index[:, None], None)
        return Pool(own, len(rows), (bucket,), None, index, length)
    first = np.cumsum(length) - length
    # Widths are powers of two: a few dense products whatever the lengths, at most half padding.
    width = 1 << np.ceil(np.log2(length)).astype(np.int64)
    buckets, members = [], []
    for w in np.unique(width):
        these = np.flatnonzero(width == w)
        step = np.arange(w)
        real = step < length[these, None]
        at = first[these, None] + np.minimum(step, length[these, None] - 1)
        buckets.append(Bucket(index[at], None if real.all() else real))
        members.append(these)
    order = np.empty(len(length), np.int64)
    order[np.concatenate(members)] = np.arange(len(length))
    last = order if len(buckets) > 1 else None
    return Pool(own, len(rows), tuple(buckets), last, index, length)


class Batches:
    """Items grouped by sentence, dealt into batches of sentences.

    Parameters
    ----------
    where : Places
    items : int64 array
        Which items take part.
    """

    def __init__(self, where: Places, items: Ints) -> None:
        self.where = where
        order = np.argsort(where.sentence[items], kind="stable")
        self._items = np.asarray(items, np.int64)[order]
        self._first = np.flatnonzero(np.diff(where.sentence[self._items], prepend=-1))
        self._count = np.diff(np.append(self._first, len(self._items)))

    @property
    def n_sentences(self) -> int:
        """Number of sentences with at least one item."""
        return len(self._first)

    def deal(self, size: int, rng: np.random.Generator | None = None) -> Iterator[Batch]:
        """Yield batches of `size` sentences; shuffled if there is a generator."""
        n = self.n_sentences
        order = np.arange(n) if rng is None else rng.permutation(n)
        for at in range(0, n, size):
            these = np.sort(order[at : at + size])
            yield batch(self.where, self._items[ranges(self._first[these], self._count[these])])
