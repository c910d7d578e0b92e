"""The nearest points of two convex hulls, with a certified gap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from sondage_directprobe.active import Active
from sondage_directprobe.points import Doubles, Ints

#: Share of the points' size below which normal equations are too coarse.
FINE = 1e-6
#: The same, below which what they leave over is corrected.
SHORT = 1e-3
#: Points enter beside the worst one if they violate optimality by this share of what it does.
BOTH = 0.25
#: Most points of a side that enter at a time.
MOST = 2

Status = Literal["apart", "overlap", "far", "open"]
Start = tuple[Ints, Doubles, Ints, Doubles]


@dataclass(frozen=True)
class Nearest:
    """Two points, one in each hull, and what they prove.

    Parameters
    ----------
    direction : float64 array, shape (d,)
        Point of the first hull minus point of the second.
    first, second : int64 arrays
        The points of each side that take part.
    first_weights, second_weights : float64 arrays
        Their convex combination: not negative, of sum 1.
    upper : float
        Length of `direction`: the hulls are at most this far apart.
    lower : float
        Width of the best slab found that separates all points: the hulls are at least this
        far apart. Negative where no separating slab was found.
    slab : float64 array, shape (d,)
        Unit normal of that slab, towards the first hull.
    status : {'apart', 'overlap', 'far', 'open'}
        'apart': separated, with the gap asked for. 'overlap': `upper` is within the
        tolerance. 'far': `lower` has passed the cut-off. 'open': rounding stopped it first.
    iterations : int
    """

    direction: Doubles
    first: Ints
    first_weights: Doubles
    second: Ints
    second_weights: Doubles
    upper: float
    lower: float
    slab: Doubles
    status: Status
    iterations: int


def nearest(
    P: Doubles,
    C: Doubles,
    *,
    tolerance: float,
    gap: float = 1e-6,
    cutoff: float = np.inf,
    start: Start | None = None,
    limit: int | None = None,
) -> Nearest:
    """Find the nearest points of the convex hulls of two sets of points.

    Parameters
    ----------
    P, C : float64 arrays, shapes (p, d) and (c, d)
    tolerance : float
        Hulls no further apart than this overlap; the unit is that of the points.
    gap : float
        Stop once the hulls are apart and ``upper - lower <= gap * upper``. With 1 the first
        separating slab will do.
    cutoff : float
        Stop once the hulls are known to be further apart than this.
    start : (indices, weights, indices, weights), optional
        Convex combinations to start from.
    limit : int, optional
        Most steps; ``100 + 20 * (d + 2)`` if not given.

    References
    ----------
    Wolfe 1976, Finding the nearest point in a polytope, Mathematical Programming 11, for the
    difference of two polytopes. Departs from it: each polytope keeps its own weights, so that
    an active set of k points needs a k × k system, whatever pairs they would form.
    """
    return _Solver(P, C, tolerance).run(gap, cutoff, start, limit)


class _Solver:
    """Alternates between the best weights of the active points and the worst point outside."""

    def __init__(self, P: Doubles, C: Doubles, tolerance: float) -> None:
        self.P, self.C, self.tolerance = P, C, tolerance

    def run(self, gap: float, cutoff: float, start: Start | None, limit: int | None) -> Nearest:
        """Go on until the gap is closed, rounding stops it, or the steps are used up."""
        active = self._begin(start)
        limit = 100 + 20 * (self.P.shape[1] + 2) if limit is None else limit
        best, slab = -np.inf, np.zeros(self.P.shape[1])
        status: Status = "open"
        fine, steps, least = False, 0, np.inf
        afresh = start is None
        while steps < limit:
            steps += 1
            v = active.point
            upper = float(np.sqrt(v @ v))
            if upper <= self.tolerance:
                status = "overlap"
                break
            p, c = self.P @ v, self.C @ v
            i, j = int(p.argmin()), int(c.argmax())
            lower = float(p[i] - c[j]) / upper
            if lower > best:
                best, slab = lower, v / upper
            if best > cutoff:
                status = "far"
                break
            if best > self.tolerance and upper - best <= gap * upper:
                status = "apart"
                break
            # Normal equations lose half the digits: near overlap, or once they gain nothing,
            # least squares on the vectors themselves.
            stuck = upper >= least * (1 - 1e-14)
            least = min(least, upper)
            if stuck and fine:
                if afresh:
                    break
                # Points taken over from elsewhere may be a corner that rounding leaves no way
                # out of; the way from a single pair is another.
                afresh, fine, least = True, False, np.inf
                active = self._begin(None)
                continue
            fresh = active.refresh() if stuck and not fine else False
            fine = fine or (stuck and not fresh) or upper < FINE * self.size
            if not self._enter(active, p, c):
                fine = True
            self._descend(active, fine, short=upper < SHORT * self.size)
        return _result(active, best, slab, status, steps)

    def _begin(self, start: Start | None) -> Active:
        if start is None:
            v = self.P.mean(axis=0) - self.C.mean(axis=0)
            one = np.ones(1)
            i, j = (self.P @ v).argmin(), (self.C @ v).argmax()
            start = (np.array([i]), one, np.array([j]), one)
        first, a, second, b = start
        # Distances do not change with the origin, rounding does.
        alone = len(self.P) == 1
        near = self.P if alone else (self.P[first].mean(axis=0) + self.C[second].mean(axis=0)) / 2
        self.origin = near.reshape(-1)
        side = np.repeat(np.array([1.0, -1.0]), [len(first), len(second)])
        signed = np.concatenate([self.P[first], self.C[second]])
        signed -= self.origin
        signed *= side[:, None]
        weights = np.concatenate([a / a.sum(), b / b.sum()])
        active = Active(np.concatenate([first, second]), side, weights, signed)
        self.size = float(np.sqrt(np.einsum("ij,ij->i", signed, signed).max()))
        if active.k > 2:
            self._descend(active, fine=False)
        return active

    def _enter(self, active: Active, p: Doubles, c: Doubles) -> bool:
        """Take in the points of either side that violate optimality most; say if there are any."""
        own = active.side > 0
        w, index = active.weights, active.index
        outside: list[tuple[float, float, int, Doubles]] = []
        for side, scores, X, mine in ((1.0, p, self.P, own), (-1.0, -c, self.C, ~own)):
            level = float(w[mine] @ scores[index[mine]])
            worst = _lowest(scores, MOST)
            outside += [
                (level - float(scores[at]), side, int(at), X)
                for at in worst
                if scores[at] < level and not active.has(at, side)
            ]
        outside.sort(key=lambda point: -point[0])
        for more, (gain, side, at, X) in enumerate(outside):
            if gain >= BOTH * outside[0][0]:
                active.enter(at, side, (X[at] - self.origin) * side, more=bool(more))
        return bool(outside)

    def _descend(self, active: Active, fine: bool, short: bool = False) -> None:
        """Move to the least affine combination, leaving out points that block the way."""
        while True:
            wanted = active.best(fine, short)
            negative = np.flatnonzero(wanted < 0)
            now = active.weights
            if not len(negative):
                now[:] = wanted
                return
            ratio = now[negative] / (now[negative] - wanted[negative])
            step = float(ratio.min())
            blocking = negative[ratio <= step]
            keep = np.ones(active.k, bool)
            keep[blocking] = False
            left = active.side[keep]
            if not ((left > 0).any() and (left < 0).any()):
                return
            now[:] = np.maximum(now + step * (wanted - now), 0.0)
            active.leave(blocking)
            for side in (active.side > 0, active.side < 0):
                active.weights[side] /= active.weights[side].sum()


def _lowest(scores: Doubles, most: int) -> Ints:
    if len(scores) <= most:
        return np.arange(len(scores))
    out: Ints = np.argpartition(scores, most)[:most]
    return out


def _result(active: Active, best: float, slab: Doubles, status: Status, steps: int) -> Nearest:
    first = active.side > 0
    v = active.point
    upper = float(np.sqrt(v @ v))
    return Nearest(
        direction=v,
        first=active.index[first],
        first_weights=active.weights[first],
        second=active.index[~first],
        second_weights=active.weights[~first],
        upper=upper,
        # At the optimum they are equal, and rounding may turn them round.
        lower=min(best, upper),
        slab=slab,
        status=status,
        iterations=steps,
    )
