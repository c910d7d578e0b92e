"""Tells trackers of a run, so that none of them can harm it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sondage.contracts import RunState, ToldRun
from sondage.errors import DependencyError, SondageError
from sondage.execute.listener import Listener
from sondage.guard.guarded import guarded
from sondage.guard.headway import Headway
from sondage.guard.isolation import Isolation
from sondage.plan.cells import Plan
from sondage.records import record
from sondage.records.history import commit_of
from sondage.records.lines import Record
from sondage.records.printed import PrintedNames
from sondage.records.runs import Run
from sondage.registry.built import Built

#: Seconds between two things that trackers are told, and that one may take for a call.
EVERY, PATIENCE = 2.0, 60.0
#: How often in a row a tracker may fail.
TRIES = 3

_TOLD = ("id", "status", "kind", "encoder", "other", "task", "component", "step", "view", "layer",
         "seed", "scores", "intervals", "warnings", "seconds", "error")  # fmt: skip


@contextmanager
def tracking(planned: Plan, run: Run, listener: Listener) -> Iterator[Listener]:
    """Yield what listens to a run: the given listener, and behind it the plan's trackers.

    Parameters
    ----------
    planned : Plan
    run : Run
        Its folder is open, and what other runs have of it in place.
    listener : Listener
        Hears what trackers fail at, too.
    """
    if not planned.trackers:
        yield listener
        return
    told = told_run(planned, run)
    trackers = [_ToldTracker(built, listener.said) for built in planned.trackers]
    state: RunState = "failed"
    hears = _Tracking(listener, trackers, PrintedNames(run.folder.header()))
    try:
        for tracker in trackers:
            tracker.begin(told)
        hears.pass_on(run.folder.records())
        yield hears
        state = "finished" if _all_done(planned, run) else "failed"
    except KeyboardInterrupt:
        state = "stopped"
        raise
    finally:
        for tracker in trackers:
            tracker.end(state, run)


def told_run(planned: Plan, run: Run) -> ToldRun:
    """Return what trackers are told of a run as it begins."""
    return ToldRun(
        id=planned.id, name=run.name, composition=planned.name, folder=run.folder.path,
        command=planned.command, commit=commit_of(Path.cwd()), n_cells=len(planned.cells),
        components=tuple(run.folder.components()),
        versions=record.versions(planned.components),
    )  # fmt: skip


def told_record(found: Record, labels: PrintedNames) -> Record:
    """Return a record as trackers get it: with labels, without outcomes, tables and the key."""
    kept = {name: found[name] for name in _TOLD if name in found}
    kept |= {name: dict(said) for name, said in kept.items() if isinstance(said, Mapping)}
    shown = labels.row(found)
    return kept | {name: said for name, said in shown.items() if name != "score_label"}


def _all_done(planned: Plan, run: Run) -> bool:
    done = {r["id"] for r in run.folder.records() if r["status"] == "done"}
    return done >= {cell.id for cell in planned.cells}


class _Tracking:
    """A listener that hands on what it hears, and tells trackers of records now and then."""

    def __init__(self, inner: Listener, trackers: list[_ToldTracker], labels: PrintedNames) -> None:
        self._inner, self._trackers, self._labels = inner, trackers, labels
        if hasattr(inner, "at_work"):
            self.at_work = inner.at_work

    def started(self, title: str) -> None:
        self._inner.started(title)

    def advanced(self, headway: Headway) -> None:
        # A listener of before there was headway hears of none.
        hear = getattr(self._inner, "advanced", None)
        if hear is not None:
            hear(headway)

    def encoded(self, title: str, warnings: dict[str, int], seconds: float) -> None:
        self._inner.encoded(title, warnings, seconds)

    def recorded(self, records: list[Record]) -> None:
        self._inner.recorded(records)
        self.pass_on(records)

    def said(self, text: str) -> None:
        self._inner.said(text)

    def pass_on(self, records: list[Record]) -> None:
        """Hand records to the trackers."""
        for tracker in self._trackers:
            # Each has its own: it may do with them what it likes.
            tracker.recorded([told_record(one, self._labels) for one in records])


class _ToldTracker:
    """One tracker: told in turns of its own, and left alone once it has failed too often."""

    def __init__(self, built: Built, say: Callable[[str], None]) -> None:
        self._tracker, self._name, self._say = built.instance, built.label, say
        self._isolation = Isolation()
        self._waiting: list[Record] = []
        self._failed = 0
        self._begun = False
        self._told_run: ToldRun | None = None
        self._last = float("-inf")

    def begin(self, run: ToldRun) -> None:
        self._told_run = run
        self._begin()

    def _begin(self) -> bool:
        run = self._told_run
        self._begun = self._begun or self._call(lambda: self._tracker.begin(run))
        return self._begun

    def recorded(self, records: list[Record]) -> None:
        if self._failed >= TRIES:
            return
        self._waiting += records
        if self._waiting and time.monotonic() - self._last >= EVERY:
            self._flush()

    def _flush(self) -> None:
        waiting = self._waiting
        if self._failed < TRIES and self._begin() and waiting:
            records = [dict(one) for one in waiting]
            if self._call(lambda: self._tracker.recorded(records)):
                self._waiting = []
        self._last = time.monotonic()

    def end(self, state: RunState, run: Run) -> None:
        self._flush()
        if self._begun and self._failed < TRIES:
            self._call(lambda: self._tracker.end(state, run))

    def _call(self, tell: Callable[[], Any]) -> bool:
        """Run a call in a turn of its own; return whether it went well."""
        try:
            with guarded(self._isolation, PATIENCE):
                tell()
        except Exception as error:
            # What is not installed will not be there at the next call.
            self._failed = TRIES if isinstance(error, DependencyError) else self._failed + 1
            self._warn(error)
            return False
        self._failed = 0
        return True

    def _warn(self, error: Exception) -> None:
        said = f"{type(error).__name__}: {error}"
        if isinstance(error, SondageError):
            # The hint of a limit is about another one.
            hint = f" ({error.hint})" if isinstance(error, DependencyError) else ""
            said = error.message + hint
        if self._failed < TRIES:
            self._say(f"tracker '{self._name}' failed, the run goes on: {said}")
        elif isinstance(error, DependencyError):
            self._say(f"tracker '{self._name}' is told nothing, the run goes on: {said}")
        else:
            self._say(
                f"tracker '{self._name}' failed {TRIES} times in a row and is told no more "
                f"(the same command tells it all): {said}"
            )
