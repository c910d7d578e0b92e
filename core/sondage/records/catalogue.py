"""All runs of a folder, each in a few words, without reading their results where that is known."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sondage.errors import ResultsError
from sondage.plain import duration, html_table
from sondage.records import history, whole
from sondage.records.across import runs
from sondage.records.folder import RunFolder
from sondage.records.history import Event
from sondage.records.lines import Record
from sondage.records.printed import PrintedNames
from sondage.registry.shown import model_name
from sondage.store import paths


@dataclass(frozen=True)
class Listed:
    """A run in a few words.

    Attributes
    ----------
    number : int
        Its place among the runs by when they were begun, from 1.
    begun, last : float
        When it was begun, and last asked for or added to, in seconds since the epoch.
    models : tuple of str
        What was probed: models by name; where encoders do not say, the encoders.
    layers : tuple of int or None
        None for probes that mix all layers.
    cells, done, failed : int
        Planned, finished, and tried in vain.
    state : str
        ``finished``, ``running``, ``partial`` (cells are still to come), ``failed`` (all were
        tried), or ``unreadable``.
    seconds : float or None
        For which it was worked on, all times together; None if no time is known.
    """

    number: int
    folder: RunFolder
    begun: float
    last: float
    composition: str
    models: tuple[str, ...]
    layers: tuple[int | None, ...]
    seeds: tuple[int, ...]
    cells: int
    done: int
    failed: int
    state: str
    seconds: float | None
    command: str
    commit: str
    versions: Mapping[str, str]
    python: str

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.path.name


class Catalogue(list[Listed]):
    """Runs in the order in which they were begun; a notebook shows them as a table."""

    def _repr_html_(self) -> str:
        heads = ["#", "run", "begun", "state", "cells", "took", "models"]
        rows = [
            [
                one.number, one.name, time.strftime("%Y-%m-%d %H:%M", time.localtime(one.begun)),
                one.state, f"{one.done}/{one.cells}",
                "" if one.seconds is None else duration(one.seconds), ", ".join(one.models),
            ]
            for one in reversed(self)
        ]  # fmt: skip
        return html_table(heads, rows, f"{len(self)} runs, the last one first")


def listed(root: Path) -> Catalogue:
    """Return all runs under a folder, the one begun first at first."""
    told = [(folder, history.events(folder)) for folder in runs(root)]
    told.sort(key=lambda pair: (_first_begun(*pair), pair[0].path.name))
    return Catalogue(_listed(i, *pair) for i, pair in enumerate(told, 1))


def all_runs() -> Catalogue:
    """Return all runs in the folder of runs, the one begun first at first."""
    return listed(paths.runs_folder())


def by_number(folders: Iterable[RunFolder]) -> list[RunFolder]:
    """Return runs by number: that of ``n`` is at ``n - 1``."""
    return sorted(folders, key=lambda f: (_first_begun(f, history.events(f)), f.path.name))


def last_asked(folder: RunFolder) -> int:
    """Return when a run was last asked for or last gained a cell, in ns since the epoch.

    What is computed from a run, and the folder's own time with it, says nothing about that.
    """
    return max(_times(folder), default=0)


def _times(folder: RunFolder) -> list[int]:
    out = []
    for file in (folder.path / "run.json", folder.cells):
        with contextlib.suppress(OSError):
            out.append(file.stat().st_mtime_ns)
    return out


def _first_begun(folder: RunFolder, events: list[Event]) -> float:
    """Return when a run was begun; of one of before that was written down, the oldest time."""
    return events[0].begun if events else min(_times(folder), default=0) / 1e9


def _listed(number: int, folder: RunFolder, events: list[Event]) -> Listed:
    header = folder.header()
    families = whole.planned(header)
    layers = {layer for one in families.values() for layer in one.layers}
    seeds = {seed for one in families.values() for seed in one.seeds}
    cells = header.get("cells")
    cells = cells if isinstance(cells, int) else 0
    state = ""
    try:
        done, failed = history.counts_known(folder)
    except ResultsError:
        done, failed, state = 0, 0, "unreadable"
    times = [e.seconds for e in events if e.seconds is not None]
    return Listed(
        number=number, folder=folder,
        begun=_first_begun(folder, events), last=last_asked(folder) / 1e9,
        composition=str(header.get("composition") or composition_of(folder)),
        models=_models(header),
        layers=tuple(sorted(layers, key=lambda n: -1 if n is None else n)),
        seeds=tuple(sorted(seeds)),
        cells=cells, done=done, failed=failed,
        state=state or _state_of(events, cells, done, failed),
        seconds=sum(times) if times else None,
        command=events[-1].command if events else "",
        commit=events[-1].commit if events else "",
        versions=_texts(header.get("versions")), python=str(header.get("python") or ""),
    )  # fmt: skip


def composition_of(folder: RunFolder) -> str:
    """Return the composition's part of a run folder's name."""
    return folder.path.name.rpartition("-")[0] or folder.path.name


def _state_of(events: list[Event], cells: int, done: int, failed: int) -> str:
    if events and events[-1].at_work:
        return "running"
    if done >= cells:
        return "finished"
    return "failed" if done + failed >= cells else "partial"


def _models(header: Record) -> tuple[str, ...]:
    parts = [c for c in _list(header.get("components")) if c.get("kind") == "encoder"]
    origins = [o for c in parts for o in _list(c.get("origins"))]
    models = [model_name(o["model"], _revision_name(o)) for o in origins if o.get("model")]
    labels = PrintedNames(header)
    names = [labels.of("encoder", str(c.get("label"))) for c in parts]
    return tuple(dict.fromkeys(models or names))


def _revision_name(origin: Record) -> str | None:
    """Return a revision that is a name; a commit says little to a reader of a list."""
    said = str(origin.get("revision") or "")
    return said if said and len(said) < 40 else None


def _list(found: Any) -> list[Record]:
    return [c for c in found if isinstance(c, dict)] if isinstance(found, list) else []


def _texts(found: Any) -> dict[str, str]:
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}
