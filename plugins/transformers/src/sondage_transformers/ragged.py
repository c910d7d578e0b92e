"""Flat arrays with offsets: the few operations that batching needs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sondage.data import Ints


def starts_of(lengths: Ints) -> Ints:
    """Return where each of consecutive runs begins."""
    out: Ints = np.cumsum(lengths) - lengths
    return out


def by_budget(lengths: Ints, budget: int) -> Iterator[tuple[int, int]]:
    """Cut descending lengths into runs whose padded size stays within the budget.

    Parameters
    ----------
    lengths : int64 array, shape (n,), descending
    budget : int
        Longest length × number of sequences; a longer sequence makes a run of its own.

    Yields
    ------
    (start, end) : half-open, in order
    """
    start = 0
    while start < len(lengths):
        count = max(1, budget // max(1, int(lengths[start])))
        yield start, min(start + count, len(lengths))
        start += count
