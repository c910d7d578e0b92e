"""Which examples of an epoch are learned together."""

from __future__ import annotations

import numpy as np

from sondage.data import Ints

#: Batches that are drawn at random before they are made of like lengths: so many that hardly any
#: padding is left, so few that the same examples seldom meet again in the next epoch.
POOL = 50


def in_batches(
    n: int, size: int, rng: np.random.Generator, lengths: Ints | None = None
) -> list[Ints]:
    """Return the batches of one epoch, each ascending.

    Parameters
    ----------
    n : int
        Examples; each is in one batch.
    size : int
        Examples of a batch; one batch may have fewer.
    rng : numpy.random.Generator
    lengths : int64 array, shape (n,), optional
        Subwords of each example. With it examples of like length share a batch: they are drawn
        for `POOL` batches at a time and sorted by length there, and then the batches are shuffled.
        Those of the smaller batch are drawn at random, so that no length counts for more.
    """
    order = rng.permutation(n)
    if lengths is None:
        return [np.sort(order[a : a + size]) for a in range(0, n, size)]
    whole = n - n % size
    for a in range(0, whole, POOL * size):
        pool = order[a : min(a + POOL * size, whole)]
        pool[:] = pool[np.argsort(lengths[pool], kind="stable")]
    cut = [np.sort(order[a : a + size]) for a in range(0, n, size)]
    return [cut[k] for k in rng.permutation(len(cut))]
