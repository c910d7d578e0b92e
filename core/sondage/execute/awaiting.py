"""Wait for work that was handed to Dask, and see when nobody is left to do it."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sondage.errors import ClusterLostError, PluginError
from sondage.execute.admission import TOPIC
from sondage.execute.begun import deaths_at
from sondage.execute.stopping import Stop
from sondage.execute.workers import DEATHS

#: Seconds to wait for a worker that runs.
_PATIENCE = 30
#: How often work is tried again that was there when workers died: a machine that fails takes
#: along what was noted on it.
_MOST_AGAIN = 50
#: Seconds after which it is seen that the run was asked to stop, while nothing ends.
_WAKES_EVERY = 0.1
#: Seconds between two looks at the workers.
_LOOK_EVERY = 2


@dataclass(frozen=True)
class _Seen:
    """What a look at the scheduler shows: workers that run, work on them, work that fits none."""

    running: int
    processing: int
    stuck: list[str]


class Awaited:
    """Yields futures as they end; gives up when nobody is left to end them.

    Parameters
    ----------
    client : distributed.Client
    titles : mapping of str to str
        Of a future's key, what the work is called.
    stop : Stop
        Once it is asked, no further work is begun, and what is at hand is waited for.
    say : callable
        Called with what the user should know.
    look : callable, optional
        Called with the client while workers run.
    notes : Path, optional
        Where workers note what they are at; without, who died is believed to have died of it.
    """

    def __init__(
        self,
        client: Any,
        titles: Mapping[str, str],
        stop: Stop,
        say: Callable[[str], None],
        look: Callable[[Any], None] = lambda client: None,
        notes: Path | None = None,
    ) -> None:
        self._client, self._titles, self._stop, self._say = client, titles, stop, say
        self._tell_at_work = look
        self._notes = notes
        self._again: Counter[str] = Counter()
        self._looked = self._last = time.monotonic()
        self._told = 0
        #: What is waited for once the run stops.
        self._at_hand: set[str] | None = None

    def completed(self, more: Callable[[], Iterable[Any]], as_completed: Any) -> Iterator[Any]:
        """Yield each future that ended by itself.

        `more` is asked for futures at first, and after each one until the run stops.

        Raises
        ------
        ClusterLostError
            If the scheduler is gone, or for half a minute no worker runs, or none that has what
            the work left asks for.
        KeyboardInterrupt
            When what was at hand is done, after a request to stop.
        """
        futures = list(more())
        waiting = as_completed(futures, loop=self._client.loop)
        while not waiting.is_empty():
            if waiting.has_ready():
                future = next(waiting)
                if future.cancelled() and self._at_hand is None:
                    raise gone()
                self._last = time.monotonic()
                if future.cancelled():
                    continue
                if self._tried_again(future):
                    waiting.add(future)
                else:
                    yield future
                    added = [] if self._stop.asked else list(more())
                    futures += added
                    waiting.update(added)
                    self._last = time.monotonic()
                continue
            with waiting.thread_condition:
                # It is told of while this is held: nothing comes between look and wait.
                if not waiting.has_ready():
                    waiting.thread_condition.wait(_WAKES_EVERY)
            if self._stop.asked and self._at_hand is None:
                self._begin_to_stop(futures)
            if time.monotonic() - self._looked >= _LOOK_EVERY:
                self._look()
        if self._stop.asked:
            raise KeyboardInterrupt

    def _tried_again(self, future: Any) -> bool:
        """Have work done that failed for workers' deaths, but not as the cause of them."""
        if future.status == "pending":
            return True  # What it needs is tried again, and it with that.
        error = future.exception() if future.status == "error" else None
        if self._notes is None or error is None or type(error).__name__ != "KilledWorker":
            return False
        key = str(error.args[0])
        if deaths_at(self._notes, key) > DEATHS or self._again[future.key] >= _MOST_AGAIN:
            return False
        self._again[future.key] += 1
        self._ask(lambda: self._client.retry([future]))
        return True

    def _begin_to_stop(self, futures: list[Any]) -> None:
        """Take back what no worker has begun."""
        on = self._ask(lambda: self._client.run(executing, on_error="ignore"))
        self._at_hand = {key for keys in (on or {}).values() for key in keys}
        left = [f for f in futures if f.key not in self._at_hand and not f.done()]
        self._ask(lambda: self._client.cancel(left, force=True))
        at_hand = len([f for f in futures if f.key in self._at_hand])
        self._say(
            f"asked to stop: {at_hand} pieces of work at hand are finished, "
            f"{len(left)} are left; the same command continues"
        )

    def _look(self) -> None:
        self._looked = now = time.monotonic()
        seen = _Seen(*self._ask(lambda: self._client.run_on_scheduler(_look_around)))
        self._tell_refused()
        if self._at_hand is not None and not (seen.running and seen.processing):
            raise KeyboardInterrupt
        if seen.running and (seen.processing or not seen.stuck):
            self._last = now
            with contextlib.suppress(OSError, TimeoutError):
                self._tell_at_work(self._client)
        elif now - self._last > _PATIENCE:
            raise self._hopeless(seen)

    def _tell_refused(self) -> None:
        told = self._ask(lambda: self._client.get_events(TOPIC)) or ()
        for _, said in told[self._told :]:
            self._say(str(said))
        self._told = len(told)

    def _ask(self, question: Callable[[], Any]) -> Any:
        if self._client.status != "running":
            raise gone()
        try:
            return question()
        except (OSError, TimeoutError) as error:
            raise gone() from error

    def _hopeless(self, seen: _Seen) -> ClusterLostError:
        if not seen.running:
            return ClusterLostError(
                f"for {_PATIENCE} seconds no worker has run: all have left, or have too little "
                "memory to take work; what was finished is kept",
                hint="start workers with more memory, or use fewer on one machine",
            )
        first = self._titles.get(seen.stuck[0], seen.stuck[0])
        more = f" and {len(seen.stuck) - 1} more" if len(seen.stuck) > 1 else ""
        return ClusterLostError(
            f"for {_PATIENCE} seconds no worker has had what '{first}'{more} asks for: those "
            "that had it have left; what was finished is kept",
            hint="start one as those were: dask worker ADDRESS --resources ...",
        )


def told(error: BaseException | None) -> BaseException | None:
    """Return the error of a piece of work; in our own words where each worker that ran it died."""
    if error is None or type(error).__name__ != "KilledWorker":
        return error
    return PluginError(
        f"every worker that ran this died, {error.args[2] + 1} in all, most likely because it "
        "takes more memory than a worker has",
        hint="use fewer --workers (each has its share of the memory), or start cluster workers "
        "with more; with one worker it runs in the command's own process",
    )


def executing(dask_worker: Any) -> list[str]:
    """Return the keys of what a worker is at."""
    return [str(getattr(task, "key", task)) for task in dask_worker.state.executing]


def _look_around(dask_scheduler: Any) -> tuple[int, int, list[str]]:
    at_work = sum(len(worker.processing) for worker in dask_scheduler.workers.values())
    stuck = [str(task.key) for task in dask_scheduler.unrunnable]
    return len(dask_scheduler.running), at_work, stuck


def gone() -> ClusterLostError:
    """Return the error of a scheduler that answers no more."""
    return ClusterLostError(
        "the cluster's scheduler is gone; what was finished is kept",
        hint="start it again, and give the same command",
    )
