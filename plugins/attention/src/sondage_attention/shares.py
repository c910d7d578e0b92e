"""Maps of attention as distributions: what is left of each row, divided by its sum."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sondage.errors import DataError

#: How far from 1 rows may add up to before they are no softmax's: a hundred times, in the half
#: types ten times, what rounding does to a real model's rows of up to 256 subwords, which is
#: 5e-7, 4e-4 and 3e-3 (`bench/attention_emd.py`).
TOLERANCE = {torch.float16: 5e-3, torch.bfloat16: 4e-2}
_ELSE = 5e-5


@dataclass(frozen=True)
class Shares:
    """Rows of attention over the positions that count.

    Parameters
    ----------
    of : tensor of float32 or float64, shape (..., t)
        Each row sums to 1, or is all zeros. The caller's own, to be written over.
    total : tensor, shape (...)
        What each row summed to.
    below : bool tensor, shape (...), optional
        Rows with a value below 0. None where there is none.
    """

    of: Tensor
    total: Tensor
    below: Tensor | None


def tensor_of(x: Any, who: str) -> Tensor:
    """Return an array or tensor of real numbers as a tensor, without a copy where that can be."""
    if isinstance(x, Tensor):
        found = x.detach()
        if found.is_complex():
            raise DataError(f"{who} needs real numbers and was given {found.dtype}")
        return found if found.is_floating_point() else found.double()
    array = np.asarray(x)
    if array.dtype.kind not in "biuf":
        raise DataError(f"{who} needs real numbers and was given {array.dtype}")
    if array.dtype not in (np.float16, np.float32, np.float64):
        array = array.astype(np.float64)
    return torch.from_numpy(_lent(array))


def booleans(x: Any) -> Tensor:
    """Return an array or tensor of truth values as a tensor."""
    return x.bool() if isinstance(x, Tensor) else torch.from_numpy(_lent(np.asarray(x, bool)))


def _lent(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    # Torch takes no array that runs backwards, and warns of one that is read-only.
    fits = array.flags.writeable and all(step >= 0 for step in array.strides)
    return array if fits else array.copy()


def shares(x: Tensor, keys: Tensor | None) -> Shares:
    """Return a map's rows divided by their sums; `check` tells whether they can be.

    Parameters
    ----------
    x : float tensor, shape (..., t)
    keys : bool tensor that broadcasts to the shape of x, optional
        Positions that count; all without it.
    """
    kept, total = summed(x, keys)
    # Of a row of zeros the sum must only be divisible by.
    rows = kept / total.clamp_min(torch.finfo(kept.dtype).tiny)
    # The least of all costs a tenth of the least of each row. It is NaN where one value is.
    fine = not kept.numel() or bool(kept.amin() >= 0)
    return Shares(rows, total.squeeze(-1), None if fine else (kept < 0).any(-1))


def summed(x: Tensor, keys: Tensor | None) -> tuple[Tensor, Tensor]:
    """Return a map with zeros where nothing counts, and its sums, shape (..., 1)."""
    x = x if x.dtype == torch.float64 else x.float()
    if keys is None:
        return x, x.sum(-1, keepdim=True)
    # A product costs a sixth of a choice, but keeps what is not finite.
    kept = x * keys
    total = kept.sum(-1, keepdim=True)
    if not bool(total.isfinite().all()):
        kept = torch.where(keys, x, 0)
        total = kept.sum(-1, keepdim=True)
    return kept, total


def check(total: Tensor, below: Tensor | None, who: str, wanted: Tensor | None = None) -> None:
    """Raise `DataError` for rows with NaN, infinite or negative values.

    Parameters
    ----------
    total, below : tensors, shape (...)
        As in `Shares`.
    who : str
        Who asks; messages begin with it.
    wanted : bool tensor that broadcasts to shape (...), optional
        Rows that count; the others may hold anything.
    """
    half = "look for overflow in a half-precision encoder"
    kinds = [("NaN", total.isnan(), half), ("infinite values", total.isinf(), half)]
    if below is not None:
        kinds.append(("values below 0", below, "attention is wanted as after its softmax"))
    for name, bad, hint in kinds:
        rows = int((bad if wanted is None else bad & wanted).sum())
        if rows:
            raise DataError(f"{who}: {name} in {rows} of the rows of attention", hint=hint)


def tolerance(dtype: torch.dtype) -> float:
    """Return how far from 1 a softmax's rows may add up to in a type."""
    return TOLERANCE.get(dtype, _ELSE)


def slices(n: int, size: int) -> Iterator[slice]:
    """Yield consecutive slices that cover ``range(n)``, `size` each, at least 1, but the last."""
    for start in range(0, n, max(size, 1)):
        yield slice(start, min(start + max(size, 1), n))
