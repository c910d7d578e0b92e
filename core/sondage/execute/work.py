"""The work of one node of the graph: train, encode, or run a job; here or on a worker."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import sondage
from sondage.errors import (
    ClusterError,
)
from sondage.execute import admission, unchanged
from sondage.execute.begun import noted
from sondage.execute.encode import encode_missing
from sondage.execute.engines import kept_here
from sondage.execute.loading import letters, load_task
from sondage.execute.node import (
    FATAL,
    Emit,
    Item,
    Prepared,
    Work,
    error_text,
    failures,
    kept,
    raise_for,
    weights_folder,
)
from sondage.execute.passing import run_passing
from sondage.execute.training import trained
from sondage.execute.turns import job_node
from sondage.guard.guarded import guarded
from sondage.guard.heed import interrupts
from sondage.guard.isolation import Isolation
from sondage.plan.cells import Encoding, Passing, Training
from sondage.records import record
from sondage.records.folder import RunFolder
from sondage.records.lines import Record
from sondage.store import Store


def train_node(work: Work, item: Training, emit: Emit, *deps: Prepared) -> Prepared:
    """Train an encoder unless its weights are whole; emit a record if it has none yet."""
    start = time.monotonic()
    folder, isolation = RunFolder(work.folder), Isolation()
    try:
        raise_for(deps)
        with guarded(isolation):
            folder_of = weights_folder(work.store, item.encoder)
            result = trained(item.encoder.instance, folder_of, item.encoder.use)
    except FATAL:
        raise
    except Exception as error:
        emit(record.failed(item, item.cell, error))
        return Prepared(item.title, {}, time.monotonic() - start, error_text(error))
    seconds = time.monotonic() - start
    if item.cell.id in work.unrecorded:
        emit(kept(folder, item, record.Finished(item.cell, result), seconds, isolation))
    return Prepared(item.title, dict(result.warnings), seconds)


def encode_node(work: Work, item: Encoding, emit: Emit, *deps: Prepared) -> Prepared:
    """Make one pass over a model; only trouble with the disk is raised."""
    start = time.monotonic()
    try:
        raise_for(deps)
        with guarded(Isolation()):
            warnings = encode_missing(Store(work.store, temporary=work.temporary), item)
            size = letters(load_task(item.task).corpus)
    except FATAL:
        raise
    except Exception as error:
        return Prepared(item.title, {}, time.monotonic() - start, error_text(error))
    return Prepared(item.title, warnings, time.monotonic() - start, size=size)


def pass_node(work: Work, item: Passing, emit: Emit, *deps: Prepared) -> None:
    """Let models read a corpus and emit a record for each cell measured, failures included."""
    start = time.monotonic()
    folder, isolation = RunFolder(work.folder), Isolation()
    limit = None if work.cell_seconds is None else work.cell_seconds * len(item.cells)
    try:
        raise_for(deps)
        with interrupts(), guarded(isolation, limit):
            found = list(run_passing(item, load_task(item.task)))
        for encoder in item.encoders:
            unchanged.confirm(encoder)
    except FATAL:
        raise
    except Exception as error:
        for failed in failures(item, error):
            emit(failed)
        return
    seconds = (time.monotonic() - start) / max(len(found), 1)
    for job, cell, one in found:
        if isinstance(one, Exception):
            emit(record.failed(job, cell, one))
        else:
            emit(kept(folder, job, one, seconds, isolation))


def collected(work: Work, item: Item, *deps: Prepared) -> Prepared:
    """Run a node on a worker and return its records with how it went.

    Raises
    ------
    ClusterError
        If this worker has not what the plan was made with.
    """
    _confirm_versions(item)
    records: list[Record] = []
    with noted(work.notes):
        item = kept_here(item, work.store)
        went = function_of(item)(work, item, records.append, *deps)
    return replace(went or Prepared(item.title, {}, 0.0), records=records)


def _confirm_versions(item: Item) -> None:
    """Hand work back that came before this worker, unlike the plan, was sent away."""
    wanted = wanted_versions([item])
    try:
        admission.check_versions(socket.gethostname(), admission.installed(list(wanted)), wanted)
    except ClusterError as error:
        from distributed import Reschedule

        _handed_back.append(item.title)
        if len(_handed_back) > _MOST_BACK:
            raise
        time.sleep(0.1)
        raise Reschedule from error


_handed_back: list[str] = []
_MOST_BACK = 100


def unplaced(item: Item, why: str) -> Prepared:
    """Return how a node went that no worker can take."""
    error = ClusterError(
        f"no worker can take this: it asks for {why}",
        hint="start a worker that has it, and give the same command",
    )
    return Prepared(item.title, {}, 0.0, str(error), failures(item, error))


def function_of(item: Item) -> Callable[..., Any]:
    """Return the function that does a node's work."""
    if isinstance(item, Training):
        return train_node
    if isinstance(item, Passing):
        return pass_node
    return encode_node if isinstance(item, Encoding) else job_node


def wanted_versions(items: Iterable[Item]) -> dict[str, str]:
    """Return the versions of Python, the core and every plugin at work, as planned with."""
    wanted = {"sondage": sondage.__version__, "python": admission.this_python()}
    for item in items:
        used = (item.encoder, item.task) if isinstance(item, Encoding) else item.used
        for built in used:
            for one in (built, *built.made_of):
                if one.offer.distribution != "?":
                    wanted[one.offer.distribution] = one.offer.version
    return wanted
