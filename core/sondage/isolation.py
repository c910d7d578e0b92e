"""What a component does to its process stays with it: each turn ends with things as they were.

Standard output belongs to the command, so what a component prints goes to standard error,
cleaned and bounded. The working folder, the environment, warning filters, random states and
the like are put back after a turn, and handed to the same component again at its next.
"""

from __future__ import annotations

import contextlib
import gc
import io
import os
import random
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

import numpy as np

from sondage.plain import clean

#: Characters that one component may print.
MOST_PRINTED = 100_000
#: Modules whose functions are put back when a component has replaced them.
_WATCHED = (
    "builtins", "copy", "hashlib", "json", "math", "os", "os.path", "pickle", "random", "signal",
    "sys", "time", "warnings", "numpy", "numpy.linalg", "numpy.random",
)  # fmt: skip
_turn = threading.Lock()


class ExitRefusedError(BaseException):
    """Raised instead of ending the process; no library that tries things swallows it."""


class Isolation:
    """The turns of one component: what it set in one is there in its next, and nowhere else."""

    def __init__(self) -> None:
        self._own: list[Any] | None = None
        self._functions: list[tuple[Any, dict[str, Any]]] = []
        self._left = [MOST_PRINTED]

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
            found = [part.take() for part in _PARTS]
            self._functions = self._functions or _functions()
            if self._own is not None:
                _put(self._own)
            with _streams(self._left), _no_exit():
                try:
                    yield
                finally:
                    _restore(self._functions)
            self._own = [part.take() for part in _PARTS]
            _put(found)
        except BaseException:
            _put(found)
            raise
        finally:
            _turn.release()


class _Part(NamedTuple):
    take: Callable[[], Any]
    put: Callable[[Any], Any]


def _put(states: list[Any]) -> None:
    for part, state in zip(_PARTS, states, strict=True):
        part.put(state)


def _folder() -> str | None:
    try:
        return os.getcwd()
    except OSError:
        return None


def _go(folder: str | None) -> None:
    if folder is not None and _folder() != folder:
        with contextlib.suppress(OSError):
            os.chdir(folder)


def _set_environment(wanted: dict[str, str]) -> None:
    if os.environ == wanted:
        return
    for name in set(os.environ) - set(wanted):
        del os.environ[name]
    for name, value in wanted.items():
        if os.environ.get(name) != value:
            os.environ[name] = value


def _set_filters(wanted: tuple[list[Any], Any]) -> None:
    filters, show = wanted
    if warnings.filters != filters:
        warnings.filters[:] = filters  # type: ignore[index]
        warnings._filters_mutated()  # type: ignore[attr-defined]
    warnings.showwarning = show


def _random() -> tuple[Any, Any]:
    return random.getstate(), np.random.get_state()  # noqa: NPY002


def _set_random(wanted: tuple[Any, Any]) -> None:
    # Setting takes ten times as long as comparing.
    if random.getstate() != wanted[0]:
        random.setstate(wanted[0])
    now = np.random.get_state()  # noqa: NPY002
    if any(not np.array_equal(a, b) for a, b in zip(now, wanted[1], strict=True)):
        np.random.set_state(wanted[1])  # noqa: NPY002


def _handlers() -> dict[Any, Any]:
    if threading.current_thread() is not threading.main_thread():
        return {}
    names = ("SIGINT", "SIGTERM", "SIGALRM")
    return {s: signal.getsignal(s) for n in names if (s := getattr(signal, n, None)) is not None}


def _set_handlers(wanted: dict[Any, Any]) -> None:
    for number, handler in wanted.items():
        # None: set by something that is not Python.
        if handler is not None and signal.getsignal(number) is not handler:
            signal.signal(number, handler)


def _set_path(wanted: list[str]) -> None:
    if sys.path != wanted:
        sys.path[:] = wanted


def _set_gc(on: bool) -> None:
    (gc.enable if on else gc.disable)()


_PARTS = (
    _Part(_folder, _go),
    _Part(lambda: dict(os.environ), _set_environment),
    _Part(lambda: (list(warnings.filters), warnings.showwarning), _set_filters),
    _Part(_random, _set_random),
    _Part(np.geterr, lambda kept: np.seterr(**kept)),
    _Part(np.get_printoptions, lambda kept: np.set_printoptions(**kept)),
    _Part(_handlers, _set_handlers),
    _Part(sys.getrecursionlimit, sys.setrecursionlimit),
    _Part(lambda: list(sys.path), _set_path),
    _Part(gc.isenabled, _set_gc),
)


def _functions() -> list[tuple[Any, dict[str, Any]]]:
    """Return what a patch would replace: the core's and the common modules' functions."""
    out: list[tuple[Any, dict[str, Any]]] = []
    for name, module in list(sys.modules.items()):
        ours = name == "sondage" or name.startswith("sondage.")
        if not isinstance(module, ModuleType) or not (ours or name in _WATCHED):
            continue
        # What a module keeps for itself may change with time, its functions and classes not.
        held = {
            k: v
            for k, v in vars(module).items()
            if callable(v) and (k[0] != "_" or isinstance(v, FunctionType | type))
        }
        out.append((module, held))
        if ours:
            classes = (v for v in held.values() if isinstance(v, type) and v.__module__ == name)
            out += [(c, {k: v for k, v in vars(c).items() if k[:5] != "_abc_"}) for c in classes]
    return out


def _restore(functions: list[tuple[Any, dict[str, Any]]]) -> None:
    for owner, held in functions:
        now = vars(owner)
        for name, value in held.items():
            if now.get(name) is not value:
                with contextlib.suppress(AttributeError, TypeError):
                    setattr(owner, name, value)


class _Printed(io.RawIOBase):
    """Where a component's prints go: to `err`, cleaned, until it has said enough."""

    def __init__(self, err: Any, left: list[int]) -> None:
        self._err, self._left = err, left

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        found: int = self._err.fileno()
        return found

    def write(self, data: Any) -> int:
        raw = bytes(data)
        if self._left[0] > 0:
            text = raw.decode("utf-8", "replace").replace("\r", "\n")[: self._left[0]]
            self._left[0] -= len(text)
            said = clean(text)
            self._err.write(said if self._left[0] else f"{said}\n(it prints more: left out)\n")
        return len(raw)


@contextmanager
def _streams(left: list[int]) -> Iterator[None]:
    before = sys.stdin, sys.stdout, sys.stderr
    made = io.TextIOWrapper(
        io.BufferedWriter(_Printed(sys.stderr, left)),
        "utf-8",
        errors="replace",
        write_through=True,
        line_buffering=True,
    )
    # Who asks a question would wait for ever: it is told that nobody answers.
    sys.stdin, sys.stdout, sys.stderr = io.StringIO(), made, made
    try:
        yield
    finally:
        sys.stdin, sys.stdout, sys.stderr = before
        with contextlib.suppress(Exception):
            made.flush()


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
