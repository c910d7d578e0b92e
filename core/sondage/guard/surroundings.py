"""What any code may set for its whole process: taken before a component's turn, put back after.

The working folder, the environment, warning filters, random states, signals, timers and limits,
and the switches of numpy and, where it is loaded, torch.
"""

from __future__ import annotations

import contextlib
import decimal
import gc
import locale
import operator
import os
import random
import signal
import socket
import sys
import threading
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

_SIGNALS = (
    "SIGINT", "SIGTERM", "SIGALRM", "SIGHUP", "SIGCHLD", "SIGUSR1", "SIGUSR2", "SIGVTALRM",
    "SIGPROF",
)  # fmt: skip
_LIMITS = ("RLIMIT_NOFILE", "RLIMIT_FSIZE", "RLIMIT_AS", "RLIMIT_DATA", "RLIMIT_STACK")


class _Setting(NamedTuple):
    """What is taken, how it is set again, and when two that were taken are the same."""

    take: Callable[[], Any]
    put: Callable[[Any], Any]
    same: Callable[[Any, Any], bool] = operator.eq


def take_all() -> list[Any]:
    """Return everything as it is now."""
    return [one.take() for one in _SETTINGS]


def put_back(states: list[Any], now: list[Any] | None = None) -> None:
    """Set everything as it was when these were taken.

    Parameters
    ----------
    states : list
        As `take_all` returned it.
    now : list, optional
        The same of this moment, if it was just taken: what is as it was is then left alone.
    """
    for i, (one, state) in enumerate(zip(_SETTINGS, states, strict=True)):
        if now is None or not one.same(now[i], state):
            one.put(state)


def _simple(get: Callable[[], Any], set_: Callable[[Any], Any]) -> _Setting:
    """Return a setting that is set only if it differs: that is what takes time."""

    def put_(wanted: Any) -> None:
        if get() != wanted:
            set_(wanted)

    return _Setting(get, put_)


def _folder() -> str | None:
    try:
        return os.getcwd()
    except OSError:
        return None


def _go(folder: str | None) -> None:
    if folder is not None:
        with contextlib.suppress(OSError):
            os.chdir(folder)


def _environment() -> tuple[Any, dict[Any, Any]]:
    """Return the mapping and what it holds: as it keeps it, which is copied at once, or as told."""
    return os.environ, {**getattr(os.environ, "_data", os.environ)}


def _same_environment(a: tuple[Any, dict[Any, Any]], b: tuple[Any, dict[Any, Any]]) -> bool:
    return a[0] is b[0] and a[1] == b[1]


def _set_environment(kept: tuple[Any, dict[Any, Any]]) -> None:
    # Somebody may have put another mapping in its place.
    os.environ, held = kept
    if _environment()[1] == held:
        return
    known = getattr(os.environ, "_data", None)
    told = os.environ.decodevalue if known is not None else str
    wanted = {told(name): told(value) for name, value in held.items()}
    for name in set(os.environ) - set(wanted):
        del os.environ[name]
    for name, value in wanted.items():
        if os.environ.get(name) != value:
            os.environ[name] = value


def _same_filters(a: tuple[list[Any], Any], b: tuple[list[Any], Any]) -> bool:
    return a[1] is b[1] and a[0] == b[0]


def _set_filters(wanted: tuple[list[Any], Any]) -> None:
    filters, show = wanted
    if warnings.filters != filters:
        warnings.filters[:] = filters  # type: ignore[index]
        warnings._filters_mutated()  # type: ignore[attr-defined]
    warnings.showwarning = show


def _same_numpy_random(a: Any, b: Any) -> bool:
    return len(a) == len(b) and all(
        x.tobytes() == y.tobytes() if isinstance(x, np.ndarray) and isinstance(y, np.ndarray)
        else x == y
        for x, y in zip(a, b, strict=True)
    )  # fmt: skip


def _set_numpy_random(wanted: Any) -> None:
    # Setting takes ten times as long as comparing.
    if not _same_numpy_random(np.random.get_state(), wanted):  # noqa: NPY002
        np.random.set_state(wanted)  # noqa: NPY002


def _in_main() -> bool:
    return threading.current_thread() is threading.main_thread()


def _handlers() -> dict[Any, Any]:
    if not _in_main():
        return {}
    return {s: signal.getsignal(s) for n in _SIGNALS if (s := getattr(signal, n, None)) is not None}


def _same_handlers(a: dict[Any, Any], b: dict[Any, Any]) -> bool:
    return len(a) == len(b) and all(a.get(number, a) is handler for number, handler in b.items())


def _set_handlers(wanted: dict[Any, Any]) -> None:
    for number, handler in wanted.items():
        # None: set by something that is not Python.
        if handler is not None and signal.getsignal(number) is not handler:
            signal.signal(number, handler)


def _timer() -> bool:
    return hasattr(signal, "getitimer") and any(signal.getitimer(signal.ITIMER_REAL))


def _set_timer(ran: bool) -> None:
    # One that ran before is whoever's it was, and has gone on.
    if not ran and _timer():
        signal.setitimer(signal.ITIMER_REAL, 0)


def _mask() -> Any:
    block = getattr(signal, "pthread_sigmask", None)
    return block(signal.SIG_BLOCK, ()) if block else None


def _set_mask(wanted: Any) -> None:
    if wanted is not None and _mask() != wanted:
        signal.pthread_sigmask(signal.SIG_SETMASK, wanted)


def _umask() -> int:
    found = os.umask(0o077)
    os.umask(found)
    return found


def _limits() -> dict[int, tuple[int, int]]:
    try:
        import resource
    except ImportError:
        return {}
    return {k: resource.getrlimit(k) for n in _LIMITS if (k := getattr(resource, n, None))}


def _set_limits(wanted: dict[int, tuple[int, int]]) -> None:
    for name, (soft, _) in wanted.items():
        import resource

        now, hard = resource.getrlimit(name)
        if now != soft:
            with contextlib.suppress(OSError, ValueError):
                resource.setrlimit(name, (soft, hard))


def _importing() -> tuple[list[Any], ...]:
    return list(sys.meta_path), list(sys.path_hooks)


def _set_importing(wanted: tuple[list[Any], ...]) -> None:
    # What was added stays: modules that are loaded may need it.
    lists: tuple[list[Any], ...] = (sys.meta_path, sys.path_hooks)
    for now, before in zip(lists, wanted, strict=True):
        lost = [finder for finder in before if finder not in now]
        if lost:
            now[:] = [*before, *(finder for finder in now if finder not in before)]


def _set_path(wanted: list[str]) -> None:
    sys.path[:] = wanted


def _set_gc(wanted: tuple[bool, Any, int]) -> None:
    (gc.enable if wanted[0] else gc.disable)()
    gc.set_threshold(*wanted[1])
    gc.set_debug(wanted[2])


def _torch_switches() -> dict[str, Any]:
    """Return torch's switches, if it is loaded: nothing here ever loads it."""
    torch = sys.modules.get("torch")
    if torch is None or not hasattr(torch, "get_default_device"):
        return {}
    return {
        "dtype": torch.get_default_dtype(),
        "device": torch.get_default_device(),
        "grad": torch.is_grad_enabled(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "threads": torch.get_num_threads(),
        "random": torch.get_rng_state(),
    }


def _same_torch(a: dict[str, Any], b: dict[str, Any]) -> bool:
    if not a or not b:
        return not a and not b
    torch = sys.modules["torch"]
    return bool(torch.equal(a["random"], b["random"])) and all(
        a[name] == kept for name, kept in b.items() if name != "random"
    )


def _set_torch(wanted: dict[str, Any]) -> None:
    now = _torch_switches()
    if not now:
        return
    torch = sys.modules["torch"]
    # Loaded meanwhile: what it starts with.
    cpu, single = torch.device("cpu"), torch.float32
    wanted = {"dtype": single, "device": cpu, "grad": True, "deterministic": False} | wanted
    setters = {
        "dtype": torch.set_default_dtype,
        "device": lambda kept: torch.set_default_device(None if kept == cpu else kept),
        "grad": torch.set_grad_enabled,
        "deterministic": torch.use_deterministic_algorithms,
        "threads": torch.set_num_threads,
    }
    for name, set_ in setters.items():
        if name in wanted and now[name] != wanted[name]:
            set_(wanted[name])
    if "random" in wanted and not torch.equal(torch.get_rng_state(), wanted["random"]):
        torch.set_rng_state(wanted["random"])


_SETTINGS = (
    _Setting(_timer, _set_timer),
    _Setting(_importing, _set_importing),
    _Setting(_mask, _set_mask),
    _Setting(_handlers, _set_handlers, _same_handlers),
    _simple(_folder, _go),
    _Setting(_environment, _set_environment, _same_environment),
    _simple(_umask, os.umask),
    _Setting(_limits, _set_limits),
    _Setting(lambda: (list(warnings.filters), warnings.showwarning), _set_filters, _same_filters),
    _simple(random.getstate, random.setstate),
    _Setting(np.random.get_state, _set_numpy_random, _same_numpy_random),
    _simple(np.geterr, lambda kept: np.seterr(**kept)),
    _simple(np.geterrcall, np.seterrcall),
    _Setting(np.get_printoptions, lambda kept: np.set_printoptions(**kept)),
    _simple(sys.getrecursionlimit, sys.setrecursionlimit),
    _simple(sys.getswitchinterval, sys.setswitchinterval),
    _simple(sys.get_int_max_str_digits, sys.set_int_max_str_digits),
    _simple(lambda: list(sys.path), _set_path),
    _simple(lambda: (gc.isenabled(), gc.get_threshold(), gc.get_debug()), _set_gc),
    _simple(socket.getdefaulttimeout, socket.setdefaulttimeout),
    _simple(lambda: locale.setlocale(locale.LC_ALL), lambda k: locale.setlocale(locale.LC_ALL, k)),
    _Setting(lambda: decimal.getcontext().copy(), decimal.setcontext),
    _Setting(_torch_switches, _set_torch, _same_torch),
)
