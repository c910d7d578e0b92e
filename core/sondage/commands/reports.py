"""Write what a composition's reports make of its results."""

from __future__ import annotations

import contextlib
import json
import os
from itertools import islice
from pathlib import Path

from sondage.execute.listener import Listener
from sondage.guard.guarded import guarded
from sondage.guard.isolation import Isolation
from sondage.host import extras
from sondage.records.runs import Run
from sondage.registry.built import Built
from sondage.store import disk

#: Files of one report; one that never ends writing them is stopped here.
_LARGEST_REPORT = 10_000


def write_report(found: Run, built: Built, listener: Listener) -> list[Path]:
    """Write a report of a run, unless it has been written from just these results.

    A report that fails is told to the listener; results are never lost by it.

    Returns
    -------
    list of Path
        What was written, in the run's folder under ``reports``.
    """
    folder = found.folder.path / "reports" / built.label
    mark = folder / ".written-from"
    try:
        stat = found.folder.cells.stat()
        stamp = json.dumps([built.id, stat.st_size, stat.st_mtime_ns])
        if mark.is_file() and mark.read_bytes() == stamp.encode():
            return []
        disk.make_folder(folder, found.folder.path)
        if os.path.lexists(mark) and not mark.is_file():
            disk.take_away(mark)
    except OSError as error:
        listener.said(f"report '{built.label}' cannot be written: {error}")
        return []
    listener.started(f"report {built.label}")
    try:
        with guarded(Isolation()):
            files = list(islice(built.instance.write(found, folder), _LARGEST_REPORT))
    except Exception as error:
        said = extras.explained(error) or f"{type(error).__name__}: {error}"
        listener.said(f"report '{built.label}' failed: {said}")
        return []
    with contextlib.suppress(OSError):
        mark.write_text(stamp, "utf-8")
    listener.said(f"report '{built.label}': {len(files)} files in {folder}")
    return files
