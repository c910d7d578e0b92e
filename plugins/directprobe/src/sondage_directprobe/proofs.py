"""Certificates of a clustering, made on demand and in the unit of the data."""

from __future__ import annotations

import numpy as np

from sondage.errors import DataError
from sondage_directprobe.balls import balls_apart, radius
from sondage_directprobe.certificates import Certificate, Common, Separator, Touch
from sondage_directprobe.distances import closest
from sondage_directprobe.overlap import compare_hulls
from sondage_directprobe.points import Doubles, Ints, Points


def certificate(
    points: Points,
    clusters: list[Ints],
    i: int,
    j: int,
    *,
    gap: float,
    normal: Doubles | None = None,
) -> Certificate:
    """Prove that the hulls of two clusters of different labels do not overlap.

    Parameters
    ----------
    points : Points
    clusters : list of int64 arrays
    i, j : int
    gap : float
        How close to the largest margin the separator is to come.
    normal : float64 array, shape (d,), optional
        Of a separator, if it is known.

    Raises
    ------
    DataError
        If rounding leaves the pair without proof.
    """
    a, b = clusters[i], clusters[j]
    twin = _twin(points, a, b)
    if twin is not None:
        towards = _centre(points, a) - _centre(points, b)
        length = float(np.linalg.norm(towards))
        rows = (int(points.first[twin[0]]), int(points.first[twin[1]]))
        return Touch(i, j, rows, towards / length if length > 0 else towards)
    if normal is None:
        found = closest(points, a, b, gap=gap)
        if not found.lower > 0:
            raise DataError(f"clusters {i} and {j} have no proof of being apart")
        normal = found.slab
    low = float((points.X[a] @ normal).min()) / points.scale
    high = float((points.X[b] @ normal).max()) / points.scale
    shift = float(points.centre @ normal) / points.scale
    return Separator(i, j, normal, (low + high) / 2 + shift, (low - high) / 2)


def blocker(
    points: Points, clusters: list[Ints], i: int, j: int, *, touch: bool
) -> tuple[int, Common]:
    """Find a cluster of another label that the common hull of clusters i and j overlaps.

    Raises
    ------
    DataError
        If there is none with a proof.
    """
    members = np.concatenate([clusters[i], clusters[j]])
    centre = _centre(points, members)
    size = radius(points.X[members], centre)
    label = points.label[members[0]]
    others = [k for k, c in enumerate(clusters) if points.label[c[0]] != label]
    for k in others:
        twin = _twin(points, members, clusters[k])
        if twin is None:
            continue
        theirs = _centre(points, clusters[k])
        if not (touch and balls_apart(centre, size, theirs, radius(points.X[clusters[k]], theirs))):
            return k, _common(points, twin[:1], twin[1:], np.ones(1), np.ones(1))
    for k in others:
        if _twin(points, members, clusters[k]) is not None:
            continue
        P, C = points.X[members], points.X[clusters[k]]
        found = compare_hulls(P, C, tolerance=points.tolerance)
        if not found.lower > points.tolerance:
            return k, _common(
                points,
                members[found.first],
                clusters[k][found.second],
                found.first_weights,
                found.second_weights,
            )
    raise DataError(f"nothing keeps clusters {i} and {j} apart")


def _common(
    points: Points, first: Ints, second: Ints, first_weights: Doubles, second_weights: Doubles
) -> Common:
    gap = first_weights @ points.X[first] - second_weights @ points.X[second]
    return Common(
        points.first[first],
        first_weights,
        points.first[second],
        second_weights,
        float(np.linalg.norm(gap)) / points.scale,
    )


def _twin(points: Points, a: Ints, b: Ints) -> Ints | None:
    shared = np.intersect1d(points.vector[a], points.vector[b])
    if not len(shared):
        return None
    return np.array([c[points.vector[c] == shared[0]][0] for c in (a, b)])


def _centre(points: Points, members: Ints) -> Doubles:
    w = points.weight[members]
    out: Doubles = w @ points.X[members] / w.sum()
    return out
