"""The line that a cell leaves in the results."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement

import sondage
from sondage.data import Result
from sondage.errors import SondageError
from sondage.plan.cells import Cell, Job, Training
from sondage.records.folder import SCHEMA, RunFolder
from sondage.records.lines import Record
from sondage.records.outcomes import pack
from sondage.registry.built import Built


@dataclass(frozen=True)
class Finished:
    """A cell with its result."""

    cell: Cell
    result: Result
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)


def done(folder: RunFolder, job: Job | Training, finished: Finished, seconds: float) -> Record:
    """Return the record of a finished cell; its arrays are on disk when this returns.

    Parameters
    ----------
    folder : RunFolder
    job : Job or Training
    finished : Finished
    seconds : float
        Wall-clock time that the cell took.
    """
    result = finished.result
    record = _base(job, finished.cell) | {
        "status": "done",
        "scores": {name: float(value) for name, value in result.scores.items()},
        "intervals": {name: list(pair) for name, pair in finished.intervals.items()},
        "warnings": dict(result.warnings),
        "seconds": round(seconds, 6),
    }
    if result.outcomes is not None:
        record["outcomes"] = pack(result.outcomes)
    if result.further:
        record["further"] = [pack(one) for one in result.further]
    if result.tables:
        record["tables"] = {name: dict(table) for name, table in result.tables.items()}
    if result.arrays:
        record |= folder.artifact(finished.cell.id, result.arrays)
    return record


def failed(job: Job | Training, cell: Cell, error: BaseException) -> Record:
    """Return the record of a failed cell: a message for the user's part, a traceback for ours."""
    said: dict[str, Any] = {"type": type(error).__name__, "message": str(error)}
    if isinstance(error, SondageError):
        said["slug"] = error.slug
    else:
        said["traceback"] = "".join(traceback.format_exception(error))
    return _base(job, cell) | {"status": "failed", "scores": {}, "error": said}


def names(cell: Cell) -> dict[str, str]:
    """Return what the composition calls a cell's parts; they do not determine its result."""
    return {
        "encoder": cell.encoder,
        "other": cell.other,
        "task": cell.task,
        "component": cell.component,
    }


def _base(job: Job | Training, cell: Cell) -> Record:
    return {
        "id": cell.id,
        "schema": SCHEMA,
        "kind": cell.kind,
        **names(cell),
        "step": cell.step,
        "view": cell.view,
        "layer": cell.layer,
        "seed": cell.seed,
        "seed_controls": list(cell.controls),
        "key": job.key,
        "versions": versions(job.used),
    }


def versions(components: Iterable[Built]) -> dict[str, str]:
    """Return the versions of the core, of these plugins, and of what they directly require."""
    out = {"sondage": sondage.__version__}
    for built in components:
        out |= _versions_of(built.offer.distribution, built.offer.version)
    return out


@cache
def _versions_of(distribution: str, own: str) -> dict[str, str]:
    out = {distribution: own}
    try:
        lines = requires(distribution) or []
    except PackageNotFoundError:
        return out
    for line in lines:
        try:
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                out[requirement.name] = version(requirement.name)
        except (InvalidRequirement, PackageNotFoundError):
            continue
    return out
