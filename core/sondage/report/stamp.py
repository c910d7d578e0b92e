"""What a report was written from: a file in its folder says so, and whether there is more now."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

from sondage.records.folder import RunFolder

#: In a report's folder.
STAMP = ".written-from"


def stamp_of(report: str, folder: RunFolder) -> str:
    """Return what a report, by its id, of a run's results as they are now is marked with.

    Raises
    ------
    OSError
    """
    stat = folder.cells.stat()
    return json.dumps([report, stat.st_size, stat.st_mtime_ns])


def is_behind(report: Path, folder: RunFolder) -> bool:
    """Whether the report in a folder was written from fewer results than there are."""
    with contextlib.suppress(OSError, ValueError, TypeError, IndexError):
        told = json.loads((report / STAMP).read_text("utf-8"))
        return bool(told[1] != folder.cells.stat().st_size)
    return False
