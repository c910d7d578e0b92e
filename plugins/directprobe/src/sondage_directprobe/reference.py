"""The algorithm as it reads, with a linear program a pair: what the fast way must equal."""

from __future__ import annotations

import heapq
import importlib
from typing import Any

import numpy as np

from sondage.errors import PluginError
from sondage_directprobe.balls import balls_apart, radius
from sondage_directprobe.hull import Start, nearest
from sondage_directprobe.overlap import slab_of
from sondage_directprobe.pairs import squared
from sondage_directprobe.points import Doubles, Ints, Points


def reference_clusters(points: Points, *, touch: bool) -> list[Ints]:
    """Cluster by the literal algorithm; needs cvxpy with HiGHS.

    Every pair of same-label clusters waits in one heap by the distance of their centroids,
    then by the clusters' numbers. The closest pair is merged unless the result overlaps a
    cluster of another label. It is not asked again, but where it was kept from touching a
    cluster in a shared vector, and that cluster has grown since.

    Parameters
    ----------
    points : Points
    touch : bool
        Whether hulls may meet in a vector that both labels have (see `balls`).

    Returns
    -------
    list of int64 arrays
        Point numbers of each cluster.

    References
    ----------
    Zhou and Srikumar 2021, DirectProbe, section 3. Departs from it: a label's copies of one
    vector are one point from the start (the paper merges them first, at distance 0).
    """
    return _Reference(points, touch).run()


class _Reference:
    def __init__(self, points: Points, touch: bool) -> None:
        self.points, self.touch = points, touch
        X, w = points.X, points.weight
        order = np.argsort(points.first, kind="stable")
        # Clusters by number: points in the order of their first rows, merged ones after them.
        self.members = {n: [int(i)] for n, i in enumerate(order)}
        self.label = {n: int(points.label[i]) for n, i in enumerate(order)}
        self.weight = {n: float(w[i]) for n, i in enumerate(order)}
        self.total = {n: X[i] * w[i] for n, i in enumerate(order)}
        self.centre = {n: X[i] for n, i in enumerate(order)}
        self.radius = dict.fromkeys(self.members, 0.0)

    def run(self) -> list[Ints]:
        heap = [
            (self._distance(i, j), i, j)
            for j in self.members
            for i in range(j)
            if self.label[i] == self.label[j]
        ]
        heapq.heapify(heap)
        number = len(self.members)
        waiting: dict[int, list[tuple[int, int]]] = {}
        while heap:
            _, i, j = heapq.heappop(heap)
            if i not in self.members or j not in self.members:
                continue
            members = self.members[i] + self.members[j]
            total = self.total[i] + self.total[j]
            weight = self.weight[i] + self.weight[j]
            centre = total / weight
            by, soft = self._overlaps(members, self.label[i], centre)
            if by is not None:
                if soft:
                    waiting.setdefault(by, []).append((i, j))
                continue
            self.label[number] = self.label[i]
            for old in (i, j):
                del self.members[old], self.label[old]
            self.members[number], self.weight[number] = members, weight
            self.total[number], self.centre[number] = total, centre
            self.radius[number] = radius(self.points.X[members], centre)
            for a, b in waiting.pop(i, []) + waiting.pop(j, []):
                if a in self.members and b in self.members:
                    heapq.heappush(heap, (self._distance(a, b), a, b))
            for k in self.members:
                if k != number and self.label[k] == self.label[number]:
                    heapq.heappush(heap, (self._distance(k, number), k, number))
            number += 1
        return [np.array(sorted(m)) for m in self.members.values()]

    def _distance(self, i: int, j: int) -> float:
        return float(squared(self.centre[i][None], self.centre[j][None])[0])

    def _overlaps(self, members: list[int], label: int, centre: Doubles) -> tuple[int | None, bool]:
        """Return a cluster that these points overlap, and whether it is by touching."""
        X, vector = self.points.X, self.points.vector
        P, size = X[members], radius(X[members], centre)
        hard = None
        for k, theirs in self.members.items():
            if self.label[k] == label:
                continue
            balls = balls_apart(centre, size, self.centre[k], self.radius[k])
            if np.isin(vector[theirs], vector[members]).any():
                if not (self.touch and balls):
                    return k, True
            elif hard is None and not balls and not apart(P, X[theirs], self.points.tolerance):
                hard = k
        return hard, False


def apart(P: Doubles, C: Doubles, tolerance: float) -> bool:
    """Decide by a linear program whether the hulls of P and C are disjoint.

    Parameters
    ----------
    P, C : float64 arrays, shapes (p, d) and (c, d)
    tolerance : float
        Hulls no further apart than this overlap.

    Raises
    ------
    PluginError
        If cvxpy or HiGHS is not installed.

    Notes
    -----
    The program maximises the width of a slab between P and C under a bound on the normal's
    entries. Its answer counts as far as it is proved: by the slab's width, computed from the
    points; else by the dual's convex combinations, from which nearest points are computed.
    """
    normal, start = _program(P, C)
    if slab_of(P, C, normal)[0] > tolerance:
        return True
    return nearest(P, C, tolerance=tolerance, gap=1.0, start=start).lower > tolerance


def _program(P: Doubles, C: Doubles) -> tuple[Doubles, Start | None]:
    try:
        cp: Any = importlib.import_module("cvxpy")
    except ImportError as error:
        raise PluginError(
            "reference=True solves linear programs with cvxpy, which is not installed",
            hint="pip install 'sondage-directprobe[reference]'",
        ) from error
    centre = (P.mean(axis=0) + C.mean(axis=0)) / 2
    unit = max(float(np.abs(P - centre).max()), float(np.abs(C - centre).max()), 1e-300)
    w, b, t = cp.Variable(P.shape[1]), cp.Variable(), cp.Variable()
    above = (P - centre) / unit @ w - b >= t
    below = (C - centre) / unit @ w - b <= -t
    problem = cp.Problem(cp.Maximize(t), [above, below, cp.abs(w) <= 1])
    problem.solve(solver=cp.HIGHS)
    if w.value is None or above.dual_value is None or below.dual_value is None:
        return np.zeros(P.shape[1]), None
    first, second = np.maximum(above.dual_value, 0), np.maximum(below.dual_value, 0)
    i, j = np.flatnonzero(first > 1e-12), np.flatnonzero(second > 1e-12)
    start = (i, first[i], j, second[j]) if len(i) and len(j) else None
    return np.asarray(w.value), start
