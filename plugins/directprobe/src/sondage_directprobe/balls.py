"""Bounding balls: they decide where clusters of different labels hold identical vectors.

No hyperplane separates such clusters. They count as touching, not as overlapping, while their
bounding balls (about the centroid, through the farthest member) have no interior point in
common: then the hulls meet in that vector alone. This is what the published program does by
its test of spheres, up to its rounding: it compares float32 numbers that are equal in theory.
"""

from __future__ import annotations

import numpy as np

from sondage_directprobe.points import Doubles

#: Share of the radii within which balls are taken to touch.
SLACK = 1e-9


def radius(X: Doubles, centre: Doubles) -> float:
    """Return the largest distance of rows of `X` from `centre`."""
    gaps = X - centre
    return float(np.sqrt(np.einsum("ij,ij->i", gaps, gaps).max()))


def balls_apart(a: Doubles, ra: float, b: Doubles, rb: float) -> bool:
    """Tell whether balls of centres `a`, `b` and radii `ra`, `rb` share no interior point."""
    gap = a - b
    return bool(np.sqrt(gap @ gap) >= (ra + rb) * (1 - SLACK))
