"""Standard input, output and error while a component's code runs, and as they were after it."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sondage.plain import clean

#: Characters that one component may print.
MOST_PRINTED = 100_000


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
def kept(left: list[int]) -> Iterator[None]:
    """Lead what is printed to standard error, and have all three channels back afterwards.

    Parameters
    ----------
    left : list of one int
        How many characters may be printed yet.
    """
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
        with _descriptors():
            yield
    finally:
        sys.stdin, sys.stdout, sys.stderr = (_opened(f, n) for n, f in enumerate(before))
        with contextlib.suppress(Exception):
            made.flush()


def _opened(stream: Any, number: int) -> Any:
    """Return a stream that can be used: closed ones are opened again on their descriptor."""
    if stream is None or not getattr(stream, "closed", False):
        return stream
    try:
        return open(
            number, "w" if number else "r", encoding="utf-8", errors="replace", closefd=False
        )
    except OSError:
        return stream


@contextmanager
def _descriptors() -> Iterator[None]:
    """Lead the system's standard output to its standard error: libraries write there as well.

    Whatever happens to the three descriptors, also that they are closed, is undone.
    """
    copies = [_copy(number) for number in range(3)]
    if None not in copies[1:]:
        with contextlib.suppress(Exception):
            sys.__stdout__.flush()  # type: ignore[union-attr]
        os.dup2(2, 1)
    try:
        yield
    finally:
        for number, copy in enumerate(copies):
            if copy is not None:
                with contextlib.suppress(OSError):
                    os.dup2(copy, number)
                    os.close(copy)


def _copy(number: int) -> int | None:
    try:
        return os.dup(number)
    except OSError:
        return None
