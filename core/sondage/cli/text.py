"""All that the command line prints goes through here, cleaned of what a terminal would obey."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sondage.errors import SondageError
from sondage.plain import clean, duration, flat, size

if TYPE_CHECKING:
    from sondage.records.folder import RunFolder

__all__ = [
    "clean", "counted", "duration", "flat", "hand_over", "on_terminal", "page", "say", "size",
    "table", "tell_error", "warn", "warn_of_lacking", "write",
]  # fmt: skip


def say(text: object = "") -> None:
    """Print to standard output."""
    sys.stdout.write(clean(text) + "\n")


def warn(text: object) -> None:
    """Print to standard error."""
    sys.stderr.write(clean(text) + "\n")


def warn_of_lacking(folder: RunFolder) -> None:
    """Print on standard error what a run has not done, if there is anything."""
    from sondage.records import history, whole

    lacking = whole.said(*history.counts_known(folder), folder.header())
    if lacking:
        warn(f"{folder.path.name}: {lacking}")


def tell_error(error: SondageError) -> None:
    """Print what an error says: message, place, nearest names, what to do, where to read on."""
    warn(f"{error}\n  about: sondage explain {error.slug}")


def on_terminal() -> bool:
    """Return whether standard output is a terminal that can move its cursor."""
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    title: str = "",
    right: Sequence[str] = (),
) -> None:
    """Print a table: boxes that fit the terminal, or plain aligned columns in a file.

    Parameters
    ----------
    columns : sequence of str
    rows : iterable of sequences of one value per column
    title : str
        Printed above.
    right : sequence of str
        Columns flush right.
    """
    cells = [["" if value is None else flat(value) for value in row] for row in rows]
    if title:
        say(flat(title))
    if on_terminal():
        _boxed(columns, cells, right)
        return
    width = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    for row in (list(columns), *cells):
        line = "  ".join(
            value.rjust(w) if name in right else value.ljust(w)
            for name, value, w in zip(columns, row, width, strict=True)
        )
        say(line.rstrip())


def _boxed(columns: Sequence[str], cells: list[list[str]], right: Sequence[str]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name in columns:
        drawn.add_column(
            Text(flat(name)), justify="right" if name in right else "left", overflow="fold"
        )
    for row in cells:
        # Text objects are never read as markup.
        drawn.add_row(*(Text(value) for value in row))
    Console(markup=False, emoji=False, highlight=False).print(drawn)


def page(markdown: str) -> None:
    """Print a page: set for a terminal, as it is written in a file."""
    if not on_terminal():
        say(markdown.rstrip())
        return
    from rich.console import Console
    from rich.markdown import Markdown

    Console(emoji=False).print(Markdown(clean(markdown), hyperlinks=False))


def write(path: Path, content: str) -> None:
    """Write a file that the user named.

    Raises
    ------
    SondageError
    """
    try:
        path.write_text(content, encoding="utf-8")
    except OSError as error:
        raise SondageError(f"'{path}' cannot be written: {error.strerror}") from error


def hand_over(file: str, content: str) -> None:
    """Write a file that the user named, and say so; for ``-`` print it.

    Raises
    ------
    SondageError
    """
    if file == "-":
        say(content.rstrip("\n"))
        return
    write(Path(file), content)
    warn(f"written: {file}")


def counted(n: int, noun: str) -> str:
    """Return ``1 cell``, ``2 cells``, ``2 entries``."""
    many = noun[:-1] + "ies" if noun.endswith("y") else noun + "s"
    return f"{n} {noun if n == 1 else many}"
