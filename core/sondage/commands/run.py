"""Run a composition, or what is left of it, and write its reports."""

from __future__ import annotations

import contextlib
import json
import os
import platform
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, get_args

from sondage.commands.reports import write_report
from sondage.commands.target import make_plan
from sondage.errors import ParameterError
from sondage.execute import runner
from sondage.execute.keeping import Keep, drop_left
from sondage.execute.listener import Listener, Silent
from sondage.execute.took import taken_down
from sondage.execute.tracking import tracking
from sondage.host import extras
from sondage.plan.cells import Plan
from sondage.records import printed, record, whole
from sondage.records.across import finished
from sondage.records.folder import RunFolder
from sondage.records.history import events, worked_on
from sondage.records.lines import Record
from sondage.records.runs import Run
from sondage.store import Store, paths


def run(
    target: str,
    *,
    settings: Mapping[str, Any] | None = None,
    layers: Sequence[int] | None = None,
    seeds: Sequence[int] | None = None,
    workers: int = 1,
    cluster: str | None = None,
    cell_seconds: float | None = None,
    keep: Keep = "all",
    block: Iterable[str] = (),
    listener: Listener | None = None,
    progress: bool | Callable[[str], None] = False,
    trackers: Sequence[str | dict[str, Any]] = (),
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
    keep : {'all', 'results'}
        'results' drops the activations that the run makes as soon as nothing is left that reads
        them, so that the disk need not hold those of all models at a time.
    block : iterable of str
        Plugins not to load.
    listener : Listener, optional
        Hears of progress.
    progress : bool or callable
        True prints a line now and then to standard error, where a notebook shows it; a callable
        gets the lines. Not beside a listener.
    trackers : sequence of str or dict, optional
        Who else is told of the run: trackers that the registry declares, components' names, or
        ``{"use": NAME, ...}`` with parameters.

    Returns
    -------
    Run
        Failed cells are in ``Run.failed``; they are tried again by the next call.

    Raises
    ------
    SondageError
        For whatever the user can mend.
    """
    planned = make_plan(
        target, settings=settings, layers=layers, seeds=seeds, block=block, trackers=trackers
    )
    if progress and listener is None:
        from sondage.commands.progress import Lines, to_stderr

        listener = Lines(planned, workers, to_stderr if progress is True else progress)
    return run_plan(
        planned, workers=workers, cluster=cluster, cell_seconds=cell_seconds, keep=keep,
        listener=listener,
    )  # fmt: skip


def run_plan(
    planned: Plan,
    *,
    workers: int = 1,
    cluster: str | None = None,
    cell_seconds: float | None = None,
    keep: Keep = "all",
    listener: Listener | None = None,
) -> Run:
    """Run a plan; see `run`."""
    if keep not in get_args(Keep):
        raise ParameterError(f"keep: {keep!r} is neither 'all' nor 'results'", where="run")
    if workers > 1 or cluster:
        extras.need("cluster", "running on workers or a cluster")
    extras.need("run", "running a composition")
    listener = listener or Silent()
    folder = folder_of(planned)
    known = _begun(planned, folder, listener)
    todo = planned.pending(known)
    training = [t for t in planned.trainings if t.cell.id not in known]
    found = Run(folder)
    with tracking(planned, found, listener) as listener:
        for note in planned.notes:
            listener.said(note)
        if todo or training or not events(folder):
            # A new run may take every cell from others; what asked for it is told all the same.
            with worked_on(folder, planned.command, record.versions(planned.components)):
                if todo or training:
                    with taken_down(planned, folder, workers) as took:
                        runner.run_graph(
                            planned, todo, training, folder, Store(paths.store_folder()),
                            workers=workers, cluster=cluster, cell_seconds=cell_seconds, keep=keep,
                            listener=listener, took=took,
                        )  # fmt: skip
        if keep == "results" and not todo:
            drop_left(Store(paths.store_folder()), planned, listener)
        for built in planned.components:
            if built.kind == "report":
                write_report(found, built, listener)
    return found


def _begun(planned: Plan, folder: RunFolder, listener: Listener) -> dict[str, Record]:
    """Open the run's folder; return the records of its finished cells, other runs' taken over."""
    root = paths.runs_folder()
    folder.open(header(planned))
    damaged = folder.mend()
    if damaged:
        listener.said(
            f"{damaged} damaged results of this run are set aside in {folder.path}: their cells "
            "are run again"
        )
    known = finished(root, {cell.id for cell in planned.cells})
    here = {r["id"] for r in folder.records() if r["status"] == "done"}
    # A cell that another run has done may go by other names there.
    reused = {c.id: c for c in planned.cells if c.id in known and c.id not in here}
    for id_ in reused:
        folder.adopt(known[id_], root)
    folder.append([known[id_] | record.names(cell) for id_, cell in reused.items()])
    # The last run is the one last asked for, even if nothing was left to do.
    with contextlib.suppress(OSError):
        os.utime(folder.path / "run.json")
    return known


def folder_of(planned: Plan) -> RunFolder:
    """Return where a plan's results are or would be."""
    return RunFolder(paths.runs_folder() / f"{planned.name}-{planned.id[:8]}")


def header(planned: Plan) -> dict[str, Any]:
    """Return what ``run.json`` says of a run."""
    return {
        "schema": 1,
        "composition": planned.name,
        "declared": json.loads(planned.composition.model_dump_json()),
        "components": printed.described(planned),
        "scores": dict(planned.score_labels),
        "trained": [
            {"label": item.encoder.label, "key": item.encoder.key}
            | ({"shown": item.encoder.shown} if item.encoder.shown != item.encoder.label else {})
            for item in planned.trainings
        ],
        "cells": len(planned.cells),
        "families": whole.families(planned.cells),
        "notes": list(planned.notes),
        "python": platform.python_version(),
        "machine": platform.platform(),
        "versions": record.versions(planned.components),
    }
