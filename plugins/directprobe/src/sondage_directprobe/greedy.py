"""Merging clusters of labels that are not separable: the fast way."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from sondage_directprobe.balls import balls_apart, radius
from sondage_directprobe.hull import Start, nearest
from sondage_directprobe.hyperplanes import SLOTS, Hyperplanes
from sondage_directprobe.overlap import compare_hulls
from sondage_directprobe.pairs import FREE, HARD, SOFT, Pairs, squared
from sondage_directprobe.points import Doubles, Ints, Points, need
from sondage_directprobe.separable import Separability
from sondage_directprobe.svm import soft

#: Steps in which several clusters, or labels, at once must be separated; else one by one.
EASY = 10


@dataclass
class MergeCounts:
    """How overlap questions were settled.

    Parameters
    ----------
    merges, failures : int
    questions : int
        Pairs of a candidate and a cluster of another label.
    asked : int
        Of them, those that no known hyperplane settled.
    solved : int
        Nearest-point problems.
    undecided : int
        Those that rounding left open; they count as overlap.
    """

    merges: int = 0
    failures: int = 0
    questions: int = 0
    asked: int = 0
    solved: int = 0
    undecided: int = 0


def merged(
    points: Points, found: Separability, *, touch: bool, memory: float
) -> tuple[list[Ints], MergeCounts]:
    """Cluster the points of labels that overlap others, as the literal algorithm does.

    Labels that are apart from all others need no merging: their hulls can block nothing.

    Parameters
    ----------
    points : Points
    found : Separability
    touch : bool
        Whether hulls may meet in a vector that both labels have (see `balls`).
    memory : float
        GiB that this may take.

    Returns
    -------
    clusters : list of int64 arrays
        Point numbers of each cluster of every label.
    counts : MergeCounts
    """
    involved = np.flatnonzero(found.overlap.any(axis=1))
    whole = [
        np.arange(points.starts[a], points.starts[a + 1])
        for a in range(len(points.names))
        if a not in involved
    ]
    if not len(involved):
        return whole, MergeCounts()
    sizes = np.diff(points.starts)[involved]
    size = 9.0 * float((sizes**2).sum()) + 8.0 * SLOTS * len(involved) * float(sizes.sum())
    need(size, memory, f"merging {int(sizes.sum())} points of {len(involved)} overlapping labels")
    greedy = _Greedy(points, found, involved, touch)
    greedy.run()
    return whole + greedy.clusters(), greedy.counts


class _Greedy:
    def __init__(self, points: Points, found: Separability, involved: Ints, touch: bool) -> None:
        self.touch = touch
        self.index = np.concatenate(
            [np.arange(points.starts[a], points.starts[a + 1]) for a in involved]
        )
        self.X = np.ascontiguousarray(points.X[self.index])
        self.tolerance = points.tolerance
        sizes = np.diff(points.starts)[involved]
        ends = np.cumsum(sizes)
        groups = [np.arange(b - n, b) for n, b in zip(sizes, ends, strict=True)]
        self.label = np.repeat(np.arange(len(involved)), sizes)
        self.meets = found.overlap[np.ix_(involved, involved)]
        self.pairs = Pairs(self.X, points.weight[self.index], groups, points.first[self.index])
        self.planes = Hyperplanes(self.X, groups, self.tolerance)
        self.members: list[Ints] = [np.array([i]) for i in range(len(self.X))]
        local = np.full(len(points), -1)
        local[self.index] = np.arange(len(self.index))
        self.twins = {
            int(local[i]): [int(local[j]) for j in others] for i, others in points.twins.items()
        }
        # Conflicting points of each cluster, and a far member: both settle most touching tests.
        self.conflicts = [[i] if i in self.twins else [] for i in range(len(self.X))]
        self.far = np.arange(len(self.X))
        # Of each label, the clusters with a conflicting point, and one of these.
        self.sharing: list[dict[int, int]] = [{} for _ in groups]
        for x in sorted(self.twins):
            self.sharing[self.label[x]][x] = x
        # Failed pairs by the cluster that they may not touch as it is.
        self.waiting: dict[int, list[tuple[int, int]]] = {}
        self.last: dict[tuple[int, int], Start] = {}
        self.place = np.zeros(len(self.X), np.int64)
        self.counts = MergeCounts()
        self._first_hyperplanes(found, involved, groups)

    def _first_hyperplanes(self, found: Separability, involved: Ints, groups: list[Ints]) -> None:
        conflicting = np.zeros(len(self.X), bool)
        conflicting[list(self.twins)] = True
        for a, b in combinations(range(len(groups)), 2):
            if not self.meets[a, b]:
                continue
            P, C = (self.X[g[~conflicting[g]]] for g in (groups[a], groups[b]))
            found_apart = None
            if len(P) and len(C):
                # Mostly it is only identical vectors that keep two labels from being apart.
                found_apart = compare_hulls(P, C, tolerance=self.tolerance, gap=0.2, limit=EASY)
            if found_apart and found_apart.lower > self.tolerance:
                normal = found_apart.slab
            else:
                normal = soft(self.X[groups[a]], self.X[groups[b]])
            length = float(np.linalg.norm(normal))
            if length > 0:
                self.planes.add(a, b, normal / length, first=True)

    def run(self) -> None:
        """Merge until no pair is left."""
        while (pair := self.pairs.closest()) is not None:
            # The larger one keeps its place, and with it what is known of its neighbours.
            i, j = sorted(pair, key=lambda c: -len(self.members[c]))
            p = self.pairs
            total = p.total[i] + p.total[j]
            centre = total / (p.weight[i] + p.weight[j])
            members = np.concatenate([self.members[i], self.members[j]])
            why, by = self._blocked(i, j, members, centre)
            if why == FREE:
                self.counts.merges += 1
                self._join(i, j, members, total, centre)
                continue
            self.counts.failures += 1
            p.fail(i, j, why)
            if why == SOFT:
                self.waiting.setdefault(by, []).append((i, j))

    def _join(self, i: int, j: int, members: Ints, total: Doubles, centre: Doubles) -> None:
        self.planes.merge(i, j, self.members[j])
        self.members[i], self.members[j] = members, np.empty(0, np.int64)
        self.conflicts[i] = self.conflicts[i] + self.conflicts[j]
        gaps = self.X[[self.far[i], self.far[j]]] - centre
        self.far[i] = self.far[(i, j)[int((gaps**2).sum(axis=1).argmax())]]
        sharing = self.sharing[self.label[i]]
        if sharing.pop(j, None) is not None:
            sharing[i] = self.conflicts[i][0]
        self.pairs.merge(i, j, total, centre, self._barred(i, j, total))
        # What could not touch the one or the other may be able to touch both.
        for a, b in self.waiting.pop(i, []) + self.waiting.pop(j, []):
            self.pairs.retry(a, b)

    def _barred(self, i: int, j: int, total: Doubles) -> Ints:
        """Return clusters that i, grown by j, cannot take in, for a shared vector would be inside.

        Some cluster of another label holds that vector too. Its centre is at most as far from
        the common one as the way by the vector: the distance to it plus its cluster's radius.
        So if another member is further from the common centre than the vector, the balls meet
        inside, whatever the other cluster becomes: the pair is out until one of it merges.
        """
        shared = {k: x for k, x in self.sharing[self.label[i]].items() if k != i}
        others = np.fromiter(shared, np.int64, len(shared))
        if not len(others) or not self.touch:
            return others
        p = self.pairs
        weight = p.weight[i] + p.weight[j] + p.weight[others]
        centres = (total + p.total[others]) / weight[:, None]
        near = squared(self.X[list(shared.values())], centres)
        far = squared(centres, self.X[self.far[i]])
        out: Ints = others[np.sqrt(near) < np.sqrt(far) - self.tolerance]
        return out

    def clusters(self) -> list[Ints]:
        """Return the points of every cluster, in the numbering of all points."""
        return [self.index[np.sort(m)] for m in self.members if len(m)]

    def _blocked(self, i: int, j: int, members: Ints, centre: Doubles) -> tuple[int, int]:
        """Return HARD or SOFT, and the cluster it overlaps, if merging i and j is illegal."""
        touching = self._twin_clusters(i, j)
        by = self._may_not_touch(i, j, members, centre, touching)
        if by is not None:
            return SOFT, by
        a = int(self.label[i])
        others = np.concatenate([self.planes.living[b] for b in np.flatnonzero(self.meets[a])])
        self.counts.questions += len(others)
        left = self.planes.unsettled(i, j, others, self.label[others])
        rest = others[left]
        if touching:
            rest = rest[~np.isin(rest, touching)]
        self.counts.asked += len(rest)
        labels = self.label[rest]
        for b in np.unique(labels):
            by = self._overlapped(i, j, members, int(b), rest[labels == b])
            if by is not None:
                return HARD, by
        return FREE, -1

    def _twin_clusters(self, i: int, j: int) -> list[int]:
        found = self.conflicts[i] + self.conflicts[j]
        return sorted({int(self.planes.cluster[t]) for x in found for t in self.twins[x]})

    def _may_not_touch(
        self, i: int, j: int, members: Ints, centre: Doubles, touching: list[int]
    ) -> int | None:
        """Return the first cluster that may not share a vector with the candidate."""
        if not touching:
            return None
        if not self.touch:
            return touching[0]
        some = self.X[[self.far[i], self.far[j]]]
        for c in touching:
            if not self._balls_apart(some, centre, c):
                return c
        whole = self.X[members]
        return next((c for c in touching if not self._balls_apart(whole, centre, c)), None)

    def _balls_apart(self, X: Doubles, centre: Doubles, other: int) -> bool:
        theirs = self.pairs.centre[other]
        return balls_apart(
            centre, radius(X, centre), theirs, radius(self.X[self.members[other]], theirs)
        )

    def _overlapped(self, i: int, j: int, members: Ints, b: int, others: Ints) -> int | None:
        """Separate a candidate from clusters of one label: all at once if that is easy.

        Returns the first cluster that it overlaps.
        """
        P = self.X[members]
        if len(others) > 1:
            C = self.X[np.concatenate([self.members[c] for c in others])]
            self.counts.solved += 1
            found = nearest(P, C, tolerance=self.tolerance, gap=0.9, limit=EASY)
            if found.lower > self.tolerance:
                self.planes.add(int(self.label[i]), b, found.slab)
                return None
        return next(
            (int(c) for c in others if not self._separate(P, members, (i, j), int(c))), None
        )

    def _separate(self, P: Doubles, members: Ints, parts: tuple[int, int], c: int) -> bool:
        theirs = self.members[c]
        C = self.X[theirs]
        self.counts.solved += 1
        start = self._start(members, parts, c)
        found = nearest(P, C, tolerance=self.tolerance, gap=0.9, start=start)
        if found.status == "open" and not found.lower > self.tolerance:
            found = compare_hulls(P, C, tolerance=self.tolerance, gap=0.5)
            self.counts.undecided += found.status == "open" and not found.lower > self.tolerance
        if not found.lower > self.tolerance:
            return False
        self.planes.add(int(self.label[parts[0]]), int(self.label[c]), found.slab)
        near = (members[found.first], found.first_weights)
        self.last[parts[0], c] = (*near, theirs[found.second], found.second_weights)
        return True

    def _start(self, members: Ints, parts: tuple[int, int], c: int) -> Start | None:
        """Return the nearest points as last found, as far as the clusters still hold them."""
        for i in parts:
            if (i, c) in self.last:
                first, a, second, b = self.last[i, c]
            elif (c, i) in self.last:
                second, b, first, a = self.last[c, i]
            else:
                continue
            mine = np.isin(self.planes.cluster[first], parts)
            theirs = self.planes.cluster[second] == c
            if mine.any() and theirs.any():
                self.place[members] = np.arange(len(members))
                self.place[self.members[c]] = np.arange(len(self.members[c]))
                first, second = first[mine], second[theirs]
                return self.place[first], a[mine], self.place[second], b[theirs]
        return None
