"""What a component does to its process stays with it: each turn ends with things as they were.

Standard output belongs to the command, so what a component prints goes to standard error,
cleaned and bounded. The working folder, the environment, warning filters, random states and
the like are put back after a turn, and handed to the same component again at its next.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sondage.guard import channels, surroundings
from sondage.guard.functions import Replaceable

_LEAVE = os._exit
_turn = threading.Lock()


class ExitRefusedError(BaseException):
    """Raised instead of ending the process; no library that tries things swallows it."""


class Isolation:
    """The turns of one component: what it set in one is there in its next, and nowhere else."""

    def __init__(self) -> None:
        self._own: list[Any] | None = None
        self._replaceable: Replaceable | None = None
        self._left = [channels.MOST_PRINTED]

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Run a component's code.

        One turn at a time in a process: in a second thread this does nothing, because what
        is put back is the process's.
        """
        if not _turn.acquire(blocking=False):
            yield
            return
        try:
            found, process = surroundings.take_all(), os.getpid()
            replaceable = self._replaceable = _replaceable(self._replaceable)
            traces = sys.gettrace(), sys.getprofile()
            if self._own is not None:
                surroundings.put_back(self._own, found)
            with channels.kept(self._left), _no_exit():
                try:
                    yield
                finally:
                    if os.getpid() != process:
                        # A copy of this process that the component forgot: it is no run.
                        _LEAVE(1)
                    _set_traces(traces)
                    replaceable.put_back()
            self._own = surroundings.take_all()
            surroundings.put_back(found, self._own)
        except BaseException:
            surroundings.put_back(found)
            raise
        finally:
            _turn.release()


# As some component's turn began last: most of it never changes.
_last: Replaceable | None = None


def _replaceable(known: Replaceable | None) -> Replaceable:
    """Return what is put back: as it was when the component's first turn began."""
    global _last
    if known is not None:
        return known.with_loaded()
    _last = Replaceable.now(_last)
    return _last


def _set_traces(wanted: tuple[Any, Any]) -> None:
    if sys.gettrace() is not wanted[0]:
        sys.settrace(wanted[0])
    if sys.getprofile() is not wanted[1]:
        sys.setprofile(wanted[1])


@contextmanager
def _no_exit() -> Iterator[None]:
    leave, process, thread = os._exit, os.getpid(), threading.get_ident()

    def refuse(status: int) -> Any:
        # A forked child ends itself this way, and so may other threads.
        if (os.getpid(), threading.get_ident()) != (process, thread):
            leave(status)
        raise ExitRefusedError(f"os._exit({status})")

    os._exit = refuse
    try:
        yield
    finally:
        os._exit = leave
