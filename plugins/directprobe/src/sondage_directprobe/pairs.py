"""The closest pair of same-label clusters, by centroids, as clusters merge and pairs fail."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sondage_directprobe.points import Doubles, Ints

#: Squared distances that are updated, not computed, may be off by this share of R².
BAND = 1e-12
FREE, SOFT, HARD = 0, 1, 2


def squared(a: Doubles, b: Doubles) -> Doubles:
    """Return the squared distances of rows of `a` and `b`, the same bits however many rows."""
    gaps = np.ascontiguousarray(a) - b
    out: Doubles = (gaps * gaps).sum(axis=1)
    return out


class Pairs:
    """Squared centroid distances within each label, and what has failed.

    The next pair is the one of least distance, computed from the centroids; of equal ones, that
    of the lower cluster number, then of the lower other number. Points are numbered in the
    order of their first rows, merged clusters on from there.

    Distances are kept by Lance and Williams' update, and those that the update cannot tell
    apart are computed afresh before they are compared.

    Parameters
    ----------
    X : float64 array, shape (m, d)
    weight : float64 array, shape (m,)
    groups : list of int64 arrays
        The points of each label, consecutive.
    first : int64 array, shape (m,)
        Sorts the points.
    """

    def __init__(self, X: Doubles, weight: Doubles, groups: list[Ints], first: Ints) -> None:
        m = len(X)
        self.centre = X.copy()
        self.total = X * weight[:, None]
        self.weight = weight.copy()
        self.alive = np.ones(m, bool)
        self.number = np.empty(m, np.int64)
        self.number[np.argsort(first, kind="stable")] = np.arange(m)
        self.next = m
        self.group = np.repeat(np.arange(len(groups)), [len(g) for g in groups])
        # The clusters that a label's table has rows of, and the row of each cluster.
        self.rows = [g.copy() for g in groups]
        self.row = np.concatenate([np.arange(len(g)) for g in groups])
        self.dead = [0] * len(groups)
        self.band = 2 * BAND * float(np.einsum("ij,ij->i", X, X).max())
        self.D: list[Doubles] = []
        self.state: list[NDArray[np.uint8]] = []
        self.least = np.full(m, np.inf)
        self.other = np.zeros(m, np.int64)
        for g in groups:
            self.D.append(_distances(X[g]))
            self.state.append(np.zeros((len(g), len(g)), np.uint8))
            self._rescan(g)

    def closest(self) -> tuple[int, int] | None:
        """Return the next pair, or None when all have failed."""
        least = float(self.least.min(initial=np.inf))
        if not np.isfinite(least):
            return None
        near = np.flatnonzero(self.least <= least + self.band)
        if len(near) == 2:
            return self._ordered(int(near[0]), int(near[1]))
        found: list[tuple[int, int]] = []
        for i in near:
            g = self.group[i]
            close = self.D[g][self.row[i]] <= least + self.band
            found += [(int(i), int(j)) for j in self.rows[g][close]]
        pairs = np.array(sorted({self._ordered(i, j) for i, j in found}))
        exact = squared(self.centre[pairs[:, 0]], self.centre[pairs[:, 1]])
        keys = (self.number[pairs[:, 1]], self.number[pairs[:, 0]], exact)
        i, j = pairs[np.lexsort(keys)[0]]
        return int(i), int(j)

    def _ordered(self, i: int, j: int) -> tuple[int, int]:
        return (i, j) if self.number[i] < self.number[j] else (j, i)

    def fail(self, i: int, j: int, state: int) -> None:
        """Take a pair out: for good, whatever they become (HARD), or until they grow (SOFT)."""
        g = self.group[i]
        rows = self.row[[i, j]]
        self.D[g][rows, rows[::-1]] = np.inf
        self.state[g][rows, rows[::-1]] = state
        self._rescan(np.array([i, j]))

    def retry(self, i: int, j: int) -> None:
        """Ask again for a pair that is out until something grows."""
        if not (self.alive[i] and self.alive[j]):
            return
        g = self.group[i]
        rows = self.row[[i, j]]
        if self.state[g][rows[0], rows[1]] != SOFT:
            return
        self.D[g][rows, rows[::-1]] = squared(self.centre[i][None], self.centre[j][None])[0]
        self.state[g][rows, rows[::-1]] = FREE
        self._rescan(np.array([i, j]))

    def merge(self, i: int, j: int, total: Doubles, centre: Doubles, barred: Ints) -> None:
        """Put cluster j into i, which cannot take in the `barred` ones until they grow."""
        g = int(self.group[i])
        D, state, rows = self.D[g], self.state[g], self.rows[g]
        a, b = int(self.row[i]), int(self.row[j])
        u, v = self.weight[i], self.weight[j]
        row = (u * D[a] + v * D[b]) / (u + v) - u * v * D[a, b] / (u + v) ** 2
        np.maximum(row, 0.0, out=row)
        self.total[i], self.centre[i], self.weight[i] = total, centre, u + v
        self.alive[j] = False
        alive = self.alive[rows]
        hard = (state[a] == HARD) | (state[b] == HARD)
        again = np.flatnonzero(((state[a] == SOFT) | (state[b] == SOFT)) & ~hard & alive)
        if len(again):
            row[again] = squared(self.centre[rows[again]], centre)
        state[a] = FREE
        state[a, self.row[barred]] = SOFT
        state[a, hard] = HARD
        row[(state[a] != FREE) | ~alive] = np.inf
        row[a] = np.inf
        state[:, a] = state[a]
        D[a] = D[:, a] = row
        D[b] = D[:, b] = np.inf
        self.number[i] = self.next
        self.next += 1
        self._mend(i, j, rows, row)
        self.dead[g] += 1
        if 2 * self.dead[g] > len(rows):
            self._forget(g)

    def _mend(self, i: int, j: int, rows: Ints, row: Doubles) -> None:
        self.least[j] = np.inf
        other = self.other[rows]
        stale = ((other == i) | (other == j)) & self.alive[rows]
        closer = row < self.least[rows]
        self.least[rows[closer]], self.other[rows[closer]] = row[closer], i
        stale &= ~closer
        stale[self.row[i]] = True
        self._rescan(rows[stale])

    def _forget(self, g: int) -> None:
        """Leave out what has been merged, so that the table shrinks with the clusters."""
        kept = np.flatnonzero(self.alive[self.rows[g]])
        self.D[g] = self.D[g][np.ix_(kept, kept)]
        self.state[g] = self.state[g][np.ix_(kept, kept)]
        self.rows[g] = self.rows[g][kept]
        self.row[self.rows[g]] = np.arange(len(kept))
        self.dead[g] = 0

    def _rescan(self, clusters: Ints) -> None:
        g = self.group[clusters[0]]
        rows = self.D[g][self.row[clusters]]
        best = rows.argmin(axis=1)
        self.least[clusters] = rows[np.arange(len(rows)), best]
        self.other[clusters] = self.rows[g][best]


def _distances(X: Doubles) -> Doubles:
    own = np.einsum("ij,ij->i", X, X)
    D = X @ X.T
    D *= -2
    D += own[:, None]
    D += own
    np.maximum(D, 0.0, out=D)
    D.flat[:: len(D) + 1] = np.inf
    return D
