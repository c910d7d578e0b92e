"""Which piece of work a worker's process was at when it died: a note of each, in the store.

Dask blames a death on all work that was waiting at the worker, too. What only waited is not at
fault, however many workers died, and is tried again.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sondage.store import Store, disk
from sondage.store.machine import this_machine


@contextmanager
def notes_in(store: Store) -> Iterator[Path]:
    """A folder in the store for notes; it goes at the end, as does what dead workers left there."""
    folder = store.scratch()
    try:
        yield folder
    finally:
        with suppress(OSError):
            disk.take_away(folder)
            store.sweep()


#: The file of this process; another process that was forked has another.
_mine: dict[tuple[Path, int], Path] = {}


@contextmanager
def noted(notes: Path | None) -> Iterator[None]:
    """Note on a worker what it is at; what cannot be noted is as if it had not begun.

    Parameters
    ----------
    notes : Path or None
        The folder for it; None notes nothing.
    """
    key = None if notes is None else _key()
    if notes is None or key is None:
        yield
        return
    unique = f"{this_machine()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    file = _mine.setdefault((notes, os.getpid()), notes / unique)
    with suppress(OSError):
        file.write_text(key, "utf-8")
    try:
        yield
    finally:
        with suppress(OSError):
            file.write_text("", "utf-8")


def _key() -> str | None:
    from distributed import get_worker

    try:
        return str(get_worker().get_current_task())
    except (ValueError, AttributeError):
        return None  # A node that is run by hand.


def deaths_at(notes: Path, key: str) -> int:
    """Return how many processes have died at a piece of work that none is at now."""
    found = 0
    for file in notes.glob("*"):
        with suppress(OSError):
            found += file.read_text("utf-8") == key
    return found
