"""Progress of a run: a live bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sondage.cli import text
from sondage.records.lines import Record

if TYPE_CHECKING:
    from sondage.execute.listener import Listener
    from sondage.plan.cells import Plan

#: Seconds between plain lines.
EVERY = 5.0


@contextmanager
def progress_of(plan: Plan, *, quiet: bool, workers: int = 1) -> Iterator[Listener]:
    """Yield the listener that suits the output."""
    from sondage.execute.listener import Silent

    if quiet:
        yield Silent()
    elif text.on_terminal():
        bar = Bar(plan, workers)
        try:
            yield bar
        finally:
            bar.close()
    else:
        yield Lines(plan, workers)


class Counts:
    """How much of a plan is done, and how long the rest may take.

    Parameters
    ----------
    plan : Plan
    workers : int
        Cells worked on at once.
    """

    def __init__(self, plan: Plan, workers: int) -> None:
        self.total = len(plan.cells)
        self.done = self.failed = 0
        self._component = {cell.id: cell.component for cell in plan.cells}
        self._left = Counter(self._component.values())
        self._workers = workers
        self._plan = plan
        self._seconds: dict[str, list[float]] = defaultdict(list)
        self._begun = False

    def begin(self) -> None:
        """Count the cells that an earlier run finished: their records are in place by now."""
        if not self._begun:
            from sondage.api import folder_of

            self._begun = True
            for record in folder_of(self._plan).records():
                if record["status"] == "done":
                    self._drop(record["id"])

    def take(self, records: list[Record]) -> None:
        """Count what was recorded."""
        for record in records:
            if record["status"] == "done":
                self._seconds[record["component"]].append(record.get("seconds", 0.0))
                self._drop(record["id"])
            else:
                self.failed += 1
                self._left[record["component"]] -= 1

    def _drop(self, cell: str) -> None:
        component = self._component.pop(cell, None)
        if component is not None:
            self.done += 1
            self._left[component] -= 1

    @property
    def left(self) -> float | None:
        """Seconds left, by the mean time of each component's cells; None before the first."""
        times = [s for found in self._seconds.values() for s in found]
        if not times:
            return None
        overall = sum(times) / len(times)
        total = 0.0
        for component, n in self._left.items():
            own = self._seconds.get(component)
            total += max(n, 0) * (sum(own) / len(own) if own else overall)
        return total / self._workers

    def __str__(self) -> str:
        failed = f", {self.failed} failed" if self.failed else ""
        return f"{self.done}/{self.total} cells{failed}"


class Lines:
    """Plain lines: each encoding, and the count every few seconds."""

    def __init__(self, plan: Plan, workers: int) -> None:
        self._counts = Counts(plan, workers)
        self._name = plan.name
        self._notes = plan.notes
        self._last = 0.0

    def started(self, title: str) -> None:
        """Note what begins; encodings are always said."""
        self._counts.begin()
        if title.startswith("encode "):
            text.warn(title)
        else:
            self._tell(title)

    def encoded(self, title: str, warnings: dict[str, int], seconds: float) -> None:
        """Say how an encoding went."""
        text.warn(encoded_line(title, warnings, seconds))

    def recorded(self, records: list[Record]) -> None:
        """Count finished cells."""
        self._counts.take(records)
        self._tell()

    def said(self, message: str) -> None:
        """Say what the run says; the plan's notes come at the end."""
        if message not in self._notes:
            text.warn(message)

    def _tell(self, now: str = "") -> None:
        if time.monotonic() - self._last < EVERY:
            return
        self._last = time.monotonic()
        left = self._counts.left
        parts = [f"{self._name}: {self._counts}"]
        parts += [now] if now else []
        parts += [] if left is None else [f"{text.duration(left)} left"]
        text.warn(text.flat("; ".join(parts)))


def encoded_line(title: str, warnings: dict[str, int], seconds: float) -> str:
    """Return what is said of a finished encoding."""
    counted = "".join(f", {slug} × {n}" for slug, n in warnings.items())
    return text.flat(f"{title}: {text.duration(seconds)}{counted}")


class Bar:
    """A live bar: what runs now, done and total, time left."""

    def __init__(self, plan: Plan, workers: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn
        from rich.table import Column

        self._counts = Counts(plan, workers)
        self._notes = plan.notes
        self._console = Console(stderr=False, markup=False, emoji=False, highlight=False)
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn(
                "{task.fields[now]}", markup=False, table_column=Column(ratio=1, no_wrap=True)
            ),
            BarColumn(24),
            TextColumn("{task.fields[counts]}", markup=False),
            TextColumn("{task.fields[left]}", markup=False),
            console=self._console,
            transient=True,
            expand=True,
        )
        self._task: Any = None

    def started(self, title: str) -> None:
        """Show what runs now."""
        if self._task is None:
            self._counts.begin()
            self._task = self._progress.add_task(
                "", total=self._counts.total, now="", counts="", left=""
            )
            self._progress.start()
        self._show(now=text.flat(title))

    def encoded(self, title: str, warnings: dict[str, int], seconds: float) -> None:
        """Leave a line above the bar."""
        self._print(encoded_line(title, warnings, seconds))

    def recorded(self, records: list[Record]) -> None:
        """Move the bar."""
        self._counts.take(records)
        self._show()

    def said(self, message: str) -> None:
        """Leave a line above the bar; the plan's notes come at the end."""
        if message not in self._notes:
            self._print(text.clean(message))

    def close(self) -> None:
        """Take the bar away."""
        if self._task is not None:
            self._progress.stop()

    def _print(self, line: str) -> None:
        from rich.text import Text

        self._console.print(Text(line))

    def _show(self, **fields: Any) -> None:
        if self._task is None:
            return
        left = self._counts.left
        self._progress.update(
            self._task,
            completed=self._counts.done + self._counts.failed,
            counts=str(self._counts),
            left="" if left is None else f"{text.duration(left)} left",
            **fields,
        )
