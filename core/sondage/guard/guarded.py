"""Code of plugins, run so that whatever it does is one error: exits, interrupts, endless work."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from sondage.errors import PluginError, SondageError
from sondage.guard.heed import STOPPING
from sondage.guard.isolation import ExitRefusedError, Isolation

_LONGEST_TEXT = 20_000


class TimeLimitReached(BaseException):
    """Raised in the middle of a component's work; no ``except Exception`` swallows it."""


class _Signals:
    """Whether the user asked this process to stop: Python notes signals before any handler."""

    def __init__(self) -> None:
        self._ours: socket.socket | None = None
        self._heard = False

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Listen while a run is in progress in the main thread."""
        if threading.current_thread() is not threading.main_thread() or self._ours is not None:
            yield
            return
        self._ours, pythons = socket.socketpair()
        self._heard = False
        for end in (self._ours, pythons):
            end.setblocking(False)
        before = signal.set_wakeup_fd(pythons.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)
            self._look()
            self._ours.close()
            pythons.close()
            self._ours = None

    def _look(self) -> None:
        if self._ours is not None:
            with contextlib.suppress(BlockingIOError):
                self._heard = self._heard or bool(STOPPING & set(self._ours.recv(65536)))

    @property
    def listens(self) -> bool:
        """Return whether signals are told from what a component raises by itself."""
        return self._ours is not None

    @property
    def stop(self) -> bool:
        """Return whether a KeyboardInterrupt now is the user's."""
        if threading.current_thread() is not threading.main_thread():
            return False  # No signal ever reaches another thread.
        self._look()
        # Nobody listens where a node is run by hand: believe it.
        return self._heard or self._ours is None


signals = _Signals()


@contextmanager
def guarded(isolation: Isolation, seconds: float | None = None) -> Iterator[None]:
    """Run a component's code; whatever it raises comes out as an Exception.

    Parameters
    ----------
    isolation : Isolation
        Of the component.
    seconds : float, optional
        A time limit.

    Raises
    ------
    Exception
        What the component raised, or a PluginError that says what it did.
    KeyboardInterrupt
        Only if the user interrupts.
    """
    try:
        with isolation.turn(), time_limit(seconds):
            yield
    except KeyboardInterrupt as error:
        if signals.stop:
            raise
        raise PluginError("the component raised KeyboardInterrupt by itself") from error
    except Exception as error:
        unsaid = _unspeakable(error)
        if unsaid is None:
            raise
        raise unsaid from None
    except GeneratorExit as error:
        raise PluginError("the component raised GeneratorExit") from error
    except TimeLimitReached as error:
        raise PluginError(
            f"the time limit of {seconds:g} seconds is over",
            hint="raise --cell-seconds, or leave it out",
        ) from error
    except ExitRefusedError as error:
        raise PluginError(f"the component called {error} to end the process") from error
    except SystemExit as error:
        raise PluginError(
            f"the component called sys.exit({error.code!r:.200}) to end the process"
        ) from error
    except BaseException as error:
        unsaid = _unspeakable(error)
        said = unsaid.message if unsaid else f"{type(error).__name__}: {error}"
        raise PluginError(f"the component raised {said}") from error


@contextmanager
def as_one_error(what: str, *, hint: str) -> Iterator[None]:
    """Run components' code for a command: whatever is raised comes out as a `SondageError`.

    Parameters
    ----------
    what : str
        What cannot be done then, as the error begins.
    hint : str

    Raises
    ------
    SondageError
        As it is raised; else a PluginError with the line of code.
    KeyboardInterrupt
        Only if the user interrupts.
    """
    try:
        with guarded(Isolation()):
            yield
    except SondageError:
        raise
    except Exception as error:
        at = traceback.extract_tb(error.__traceback__)[-1]
        raise PluginError(
            f"{what}: {type(error).__name__}: {error}",
            where=f"{at.filename}:{at.lineno}",
            hint=hint,
        ) from error


def _unspeakable(error: BaseException) -> PluginError | None:
    """Return an error that stands for one whose text cannot be kept."""
    name = type(error).__name__
    try:
        text = str(error)
        # The traceback of a chain of errors is made of all their texts.
        whole = text if isinstance(error, SondageError) else traceback.format_exception(error)
        length = sum(map(len, whole))
    except RecursionError:
        return PluginError(f"{name}, with a chain of errors that has no end")
    except BaseException as wrong:
        if isinstance(wrong, KeyboardInterrupt) and signals.stop and signals.listens:
            raise
        return PluginError(f"{name}, whose own text failed with {type(wrong).__name__}")
    if length <= _LONGEST_TEXT:
        return None
    at = traceback.extract_tb(error.__traceback__)[-1:]
    where = f"{at[0].filename}:{at[0].lineno}" if at else ""
    short = text if len(text) <= 2000 else f"{text[:2000]} ... ({len(text)} characters)"
    return PluginError(f"{name}: {short}", where=where)


@contextmanager
def time_limit(seconds: float | None) -> Iterator[None]:
    """Raise `TimeLimitReached` in this thread when the time is over.

    It comes at the next step of Python code: a call into a library that never returns to
    Python is stopped only on a worker, whose process is ended after twice the time.
    """
    if seconds is None:
        yield
        return
    main = threading.current_thread() is threading.main_thread()
    with _alarm(seconds) if main and hasattr(signal, "setitimer") else _watched(seconds):
        yield


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    def ring(*_: object) -> None:
        raise TimeLimitReached

    before = signal.signal(signal.SIGALRM, ring)
    # Again and again: what a destructor or a callback swallows comes once more.
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def _watched(seconds: float) -> Iterator[None]:
    over, thread = threading.Event(), ctypes.c_ulong(threading.get_ident())
    lock = threading.Lock()

    def watch() -> None:
        wait, passed = seconds, 0.0
        while not over.wait(wait):
            passed += wait
            wait = 1.0
            if passed > 2 * seconds + 10:
                os._exit(70)
            with lock:
                if not over.is_set():
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(
                        thread, ctypes.py_object(TimeLimitReached)
                    )

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        with lock:
            over.set()
            # One that was sent and has not come yet must not come to somebody else.
            ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, None)
