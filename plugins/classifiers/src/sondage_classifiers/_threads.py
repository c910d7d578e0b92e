"""Row blocks on threads, each with single-threaded BLAS: bits do not hang on thread counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from sondage.probing import one_thread

T = TypeVar("T")
R = TypeVar("R")


@contextmanager
def workers() -> Iterator[Callable[[Callable[[T], R], Sequence[T]], list[R]]]:
    """Give a ``map(function, items)`` that runs on as many threads as BLAS was allowed.

    Every item is worked on by one thread, and results come back in the order of the items, so
    that numbers depend on neither the number of threads nor their timing.

    Yields
    ------
    callable
        ``run(function, items) -> list`` in the order of `items`.
    """
    with one_thread() as threads:
        if threads == 1:
            yield lambda function, items: [function(i) for i in items]
        else:
            with ThreadPoolExecutor(threads) as pool:
                yield lambda function, items: list(pool.map(function, items))
