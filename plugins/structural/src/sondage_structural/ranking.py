"""Spearman's correlation along the last axis of padded arrays, ties ranked by their mean."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

Floats = NDArray[np.float64]


def rank_correlation(
    a: NDArray[np.floating], b: NDArray[np.floating], real: NDArray[np.bool_]
) -> Floats:
    """Return Spearman's correlation of a and b along the last axis.

    Parameters
    ----------
    a, b : float arrays, shape (..., t)
    real : bool array, broadcast to them
        Which entries count; at least one of each row, and the same number in both.

    Returns
    -------
    float64 array, shape (...)
        NaN where a or b is constant.
    """
    centred = []
    for values in (a, b):
        r = rankdata(np.where(real, values, np.inf), axis=-1)
        # With ties at their mean, n ranks add up to n (n + 1) / 2.
        r -= (real.sum(axis=-1, keepdims=True) + 1) / 2
        centred.append(np.where(real, r, 0.0))
    x, y = centred
    scale = np.sqrt((x * x).sum(axis=-1) * (y * y).sum(axis=-1))
    products = (x * y).sum(axis=-1)
    out: Floats = np.full(products.shape, np.nan)
    np.divide(products, scale, out=out, where=scale > 0)
    return out
