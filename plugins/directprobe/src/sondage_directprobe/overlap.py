"""Whether two hulls overlap, by whatever settles it first; always with a certificate."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog

from sondage_directprobe.hull import Nearest, Start, nearest
from sondage_directprobe.points import Doubles
from sondage_directprobe.svm import SMALL, guess

#: Most steps of the linear program: some 10 s with 4,000 points in 384 dimensions.
PROGRAM = 5_000


def slab_of(P: Doubles, C: Doubles, direction: Doubles) -> tuple[float, Doubles]:
    """Return the width of the slab normal to `direction` between P and C, and its normal.

    Negative where the projections overlap.
    """
    length = float(np.sqrt(direction @ direction))
    if not length > 0:
        return -np.inf, direction
    normal = direction / length
    return float((P @ normal).min() - (C @ normal).max()), normal


def compare_hulls(
    P: Doubles, C: Doubles, *, tolerance: float, gap: float = 1.0, limit: int | None = None
) -> Nearest:
    """Find out whether the hulls of P and C are apart.

    Parameters
    ----------
    P, C : float64 arrays, shapes (p, d) and (c, d)
    tolerance : float
        Hulls no further apart than this overlap.
    gap : float
        As for `nearest`: 1 for any separator.
    limit : int, optional
        Steps after which it may give up, with status 'open'.

    Returns
    -------
    Nearest
        Status 'apart' or 'overlap'; 'open' if neither could be proved.
    """
    if min(len(P), len(C)) > 1 and len(P) + len(C) > SMALL:
        # Few steps: hulls that overlap would use up any number, and give a poor start.
        start = guess(P, C, tol=1.9 if gap >= 0.5 else 1e-3, limit=5 * (len(P) + len(C)))
        found = start and _guessed(P, C, start)
        if found and found.lower > tolerance and found.upper - found.lower <= gap * found.upper:
            return found
        if found and found.lower > tolerance:
            return nearest(P, C, tolerance=tolerance, gap=gap, start=start)
    found = nearest(P, C, tolerance=tolerance, gap=gap, limit=limit)
    if limit is None and found.status == "open" and not found.lower > tolerance:
        start = linear_program(P, C)
        if start is not None:
            found = nearest(P, C, tolerance=tolerance, gap=gap, start=start)
    return found


def _guessed(P: Doubles, C: Doubles, start: Start) -> Nearest:
    first, a, second, b = start
    a, b = a / a.sum(), b / b.sum()
    v = a @ P[first] - b @ C[second]
    width, normal = slab_of(P, C, v)
    upper = float(np.sqrt(v @ v))
    return Nearest(v, first, a, second, b, upper, width, normal, "apart", 0)


def linear_program(P: Doubles, C: Doubles) -> Start | None:
    """Return convex combinations of both sides that a linear program finds closest.

    The program minimises the sum of absolute differences of the two combinations; its value
    is 0 just where the hulls overlap, and its basic solution then needs d + 2 points at most.
    None if it takes too many steps.
    """
    (p, d), c = P.shape, len(C)
    centre = (P.mean(axis=0) + C.mean(axis=0)) / 2
    unit = max(np.abs(P - centre).max(), np.abs(C - centre).max(), 1e-300)
    A = np.zeros((d + 2, p + c + 2 * d))
    A[:d, :p] = ((P - centre) / unit).T
    A[:d, p : p + c] = -((C - centre) / unit).T
    A[:d, p + c :] = np.concatenate([np.eye(d), -np.eye(d)], axis=1)
    A[d, :p] = 1
    A[d + 1, p : p + c] = 1
    cost = np.repeat(np.array([0.0, 1.0]), [p + c, 2 * d])
    found = linprog(cost, A_eq=A, b_eq=np.repeat([0.0, 1.0], [d, 2]), options={"maxiter": PROGRAM})
    if found.x is None:
        return None
    a, b = np.maximum(found.x[:p], 0), np.maximum(found.x[p : p + c], 0)
    first, second = np.flatnonzero(a > 1e-12), np.flatnonzero(b > 1e-12)
    return first, a[first], second, b[second]
