"""Which pairs of labels are linearly separable, each with its proof."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from sondage_directprobe.hull import Nearest
from sondage_directprobe.overlap import compare_hulls, slab_of
from sondage_directprobe.points import Doubles, Points


@dataclass(frozen=True)
class Separability:
    """The answer for every pair of labels.

    Parameters
    ----------
    overlap : bool array, shape (k, k), symmetric
        Whether the hulls of two labels overlap.
    normals : mapping of (a, b), a < b, to a float64 array, shape (d,)
        Unit normal towards label a of a slab free of both labels' points, where they are apart.
    classifier : float64 array, shape (d, k)
        A linear score per label, by ridge regression: separates most points of most pairs.
    undecided : int
        Pairs for which rounding left no proof; they count as overlapping.
    """

    overlap: NDArray[np.bool_]
    normals: dict[tuple[int, int], Doubles]
    classifier: Doubles
    undecided: int


def separability(points: Points) -> Separability:
    """Decide for every pair of labels whether their hulls are disjoint.

    One ridge regression settles the easy pairs. Labels that share a vector overlap. For the
    rest there are `compare_hulls`'s machine, nearest points and linear program.
    """
    k = len(points.names)
    W = ridge(points)
    scores = points.X @ W
    overlap = np.zeros((k, k), bool)
    normals: dict[tuple[int, int], Doubles] = {}
    undecided = 0
    for a, b in combinations(range(k), 2):
        at, bt = points.of_label(a), points.of_label(b)
        lead = scores[:, a] - scores[:, b]
        length = float(np.linalg.norm(W[:, a] - W[:, b]))
        if lead[at].min() - lead[bt].max() > points.tolerance * length:
            width, normal = slab_of(points.X[at], points.X[bt], W[:, a] - W[:, b])
            if width > points.tolerance:
                normals[a, b] = normal
                continue
        shared = bool(np.isin(points.vector[at], points.vector[bt]).any())
        found = shared or compare_hulls(points.X[at], points.X[bt], tolerance=points.tolerance)
        if isinstance(found, Nearest) and found.lower > points.tolerance:
            normals[a, b] = found.slab
        else:
            overlap[a, b] = overlap[b, a] = True
            undecided += isinstance(found, Nearest) and found.status == "open"
    return Separability(overlap, normals, W, undecided)


def ridge(points: Points) -> Doubles:
    """Return ridge regression's weights for the labels' indicators, shape (d, k)."""
    X = points.X
    wanted = np.zeros((len(X), len(points.names)))
    wanted[np.arange(len(X)), points.label] = 1.0
    wanted -= wanted.mean(axis=0)
    if len(X) <= X.shape[1]:
        G = X @ X.T
        G.flat[:: len(X) + 1] += 1e-4 * max(G.trace(), 1e-300) / len(X)
        return X.T @ np.linalg.solve(G, wanted)
    G = X.T @ X
    G.flat[:: len(G) + 1] += 1e-4 * G.trace() / len(G)
    return np.asarray(np.linalg.solve(G, X.T @ wanted), np.float64)
