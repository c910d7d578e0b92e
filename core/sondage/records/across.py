"""What the runs under one folder have, taken together."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from sondage.errors import ResultsError
from sondage.records.folder import RunFolder
from sondage.records.lines import Record, parsed, raw_lines, start_of


def runs(root: Path) -> Iterator[RunFolder]:
    """Yield the run folders under `root`, by name."""
    for file in sorted(root.glob("*/cells.jsonl")):
        yield RunFolder(file.parent)


def provider(root: Path, kind: str, use: str) -> str:
    """Return ``distribution version`` of a component as an earlier run had it, else ''."""
    for folder in reversed(list(runs(root))):
        for component in folder.components():
            key = component.get("key")
            if component.get("kind") == kind and isinstance(key, dict) and key.get("use") == use:
                return f"{component.get('distribution')} {key.get('version')}"
    return ""


def finished(root: Path, wanted: set[str]) -> dict[str, Record]:
    """Return the finished records of these cells, from whatever run has them whole."""
    found: dict[str, Record] = {}
    for folder in runs(root):
        if len(found) == len(wanted):
            break
        # A run that cannot be read has nothing to give, and is no reason not to run another.
        with contextlib.suppress(ResultsError):
            for raw in raw_lines(folder.cells):
                id_, status = start_of(raw)
                if status == "done" and id_ in wanted and id_ not in found:
                    record = parsed(raw)
                    if record is not None and folder.holds(record):
                        found[id_] = record
    return found
