"""Outcomes as a record holds them, and back."""

from __future__ import annotations

import base64
import zlib
from typing import Any

import numpy as np

from sondage.data import Outcomes
from sondage.records.lines import Record


def pack(outcomes: Outcomes) -> Record:
    """Return outcomes as JSON: zlib and base64 over difference-coded little-endian arrays."""
    exact = np.asarray(outcomes.values)
    kind = "bool" if exact.dtype == bool else "float64"
    values = np.packbits(exact) if kind == "bool" else exact.astype("<f8")
    return {
        "n": len(exact),
        "kind": kind,
        "items": _text_of(np.diff(outcomes.items, prepend=0).astype("<i4")),
        "groups": _text_of(np.diff(outcomes.groups, prepend=0).astype("<i4")),
        "values": _text_of(values),
        "score": outcomes.score,
    }


def unpack(packed: Record) -> Outcomes:
    """Undo `pack`."""
    n = packed["n"]
    if packed["kind"] == "bool":
        bits = np.frombuffer(_bytes_of(packed["values"]), np.uint8)
        values: Any = np.unpackbits(bits, count=n).astype(bool)
    else:
        values = np.frombuffer(_bytes_of(packed["values"]), "<f8")
    items, groups = (
        np.cumsum(np.frombuffer(_bytes_of(packed[k]), "<i4").astype(np.int64))
        for k in ("items", "groups")
    )
    return Outcomes(items, groups, values, score=packed.get("score", ""))


def _text_of(array: Any) -> str:
    return base64.b64encode(zlib.compress(array.tobytes(), 6)).decode("ascii")


def _bytes_of(text: str) -> bytes:
    return zlib.decompress(base64.b64decode(text))
