"""One thread of linear algebra, where several get in each other's way."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

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
