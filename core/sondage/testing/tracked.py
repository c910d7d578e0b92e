"""A tracker, told of toy runs as a real run tells it."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sondage.contracts import RunState, ToldRun
from sondage.errors import DependencyError
from sondage.execute.tracking import told_record
from sondage.records.printed import PrintedNames
from sondage.testing.check import NotApplicable
from sondage.testing.findings import ToyFindings, cell, findings

#: Names that some stores refuse, or take for something else.
HOSTILE = ("a/b", "../up", "a·b", "<script>x</script>", "\x1b[31mred", "=1+1", "x" * 400, "'; --")


def toy_run(**changes: Any) -> ToldRun:
    """Return a run to be told of, with `changes`."""
    known: dict[str, Any] = {
        "id": "0123456789abcdef0123456789abcdef",
        "name": "toys-01234567",
        "composition": "toys",
        "folder": Path("toys-01234567"),
        "command": "sondage run toys",
        "commit": "86b5e0934494bd15c9632b12f734a8a67f723594+",
        "n_cells": 3,
        "components": (
            {
                "kind": "encoder", "label": "a", "shown": "a model", "distribution": "sondage-toys",
                "parameters": {"model": "org/name"},
                "origins": [{"model": "org/name", "revision": "main", "files": "0123456789ab"}],
            },
            {"kind": "probe", "label": "linear", "parameters": {"seeds": [0, 1], "note": None}},
        ),
        "versions": {"sondage": "0.1.0", "numpy": "2.0"},
    }  # fmt: skip
    return ToldRun(**(known | changes))


def told_records(found: ToyFindings) -> list[dict[str, Any]]:
    """Return the records of toy findings as trackers get them."""
    return [told_record(one.record, PrintedNames({})) for one in found.cells]


def hostile() -> ToyFindings:
    """Return cells of which every name is odd."""
    return ToyFindings(
        [
            cell({name: 0.5}, encoder=name, task=name, component=name, layer=layer)
            for name in HOSTILE
            for layer in (None, 0)
        ]
    )


def track(
    tracker: Any,
    found: ToyFindings | None = None,
    *,
    state: RunState = "finished",
    again: Sequence[Mapping[str, Any]] = (),
    **changes: Any,
) -> None:
    """Tell a tracker of a whole run: begun, some records, the rest and some again, ended.

    Parameters
    ----------
    tracker : Tracker
    found : ToyFindings, optional
    state : str
    again : sequence of records
        What it is told once more at the end.
    **changes
        As `toy_run` takes them.

    Raises
    ------
    NotApplicable
        If a library that the tracker needs is not installed.
    """
    found = findings() if found is None else found
    records = told_records(found)
    half = len(records) // 2
    with tempfile.TemporaryDirectory(prefix="sondage-check-") as folder:
        try:
            tracker.begin(toy_run(**{"folder": Path(folder), **changes}))
        except DependencyError as error:
            raise NotApplicable(str(error)) from error
        for part in (records[:half], records[half:], [*again]):
            if part:
                tracker.recorded(part)
        tracker.end(state, found)
