"""How far many points are from one hull: the steps of `hull`, taken by all of them at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sondage_directprobe.points import Doubles, Ints

#: Most members that may span a nearest point, and most steps: beyond, a point goes alone.
WIDEST, LONGEST = 64, 80
#: Share of the size that each system's diagonal is raised by, so that none is singular.
RIDGE = 1e-13


@dataclass
class Approach:
    """What is known of each point's distance to the hull.

    Parameters
    ----------
    upper, lower : float64 arrays, shape (b,)
        The hull is at most and at least this far away. Both are computed from the members.
    index : int64 array, shape (b, w)
        Members that span the nearest point found.
    weights : float64 array, shape (b, w)
        Their convex combination; 0 where `index` stands for nothing.
    settled : bool array, shape (b,)
        Whether the gap was closed, the tolerance reached, or the cut-off passed.
    """

    upper: Doubles
    lower: Doubles
    index: Ints
    weights: Doubles
    settled: NDArray[np.bool_]


def approach(
    C: Doubles,
    Q: Doubles,
    first: Ints,
    *,
    tolerance: float,
    gap: float,
    cutoff: Doubles,
) -> Approach:
    """Bring many points and one hull together, until each is settled or rounding stops it.

    Parameters
    ----------
    C : float64 array, shape (n, d)
        Members of the hull.
    Q : float64 array, shape (b, d)
    first : int64 array, shape (b,)
        A member for each to start from, best the nearest one.
    tolerance, gap : float
        As for `nearest`.
    cutoff : float64 array, shape (b,)
        A point is settled once it is known to be further away than this.
    """
    crowd = _Crowd(C, Q, first)
    out = _nothing(len(Q))
    who = np.arange(len(Q))
    least = np.full(len(Q), np.inf)
    for _ in range(LONGEST):
        j, upper, low = crowd.look()
        # At the optimum they are equal, and rounding may turn them round.
        low = np.minimum(np.maximum(low, out.lower[who]), upper)
        settled = (upper <= tolerance) | (low > cutoff[who])
        settled |= (low > tolerance) & (upper - low <= gap * upper)
        out.upper[who], out.lower[who], out.settled[who] = upper, low, settled
        # Rounding leaves no way on where nothing is gained; the few that need many go alone too.
        lost = (upper >= least * (1 - 1e-14)) | crowd.holds(j) | crowd.full
        gone, going = settled | lost, ~(settled | lost)
        out.index[who[gone], : crowd.width] = crowd.index[gone]
        out.weights[who[gone], : crowd.width] = crowd.weights[gone]
        if gone.all():
            return out
        who, least = who[going], upper[going]
        crowd.keep(going)
        crowd.enter(j[going])
        crowd.descend()
    out.index[who, : crowd.width], out.weights[who, : crowd.width] = crowd.index, crowd.weights
    return out


def _nothing(b: int) -> Approach:
    return Approach(
        upper=np.full(b, np.inf),
        lower=np.full(b, -np.inf),
        index=np.zeros((b, WIDEST), np.int64),
        weights=np.zeros((b, WIDEST)),
        settled=np.zeros(b, bool),
    )


class _Crowd:
    """The members that span each point's nearest point, and their products."""

    def __init__(self, C: Doubles, Q: Doubles, first: Ints) -> None:
        self.C, self.Q = C, Q
        self.index, self.weights = first[:, None].copy(), np.ones((len(Q), 1))
        self.on = self.weights > 0
        self.gaps = (C[first] - Q)[:, None]
        self.gram = self.gaps @ self.gaps.transpose(0, 2, 1)

    @property
    def width(self) -> int:
        return int(self.index.shape[1])

    @property
    def full(self) -> NDArray[np.bool_]:
        out: NDArray[np.bool_] = self.on.sum(axis=1) == WIDEST
        return out

    def look(self) -> tuple[Ints, Doubles, Doubles]:
        """Return each point's foremost member, and how far the hull is at most and least."""
        v = -(self.weights[:, None] @ self.gaps)[:, 0]
        upper = np.sqrt(np.einsum("ij,ij->i", v, v))
        products = v @ self.C.T
        j = products.argmax(axis=1)
        width = np.einsum("ij,ij->i", v, self.Q) - products[np.arange(len(j)), j]
        lower = np.full(len(v), -np.inf)
        np.divide(width, upper, out=lower, where=upper > 0)
        return j, upper, lower

    def holds(self, j: Ints) -> NDArray[np.bool_]:
        out: NDArray[np.bool_] = (self.on & (self.index == j[:, None])).any(axis=1)
        return out

    def keep(self, going: NDArray[np.bool_]) -> None:
        """Go on with some of the points, in as many places as they need."""
        used = max(1, int(self.on[going].sum(axis=1).max()))
        if used + 1 < self.width // 2:
            # Few are in use: move them to the front.
            order = np.argsort(~self.on[going], axis=1, kind="stable")[:, : used + 1]
            rows = np.flatnonzero(going)[:, None]
            self.gaps = self.gaps[rows, order]
            self.gram = self.gram[rows[:, :, None], order[:, :, None], order[:, None]]
            self.index, self.weights = self.index[rows, order], self.weights[rows, order]
            self.on, self.Q = self.on[rows, order], self.Q[going]
        elif not going.all():
            self.gaps, self.gram, self.Q = self.gaps[going], self.gram[going], self.Q[going]
            self.index, self.weights = self.index[going], self.weights[going]
            self.on = self.on[going]

    def enter(self, j: Ints) -> None:
        """Take in one member for each point, with weight 0."""
        if self.on.all(axis=1).any():
            self._widen()
        rows, at = np.arange(len(j)), (~self.on).argmax(axis=1)
        new = self.C[j] - self.Q
        self.gaps[rows, at] = new
        products = (self.gaps @ new[:, :, None])[:, :, 0]
        self.gram[rows, at] = products
        self.gram[rows, :, at] = products
        self.index[rows, at], self.weights[rows, at], self.on[rows, at] = j, 0.0, True

    def _widen(self) -> None:
        more = min(WIDEST, self.width + 8) - self.width
        rows = ((0, 0), (0, more))
        self.gaps = np.pad(self.gaps, (*rows, (0, 0)))
        self.gram = np.pad(self.gram, (*rows, (0, more)))
        self.index, self.weights = np.pad(self.index, rows), np.pad(self.weights, rows)
        self.on = np.pad(self.on, rows)

    def descend(self) -> None:
        """Move to the least affine combinations, leaving out members that block the way."""
        left = np.arange(len(self.on))
        while len(left):
            now, on = self.weights[left], self.on[left]
            wanted = self._best(left, on)
            negative = on & (wanted < 0)
            with np.errstate(divide="ignore", invalid="ignore"):
                ratio = np.where(negative, now / (now - wanted), np.inf)
            step = np.minimum(ratio.min(axis=1, keepdims=True), 1.0)
            blocking = negative & (ratio <= step)
            now = np.maximum(now + step * (wanted - now), 0.0)
            now[blocking] = 0.0
            self.weights[left] = now / now.sum(axis=1, keepdims=True)
            self.on[left] = on & ~blocking
            left = left[negative.any(axis=1)]

    def _best(self, left: Ints, on: NDArray[np.bool_]) -> Doubles:
        both = on[:, :, None] & on[:, None]
        gram = self.gram[left]
        own = np.einsum("bii->bi", gram)
        unit = (own * on).sum(axis=1) / on.sum(axis=1)
        system = np.where(both, gram + unit[:, None, None], 0.0)
        diagonal = np.einsum("bii->bi", system)
        diagonal += np.where(on, RIDGE * unit[:, None], 1.0)
        solved = np.linalg.solve(system, on[:, :, None].astype(np.float64))[:, :, 0]
        out: Doubles = solved / solved.sum(axis=1, keepdims=True)
        return out
