"""What a plan would do: cells that are left, passes over models, bytes to write."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from sondage.data import VIEWS
from sondage.errors import SondageError
from sondage.execute.encode import row_offsets
from sondage.execute.loading import load_task
from sondage.plan.cells import Encoding, Passing, Plan, encodings, passings
from sondage.records.across import finished, runs
from sondage.registry.built import Built
from sondage.store import Key, Store

#: float32; a store entry's header and offsets are small beside its rows.
_BYTES = 4


@dataclass(frozen=True)
class CellGroup:
    """Cells of one component, task and encoder.

    Attributes
    ----------
    cells, done, failed : int
        All; those with a result; those that failed when last tried.
    """

    component: str
    task: str
    encoder: str
    cells: int
    done: int
    failed: int

    @property
    def new(self) -> int:
        """Cells never tried."""
        return self.cells - self.done - self.failed


@dataclass(frozen=True)
class Pass:
    """One pass over a model that the plan needs.

    Attributes
    ----------
    layers : dict of view to list of int
        What is missing in the store.
    cached : int
        Entries (a layer of a view) that are there already.
    bytes : int or None
        To be written; None if it cannot be known, and then `reason` says why.
    """

    encoder: str
    task: str
    layers: dict[str, list[int]]
    cached: int
    bytes: int | None
    reason: str = ""


@dataclass(frozen=True)
class Preview:
    """All that a plan would do."""

    groups: list[CellGroup]
    passes: list[Pass]


def preview(planned: Plan, store: Store, runs_root: Path) -> Preview:
    """Look at what exists, load the tasks that must be encoded, and run nothing.

    Parameters
    ----------
    planned : Plan
    store : Store
    runs_root : Path
        The folder that holds the runs.
    """
    ids = {cell.id for cell in planned.cells}
    done = set(finished(runs_root, ids))
    failed = _failed_before(runs_root, ids) - done
    totals: Counter[tuple[str, str, str]] = Counter()
    have: Counter[tuple[str, str, str]] = Counter()
    bad: Counter[tuple[str, str, str]] = Counter()
    for cell in planned.cells:
        who = f"{cell.encoder} ~ {cell.other}" if cell.other else cell.encoder
        key = (cell.component, cell.task, who)
        totals[key] += 1
        have[key] += cell.id in done
        bad[key] += cell.id in failed
    groups = [CellGroup(*key, n, have[key], bad[key]) for key, n in totals.items()]
    todo = planned.pending(done)
    needed = dict.fromkeys(key for job in todo for key in job.needs)
    missing = {key for key in needed if not store.has(key)}
    passes = [_pass(e, missing) for e in encodings(todo, set(needed))]
    return Preview(groups, passes + [_reading(item) for item in passings(todo)])


def _reading(item: Passing) -> Pass:
    """Describe a pass in which cells are measured: nothing is written."""
    layers: dict[str, set[int]] = {}
    for cell in item.cells:
        layers.setdefault(f"{cell.view}, in passing:", set()).add(cell.layer or 0)
    who = " ~ ".join(encoder.title for encoder in item.encoders)
    wanted = {view: sorted(found) for view, found in layers.items()}
    return Pass(who, item.task.label, wanted, 0, 0)


def _failed_before(root: Path, wanted: set[str]) -> set[str]:
    return {
        record["id"]
        for folder in runs(root)
        for record in folder.records()
        if record["status"] != "done" and record["id"] in wanted
    }


def _pass(item: Encoding, missing: set[Key]) -> Pass:
    absent = [key for key in item.wants if key in missing]
    layers: dict[str, list[int]] = {}
    for key in absent:
        layers.setdefault(key.view, []).append(key.layer)
    names = (item.encoder.title, item.task.label)
    cached = len(item.wants) - len(absent)
    if not absent:
        return Pass(*names, {}, cached, 0)
    try:
        size = sum(
            _layer_bytes(item.encoder, item.task, view) * len(found)
            for view, found in layers.items()
        )
        if absent[0].stored != "float32":  # two bytes a number
            size //= 2
    except SondageError as error:
        return Pass(*names, layers, cached, None, error.message)
    except Exception as error:
        return Pass(*names, layers, cached, None, f"{type(error).__name__}: {error}")
    return Pass(*names, layers, cached, size)


def _layer_bytes(encoder: Built, task: Built, view: str) -> int:
    """Return the bytes of one layer of a view in float32."""
    corpus = load_task(task).corpus
    first, _ = corpus.unique
    if len(first) < len(corpus):
        corpus = corpus.take(first)
    rows = int(row_offsets(encoder.instance, corpus, view)[-1])
    if VIEWS.get(view) == "attention":
        raise SondageError(f"{rows} rows per layer, times the number of heads")
    return rows * int(encoder.instance.width) * _BYTES
