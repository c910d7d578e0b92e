"""Kernels of RSA: vectors whose inner products they are, and the correlation of two."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from sondage.errors import DataError, ParameterError, nearest
from sondage_similarity.arrays import blocks
from sondage_similarity.moments import Moments
from sondage_similarity.pairs import Side, by_features, by_pairs

Kernel = Literal["cosine", "correlation", "dot"]


def check(stimuli: int | None, kernel: str) -> None:
    """Raise `ParameterError` for too few stimuli, or an unknown kernel."""
    if stimuli is not None and stimuli < 3:
        raise ParameterError(f"rsa: stimuli is {stimuli}, but a correlation needs at least 3")
    known = get_args(Kernel)
    if kernel not in known:
        raise ParameterError(
            f"rsa has no kernel {kernel!r}; it has {', '.join(known)}", near=nearest(kernel, known)
        )


def normalised(x: NDArray[Any], kernel: str) -> NDArray[np.float64]:
    """Return the vectors whose inner products are the kernel, shape and order kept."""
    z = x.astype(np.float64)
    if kernel == "dot":
        return z
    before = np.abs(z).max(axis=1)
    # Scaled before squaring: tiny or huge vectors have a direction too.
    z /= np.where(before > 0, before, 1.0)[:, None]
    if kernel == "correlation":
        z -= z.mean(axis=1, keepdims=True)
    norm = np.sqrt(np.einsum("ij,ij->i", z, z))
    bad = int(np.count_nonzero(norm <= 64 * np.finfo(np.float64).eps))
    if bad:
        what = "zero" if kernel == "cosine" else "constant"
        raise DataError(
            f"rsa: {bad} of {len(x)} vectors are {what}, so their {kernel} similarity is undefined",
            hint="use kernel 'dot', or find out why the encoder gives such vectors",
        )
    z /= norm[:, None]
    return z


def moments_of(a: NDArray[Any], b: NDArray[Any], kernel: str) -> Moments:
    """Return the moments of normalised vectors, made in blocks; at least one row."""
    total: Moments | None = None
    for block in blocks(a, b):
        part = Moments.of(normalised(a[block], kernel), normalised(b[block], kernel))
        if total is None:
            total = part
        else:
            total.merge(part)
    assert total is not None
    return total


def pearson(a: NDArray[Any], b: NDArray[Any], kernel: str) -> float:
    """Return the correlation of two sides' kernels over all pairs of rows."""
    n = len(a)
    if n < 3:
        raise DataError(f"rsa needs at least 3 stimuli and has {n}")
    if narrow(a, b):
        return by_features(moments_of(a, b, kernel)).pearson(n)
    return by_pairs(side_of(a, kernel), side_of(b, kernel)).pearson(n)


def narrow(a: NDArray[Any], b: NDArray[Any]) -> bool:
    """Return whether going through the dimensions is cheaper than through the pairs."""
    return 2 * (a.shape[1] + b.shape[1]) <= len(a)


def side_of(x: NDArray[Any], kernel: str) -> Side:
    """Return one side's normalised vectors, for `by_pairs`."""
    dtype = np.result_type(x.dtype, np.float32)
    return Side.of(lambda: (normalised(x[block], kernel) for block in blocks(x)), dtype)
