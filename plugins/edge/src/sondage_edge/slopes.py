"""The two ends of one cell's network in plain arrays: the mix of layers, the loss, their slopes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sondage_edge.byhand import Weights
from sondage_edge.network import Floats


def sloped(
    scores: Floats, own: NDArray[Any], loss: str, known: NDArray[np.bool_] | None = None
) -> tuple[float, Floats]:
    """Return the loss in nats and its derivative with respect to the scores.

    Parameters are those of `sondage_edge.network.losses`, for one cell.
    """
    if loss == "softmax":
        each = np.arange(len(scores))
        slope = np.exp(scores - scores.max(axis=1, keepdims=True))
        slope /= slope.sum(axis=1, keepdims=True)
        with np.errstate(divide="ignore"):
            value = -float(np.log(slope[each, own]).mean(dtype=np.float64))
        slope[each, own] -= 1
        slope /= len(scores)
        return value, slope
    small = np.exp(-np.abs(scores))
    terms = np.log1p(small)
    terms += np.maximum(scores, 0)
    terms -= scores * own
    slope = np.where(scores >= 0, np.float32(1), small)
    slope /= 1 + small
    slope -= own
    n = scores.size if known is None else max(int(known.sum()), 1)
    if known is not None:
        terms *= known
        slope *= known
    slope /= n
    return float(terms.sum(dtype=np.float64)) / n, slope


def mixed(w: Weights, H: Floats) -> tuple[Floats, Floats]:
    """Return the weighted sum of layers, shape (rows, width), and the softmax of the scalars.

    Parameters
    ----------
    w : mapping of name to array
        Of the scalars the first len(H) count.
    H : float32 array, shape (layers, rows, width)
    """
    scalars = w["scalars"][: len(H)]
    shares = np.exp(scalars - scalars.max())
    shares /= shares.sum()
    X = (shares * w["gamma"]) @ H.reshape(len(H), -1)
    return X.reshape(H.shape[1:]), shares


def mixed_back(w: Weights, H: Floats, shares: Floats, dX: Floats, out: dict[str, Floats]) -> None:
    """Write the derivatives with respect to scalars and gamma."""
    along = H.reshape(len(H), -1) @ dX.reshape(-1)
    mean = along @ shares
    out["gamma"][0] = mean
    out["scalars"][: len(H)] = w["gamma"] * shares * (along - mean)
    out["scalars"][len(H) :] = 0
