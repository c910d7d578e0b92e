"""Which hull a new point is nearest to."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sondage_directprobe.balls import radius
from sondage_directprobe.crowd import Approach, approach
from sondage_directprobe.hull import Nearest, Start, nearest
from sondage_directprobe.points import Doubles, Ints, Points

#: Rows whose distances to all points are held at a time, as a number of entries.
BLOCK = 1 << 24
#: Rows that approach a hull at a time.
CROWD = 512
#: Relative gap at which most hulls can be told apart.
ROUGH = 0.03
#: Relative gap at which the rest can.
EXACT = 1e-6
#: Share of the squared size by which squared distances may be off.
BLUR = 1e-13


def nearest_hulls(points: Points, clusters: list[Ints], Q: Doubles) -> Ints:
    """Find the cluster whose hull each row is nearest to.

    Of hulls that hold the row, that with the nearest member counts. First each row approaches
    the hull of its nearest member, then every other that may be nearer still; what remains is
    settled exactly. Rows go together, so that their products with a hull's members are one.

    Parameters
    ----------
    points : Points
    clusters : list of int64 arrays
        Point numbers of each cluster.
    Q : float64 array, shape (q, d)
        In the scaled and centred coordinates of `points`.

    Returns
    -------
    int64 array, shape (q,)
        The cluster.
    """
    hulls = _Hulls(points, clusters)
    step = max(1, BLOCK // len(points.X))
    parts = [hulls.of(Q[at : at + step]) for at in range(0, len(Q), step)]
    return np.concatenate(parts) if parts else np.empty(0, np.int64)


class _Hulls:
    def __init__(self, points: Points, clusters: list[Ints]) -> None:
        self.tolerance = points.tolerance
        self.X = points.X[np.concatenate(clusters)]
        self.own = np.einsum("ij,ij->i", self.X, self.X)
        self.cuts = np.cumsum([0, *map(len, clusters)])
        self.hulls = np.split(self.X, self.cuts[1:-1])
        self.centre = np.stack([C.mean(axis=0) for C in self.hulls])
        pairs = zip(self.hulls, self.centre, strict=True)
        self.radius = np.array([radius(C, centre) for C, centre in pairs])

    def of(self, Q: Doubles) -> Ints:
        """Return the nearest hull of each row."""
        squares = _squares(Q, self.X, self.own)
        least = np.minimum.reduceat(squares, self.cuts[:-1], axis=1)
        order = np.argsort(least, axis=1, kind="stable")
        rows = _Rows(self, Q, squares, np.argsort(order, axis=1), self._balls(Q))
        # The two of the nearest members first: they mostly leave little to look for.
        ahead = order[:, :2]
        for part in ahead.T:
            for c in np.unique(part):
                rows.approach(int(c), np.flatnonzero((part == c) & rows.may_be_nearest(c)))
        for c in range(len(self.hulls)):
            rest = (ahead != c).all(axis=1)
            rows.approach(c, np.flatnonzero(rest & rows.may_be_nearest(c)))
        return np.array([rows.nearest(i, order[i]) for i in range(len(Q))], np.int64)

    def _balls(self, Q: Doubles) -> Doubles:
        """Return how far each hull's bounding ball is from each row at least, shape (q, k)."""
        squares = _squares(Q, self.centre, np.einsum("ij,ij->i", self.centre, self.centre))
        rounding = BLUR * (self.own.max() + np.einsum("ij,ij->i", Q, Q))[:, None]
        out: Doubles = np.sqrt(np.maximum(squares - rounding, 0.0)) - self.radius
        return out


class _Rows:
    """Rows on their way to the hulls."""

    def __init__(
        self, hulls: _Hulls, Q: Doubles, squares: Doubles, rank: Ints, lower: Doubles
    ) -> None:
        self.hulls, self.tolerance = hulls, hulls.tolerance
        self.Q, self.squares, self.rank, self.lower = Q, squares, rank, lower
        self.upper = np.full(lower.shape, np.inf)
        self.bound = np.full(len(Q), np.inf)
        # Rank of the first hull that holds a row.
        self.held = np.full(len(Q), lower.shape[1])
        self.starts: dict[tuple[int, int], Start] = {}

    def may_be_nearest(self, c: int) -> NDArray[np.bool_]:
        """Tell for which rows a hull may be nearest, or hold them with a nearer member."""
        near: NDArray[np.bool_] = self.lower[:, c] <= np.maximum(self.bound, self.tolerance)
        return near & (self.rank[:, c] < self.held)

    def approach(self, c: int, rows: Ints) -> None:
        """Bring rows and a hull as close as the choice of a hull needs at first."""
        for at in range(0, len(rows), CROWD):
            self._approach(c, rows[at : at + CROWD])

    def _approach(self, c: int, rows: Ints) -> None:
        a, b = self.hulls.cuts[c : c + 2]
        found = approach(
            self.hulls.hulls[c],
            self.Q[rows],
            self.squares[rows, a:b].argmin(axis=1),
            tolerance=self.tolerance,
            gap=ROUGH,
            cutoff=np.maximum(self.bound[rows], self.tolerance),
        )
        for k in range(len(rows)):
            self._take(int(rows[k]), c, found, k)

    def _take(self, row: int, c: int, found: Approach, k: int) -> None:
        upper, lower = float(found.upper[k]), float(found.lower[k])
        on = found.weights[k] > 0
        one, zero = np.ones(1), np.zeros(1, np.int64)
        start = (zero, one, found.index[k, on], found.weights[k, on])
        cutoff = max(float(self.bound[row]), self.tolerance)
        if not found.settled[k]:
            alone = self._alone(row, c, start, gap=ROUGH, cutoff=cutoff)
            upper, lower, start = alone.upper, alone.lower, _end(alone)
        self.lower[row, c] = lower
        if lower > cutoff:
            return
        self.upper[row, c], self.starts[row, c] = upper, start
        self.bound[row] = min(self.bound[row], upper)
        if upper <= self.tolerance:
            self.held[row] = min(self.held[row], self.rank[row, c])

    def _alone(self, row: int, c: int, start: Start, *, gap: float, cutoff: float) -> Nearest:
        x, C = self.Q[row][None], self.hulls.hulls[c]
        return nearest(x, C, tolerance=self.tolerance, gap=gap, cutoff=cutoff, start=start)

    def nearest(self, row: int, order: Ints) -> int:
        """Return the nearest hull of a row: exactly, where several may be."""
        if self.held[row] < len(order):
            return int(order[self.held[row]])
        tried = np.isfinite(self.upper[row, order])
        close = order[tried & (self.lower[row, order] <= self.bound[row])]
        if len(close) == 1:
            return int(close[0])
        best, far = -1, np.inf
        for c in close:
            exact = self._alone(row, int(c), self.starts[row, int(c)], gap=EXACT, cutoff=far)
            if exact.status != "far" and exact.upper < far:
                best, far = int(c), exact.upper
        return best


def _squares(Q: Doubles, X: Doubles, own: Doubles) -> Doubles:
    out: Doubles = own - 2 * (Q @ X.T) + np.einsum("ij,ij->i", Q, Q)[:, None]
    return out


def _end(found: Nearest) -> Start:
    return found.first, found.first_weights, found.second, found.second_weights
