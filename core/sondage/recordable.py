"""What a component returned, made fit for a line of JSON, or refused with the place named."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from sondage.errors import PluginError
from sondage.runfolder import Record

#: Characters of tables in one cell's record, about.
MOST = 50_000_000
_DEEPEST = 20


def recordable(record: Record, who: str) -> Record:
    """Return a record with plain values in place of numpy's.

    Parameters
    ----------
    record : Record
    who : str
        The component, for messages.

    Raises
    ------
    PluginError
        For NaN and infinities, for what is no number, text, list or mapping, and for more
        than a record can hold.
    """
    return {
        key: _plain(value, (key,), who, [MOST]) if key not in ("key", "versions") else value
        for key, value in record.items()
    }


def _plain(value: Any, path: tuple[str, ...], who: str, left: list[int]) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    left[0] -= len(value) if isinstance(value, str) else 8
    if left[0] < 0:
        raise PluginError(
            f"'{who}' returned more in '{path[0]}' than {MOST:,} characters",
            hint="large results are arrays: Result(arrays=...)",
        )
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, float):
        if math.isfinite(value):
            return float(value)
        raise PluginError(
            f"'{who}' returned {value} in {_place(path)}, which a record cannot hold",
            hint="use None for what is not defined",
        )
    if len(path) > _DEEPEST:
        raise PluginError(f"'{who}' returned {_place(path[:6])} nested too deeply")
    if isinstance(value, Mapping):
        bad = next((key for key in value if not isinstance(key, str)), None)
        if bad is not None:
            raise PluginError(f"'{who}' returned the key {bad!r:.80} in {_place(path)}, not a text")
        return {str(k): _plain(v, (*path, k), who, left) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v, (*path, str(i)), who, left) for i, v in enumerate(value)]
    raise PluginError(
        f"'{who}' returned {type(value).__name__} in {_place(path)}; wanted numbers, texts, lists "
        "and mappings"
    )


def _place(path: tuple[str, ...]) -> str:
    return "'" + "' → '".join(path) + "'"
