"""Progress of a run: a live bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sondage.cli import text

if TYPE_CHECKING:
    from sondage.execute.listener import Listener
    from sondage.guard.headway import Headway
    from sondage.plan.cells import Plan
    from sondage.records.lines import Record


@contextmanager
def progress_of(plan: Plan, *, quiet: bool, workers: int = 1) -> Iterator[Listener]:
    """Yield the listener that suits the output."""
    from sondage.commands.progress import Lines
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
        yield Lines(plan, workers, text.warn)


class Bar:
    """A live bar: what runs now, done and total, time left."""

    def __init__(self, plan: Plan, workers: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn
        from rich.table import Column

        from sondage.commands.progress import Counts

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
        self._now = ""

    def started(self, title: str) -> None:
        """Show what runs now."""
        if self._task is None:
            self._counts.begin()
            self._task = self._progress.add_task(
                "", total=self._counts.total, now="", counts="", left=""
            )
            self._progress.start()
        self._now = title
        self._counts.working(title)
        self._show(now=text.flat(title))

    def advanced(self, headway: Headway) -> None:
        """Show how far what runs now is."""
        self._counts.current = headway
        self._show(now=text.flat(f"{headway}: {self._now}"))

    def encoded(self, title: str, warnings: dict[str, int], seconds: float) -> None:
        """Leave a line above the bar."""
        from sondage.commands.progress import encoded_line

        self._counts.ended(title)
        self._print(encoded_line(title, warnings, seconds))

    def at_work(self, titles: list[str]) -> None:
        """Show what each worker does."""
        self._counts.at_work = titles
        self._show(now=self._counts.each_worker())

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
        self._progress.update(
            self._task,
            completed=self._counts.done + self._counts.failed,
            counts=str(self._counts),
            left=self._counts.times,
            **fields,
        )
