"""Rows in two bytes a number: rounded when they are written, float32 again when they are read.

NumPy has no bfloat16: its numbers are kept as the upper halves of float32 ones, in uint16.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_QUIET_NAN = 0x40


def on_disk(dtype: np.dtype[Any], stored: str) -> np.dtype[Any]:
    """Return the type of a file of rows of this type."""
    return {"float16": np.dtype("<f2"), "bfloat16": np.dtype("<u2")}.get(stored, dtype)


def narrowed(rows: NDArray[Any], stored: str) -> NDArray[Any]:
    """Return rows as they are stored, each number rounded to the nearest, ties to even.

    Parameters
    ----------
    rows : array of any shape and any type of numbers
    stored : {'float32', 'float16', 'bfloat16'}

    Returns
    -------
    array of the same shape
        float16; uint16 that holds bfloat16; or the rows themselves.
    """
    if stored == "float16":
        with np.errstate(over="ignore"):  # infinity then, which is counted
            return rows.astype("<f2")
    if stored != "bfloat16":
        return rows
    bits = np.ascontiguousarray(rows, np.float32).view(np.uint32)
    last_kept = (bits >> np.uint32(16)) & np.uint32(1)
    out = ((bits + (np.uint32(0x7FFF) + last_kept)) >> np.uint32(16)).astype("<u2")
    # Rounding could carry a NaN's bits over into another number.
    nan = (bits & np.uint32(0x7FFF_FFFF)) > np.uint32(0x7F80_0000)
    if nan.any():
        out[nan] = (bits[nan] >> np.uint32(16)).astype("<u2") | np.uint16(_QUIET_NAN)
    return out


def widened(values: NDArray[Any], stored: str) -> NDArray[Any]:
    """Return stored rows as float32, exactly; those not stored in halves as they are."""
    if stored == "float16":
        return values.astype(np.float32)
    if stored != "bfloat16":
        return values
    return (values.astype(np.uint32) << np.uint32(16)).view(np.float32)
