"""The check of probes that are interrupted."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import TypeVar

from sondage import probing
from sondage.guard.heed import heeded
from sondage.testing.check import NotApplicable, promise_of
from sondage.testing.component import Component
from sondage.testing.probed import toy_cells, toy_problem

T = TypeVar("T")


@promise_of("probe", since="0.1")
def check_an_interrupt_leaves_no_result(component: Component) -> None:
    """Ctrl-C in the middle of a fit ends the job, and nothing of it is handed over."""
    if threading.current_thread() is not threading.main_thread():
        raise NotApplicable("only a main thread is interrupted")
    problem = toy_problem(component.make(), layers=(0,), seeds=(0,))
    toy_cells(component)  # what is imported or kept at first use

    def fitted() -> list[object]:
        return list(probing.run(component.make(), problem))

    def made(stop: int, count: list[int]) -> Iterator[object]:
        # Of the probe alone: what listens is not to be hit.
        yield from interrupted(fitted, stop, count)

    list(made(0, whole := [0]))
    for third in (1, 2):
        found: list[object] = []
        with contextlib.suppress(KeyboardInterrupt), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found.extend(heeded(made(third * whole[0] // 3, [0])))
        assert not found, "the probe did not hear the interrupt and gave a result"


def interrupted(work: Callable[[], T], at: int, count: list[int]) -> T:
    """Count the calls of Python functions in `work`; interrupt one of them, as Ctrl-C would."""

    def seen(frame: object, event: str, argument: object) -> None:
        # Not those of C functions: as if between a lock's taking and its `with`.
        count[0] += event == "call"
        if event == "call" and count[0] == at:
            sys.setprofile(before)
            signal.raise_signal(signal.SIGINT)

    before = sys.getprofile()
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    # Here and not in a generator, in whose frames profiling is not safe in Python 3.11.
    sys.setprofile(seen)
    try:
        return work()
    finally:
        sys.setprofile(before)
        signal.signal(signal.SIGINT, handler)
