"""What every node of the graph is told, how it went, and the records that it leaves."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from sondage.errors import ClusterError, EncodingError, ResultsError, SondageError, StoreError
from sondage.guard.guarded import guarded
from sondage.guard.isolation import Isolation
from sondage.plan.cells import Encoding, Job, Passing, Training
from sondage.records import record
from sondage.records.folder import RunFolder
from sondage.records.lines import Record
from sondage.records.recordable import recordable
from sondage.registry.built import Built

#: Whole-run troubles: no cell is to blame, so no cell is recorded as failed.
FATAL = (StoreError, ResultsError, ClusterError)


@dataclass(frozen=True)
class Work:
    """What every node needs; travels to workers.

    Attributes
    ----------
    cell_seconds : float or None
        The time limit of a probe's or metric's cell.
    temporary : bool
        Whether activations go again when they have been read.
    notes : Path or None
        Where workers note what they are at.
    """

    store: Path
    folder: Path
    unrecorded: set[str]
    cell_seconds: float | None = None
    temporary: bool = False
    notes: Path | None = None


@dataclass(frozen=True)
class Prepared:
    """How a node went; those that need it get this.

    Attributes
    ----------
    error : str
        Why it failed, and with it every node that needs it; empty if it went well.
    records : list of Record
        Of the node's cells, where they could not be handed over at once.
    size : int
        Characters that were encoded.
    """

    title: str
    warnings: dict[str, int]
    seconds: float
    error: str = ""
    records: list[Record] = field(default_factory=list)
    size: int = 0


Emit = Callable[[Record], None]
Item = Training | Encoding | Passing | Job


def weights_folder(root: Path, encoder: Built) -> Path:
    """Return where a trained encoder's weights are kept."""
    return root / "models" / encoder.id[:2] / encoder.id


def raise_for(deps: Iterable[Prepared]) -> None:
    """Raise `EncodingError` if a node that was needed failed."""
    for dep in deps:
        if dep.error:
            raise EncodingError(f"'{dep.title}' failed: {dep.error}")


def error_text(error: Exception) -> str:
    """Return what a node says to those that need it; with a traceback unless it is ours."""
    if isinstance(error, SondageError):
        return str(error)
    return f"{type(error).__name__}: {error}\n{''.join(traceback.format_exception(error))}"


def kept(
    folder: RunFolder,
    item: Job | Training,
    finished: record.Finished,
    seconds: float,
    isolation: Isolation,
) -> Record:
    """Return what `line_of` does, in a turn of its own."""
    try:
        with guarded(isolation):
            return line_of(folder, item, finished, seconds)
    except FATAL:
        raise
    except Exception as error:
        return record.failed(item, finished.cell, error)


def line_of(
    folder: RunFolder, item: Job | Training, finished: record.Finished, seconds: float
) -> Record:
    """Return a cell's record: done, or failed for what its component returned.

    That may be the component's own classes, whose code runs here: call it in a turn.
    """
    try:
        made = record.done(folder, item, finished, seconds)
        return recordable(made, finished.cell.component)
    except FATAL:
        raise
    except Exception as error:
        return record.failed(item, finished.cell, error)


def failures(item: Item, error: BaseException) -> list[Record]:
    """Return a record for each cell of a node that failed as a whole."""
    if isinstance(item, Encoding):
        return []
    jobs = item.jobs if isinstance(item, Passing) else (item,)
    return [record.failed(job, cell, error) for job in jobs for cell in job.cells]
