"""A run's summary, failures and warnings, computed once and kept beside the results.

The tests behind the summary cost seconds; the results change only when a cell is
added. So what was computed is kept as ``summary.json`` in the run's folder, with what marks
the files that it was computed from, and computed again when that differs.
"""

from __future__ import annotations

import contextlib
import math
import os
import zlib
from collections import defaultdict
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sondage
from sondage.host import extras
from sondage.records import whole
from sondage.records.folder import RunFolder
from sondage.records.lines import Record
from sondage.store import disk

if TYPE_CHECKING:
    from pandas import DataFrame

_KEPT_AS = 3
#: Where the code is that computes summaries.
CORE = Path(sondage.__file__).parent


@dataclass(frozen=True)
class Summary:
    """What a run found.

    Attributes
    ----------
    name : str
        The run folder's name.
    rows : list of dict
        `sondage.records.frames.summary` as plain values; absent numbers are None.
    primary : list of str pairs
        Component and score: the first score of each component.
    failed : list of dict
        Failed cells: their place (``component, task, encoder, other, view, layer, seed``)
        and ``error``.
    warnings : list of dict
        ``warning``, ``least`` and ``most`` in a cell, ``cells`` concerned, ``component``,
        ``task``. Cells share their corpus, so that a sum over them would mean nothing.
    n_cells : int
    header : dict
        ``run.json``.
    """

    name: str
    rows: list[dict[str, Any]]
    primary: list[tuple[str, str]]
    failed: list[Record]
    warnings: list[dict[str, Any]]
    n_cells: int
    header: Record

    @property
    def lacking(self) -> str:
        """What is not there, as `whole.said` tells it; empty if all that was planned is done."""
        return whole.said(self.n_cells - len(self.failed), len(self.failed), self.header)

    @property
    def baseline(self) -> str:
        """The encoder compared with; empty if none."""
        return (self.header.get("declared") or {}).get("baseline") or ""

    def is_primary(self, row: dict[str, Any]) -> bool:
        """Return whether a row holds its component's first score."""
        return (row["component"], row["score"]) in self._first

    @cached_property
    def _first(self) -> set[tuple[str, str]]:
        return set(self.primary)

    def order(self, kind: str) -> list[str]:
        """Return the labels of encoders, tasks, ... in the order that the registry gives."""
        return [c["label"] for c in self.header.get("components", []) if c["kind"] == kind]

    def frame(self) -> DataFrame:
        """Return the summary as a frame, with the same columns and types for any run."""
        extras.need("run", "a table of results")
        import pandas as pd

        from sondage.records.frames import SUMMARY

        return pd.DataFrame(self.rows, columns=[*SUMMARY]).astype(SUMMARY)


_PLACE = ("component", "task", "encoder", "other", "view", "layer", "seed")


def read_summary(folder: RunFolder) -> Summary:
    """Return what a run found, from ``summary.json`` if that is of these results."""
    stamp = _marks_of(folder)
    kept = folder.path / "summary.json"
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
        found = disk.unsealed(kept)
        if found.pop("stamp") == stamp:
            found["primary"] = [(c, s) for c, s in found["primary"]]
            return Summary(name=folder.path.name, header=folder.header(), **found)
    computed = _compute(folder)
    _keep(kept, computed, stamp)
    return computed


def _marks_of(folder: RunFolder) -> list[Any]:
    stamp: list[Any] = [_KEPT_AS, sondage.__version__, _code()]
    # Not the time of run.json: it is that of the last run, even of one that changed nothing.
    with contextlib.suppress(OSError):
        stamp.append(zlib.crc32((folder.path / "run.json").read_bytes()))
    try:
        stat = folder.cells.stat()
        stamp += [stat.st_size, stat.st_mtime_ns]
    except OSError:
        stamp += [None, None]
    return stamp


def _code() -> int:
    """Return what changes when the code that computes does: whoever edits it sees what it gives.

    All modules of the core count, in whatever folder: a list of those that matter would be
    wrong at the next one. One that cannot be looked at is an error, never left out.
    """
    found = zlib.crc32(b"")
    for file in sorted(CORE.rglob("*.py")):
        stat = file.stat()
        said = f"{file.relative_to(CORE)} {stat.st_size} {stat.st_mtime_ns}\n"
        found = zlib.crc32(said.encode(), found)
    return found


def _keep(path: Path, found: Summary, stamp: list[Any]) -> None:
    content = asdict(found) | {"stamp": stamp}
    del content["name"], content["header"]
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    # A folder that only we may read is no reason to fail: the next call computes again.
    with contextlib.suppress(OSError):
        scratch.write_text(disk.sealed(content), "utf-8")
        scratch.replace(path)


def _compute(folder: RunFolder) -> Summary:
    from sondage.records.frames import summary

    records = folder.records()
    primary: dict[tuple[str, str], None] = {}
    counts: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for record in records:
        for score in list(record["scores"])[:1]:
            primary[record["component"], score] = None
        for slug, count in record.get("warnings", {}).items():
            counts[slug, record["component"], record["task"]].append(count)
    return Summary(
        name=folder.path.name,
        rows=[_plain_row(row) for row in summary(folder).to_dict("records")],
        primary=list(primary),
        failed=[
            {name: r[name] for name in _PLACE} | {"error": r.get("error", {})}
            for r in records
            if r["status"] != "done"
        ],
        warnings=[
            {
                "warning": slug, "least": min(found), "most": max(found), "cells": len(found),
                "component": component, "task": task,
            }
            for (slug, component, task), found in sorted(counts.items())
        ],
        n_cells=len(records),
        header=folder.header(),
    )  # fmt: skip


def _plain_row(row: dict[Any, Any]) -> dict[str, Any]:
    return {str(name): _value(value) for name, value in row.items()}


def _value(value: Any) -> Any:
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and math.isnan(value):
        return None
    return value if isinstance(value, str | int | float) else None
