"""What is accumulated while models read: for each layer, and for each group of sentences."""

from __future__ import annotations

import pickle
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from sondage.data import Ints, Result
from sondage.execute.metric_job import JACKKNIFE_GROUPS, Intervals, jackknife, merged, of_drawn
from sondage.execute.returned import checked
from sondage.plan.cells import Cell, Job, Passing, layer_of
from sondage.probing import one_thread
from sondage.records.record import Finished

#: Accumulators that are larger wait in a file until all sentences have been read.
_MOST_IN_MEMORY = 1 << 16


class Parts:
    """Accumulators of groups of sentences; large ones lie in a file that nobody else sees."""

    def __init__(self) -> None:
        self._kept: list[Any] = []
        self._file: Any = None

    def add(self, part: Any) -> None:
        """Keep an accumulator."""
        packed = pickle.dumps(part, pickle.HIGHEST_PROTOCOL)
        if len(packed) <= _MOST_IN_MEMORY:
            self._kept.append(part)
            return
        if self._file is None:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115
        self._file.seek(0, 2)
        self._kept.append((self._file.tell(), len(packed)))
        self._file.write(packed)

    def all(self) -> list[Any]:
        """Return them all, in order."""
        return [self._read(*p) if isinstance(p, tuple) else p for p in self._kept]

    def _read(self, at: int, size: int) -> Any:
        self._file.seek(at)
        return pickle.loads(self._file.read(size))


@dataclass
class Slot:
    """The accumulators of one layer: of one cell, or of several whose metrics share them.

    Attributes
    ----------
    who : tuple of int
        Which encoders of the pass are measured, one or two.
    at : tuple of int
        The layer of each of them.
    error : Exception or None
        Why nothing more is accumulated.
    """

    job: Job
    seed: int
    who: tuple[int, ...]
    at: tuple[int, ...]
    cells: list[tuple[Job, Cell]] = field(default_factory=list)
    parts: Parts = field(default_factory=Parts)
    error: Exception | None = None
    _open: Any = None

    @property
    def wants(self) -> str:
        """What of a layer is accumulated."""
        return "attention" if self.job.view == "attention" else "states"

    def take(self, *values: Any) -> None:
        """Accumulate a batch; what goes wrong is the component's and ends its slot alone."""
        if self.error is not None:
            return
        try:
            if self._open is None:
                self._open = self.job.component.instance.begin(self.seed)
            # The encoder's threads are the next to work: those of BLAS would still be spinning.
            with one_thread():
                self._open.update(*values)
        except Exception as error:  # a component may fail in any way
            self.error = error

    def close(self, last: bool) -> None:
        """End a group of sentences; what draws its stimuli itself sees all as one group."""
        if self._open is None or (self.job.component.instance.randomness and not last):
            return
        try:
            with one_thread():
                self.parts.add(self._open)
        except Exception as error:  # what does not pickle
            self.error = self.error or error
        self._open = None

    def finished(
        self, warnings: Counter[str], n: int, offsets: Ints | None
    ) -> Iterator[tuple[Job, Cell, Finished | Exception]]:
        """Yield each cell with its result, or with why it has none.

        Parameters
        ----------
        warnings : Counter
            Of the texts and of reading them.
        n : int
            Sentences read.
        offsets : int64 array, shape (n + 1,), or None
            Where the rows of each sentence begin; None where what is taken is no rows.
        """
        parts = [] if self.error else self.parts.all()
        whole = merged(parts) if parts else None
        for job, cell in self.cells:
            try:
                if self.error is not None:
                    raise self.error
                # Many small systems: several threads wait for one another more than they work.
                with one_thread():
                    found = _finished(job, cell, parts, whole, warnings, n, offsets)
            except Exception as error:  # as above
                yield job, cell, error
            else:
                yield job, cell, found


def _finished(
    job: Job, cell: Cell, parts: list[Any], whole: Any, warnings: Counter[str], n: int,
    offsets: Ints | None,
) -> Finished:  # fmt: skip
    component = job.component.instance

    def result(part: Any) -> Result:
        made = component.result(part) if _shares(component) is not None else part.compute()
        return checked(made, job.component.label)

    found = result(whole if whole is not None else component.begin(cell.seed))
    intervals: Intervals = {}
    if not component.randomness:
        found, intervals = jackknife(parts, found, component, result)
    elif offsets is not None and whole is not None and _shares(component) is None:
        intervals = of_drawn(whole, found, component, offsets)
    told = warnings + Counter(found.warnings)
    if intervals and n < JACKKNIFE_GROUPS:
        told["few-sentences"] = n
    return Finished(cell, replace(found, warnings=dict(told)), intervals)


def _shares(component: Any) -> Any:
    return getattr(component, "shares", None)


def slots_of(item: Passing) -> list[Slot]:
    """Return the slots of a pass: one per layer and seed of each job that shares with no other."""
    places = {encoder.id: i for i, encoder in enumerate(item.encoders)}
    slots: dict[tuple[Any, ...], Slot] = {}
    for number, job in enumerate(item.jobs):
        shares = _shares(job.component.instance)
        for cell in job.cells:
            assert cell.layer is not None
            of = ("job", number) if shares is None else ("shares", shares)
            seed = cell.seed if cell.controls else 0
            who = tuple(places[encoder.id] for encoder in job.encoders)
            at = tuple(layer_of(encoder, cell.layer) for encoder in job.encoders)
            key = (of, job.view, who, cell.layer, seed)
            slot = slots.setdefault(key, Slot(job, cell.seed, who, at))
            slot.cells.append((job, cell))
    return list(slots.values())
