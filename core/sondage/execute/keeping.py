"""What becomes of activations when the last job of a run that reads them is done."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

from sondage.errors import SondageError
from sondage.execute.engines import in_order
from sondage.execute.graph import Node
from sondage.execute.listener import Listener
from sondage.plan.cells import Encoding, Job, Plan
from sondage.store import Key, Store
from sondage.store.claims import Claim, claimed

#: What a run keeps: activations too, or results alone.
Keep = Literal["all", "results"]


class Keeping:
    """Counts the jobs that are left to read each entry, and drops what is read no more.

    Parameters
    ----------
    claim : Claim
        The run's, on all that it reads.
    jobs : iterable of Job
        Those that are left.
    listener : Listener
    drops : bool
        Whether anything is dropped.
    """

    def __init__(
        self, claim: Claim, jobs: Iterable[Job], listener: Listener, *, drops: bool
    ) -> None:
        self._claim, self._listener, self.drops = claim, listener, drops
        self._left = Counter(key for job in jobs for key in set(job.needs)) if drops else Counter()

    def reads(self, key: Key) -> bool:
        """Whether a job that is left reads an entry."""
        return self._left[key] > 0

    def after(self, item: Any, ready: Callable[[], None] = lambda: None) -> None:
        """Count a piece of work as done; drop what no job reads any more.

        Parameters
        ----------
        item : Training, Encoding, Passing or Job
        ready : callable, optional
            Called before anything is dropped.
        """
        if not self.drops or not isinstance(item, Job):
            return
        keys = set(item.needs)
        self._left.subtract(keys)
        over = [key for key in keys if not self._left[key]]
        if over:
            ready()
            self.drop(over)

    def drop(self, keys: Iterable[Key]) -> None:
        """Drop entries that are temporary and that no other run reads."""
        try:
            self._claim.let_go(list(keys))
        except (OSError, SondageError) as error:
            self._listener.said(f"activations stay in the store: {error}")


@contextmanager
def reading(
    store: Store, planned: Plan, todo: Iterable[Job], listener: Listener, keep: Keep
) -> Iterator[Keeping]:
    """Claim what a plan reads, and yield what drops it; whoever ends well leaves nothing behind.

    Parameters
    ----------
    store : Store
    planned : Plan
    todo : iterable of Job
        What is left of it.
    listener : Listener
    keep : {'all', 'results'}
    """
    drops = keep == "results"
    # What finished jobs read is not read again; a killed run may have left it.
    wanted = list(dict.fromkeys(key for job in todo for key in job.needs))
    with claimed(store, wanted, keep=not drops) as claim:
        keeping = Keeping(claim, todo, listener, drops=drops)
        yield keeping
        if drops:
            keeping.drop({key for job in planned.jobs for key in job.needs})


def drop_left(store: Store, planned: Plan, listener: Listener) -> None:
    """Drop what a run that was killed at its very end has left."""
    with reading(store, planned, (), listener, "results"):
        pass


class Ahead:
    """Hands out nodes in order, not too many encodings before the jobs that read them.

    Parameters
    ----------
    nodes : list of Node
    keeping : Keeping
        Where it drops nothing, all nodes are handed out at once.
    most : int
        Encodings whose entries are there at a time. There are more where nothing else is left
        to do: a job may read several.
    """

    def __init__(self, nodes: list[Node], keeping: Keeping, most: int) -> None:
        self._waiting = deque(in_order(nodes))
        self._keeping, self._most = keeping, most
        self._open: list[Encoding] = []
        self._running = 0

    def more(self) -> Iterator[Node]:
        """Yield the nodes that may start now."""
        while self._waiting:
            item = self._waiting[0].item
            if isinstance(item, Encoding) and self._keeping.drops:
                self._open = [e for e in self._open if any(map(self._keeping.reads, e.wants))]
                if len(self._open) >= self._most and self._running:
                    return
                self._open.append(item)
            self._running += 1
            yield self._waiting.popleft()

    def done(self) -> None:
        """Count a node that was handed out as done."""
        self._running -= 1
