"""The hyperplanes met so far, and on which side of each every cluster lies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sondage_directprobe.points import Doubles, Ints

#: Hyperplanes kept for each pair of labels; the first stays, the oldest other one goes.
SLOTS = 256
#: Room for them at first.
FEW = 8


class Hyperplanes:
    """Least scores of every cluster under hyperplanes between its label and each other one.

    A hyperplane for labels a and b is a direction; a cluster of a scores by its least
    projection on it, one of b by its least projection on the opposite direction. Two clusters
    whose scores sum to more than the tolerance are apart, and so are all parts of them; the
    score of a merged cluster is the lesser of the two. So a question costs a comparison.

    Parameters
    ----------
    X : float64 array, shape (m, d)
    groups : list of int64 arrays
        The points of each label, consecutive.
    tolerance : float
    """

    def __init__(self, X: Doubles, groups: list[Ints], tolerance: float) -> None:
        self.X, self.groups, self.tolerance = X, groups, tolerance
        k = len(groups)
        self.start = [int(g[0]) for g in groups]
        self.group = np.repeat(np.arange(k), [len(g) for g in groups])
        # The first ones settle nearly all, and are read for all clusters at once: by the other
        # label, then by cluster.
        self.first = np.full((k, len(X)), -np.inf)
        # The others: for two labels, by cluster of the one.
        self.scores: dict[tuple[int, int], Doubles] = {}
        self.cluster = np.arange(len(X))
        self.living = [g.copy() for g in groups]
        self.used = np.zeros((k, k), np.int64)

    def add(self, a: int, b: int, normal: Doubles, *, first: bool = False) -> None:
        """Take in a unit direction from label b towards label a."""
        slot = int(self.used[a, b]) % (SLOTS - 1)
        for mine, other, sign in ((a, b, 1.0), (b, a, -1.0)):
            g, at = self.groups[mine], self.start[mine]
            points = slice(at, at + len(g))
            low = np.full(len(g), np.inf)
            np.minimum.at(low, self.cluster[points] - at, self.X[points] @ (sign * normal))
            if first:
                self.first[other, points] = low
                continue
            self.used[mine, other] += 1
            living = self.living[mine] - at
            self._room(mine, other, slot)[living, slot] = low[living]

    def _room(self, mine: int, other: int, slot: int) -> Doubles:
        """Return one label's scores for another, with room for a slot."""
        old = self.scores.get((mine, other), np.empty((len(self.groups[mine]), 0)))
        if slot >= old.shape[1]:
            more = min(max(FEW, old.shape[1]), SLOTS - 1 - old.shape[1])
            old = np.pad(old, ((0, 0), (0, more)), constant_values=-np.inf)
            self.scores[mine, other] = old
        return old

    def unsettled(self, i: int, j: int, others: Ints, labels: Ints) -> NDArray[np.bool_]:
        """Return which clusters no hyperplane parts from two of one label together.

        Parameters
        ----------
        i, j : int
            The two clusters.
        others, labels : int64 arrays, shape (c,)
            Clusters of other labels.
        """
        a = int(self.group[i])
        mine = np.minimum(self.first[:, i], self.first[:, j])
        left: NDArray[np.bool_] = ~(mine[labels] + self.first[a, others] > self.tolerance)
        rest = np.flatnonzero(left)
        for b in np.unique(labels[rest]):
            if (a, int(b)) not in self.scores:
                continue
            at = rest[labels[rest] == b]
            own, theirs = self.scores[a, int(b)], self.scores[int(b), a]
            joined = np.minimum(own[i - self.start[a]], own[j - self.start[a]])
            sums = joined + theirs[others[at] - self.start[int(b)]]
            left[at] = ~(sums > self.tolerance).any(axis=1)
        return left

    def merge(self, i: int, j: int, members: Ints) -> None:
        """Put cluster j, of these points, into i: its score is the lesser of the two."""
        a = int(self.group[i])
        np.minimum(self.first[:, i], self.first[:, j], out=self.first[:, i])
        x, y = i - self.start[a], j - self.start[a]
        for (mine, _), scores in self.scores.items():
            if mine == a:
                np.minimum(scores[x], scores[y], out=scores[x])
        self.living[a] = self.living[a][self.living[a] != j]
        self.cluster[members] = i
