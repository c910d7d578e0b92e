"""The lines of a file too large to be held, plain or gzipped, one after the other."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from sondage.errors import DataError
from sondage.files import unreadable
from sondage.files.foreign import foreign

#: Bytes of the longest line: the largest page of an encyclopedia has a few millions.
LONGEST = 1 << 26


def stream_lines(path: str) -> Iterator[tuple[int, bytes]]:
    """Yield the number, from 1, and the bytes of each line that is not empty.

    A file that starts as gzip does is unpacked while it is read, whatever its name.

    Raises
    ------
    DataError
        If the file cannot be read or unpacked, is empty, holds no text, or has a line of more
        than 64 MiB; with the line where that is known.
    """
    number = 0
    empty = True
    try:
        with _opened(path) as file:
            while line := file.readline(LONGEST + 1):
                number += 1
                if len(line) > LONGEST:
                    raise DataError(
                        f"a line of more than {LONGEST >> 20} MiB",
                        where=f"{path}:{number}",
                        hint="the format has an example a line; is this one JSON document?",
                    )
                if line := line.strip():
                    empty = False
                    yield number, line
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(
            f"the gzip file is damaged: {error}",
            where=f"{path}:{number + 1}",
            hint="fetch or pack it again",
        ) from error
    except OSError as error:
        raise unreadable(path, error) from error
    if empty:
        raise DataError("the file is empty", where=f"{path}:1", hint="fetch it again")


@contextmanager
def _opened(path: str) -> Iterator[BinaryIO]:
    """Open a file for reading bytes, behind any byte order mark; `DataError` if it is no text."""
    with open(path, "rb") as raw:
        packed = raw.peek(2)[:2] == b"\x1f\x8b"
        file = io.BufferedReader(gzip.GzipFile(fileobj=raw)) if packed else raw
        head = file.peek(1 << 12)
        found = foreign(head)
        if found is not None:
            raise DataError(found[0], where=f"{path}:1", hint=found[1])
        if head.startswith(b"\xef\xbb\xbf"):
            file.read(3)
        yield file
