"""Groups of values: checks, sums and random sign patterns, vectorised, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sondage.errors import DataError

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]

#: Random numbers made at a time: bounds memory to some 16 MB an array.
_BATCH = 1 << 21


def sums(codes: Codes, values: Floats, n: int) -> Floats:
    """Return the sum of `values` in each of the groups 0..n-1 that `codes` names."""
    return np.bincount(codes, weights=values, minlength=n).astype(np.float64)


def as_values(values: ArrayLike, who: str) -> Floats:
    """Return values as a flat array; `DataError` if there are none, or one is no number."""
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 1 or len(x) == 0:
        raise DataError(f"{who} needs a flat list of at least one value, not shape {x.shape}")
    bad = int(np.count_nonzero(~np.isfinite(x)))
    if bad:
        raise DataError(f"{who}: {bad} of {len(x)} values are NaN or infinite")
    return x


def grouped(values: ArrayLike, groups: ArrayLike, who: str) -> tuple[Floats, Codes, int]:
    """Return values, group codes 0..g-1 and g."""
    x, labels = as_values(values, who), np.asarray(groups)
    if labels.shape != x.shape:
        raise DataError(f"{who}: {len(x)} values, but groups of shape {labels.shape}")
    names, codes = np.unique(labels, return_inverse=True)
    return x, codes, len(names)


def batches(total: int, width: int) -> Iterator[int]:
    """Yield batch sizes that add up to `total`, each of about `_BATCH` / `width`."""
    size = max(1, _BATCH // width)
    for start in range(0, total, size):
        yield min(size, total - start)


def sign_flip(totals: Floats, permutations: int, rng: np.random.Generator) -> float:
    """Return the two-sided p-value of the sum of `totals` under random signs."""
    moving = totals[totals != 0]
    m, total = len(moving), float(moving.sum())
    if m == 0:
        return 1.0
    # Sums that differ by rounding alone tie.
    reach = abs(total) - 1e-12 * float(np.abs(moving).sum())
    if m < 63 and 2**m <= permutations + 1:
        every = (np.arange(2**m)[:, None] >> np.arange(m)) & 1
        return float(np.mean(np.abs(2.0 * (every @ moving) - total) >= reach))
    if permutations < 1:
        raise DataError(f"a permutation test needs at least 1 permutation, not {permutations}")
    hits = 0
    for size in batches(permutations, m):
        raw = rng.integers(0, 256, size=(size, (m + 7) // 8), dtype=np.uint8)
        kept = np.unpackbits(raw, axis=1, count=m)
        hits += int(np.count_nonzero(np.abs(2.0 * (kept @ moving) - total) >= reach))
    return (1 + hits) / (1 + permutations)
