"""What a component returned, made fit for a line of JSON, or refused with the place named."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from sondage.errors import PluginError
from sondage.plain import shown
from sondage.records.lines import Record

#: Characters of tables in one cell's record, about.
MOST = 50_000_000
_DEEPEST = 20
#: Characters of a name of a score, table, column or warning.
_LONGEST_NAME = 200
#: What every table program can hold.
_INTEGERS = range(-(2**63), 2**64)
_HALF = re.compile("[\ud800-\udfff]")


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
        For NaN and infinities, for what is no number, text, list or mapping, for tables whose
        columns are no lists of one length, and for more than a record can hold.
    """
    out = {
        key: _recorded(value, (key,), who, [MOST]) if key not in ("key", "versions") else value
        for key, value in record.items()
    }
    for table, columns in out.get("tables", {}).items():
        lengths = {len(c) if isinstance(c, list) else None for c in columns.values()}
        if len(lengths) > 1 or None in lengths:
            raise PluginError(f"'{who}' returned columns of unlike lengths in table '{table}'")
    for slug, count in out.get("warnings", {}).items():
        if type(count) is not int or count < 0:
            raise PluginError(f"'{who}' returned {count!r:.80} for warning '{slug}', not a count")
    return out


def _recorded(value: Any, path: tuple[str, ...], who: str, left: list[int]) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    left[0] -= len(value) if isinstance(value, str) else 8
    if left[0] < 0:
        raise PluginError(
            f"'{who}' returned more in '{path[0]}' than {MOST:,} characters",
            hint="large results are arrays: Result(arrays=...)",
        )
    if value is None or isinstance(value, bool | int | str | float):
        return _single(value, path, who)
    if len(path) > _DEEPEST:
        raise PluginError(f"'{who}' returned {_place(path[:6])} nested too deeply")
    if isinstance(value, Mapping):
        out: dict[str, Any] = {}
        for key, inner in value.items():
            name = _checked_name(key, path, who)
            if name in out:
                raise PluginError(f"'{who}' returned the key {name!r} twice in {_place(path)}")
            out[name] = _recorded(inner, (*path, name), who, left)
        return out
    if type(value) is list and _all_plain(value, left):
        return [*value]
    if isinstance(value, list | tuple | range):
        return [_recorded(v, (*path, str(i)), who, left) for i, v in enumerate(value)]
    raise PluginError(
        f"'{who}' returned {type(value).__name__} in {_place(path)}; wanted numbers, texts, lists "
        "and mappings"
    )


def _all_plain(values: list[Any], left: list[int]) -> bool:
    """Return whether a list is of texts, numbers or truths alone that can be kept as they are.

    Then they are counted: most lists are such, and looked at one by one they take longest.
    """
    kinds = {*map(type, values)}
    if kinds == {str}:
        length, fit = sum(map(len, values)), not _HALF.search("".join(values))
    elif kinds <= {int, bool}:
        ends = (min(values, default=0), max(values, default=0))
        length, fit = 8 * len(values), all(end in _INTEGERS for end in ends)
    else:
        length, fit = 8 * len(values), kinds == {float} and all(map(math.isfinite, values))
    fit = fit and length <= left[0]
    left[0] -= length if fit else 0
    return fit


def _single(value: Any, path: tuple[str, ...], who: str) -> Any:
    # A subclass may call itself, or write itself, as it likes: the plain value is kept.
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        text = str.__str__(value)
        if _HALF.search(text):
            raise PluginError(
                f"'{who}' returned {text!r:.80} in {_place(path)}, which holds half a character"
            )
        return text
    if isinstance(value, int):
        whole = int.__pos__(value)
        if whole not in _INTEGERS:
            raise PluginError(
                f"'{who}' returned an integer of {whole.bit_length()} bits in {_place(path)}, "
                "which a record cannot hold",
                hint="use a float or a text",
            )
        return whole
    plain = float.__pos__(value)
    if math.isfinite(plain):
        return plain
    raise PluginError(
        f"'{who}' returned {plain} in {_place(path)}, which a record cannot hold",
        hint="use None for what is not defined",
    )


def _checked_name(key: Any, path: tuple[str, ...], who: str) -> str:
    if not isinstance(key, str):
        raise PluginError(f"'{who}' returned the key {shown(key)} in {_place(path)}, not a text")
    text = str.__str__(key)
    top = len(path) == 1
    if _HALF.search(text) or (top and not 0 < len(text) <= _LONGEST_NAME):
        said = f"of {len(text)} characters" if not _HALF.search(text) else shown(text)
        raise PluginError(
            f"'{who}' returned a name {said} in {_place(path)}",
            hint=f"names are texts of 1 to {_LONGEST_NAME} characters",
        )
    return text


def _place(path: tuple[str, ...]) -> str:
    return "'" + "' → '".join(path) + "'"
