"""Rows along their own principal axes, where a diagonal says much of the curvature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sondage_classifiers._objective import Array, Doubles, Ints, Objective

#: Gradients that inverting every class's block of the Hessian may cost; they save more than that
#: only where there are many rows.
WORTH = 6
#: Rows on which a class's block is estimated, at the least.
SAMPLE = 2048


def too_dear(n: int, width: int, problems: int) -> bool:
    """Whether inverses of the Hessian's class blocks cost more than `WORTH` gradients.

    A gradient is 4 n products a column of weights, for all problems; an inverse is a product of
    the sampled rows and a decomposition.
    """
    return (min(n, SAMPLE) + width) * width > WORTH * 4 * n * problems


@dataclass(frozen=True)
class Basis:
    """Principal axes of centred rows: turning to them leaves a ridge's objective as it is.

    Where there are fewer rows than columns, the optimum lies in what the rows span, and what
    is orthogonal to all of them is left out.

    Parameters
    ----------
    center : float64 array, shape (d,)
    axes : float64 array, shape (d, r)
        Orthonormal, by falling variance.
    """

    center: Doubles
    axes: Doubles

    @classmethod
    def of(cls, X: Array, weight: Array) -> Basis:
        """Return the axes of rows (n, d) under the summed weights of all problems (J, n)."""
        total = weight.sum(axis=0, dtype=np.float64)
        center: Doubles = total @ X / total.sum()
        centred = X - center
        vectors = np.linalg.eigh((centred * total[:, None]).T @ centred)[1]
        return cls(center, vectors[:, ::-1][:, : min(X.shape)])

    def turned(self, X: Array) -> Array:
        """Return rows along the axes, float64, shape (n, r)."""
        return np.asarray((X - self.center) @ self.axes)

    def back(self, W: Array) -> Array:
        """Return weights, the intercept last, that act on centred rows as they were given."""
        return np.concatenate([W[..., :-1] @ self.axes.T.astype(W.dtype), W[..., -1:]], axis=-1)


class Diagonal:
    """Inverse of the diagonal of each class's block of the Hessian.

    Along principal axes it takes most of what the blocks differ by, at half the cost of one
    problem's gradient for each set of targets.
    """

    def __init__(self, objective: Objective, W: Array, strength: float, jobs: Ints) -> None:
        squares = objective.squares
        self._parts: list[tuple[Ints, Array]] = []
        for places in by_targets(objective, jobs):
            members = jobs[places]
            curvature = objective.curvature(W[:, places], members)
            diagonal = strength * (curvature @ squares).astype(np.float64)
            diagonal += objective.penalty[members].mean(axis=0, dtype=np.float64)
            diagonal[:, -1] = np.maximum(diagonal[:, -1], 1e-3)
            self._parts.append((members, (1 / diagonal).astype(objective.dtype)))

    def __call__(self, G: Array, jobs: Ints) -> Array:
        """Multiply (K, J, D) arrays of some of the problems."""
        out = np.empty_like(G)
        for members, inverse in self._parts:
            here = np.isin(jobs, members)
            out[:, here] = G[:, here] * inverse[:, None]
        return out


def by_targets(objective: Objective, jobs: Ints) -> list[NDArray[Any]]:
    """Return the places among `jobs` of problems with the same targets, set by set."""
    groups: dict[bytes, list[int]] = {}
    for place, job in enumerate(jobs):
        groups.setdefault(objective.y[job].tobytes(), []).append(place)
    return [np.array(places, np.int64) for places in groups.values()]
