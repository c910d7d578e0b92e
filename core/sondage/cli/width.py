"""Tables that fit a page: without the columns that say nothing, long texts cut in the middle."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

from sondage.cli import text

#: Columns of characters in a file; a terminal says its own.
PAGE = 100
_GAP = 2
_NARROWEST = 7


def available() -> int:
    """Return how many characters a line may have."""
    return shutil.get_terminal_size((PAGE, 24)).columns if text.on_terminal() else PAGE


def fitted(
    columns: Sequence[str], rows: Sequence[Sequence[object]], width: int, whole: Sequence[str] = ()
) -> list[list[str]]:
    """Return a table's rows with long texts cut, so that it is at most so wide if that can be.

    Parameters
    ----------
    columns : sequence of str
    rows : sequence of sequences
    width : int
        Characters of a line.
    whole : sequence of str
        Columns that are never cut, as numbers are not.
    """
    cells = [["" if value is None else text.flat(value) for value in row] for row in rows]
    sizes = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    least = [
        size if name in whole else min(size, max(_NARROWEST, len(name)))
        for name, size in zip(columns, sizes, strict=True)
    ]
    over = sum(sizes) + _GAP * (len(sizes) - 1) - width
    while over > 0:
        i = max(range(len(sizes)), key=lambda i: (sizes[i] - least[i], sizes[i]))
        if sizes[i] == least[i]:
            break
        sizes[i] -= 1
        over -= 1
    return [[cut(value, size) for value, size in zip(row, sizes, strict=True)] for row in cells]


def cut(value: str, size: int) -> str:
    """Return a text of at most so many characters: its beginning and its end."""
    if len(value) <= size:
        return value
    end = (size - 1) // 2
    return f"{value[: size - 1 - end]}…{value[len(value) - end :] if end else ''}"


def apart(
    columns: Sequence[str], rows: Sequence[Sequence[object]]
) -> tuple[list[str], list[list[object]], list[str]]:
    """Return a table without the columns in which all is one, and what these say.

    Returns
    -------
    columns, rows
        Those that differ; the last column where all rows are alike.
    said : list of str
        ``task upos``, for each column left out that is not empty.
    """
    if len(rows) < 2:
        return [*columns], [[*row] for row in rows], []
    kept = [i for i in range(len(columns)) if any(row[i] != rows[0][i] for row in rows)]
    kept = kept or [len(columns) - 1]
    said = [
        f"{columns[i]} {rows[0][i]}"
        for i in range(len(columns))
        if i not in kept and rows[0][i] not in ("", None)
    ]
    return [columns[i] for i in kept], [[row[i] for i in kept] for row in rows], said
