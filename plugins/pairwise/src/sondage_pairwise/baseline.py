"""Another example's anchor for each: what a match gets from words that do not ask for it."""

from __future__ import annotations

import numpy as np

from sondage.data import Ints

_SEED = 0


def other_anchors(groups: Ints, seed: int = _SEED) -> Ints:
    """Return for each example another one, of another group.

    Parameters
    ----------
    groups : int64 array, shape (n,)
        The text of each example.
    seed : int
        Draws them.

    Returns
    -------
    int64 array, shape (n,)
        No example is drawn twice. -1 where there is none left: if one group has more than half
        of all examples.
    """
    n = len(groups)
    if not n:
        return np.zeros(0, np.int64)
    rng = np.random.default_rng(seed)
    names, codes = np.unique(groups, return_inverse=True)
    # Groups in random order, and within them examples too; then all step on by the largest.
    order = np.lexsort((rng.random(n), rng.permutation(len(names))[codes]))
    turned = np.roll(order, -int(np.bincount(codes).max()))
    out = np.empty(n, np.int64)
    out[order] = np.where(codes[order] == codes[turned], -1, turned)
    return out
