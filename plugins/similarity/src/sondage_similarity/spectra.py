"""The directions of a side that carry variance, and the correlations between two sides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sondage.errors import DataError
from sondage_similarity.rounding import least_variance

Floats = NDArray[np.float64]
_EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Spectrum:
    """The principal directions of one side, largest first, null directions left out.

    Parameters
    ----------
    values : float64 array, shape (rank,)
        Sums of squares along each direction.
    vectors : float64 array, shape (width, rank)
    precision : str
        The type that the null directions were told by.
    """

    values: Floats
    vectors: Floats
    precision: str

    @classmethod
    def of(cls, products: Floats, mean: Floats, n: int, precision: str) -> Spectrum:
        """Return the spectrum of a matrix of products about the mean, with a positive trace."""
        values, vectors = np.linalg.eigh(products)
        values, vectors = values[::-1], vectors[:, ::-1]
        squares = np.diagonal(products) + n * np.square(mean)
        least = least_variance(float(values[0]), squares, precision)
        rank = max(1, int(np.count_nonzero(values > least)))
        return cls(values[:rank], vectors[:, :rank], precision)

    @property
    def width(self) -> int:
        """Number of columns of the side."""
        return len(self.vectors)

    @property
    def rank(self) -> int:
        """Number of directions that carry variance."""
        return len(self.values)

    def kept(self, variance: float) -> int:
        """Return how many directions hold this share of the variance."""
        if variance >= 1.0:
            return self.rank
        shares = np.cumsum(self.values) / self.values.sum()
        # The share itself may be missed by rounding alone.
        return min(int(np.searchsorted(shares, variance - 8 * _EPS)) + 1, self.rank)


def checked_products(products: Floats, mean: Floats, n: int, wanted: str, side: str) -> None:
    """Refuse a side whose vectors are the same for all stimuli, or too large.

    Raises
    ------
    DataError
    """
    total = float(np.trace(products))
    if not np.isfinite(products).all() or not np.isfinite(total):
        raise DataError(
            f"{wanted}: the values of its {side} input are too large; "
            "their products overflow float64"
        )
    spread, offset = float(np.sqrt(total / n)), float(np.sqrt(mean @ mean))
    # Centring leaves rounding of the size of the mean.
    if spread <= 64 * _EPS * offset or total == 0.0:
        raise DataError(
            f"{wanted} is undefined: the vectors of its {side} input are (nearly) the same "
            f"for all {n} stimuli",
            hint="look at the layer and view: are all rows the same token?",
        )


def singular_values(matrix: Floats) -> Floats:
    """Return singular values, largest first, also where the usual algorithm gives up."""
    try:
        return np.asarray(np.linalg.svd(matrix, compute_uv=False), np.float64)
    except np.linalg.LinAlgError:
        return _by_squares(matrix)[1]


def singular_vectors(matrix: Floats) -> tuple[Floats, Floats, Floats]:
    """Return u, s, vᵀ, thin, also where the usual algorithm gives up."""
    try:
        u, s, vt = np.linalg.svd(matrix, full_matrices=False)
        return u, s, vt
    except np.linalg.LinAlgError:
        return _by_squares(matrix)


def _by_squares(matrix: Floats) -> tuple[Floats, Floats, Floats]:
    """Return u, s, vᵀ from the smaller matrix of products; small values lose half their digits."""
    if len(matrix) > matrix.shape[1]:
        u, s, vt = _by_squares(matrix.T)
        return vt.T, s, u.T
    squares, u = np.linalg.eigh(matrix @ matrix.T)
    s = np.sqrt(np.maximum(squares[::-1], 0.0))
    u = u[:, ::-1]
    vt = u.T @ matrix
    vt /= np.maximum(s, _EPS * max(float(s[0]), np.finfo(np.float64).tiny))[:, None]
    return u, s, vt


def within(value: Any, low: float, high: float) -> float:
    """Return a value that only rounding can have put outside its range."""
    return float(min(max(float(value), low), high))
