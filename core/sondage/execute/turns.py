"""The work of a job's node: its cells, several quick ones in one turn of its component's."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from sondage.data import TaskData
from sondage.errors import PluginError, SondageError, StoreError
from sondage.execute.encode import encode_missing
from sondage.execute.jobs import run_job
from sondage.execute.loading import checksums, forget, load_task, loaded
from sondage.execute.node import FATAL, Emit, Prepared, Work, line_of, raise_for
from sondage.guard.guarded import guarded
from sondage.guard.isolation import Isolation
from sondage.plan.cells import Cell, Job, encodings
from sondage.records import record
from sondage.records.folder import RunFolder
from sondage.records.lines import Record
from sondage.store import Key, Store

_stores: dict[tuple[Path, bool], Store] = {}
#: Seconds after which a turn of a component's takes up no further cell.
_TURN = 0.05


def job_node(work: Work, job: Job, emit: Emit, *deps: Prepared) -> None:
    """Run a job and emit a record for each of its cells, failures included."""
    left = {cell.id: cell for cell in job.cells}
    for made in _lines(work, job, left, deps):
        if isinstance(made, Exception):
            break
        emit(made)
        del left[made["id"]]
    else:
        return
    for cell in left.values():
        emit(record.failed(job, cell, made))


def _lines(
    work: Work, job: Job, left: Mapping[str, Cell], deps: Iterable[Prepared]
) -> Iterator[Record | Exception]:
    """Yield the records of a job's cells, and last the error for those left, if any."""
    folder, isolation = RunFolder(work.folder), Isolation()
    begin = time.monotonic()
    # One store object per process: checksums are verified once.
    kind = work.store, work.temporary
    store = _stores.setdefault(kind, Store(work.store, temporary=work.temporary))
    # Cells of one job may be solved together, so they share their time.
    limit = None if work.cell_seconds is None else work.cell_seconds * len(job.cells)
    spent = 0.0
    try:
        raise_for(deps)
        data = loaded(job.task)
        if data is None:
            with guarded(isolation):
                data = load_task(job.task)
        cells = _Cells(folder, job, data, _results(store, job, data, left), begin)
        while not cells.ended:
            start, lines = time.monotonic(), list[Record]()
            try:
                with guarded(isolation, None if limit is None else max(limit - spent, 1e-3)):
                    cells.some(lines)
            except BaseException:
                # What was done before stays, whatever came: an error, or the user's interrupt.
                yield from lines
                raise
            cells.confirm_data()
            yield from lines
            spent += time.monotonic() - start
    except _StoreFailedError as failed:
        raise failed.error from failed
    except Exception as error:
        yield error


class _Cells:
    """The records of a job's cells, several quick ones in one turn of the component's."""

    def __init__(
        self,
        folder: RunFolder,
        job: Job,
        data: TaskData,
        made: Iterator[record.Finished],
        begin: float,
    ) -> None:
        self._folder, self._job, self._data, self._made = folder, job, data, made
        self._sums, self._begin = checksums(data), begin
        self.ended = False

    def some(self, lines: list[Record]) -> None:
        """Add the next cell's record, and further ones while the turn has taken little time.

        A turn costs about as much as a quick cell, and so does each of its records: so they
        are made in it.
        """
        until = time.monotonic() + _TURN
        while not self.ended and (not lines or time.monotonic() < until):
            finished = next(self._made, None)
            seconds, self._begin = time.monotonic() - self._begin, time.monotonic()
            self.ended = finished is None
            line = None if finished is None else _line(self._folder, self._job, finished, seconds)
            self.confirm_data()
            if line is not None:
                lines.append(line)

    def confirm_data(self) -> None:
        """Raise `PluginError` if the component changed what other cells read."""
        if checksums(self._data) == self._sums:
            return
        forget(self._job.task)
        raise PluginError(
            f"'{self._job.component.label}' changed the data of task '{self._job.task.label}', "
            "which other cells read",
            hint="work on a copy",
        )


def _line(folder: RunFolder, job: Job, finished: record.Finished, seconds: float) -> Record:
    try:
        return line_of(folder, job, finished, seconds)
    except FATAL as error:
        raise _StoreFailedError(error) from error


class _StoreFailedError(Exception):
    """The disk's own trouble, which no component can be taken for."""

    def __init__(self, error: SondageError) -> None:
        super().__init__(str(error))
        self.error = error


def _results(
    store: Store, job: Job, data: TaskData, left: Mapping[str, Cell]
) -> Iterator[record.Finished]:
    """Yield what is left of a job; encode once more what the store has lost meanwhile."""
    try:
        yield from run_job(store, job, data)
        return
    except StoreError:
        lost = {key for key in job.needs if _lost(store, key)}
        if not lost:
            raise
    for item in encodings([job], lost):
        try:
            encode_missing(store, item)
        except StoreError as error:
            raise _StoreFailedError(error) from error
    rest = job if job.joint else replace(job, cells=tuple(left.values()))
    for finished in run_job(store, rest, data):
        if finished.cell.id in left:
            yield finished


def _lost(store: Store, key: Key) -> bool:
    try:
        store.check(key)
    except StoreError:
        return True
    return False
