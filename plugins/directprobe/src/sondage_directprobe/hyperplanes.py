"""The hyperplanes met so far, and on which side of each every cluster lies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sondage_directprobe.points import Doubles, Ints

#: Hyperplanes kept for each pair of labels; the first stays, the oldest other one goes.
SLOTS = 256


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
        self.scores = np.full((len(X), k, SLOTS), -np.inf)
        self.cluster = np.arange(len(X))
        self.used = np.zeros((k, k), np.int64)

    def add(self, a: int, b: int, normal: Doubles, *, first: bool = False) -> None:
        """Take in a unit direction from label b towards label a."""
        slot = 0 if first else 1 + int(self.used[a, b]) % (SLOTS - 1)
        if not first:
            self.used[a, b] += 1
            self.used[b, a] += 1
        for mine, other, sign in ((a, b, 1.0), (b, a, -1.0)):
            g = self.groups[mine]
            points = slice(int(g[0]), int(g[-1]) + 1)
            low = np.full(len(g), np.inf)
            np.minimum.at(low, self.cluster[points] - g[0], self.X[points] @ (sign * normal))
            self.scores[points, other, slot] = low

    def joined(self, i: int, j: int) -> Doubles:
        """Return the scores that the two clusters have together."""
        out: Doubles = np.minimum(self.scores[i], self.scores[j])
        return out

    def unsettled(self, scores: Doubles, a: int, others: Ints, labels: Ints) -> NDArray[np.bool_]:
        """Return which clusters no hyperplane parts from a cluster of label a.

        Parameters
        ----------
        scores : float64 array, shape (k, SLOTS)
            Of the cluster.
        others, labels : int64 arrays, shape (c,)
            Clusters of other labels.
        """
        left: NDArray[np.bool_] = ~(scores[labels, 0] + self.scores[others, a, 0] > self.tolerance)
        rest = np.flatnonzero(left)
        if len(rest):
            c = others[rest]
            sums = scores[labels[rest], 1:] + self.scores[c, a, 1:]
            left[rest] = ~(sums > self.tolerance).any(axis=1)
        return left

    def merge(self, i: int, j: int, members: Ints) -> None:
        """Put cluster j, of these points, into i."""
        self.scores[i] = self.joined(i, j)
        self.cluster[members] = i
