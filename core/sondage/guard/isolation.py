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
from types import FunctionType, ModuleType
from typing import Any

from sondage.guard import channels, surroundings

#: Modules whose functions are put back when a component has replaced them.
_WATCHED = frozenset((
    "base64", "builtins", "contextlib", "copy", "fcntl", "filelock", "hashlib", "inspect", "io",
    "json", "json.decoder", "json.encoder", "math", "os", "os.path", "pathlib", "pickle",
    "posixpath", "random", "shutil", "signal", "sys", "tempfile", "threading", "time", "traceback",
    "warnings", "xxhash", "zipfile", "zlib", "numpy", "numpy.lib.format", "numpy.linalg",
    "numpy.random",
))  # fmt: skip
#: Those of them whose classes' methods are put back as well.
_CLASSES = frozenset(("json.encoder", "json.decoder", "pathlib", "threading", "zipfile"))
_LEAVE = os._exit
_turn = threading.Lock()


class ExitRefusedError(BaseException):
    """Raised instead of ending the process; no library that tries things swallows it."""


class Isolation:
    """The turns of one component: what it set in one is there in its next, and nowhere else."""

    def __init__(self) -> None:
        self._own: list[Any] | None = None
        self._functions: list[tuple[Any, dict[str, Any]]] = []
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
            self._functions = self._functions or _functions()
            loaded, traces = dict(sys.modules), (sys.gettrace(), sys.getprofile())
            if self._own is not None:
                surroundings.put_back(self._own)
            with channels.kept(self._left), _no_exit():
                try:
                    yield
                finally:
                    if os.getpid() != process:
                        # A copy of this process that the component forgot: it is no run.
                        _LEAVE(1)
                    _set_traces(traces)
                    _restore(self._functions, loaded)
            self._own = surroundings.take_all()
            surroundings.put_back(found)
        except BaseException:
            surroundings.put_back(found)
            raise
        finally:
            _turn.release()


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
            if callable(v)
            and (k[0] != "_" or name == "builtins" or isinstance(v, FunctionType | type))
        }
        out.append((module, held))
        if ours or name in _CLASSES:
            classes = (v for v in held.values() if isinstance(v, type) and v.__module__ == name)
            out += [(c, {k: v for k, v in vars(c).items() if k[:5] != "_abc_"}) for c in classes]
    return out


def _restore(functions: list[tuple[Any, dict[str, Any]]], loaded: dict[str, Any]) -> None:
    for owner, held in functions:
        now = vars(owner)
        for name, value in held.items():
            if now.get(name) is not value:
                try:
                    setattr(owner, name, value)
                except (AttributeError, TypeError):
                    continue
    for name, module in loaded.items():
        now_loaded = sys.modules.get(name)
        gone = now_loaded is None and module is not None
        if gone or (name in _WATCHED and now_loaded is not module):
            sys.modules[name] = module


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
