"""How labels move: planes of principal components, label means, changes of distance."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Plane:
    """The first principal components of some points.

    Parameters
    ----------
    mean : float64 array, shape (d,)
    axes : float64 array, shape (k, d)
        Orthonormal rows, by falling variance; the entry of largest size in each is positive. Rows
        beyond the points' rank are 0.
    share : float64 array, shape (k,)
        Share of the total variance along each axis, in 0..1; 0 if all points are equal.
    """

    mean: Doubles
    axes: Doubles
    share: Doubles

    def project(self, X: NDArray[Any]) -> Doubles:
        """Return coordinates of rows of X (n, d) in the plane, shape (n, k)."""
        out: Doubles = (np.asarray(X, np.float64) - self.mean) @ self.axes.T
        return out


def principal_plane(X: NDArray[Any], k: int = 2) -> Plane:
    """Return the first k principal components of the rows of X, shape (n, d).

    References
    ----------
    Zhou and Srikumar 2022, figures 3, 5 and 7 to 10. Departs from it: signs are fixed by the
    largest entry of each axis, so that a picture does not flip from run to run.
    """
    X = np.asarray(X, np.float64)
    mean = X.mean(axis=0)
    _, size, rows = np.linalg.svd(X - mean, full_matrices=False)
    real = size > size.max(initial=0.0) * max(X.shape) * np.finfo(np.float64).eps
    axes, share = np.zeros((k, X.shape[1])), np.zeros(k)
    n = min(k, int(real.sum()))
    if n:
        kept = rows[:n]
        sign = np.sign(kept[np.arange(n), np.abs(kept).argmax(axis=1)])
        axes[:n], share[:n] = kept * sign[:, None], (size**2 / (size**2).sum())[:n]
    return Plane(mean, axes, share)


def label_means(
    centroids: NDArray[Any], cluster_labels: NDArray[Any], assignments: NDArray[Any]
) -> Doubles:
    """Return the mean vector of each label's rows, shape (k, d), labels ascending.

    Parameters
    ----------
    centroids : float array, shape (m, d)
        Of the clusters; so the mean of a label is that of its clusters weighed by their sizes.
    cluster_labels : array, shape (m,)
    assignments : int array, shape (n,), values in 0..m-1
    """
    size = np.bincount(assignments, minlength=len(centroids)).astype(np.float64)
    labels, of = np.unique(cluster_labels, return_inverse=True)
    total = np.zeros((len(labels), centroids.shape[1]))
    np.add.at(total, of, size[:, None] * centroids)
    means: Doubles = total / np.bincount(of, weights=size)[:, None]
    return means


def closest_labels(means: NDArray[Any], k: int = 3) -> list[int]:
    """Return the k rows whose pairwise Euclidean distances have the least sum, ascending.

    Every k rows are tried; all rows if there are no more than k.
    """
    if len(means) <= k:
        return list(range(len(means)))
    D = np.linalg.norm(means[:, None] - means[None], axis=-1)
    sets = np.array(list(itertools.combinations(range(len(means)), k)))
    total = sum(D[sets[:, i], sets[:, j]] for i, j in itertools.combinations(range(k), 2))
    return [int(i) for i in sets[int(np.argmin(total))]]


#: Distances are proved to 1e-6 of their size; a smaller change is none.
TOLERANCE = 1e-5


def change(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """Compare least distances by label, for the labels that both sides have.

    Returns
    -------
    dict
        ``labels``, and of them ``up``, ``down`` and ``same``: those whose least distance grew,
        shrank, or stayed within `TOLERANCE` of its size; ``mean_change``, the mean of after -
        before in the vectors' own unit, NaN without labels.

    References
    ----------
    Zhou and Srikumar 2022, table 5. Departs from it: a column for labels that did not move.
    """
    common = [label for label in before if label in after]
    a, b = (np.array([side[label] for label in common]) for side in (before, after))
    still = np.abs(b - a) <= TOLERANCE * np.maximum(np.abs(a), np.abs(b))
    return {
        "labels": len(common),
        "up": int(((b > a) & ~still).sum()),
        "down": int(((b < a) & ~still).sum()),
        "same": int(still.sum()),
        "mean_change": float((b - a).mean()) if common else float("nan"),
    }
