"""Distances of the hulls of clusters of different labels, exact to a certified gap."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from sondage_directprobe.hull import Nearest, nearest
from sondage_directprobe.overlap import slab_of
from sondage_directprobe.pairs import squared
from sondage_directprobe.points import Doubles, Ints, Points
from sondage_directprobe.svm import SMALL, guess

#: Bytes that separators of a clustering may take.
ROOM = 1 << 28


@dataclass(frozen=True)
class Distances:
    """How far the hulls of clusters of different labels are apart.

    Parameters
    ----------
    values : float64 array, shape (k, k), symmetric
        In the unit of the data; NaN between clusters of one label, 0 where two clusters hold
        the same vector.
    normals : mapping of (i, j), i < j, to a float64 array, shape (d,)
        Unit normal, towards i, of the slab that proves the lower bound. Left out where they
        would take more than `ROOM` bytes, and for pairs of single points.
    loose : int
        Pairs whose gap rounding kept larger than asked for.
    """

    values: Doubles
    normals: dict[tuple[int, int], Doubles]
    loose: int


def hull_distances(points: Points, clusters: list[Ints], *, gap: float) -> Distances:
    """Compute how far the hulls of clusters of different labels are apart.

    The separator of largest margin between two sets is normal to the segment between the
    nearest points of their hulls, halfway, so that the distance is twice its margin.

    Parameters
    ----------
    points : Points
    clusters : list of int64 arrays
        Point numbers of each cluster.
    gap : float
        Relative gap between the distance and its proved lower bound.
    """
    k = len(clusters)
    label = np.array([points.label[c[0]] for c in clusters])
    out = np.full((k, k), np.nan)
    single = np.flatnonzero([len(c) == 1 for c in clusters])
    if len(single) > 1:
        X = points.X[[clusters[i][0] for i in single]]
        for at, x in zip(single, X, strict=True):
            out[at, single] = np.sqrt(squared(X, x[None]))
    same = label[:, None] == label
    loose = 0
    normals: dict[tuple[int, int], Doubles] = {}
    room = 4 * k * k * points.X.shape[1] <= ROOM
    vectors = [points.vector[c] for c in clusters]
    conflicting = [bool(points.conflicting[c].any()) for c in clusters]
    for i, j in combinations(range(k), 2):
        if same[i, j] or not np.isnan(out[i, j]):
            continue
        if conflicting[i] and conflicting[j] and np.isin(vectors[i], vectors[j]).any():
            out[i, j] = out[j, i] = 0.0
            continue
        found = closest(points, clusters[i], clusters[j], gap=gap)
        loose += found.status == "open"
        out[i, j] = out[j, i] = found.upper
        if room and found.lower > 0:
            normals[i, j] = found.slab
    out /= points.scale
    out[same] = np.nan
    return Distances(out, normals, loose)


def closest(points: Points, a: Ints, b: Ints, *, gap: float) -> Nearest:
    """Return the nearest points of two clusters' hulls, in scaled coordinates."""
    P, C = points.X[a], points.X[b]
    start = None
    if min(len(P), len(C)) > 1 and len(P) + len(C) > SMALL:
        start = guess(P, C, tol=1e-3)
    found = nearest(P, C, tolerance=0.0, gap=gap, start=start)
    if found.status != "apart" and found.upper > 0:
        # The proof may still be had from the best direction at hand.
        width, _ = slab_of(P, C, found.direction)
        if width > 0 and found.upper - width <= gap * found.upper:
            return nearest(P, C, tolerance=0.0, gap=2 * gap, start=start)
    return found
