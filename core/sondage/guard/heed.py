"""What a library may pass over while it fits: an interrupt, and a fit that did not end.

scikit-learn's perceptron takes Ctrl-C as "enough" and returns what it has; others set a handler
of their own, or turn the interrupt into an error. Here a signal counts however it was taken.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

STOPPING = frozenset({signal.SIGINT, signal.SIGTERM})
UNCONVERGED = "not-converged"
T = TypeVar("T")
_END: Any = object()


@contextmanager
def interrupts() -> Iterator[None]:
    """Raise KeyboardInterrupt if a signal to stop came, whatever the code within made of it.

    Python writes the number of each signal that it hears into a socket before any handler
    runs, so that a handler which was set meanwhile hides nothing. Outside the main thread
    this does nothing: no other thread is ever interrupted.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ours, pythons = socket.socketpair()
    for end in (ours, pythons):
        end.setblocking(False)
    handler = signal.getsignal(signal.SIGINT)
    before = signal.set_wakeup_fd(pythons.fileno(), warn_on_full_buffer=False)
    heard = b""
    try:
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)
            if handler is not None and signal.getsignal(signal.SIGINT) is not handler:
                signal.signal(signal.SIGINT, handler)
            heard = _signals_in(ours)
            ours.close()
            pythons.close()
            _pass_on(heard, before)
    except Exception as error:
        if STOPPING & set(heard):
            raise KeyboardInterrupt from error
        raise
    if STOPPING & set(heard):
        raise KeyboardInterrupt


def _signals_in(ours: socket.socket) -> bytes:
    try:
        return ours.recv(4096)
    except BlockingIOError:
        return b""


def _pass_on(heard: bytes, before: int) -> None:
    """Tell whoever listened before, such as an outer one of these or an event loop."""
    if before >= 0 and heard:
        with contextlib.suppress(OSError):
            os.write(before, heard)


# As scikit-learn and statsmodels call it; and what SciPy, cvxpy and others say in warnings of
# all kinds.
_CALLED = re.compile("Convergence.*Warning|IterationLimitWarning")
_SAID = (
    r"(?is).*(n[o']t (yet )?(fully )?converge|not necessarily achieved|non-?convergen|"
    r"fail(s|ed|ure|ing)? (of |to )?(reach )?converge|terminated early|"
    r"(maximum|max\.?) (number of )?(function evaluations|(\w+ )?iterations)|"
    r"max_?iter\w* (was |is |has been )?(reached|exceeded)|"
    r"iteration limit|iterations reached limit|solution may be inaccurate)"
)


class _Named(type):
    """Takes every warning called ConvergenceWarning for its own: nothing need be imported."""

    def __subclasscheck__(cls, other: type) -> bool:
        return any(_CALLED.fullmatch(base.__name__) for base in other.__mro__)


class _Unconverged(Warning, metaclass=_Named):
    pass


class Tally:
    """How many warnings of fits that did not converge were heard."""

    count = 0


_lock = threading.Lock()
_tallies: dict[int, Tally] = {}
_hearing: Any = None


@contextmanager
def unconverged() -> Iterator[Tally]:
    """Count the convergence warnings of the code within, where it does not silence them itself.

    They are told by their class's name, or by what they say: that something did not converge,
    or came to its limit of iterations.
    A warning belongs to the tally of its own thread; one from a thread that was started
    within, which has none, to all that are open.
    """
    global _hearing
    me, tally = threading.get_ident(), Tally()
    with _lock:
        if not _tallies:
            _hearing = _listening()
            _hearing.__enter__()
        above, _tallies[me] = _tallies.get(me), tally
    try:
        yield tally
    finally:
        with _lock:
            del _tallies[me]
            if above is not None:
                _tallies[me] = above
                above.count += tally.count
            if not _tallies:
                _hearing.__exit__(None, None, None)
                _hearing = None


@contextmanager
def _listening() -> Iterator[None]:
    with warnings.catch_warnings():
        show = warnings.showwarning
        warnings.filterwarnings("always", _SAID)
        warnings.simplefilter("always", _Unconverged)

        def heard(message: Warning | str, category: type[Warning], *rest: Any, **more: Any) -> None:
            if not (issubclass(category, _Unconverged) or re.match(_SAID, str(message))):
                show(message, category, *rest, **more)
                return
            mine = _tallies.get(threading.get_ident())
            for tally in [mine] if mine else [*_tallies.values()]:
                tally.count += 1

        warnings.showwarning = heard
        yield


def heeded(results: Iterator[T]) -> Iterator[tuple[T, int]]:
    """Yield each result with the number of convergence warnings that came before it.

    Raises
    ------
    KeyboardInterrupt
        Instead of the result in whose making a signal to stop came.
    """
    while True:
        with interrupts(), unconverged() as tally:
            one = next(results, _END)
        if one is _END:
            return
        yield one, tally.count
