"""How far a run is: cells counted, work at hand, time spent, and time left where that is known."""

from __future__ import annotations

import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable

from sondage.commands.estimate import encoding_seconds
from sondage.commands.run import folder_of
from sondage.guard.headway import Headway
from sondage.plain import clean, duration, flat
from sondage.plan.cells import Cell, Plan, encodings
from sondage.records.lines import Record
from sondage.records.paces import kind_of_cell, kind_of_training, paces_here
from sondage.store import Store, paths

#: Seconds between plain lines.
REDRAW = 5.0


class Counts:
    """How much of a plan is done, and how long the rest may take.

    Kinds of work are kept apart: a component's cells on a task say nothing of another's, nor of a
    training or an encoding. What this run has not done yet takes what it took in earlier runs on
    this machine. Where something is to come of which neither is known, no time left is said.

    Parameters
    ----------
    plan : Plan
    workers : int
        Cells worked on at once.
    """

    def __init__(self, plan: Plan, workers: int) -> None:
        self.total = len(plan.cells)
        self.done = self.failed = 0
        self.current: Headway | None = None
        self.at_work: list[str] = []
        self._component = {cell.id: _kind_of(cell) for cell in plan.cells}
        self._left = Counter(self._component.values())
        self._workers = workers
        self._plan = plan
        self._seconds: dict[_CellKind, list[float]] = defaultdict(list)
        self._known: dict[_CellKind, float] = {}
        #: Encodings to come, and what they take as far as that is known.
        self._passes: dict[str, float | None] = {}
        self._encoding = ""
        self._begun = False
        self._clock = time.monotonic()

    def begin(self) -> None:
        """Count the cells that an earlier run finished: their records are in place by now."""
        if not self._begun:
            self._begun = True
            self._clock = time.monotonic()
            done = {r["id"] for r in folder_of(self._plan).records() if r["status"] == "done"}
            for cell in done:
                self._drop(cell)
            self._look_back(done)

    def _look_back(self, done: set[str]) -> None:
        """Read what the work to come took in earlier runs."""
        paces = paces_here(paths.runs_folder())
        todo, store = self._plan.pending(done), Store(paths.store_folder())
        for job in todo:
            each = paces.cell(kind_of_cell(job))
            if each is not None:
                self._known |= dict.fromkeys(map(_kind_of, job.cells), each)
        for training in self._plan.trainings:
            each = paces.cell(kind_of_training(training))
            if each is not None:
                self._known[_kind_of(training.cell)] = each
        needed = {key for job in todo for key in job.needs if not store.has(key)}
        # Loading a task on the way would keep the run waiting.
        self._passes = {
            item.title: encoding_seconds(item, paces, lambda _: None)
            for item in encodings(todo, needed)
        }

    def working(self, title: str) -> None:
        """Note what begins."""
        self.current = None
        self._encoding = title if title.startswith(("encode ", "read ", "train ")) else ""

    def ended(self, title: str) -> None:
        """Note that an encoding is done."""
        self._passes.pop(title, None)

    def take(self, records: list[Record]) -> None:
        """Count what was recorded."""
        for record in records:
            kind = self._component.get(record["id"])
            if kind is None:
                continue
            if record["status"] == "done":
                self._seconds[kind].append(record.get("seconds", 0.0))
                self._drop(record["id"])
            else:
                self.failed += 1
                self._left[kind] -= 1

    def _drop(self, cell: str) -> None:
        kind = self._component.pop(cell, None)
        if kind is not None:
            self.done += 1
            self._left[kind] -= 1

    @property
    def spent(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self._clock

    @property
    def left(self) -> float | None:
        """Seconds that the work to come takes, each kind by its own; None while one is unknown."""
        total = 0.0
        for kind, n in self._left.items():
            own = self._seconds.get(kind)
            each = sum(own) / len(own) if own else self._known.get(kind)
            if n > 0 and each is None:
                return None
            total += max(n, 0) * (each or 0.0)
        for title, seconds in self._passes.items():
            here = self.current.left if self.current and title == self._encoding else None
            if here is None and seconds is None:
                return None
            total += here if here is not None else seconds or 0.0
        return total / self._workers if self._seconds or self._known else None

    @property
    def times(self) -> str:
        """Time spent, and left: of all that is to come where that is known, else of this work."""
        said = f"{duration(self.spent)} so far"
        if self.left is None or (self._encoding and self._encoding not in self._passes):
            own = None if self.current is None else self.current.left
            return said if own is None else f"{said}, {duration(own)} left of this"
        return f"{said}, {duration(self.left)} left"

    def __str__(self) -> str:
        failed = f", {self.failed} failed" if self.failed else ""
        return f"{self.done}/{self.total} cells{failed}"

    def each_worker(self) -> str:
        """Return what each worker does, in a line; '' in one process."""
        busy = [f"{i}: {title or 'waits'}" for i, title in enumerate(self.at_work, 1)]
        return flat("; ".join(busy))


_CellKind = tuple[str, str, str, str]


def _kind_of(cell: Cell) -> _CellKind:
    return cell.kind, cell.component, cell.task, cell.who


class Lines:
    """Plain lines: each encoding, and the count every few seconds.

    Parameters
    ----------
    plan : Plan
    workers : int
    say : callable
        Called with each line.
    """

    def __init__(self, plan: Plan, workers: int, say: Callable[[str], None]) -> None:
        self._counts = Counts(plan, workers)
        self._name, self._notes, self._say = plan.name, plan.notes, say
        self._last, self._now = 0.0, ""

    def started(self, title: str) -> None:
        """Note what begins; encodings are always said."""
        self._counts.begin()
        self._counts.working(title)
        self._now = title
        if title.startswith("encode "):
            self._say(flat(title))
        else:
            self._tell(title)

    def advanced(self, headway: Headway) -> None:
        """Say how far the work at hand is."""
        self._counts.current = headway
        self._tell(f"{self._now}: {headway}")

    def encoded(self, title: str, warnings: dict[str, int], seconds: float) -> None:
        """Say how an encoding went."""
        self._counts.ended(title)
        self._say(encoded_line(title, warnings, seconds))

    def at_work(self, titles: list[str]) -> None:
        """Note what each worker does."""
        self._counts.at_work = titles
        self._tell(self._counts.each_worker())

    def recorded(self, records: list[Record]) -> None:
        """Count finished cells."""
        self._counts.take(records)
        self._tell(self._counts.each_worker())

    def said(self, message: str) -> None:
        """Say what the run says; the plan's notes come at the end."""
        if message not in self._notes:
            self._say(message)

    def _tell(self, now: str = "") -> None:
        if time.monotonic() - self._last < REDRAW:
            return
        self._last = time.monotonic()
        parts = [f"{self._name}: {self._counts}", *([now] if now else []), self._counts.times]
        self._say(flat("; ".join(parts)))


def encoded_line(title: str, warnings: dict[str, int], seconds: float) -> str:
    """Return what is said of a finished encoding."""
    counted = "".join(f", {slug} × {n}" for slug, n in warnings.items())
    return flat(f"{title}: {duration(seconds)}{counted}")


def to_stderr(line: str) -> None:
    """Print a line where a notebook shows it beside its output."""
    sys.stderr.write(clean(line) + "\n")
