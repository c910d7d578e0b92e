"""Tables as data that a page's script paints: columns, their texts written once each."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sondage.plain import flat

if TYPE_CHECKING:
    from pandas import DataFrame

#: Digits that numbers have in a page; all of them are in the run.
_DIGITS = 6
#: What ends a script or a line of one, whatever text it stands in.
_ENDS = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def island(tables: Mapping[str, Any]) -> str:
    """Return tables as JSON that no name in it can end."""
    text = json.dumps(tables, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character, written in _ENDS.items():
        text = text.replace(character, written)
    return text


def packed(names: Sequence[str], columns: Iterable[Sequence[Any]]) -> dict[str, Any]:
    """Return a table as a page's script reads it.

    What is the same in all rows is said once, columns without any value are left out. A column
    of numbers has ``numbers``; one of texts its ``levels``, sorted, and ``at``: which of them
    each row has.

    Parameters
    ----------
    names : sequence of str
    columns : iterable of sequences
        Of equal length; None or NaN is no value.

    Returns
    -------
    dict
        ``rows`` (their number), ``columns``, and ``same``: pairs of names and values.
    """
    kept: list[dict[str, Any]] = []
    same: list[list[str]] = []
    rows = 0
    for name, column in zip(names, columns, strict=True):
        values = [None if _absent(value) else value for value in column]
        rows = len(values)
        there = [value for value in values if value is not None and value != ""]
        if not there:
            continue
        if rows > 1 and len(there) == rows and all(v == there[0] for v in there):
            same.append([flat(name), _text(there[0])])
            continue
        kept.append({"name": flat(name)} | _packed_column(values, there))
    return {"rows": rows, "columns": kept, "same": same}


def of_frame(frame: DataFrame) -> dict[str, Any]:
    """Return a frame as `packed` does."""
    columns = (frame.iloc[:, i].astype(object).tolist() for i in range(frame.shape[1]))
    return packed([str(c) for c in frame.columns], columns)


def _packed_column(values: list[Any], there: list[Any]) -> dict[str, Any]:
    if all(isinstance(v, int | float) and not isinstance(v, bool) for v in there):
        return {"numbers": [_number(v) for v in values]}
    texts = ["" if v is None else _text(v) for v in values]
    levels = sorted(set(texts))
    place = {text: i for i, text in enumerate(levels)}
    return {"levels": levels, "at": [place[text] for text in texts]}


def _absent(value: Any) -> bool:
    return value is None or type(value).__name__ == "NAType" or value != value


def _number(value: Any) -> Any:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if isinstance(value, int) or float(value).is_integer():
        return int(value)
    return float(f"{value:.{_DIGITS}g}")


def _text(value: Any) -> str:
    return f"{value:.{_DIGITS}g}" if isinstance(value, float) else flat(value)
