"""The Python interface: run compositions and read results."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sondage import declared, disk, execute, extras, paths, plan, record, registry, whole
from sondage.build import Builder, Built
from sondage.errors import PluginError, RegistryError, ResultsError, SondageError, nearest
from sondage.graph import Plan
from sondage.guarded import guarded
from sondage.host import Host
from sondage.isolation import Isolation
from sondage.runfolder import Record, RunFolder, finished, provider, runs
from sondage.store import Store

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pandas import DataFrame


class Run:
    """One composition's results.

    Attributes
    ----------
    folder : RunFolder
    """

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder

    @property
    def name(self) -> str:
        """The run folder's name."""
        return self.folder.path.name

    @property
    def failed(self) -> list[Record]:
        """Records of cells that failed."""
        return [r for r in self.folder.records() if r["status"] != "done"]

    def frame(self) -> DataFrame:
        """Return one row a cell and score: ``encoder, task, component, layer, seed, ...``."""
        from sondage.frames import frame

        return frame([self.folder])

    def summary(self) -> DataFrame:
        """Return one row a score with mean, deviation, intervals and difference to baseline.

        It is computed once for the same results, and kept beside them.
        """
        from sondage.frames import in_floats
        from sondage.report.read import findings

        return in_floats(findings(self.folder).frame())

    def table(self, name: str) -> DataFrame:
        """Return one named table (such as ``per_class``) of all cells, stacked."""
        from sondage.frames import table

        return table(self.folder, name)

    def arrays(self) -> Iterator[tuple[Record, dict[str, NDArray[Any]]]]:
        """Yield each finished cell that has arrays: its record and its arrays by name."""
        import numpy as np

        for found in self.folder.records():
            if found["status"] == "done" and "artifact" in found:
                if not self.folder.holds(found):
                    raise ResultsError(
                        "the arrays of a cell are gone or damaged",
                        where=str(self.folder.path / found["artifact"]),
                        hint="run the same command again: the cell is run anew",
                    )
                with np.load(self.folder.path / found["artifact"], allow_pickle=False) as file:
                    yield found, dict(file)

    def __repr__(self) -> str:
        return f"<Run {self.name}: {len(self.folder.records())} cells in {self.folder.path}>"


def split_target(target: str) -> tuple[Path | None, str]:
    """Split ``my.yaml:name`` or ``name`` into file and composition.

    A file with one composition needs no name.
    """
    file, colon, name = target.rpartition(":")
    if not colon:
        if target.endswith((".yaml", ".yml")):
            names = [*registry.load(Path(target)).contents.compositions]
            if len(names) == 1:
                return Path(target), names[0]
            raise RegistryError(
                f"'{target}' names a file but no composition, and has {len(names)}",
                near=names[:10],
                hint=f"write {target}:NAME; 'sondage list compositions {target}' shows them",
            )
        return None, target
    return Path(file), name


def overrides_of(
    registry_file: Path | None, name: str, settings: Mapping[str, Any]
) -> dict[str, Any]:
    """Turn ``--set`` keys into dotted paths of the registry.

    A key is one of the composition's ``settings``, a key of the composition, or a dotted
    path that starts with a section such as ``encoders``.

    Raises
    ------
    RegistryError
    """
    if not settings:
        return {}
    composition = registry.load(registry_file).composition(name)
    out = {}
    for key, value in settings.items():
        head = key.partition(".")[0]
        if key in composition.settings:
            out[composition.settings[key]] = value
        elif head in type(composition).model_fields:
            # A section name alone means the composition's list; with a dot, the section.
            inside = "." in key and head in declared.SECTIONS
            out[key if inside else f"compositions.{name}.{key}"] = value
        else:
            known = [*composition.settings, *type(composition).model_fields]
            raise RegistryError(
                f"--set {key}: composition '{name}' has no such setting",
                near=nearest(key, known) or known,
                hint="or a dotted path such as encoders.NAME.PARAMETER",
            )
    return out


def make_plan(
    target: str,
    *,
    settings: Mapping[str, Any] | None = None,
    layers: Sequence[int] | None = None,
    seeds: Sequence[int] | None = None,
    block: Iterable[str] = (),
    host: Host | None = None,
) -> Plan:
    """Plan ``name`` of the shipped registry or ``file.yaml:name``; runs nothing.

    Raises
    ------
    RegistryError
    """
    file, name = split_target(target)
    found = registry.load(file, overrides_of(file, name, settings or {}))
    found.composition(name)
    host = host or Host.discover(block)
    host.recall = lambda kind, use: provider(paths.runs_folder(), kind, use)
    builder = Builder(host, found)
    try:
        with guarded(Isolation()):
            return plan.make(found, builder, name, layers=layers, seeds=seeds)
    except SondageError:
        raise
    except Exception as error:
        # Whatever a property of a component raised, or returned instead of what it should.
        at = traceback.extract_tb(error.__traceback__)[-1]
        raise PluginError(
            f"composition '{name}' cannot be planned: {type(error).__name__}: {error}",
            where=f"{at.filename}:{at.lineno}",
            hint="'sondage check NAME' tests a component",
        ) from error


def run(
    target: str,
    *,
    settings: Mapping[str, Any] | None = None,
    layers: Sequence[int] | None = None,
    seeds: Sequence[int] | None = None,
    workers: int = 1,
    cluster: str | None = None,
    cell_seconds: float | None = None,
    block: Iterable[str] = (),
    listener: execute.Listener | None = None,
) -> Run:
    """Run a composition, or what is left of it.

    Parameters
    ----------
    target : str
        ``name`` of the shipped registry, or ``file.yaml:name``.
    settings : mapping, optional
        As ``--set``: short name, composition key or dotted path to value.
    layers, seeds : sequences of int, optional
        Instead of the composition's.
    workers : int
        Local worker processes; 1 runs in this process.
    cluster : str, optional
        Address of a Dask scheduler.
    cell_seconds : float, optional
        A time limit for each cell of a probe or metric; one that is over it fails with that
        reason. The cells of one job share their time.
    block : iterable of str
        Plugins not to load.
    listener : Listener, optional
        Hears of progress.

    Returns
    -------
    Run
        Failed cells are in ``Run.failed``; they are tried again by the next call.

    Raises
    ------
    SondageError
        For whatever the user can mend.
    """
    planned = make_plan(target, settings=settings, layers=layers, seeds=seeds, block=block)
    return run_plan(
        planned, workers=workers, cluster=cluster, cell_seconds=cell_seconds, listener=listener
    )


def run_plan(
    planned: Plan,
    *,
    workers: int = 1,
    cluster: str | None = None,
    cell_seconds: float | None = None,
    listener: execute.Listener | None = None,
) -> Run:
    """Run a plan; see `run`."""
    if workers > 1 or cluster:
        extras.need("cluster", "running on workers or a cluster")
    extras.need("run", "running a composition")
    listener = listener or execute.Silent()
    root = paths.runs_folder()
    folder = folder_of(planned)
    ids = {cell.id for cell in planned.cells}
    folder.open(header(planned))
    damaged = folder.mend()
    if damaged:
        listener.said(
            f"{damaged} damaged results of this run are set aside in {folder.path}: their cells "
            "are run again"
        )
    known = finished(root, ids)
    here = {r["id"] for r in folder.records() if r["status"] == "done"}
    # A cell that another run has done may go by other names there.
    reused = {c.id: c for c in planned.cells if c.id in known and c.id not in here}
    for id_ in reused:
        folder.adopt(known[id_], root)
    folder.append([known[id_] | record.names(cell) for id_, cell in reused.items()])
    # The last run is the one last asked for, even if nothing was left to do.
    with contextlib.suppress(OSError):
        os.utime(folder.path / "run.json")
    todo = planned.pending(known)
    training = [t for t in planned.trainings if t.cell.id not in known]
    for note in planned.notes:
        listener.said(note)
    if todo or training:
        execute.run(
            planned, todo, training, folder, Store(paths.store_folder()),
            workers=workers, cluster=cluster, cell_seconds=cell_seconds, listener=listener,
        )  # fmt: skip
    found = Run(folder)
    for built in planned.components:
        if built.kind == "report":
            report(found, built, listener)
    return found


#: Files of one report; one that never ends writing them is stopped here.
_MOST_FILES = 10_000


def report(found: Run, built: Built, listener: execute.Listener) -> list[Path]:
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
            files = list(islice(built.instance.write(found, folder), _MOST_FILES))
    except Exception as error:
        said = extras.explained(error) or f"{type(error).__name__}: {error}"
        listener.said(f"report '{built.label}' failed: {said}")
        return []
    with contextlib.suppress(OSError):
        mark.write_text(stamp, "utf-8")
    listener.said(f"report '{built.label}': {len(files)} files in {folder}")
    return files


def folder_of(planned: Plan) -> RunFolder:
    """Return where a plan's results are or would be."""
    return RunFolder(paths.runs_folder() / f"{planned.name}-{planned.id[:8]}")


def header(planned: Plan) -> dict[str, Any]:
    """Return what ``run.json`` says of a run."""
    return {
        "schema": 1,
        "composition": planned.name,
        "declared": json.loads(planned.composition.model_dump_json()),
        "components": [
            {
                "kind": built.kind,
                "label": built.label,
                "key": built.key,
                "parameters": built.parameters,
                "distribution": built.offer.distribution,
            }
            for built in planned.components
        ],
        "trained": [
            {"label": item.encoder.label, "key": item.encoder.key} for item in planned.trainings
        ],
        "cells": len(planned.cells),
        "families": whole.families(planned.cells),
        "notes": list(planned.notes),
        "python": platform.python_version(),
        "machine": platform.platform(),
        "versions": record.versions(planned.components),
    }


def results(name: str = "") -> Run:
    """Return a run that exists: by its name, or the one that was run last.

    Parameters
    ----------
    name : str
        A run folder's name, a composition's, or the beginning of one. Where several runs of
        one composition fit, the one of them that was run last is returned.

    Raises
    ------
    ResultsError
        If there is none, or the beginning fits runs of several compositions.
    """
    return Run(matching(name)[-1])


def matching(name: str = "") -> list[RunFolder]:
    """Return the runs that a name fits, as `results` takes it: the one run last is the last.

    Parameters
    ----------
    name : str
        Empty for all runs; else runs of one composition are returned.

    Raises
    ------
    ResultsError
        If there is none, or the beginning fits runs of several compositions.
    """
    root = paths.runs_folder()
    found = sorted(runs(root), key=_last_run)
    names = [f.path.name for f in found]
    if not found or not any(n.startswith(name) for n in names):
        raise ResultsError(
            f"there is no run '{name}'" if name else "there are no results yet",
            where=str(root),
            near=nearest(name, names) or names[-5:],
            hint="sondage run NAME",
        )
    if not name:
        return found
    # A whole name counts before a beginning: 'pud' is not 'pud-upos'.
    fitting = (
        [f for f in found if f.path.name == name]
        or [f for f in found if _composition(f) == name]
        or [f for f in found if f.path.name.startswith(name)]
    )
    compositions = list(dict.fromkeys(_composition(f) for f in reversed(fitting)))
    if len(compositions) > 1:
        names = [f.path.name for f in reversed(fitting)]
        raise ResultsError(
            f"'{name}' fits runs of {len(compositions)} compositions",
            where=str(root),
            near=names if len(names) <= _MOST else compositions[:_MOST],
            hint="give more of the name; a composition's whole name takes its last run",
        )
    return fitting


#: Names in a message.
_MOST = 10


def _last_run(folder: RunFolder) -> int:
    """Return when a run was last asked for or last gained a cell, in ns since the epoch.

    What is computed from a run, and the folder's own time with it, says nothing about that.
    """
    return max(
        (f.stat().st_mtime_ns for f in (folder.path / "run.json", folder.cells) if f.exists()),
        default=0,
    )


def _composition(folder: RunFolder) -> str:
    return folder.path.name.rpartition("-")[0] or folder.path.name
