"""The check of probes that are interrupted."""

from __future__ import annotations

import gc
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from types import FrameType

from sondage import probing
from sondage.guard import surroundings
from sondage.guard.heed import heeded
from sondage.testing.check import NotApplicable, promise_of
from sondage.testing.component import Component
from sondage.testing.probed import toy_cells, toy_problem

# Moments of a fit, as parts of its whole time: many where it is short, so that some fall in it.
_SHORT = 0.05
_MOMENTS = {True: [k / 16 for k in range(1, 16)], False: [1 / 3, 2 / 3]}
# An interrupt in one of these would leave what they were about to set or to put back.
_UNTOUCHED = frozenset({"__enter__", "__exit__", "__del__", "_find_and_load"})


@promise_of("probe", since="0.1")
def check_an_interrupt_leaves_no_result(component: Component) -> None:
    """Ctrl-C in the middle of a fit ends the job, and nothing of it is handed over."""
    if threading.current_thread() is not threading.main_thread():
        raise NotApplicable("only a main thread is interrupted")
    if not hasattr(signal, "setitimer"):
        raise NotApplicable("this system has no timer signals")
    problem = toy_problem(component, layers=(0,), seeds=(0,))
    toy_cells(component)  # what is imported or kept at first use

    def fitted() -> list[object]:
        return list(probing.run(component.make(), problem))

    start = time.perf_counter()
    fitted()
    whole = time.perf_counter() - start
    heard = [_interrupted(fitted, part * whole) for part in _MOMENTS[whole < _SHORT]]
    if not any(heard):
        raise NotApplicable("the fit ends before an interrupt can come")


def _interrupted(work: Callable[[], object], after: float) -> bool:
    """Interrupt `work` after so many seconds; whether it was still going on."""
    interrupt = Interrupt(after)
    found: list[object] = []

    def made() -> Iterator[object]:
        # Of the probe alone: what listens is not to be hit.
        yield interrupt.within(work)

    states = surroundings.take_all()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found.extend(heeded(made()))
    except KeyboardInterrupt:
        if not interrupt.came:
            raise  # that of whoever runs the kit
    finally:
        surroundings.put_back(states)
    assert not (interrupt.came and found), "the probe did not hear the interrupt and gave a result"
    return interrupt.came


class Interrupt:
    """An interrupt as by Ctrl-C, some seconds after a piece of work began."""

    def __init__(self, after: float) -> None:
        self.after = max(after, 1e-6)
        self.came = self._working = False

    def within(self, work: Callable[[], object]) -> object:
        """Do the work. Timers of signals that were set before go on afterwards."""
        handlers = {
            signal.SIGALRM: signal.signal(signal.SIGALRM, self._ring),
            signal.SIGINT: signal.signal(signal.SIGINT, signal.default_int_handler),
        }
        self._working = True
        before = signal.setitimer(signal.ITIMER_REAL, self.after)
        try:
            return work()
        finally:
            self._working = False
            signal.setitimer(signal.ITIMER_REAL, *before)
            for number, handler in handlers.items():
                signal.signal(number, handler)

    def _ring(self, number: int, frame: FrameType | None) -> None:
        if not self._working:
            return
        if _untouched(frame):
            signal.setitimer(signal.ITIMER_REAL, 1e-4)
            return
        self.came = True
        signal.raise_signal(signal.SIGINT)


def _untouched(frame: FrameType | None) -> bool:
    # What a callback of garbage collection raises is lost: nobody would hear of the interrupt.
    callbacks = {getattr(callback, "__code__", None) for callback in gc.callbacks}
    while frame is not None and frame.f_code is not Interrupt.within.__code__:
        if frame.f_code.co_name in _UNTOUCHED or frame.f_code in callbacks:
            return True
        frame = frame.f_back
    return False
