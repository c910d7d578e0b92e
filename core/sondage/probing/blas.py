"""One thread of linear algebra, where several get in each other's way."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager
from threading import Event
from typing import Any, TypeVar

Given = TypeVar("Given")
Got = TypeVar("Got")

_libraries: dict[bool, Any] = {}
_users = 0
_limit: Any = None
_threads = 1


def _controller() -> Any:
    """Return what sets the threads of the libraries that are loaded now."""
    import scipy.linalg  # noqa: F401 - brings its own
    from threadpoolctl import ThreadpoolController

    # Looking for libraries takes some 10 ms, setting a limit some 10 µs.
    key = "torch" in sys.modules
    if key not in _libraries:
        _libraries[key] = ThreadpoolController().select(user_api="blas")
    return _libraries[key]


@contextmanager
def one_thread() -> Iterator[int]:
    """Hold numpy's and scipy's linear algebra to one thread, in the whole process.

    For products and systems too small to share out, for work that runs on threads of its own,
    and between the turns of another library's threads: those of BLAS go on spinning for a while
    after a product. May be nested. Also a decorator: ``@one_thread()``. For one thread of the
    process: threadpoolctl passes over what others limit while a first one does.

    Yields
    ------
    int
        How many threads BLAS may use outside.
    """
    global _users, _limit, _threads
    if not _users:
        found = _controller()
        _threads = max([1, *(int(p["num_threads"]) for p in found.info())])
        _limit = found.limit(limits=1)
    _users += 1
    try:
        yield _threads
    finally:
        _users -= 1
        if not _users:
            _limit.restore_original_limits()


class Threads:
    """A ``map(function, items)`` in the order of `items`, from `on_threads`."""

    def __init__(self, pool: ThreadPoolExecutor | None = None) -> None:
        self._pool, self._failed = pool, Event()

    @property
    def failed(self) -> bool:
        """Whether the map has failed or was interrupted: long work at hand may as well end."""
        return self._failed.is_set()

    def __call__(self, function: Callable[[Given], Got], items: Sequence[Given]) -> list[Got]:
        """Return what the function gives for each item."""
        if self._pool is None:
            return [function(i) for i in items]
        futures = [self._pool.submit(function, i) for i in items]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
            for future in futures:
                if future.done():
                    future.result()
            return [future.result() for future in futures]
        except BaseException:
            self._failed.set()
            raise
        finally:
            for future in futures:
                future.cancel()


@contextmanager
def on_threads() -> Iterator[Threads]:
    """Give a ``map(function, items)`` that runs on as many threads as BLAS was allowed.

    Every item is worked on by one thread, with one thread of BLAS, and results come back in the
    order of the items, so that numbers depend on neither the number of threads nor their timing.
    An error comes back at once, and items that were not begun are left out; but the threads are
    given back only when those that were begun are done. What takes long looks at ``run.failed``.

    Yields
    ------
    Threads
        ``run(function, items) -> list`` in the order of `items`.
    """
    with one_thread() as threads:
        if threads == 1:
            yield Threads()
        else:
            with ThreadPoolExecutor(threads) as pool:
                yield Threads(pool)
