"""One download: taken up where it broke off, bounded, and compared with its checksum.

The transfer is pooch's, which is imported when there is something to download.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

from sondage.errors import DataError
from sondage.files.catalogue.checking import wrong_with

#: Told how many bytes are there and how many there will be.
Heard = Callable[[int, int], None]

#: Seconds without a byte, to connect and to read.
TIMEOUT = (10.0, 30.0)
#: Attempts without a further byte before an address is given up, and the first pause (seconds).
ATTEMPTS = 4
PAUSE = 1.0
#: A chunk that breaks off within is lost.
_CHUNK = 1 << 14


class _UnfitError(Exception):
    """Why an address does not give the file."""


def download(urls: Sequence[str], part: Path, sha256: str, size: int, heard: Heard) -> None:
    """Fill a file with what one of some addresses gives.

    What `part` holds already is kept and continued, where the server can.

    Parameters
    ----------
    urls : sequence of str
        Tried in order.
    part : Path
        Holds the right bytes afterwards, or what was got before the connection broke.
    sha256, size : str, int
        Of the whole.
    heard : callable

    Raises
    ------
    DataError
        If no address gives it: with each and what was wrong.
    OSError
        If it cannot be written.
    """
    said = []
    for url in urls:
        try:
            _whole(url, part, sha256, size, heard)
            return
        except _UnfitError as error:
            said.append(f"{url}: {error}")
    raise DataError("; ".join(said) or "there is no address")


def _whole(url: str, part: Path, sha256: str, size: int, heard: Heard) -> None:
    """Download until the checksum is right, once more from the start if a rest did not fit."""
    for again in (True, False):
        begun = _bytes_in(part) > 0
        _complete(url, part, size, heard)
        wrong = wrong_with(part, sha256)
        if not wrong:
            return
        part.unlink()
        if not (begun and again):
            raise _UnfitError(f"gives another file: {wrong}")


def _complete(url: str, part: Path, size: int, heard: Heard) -> None:
    """Download until `part` has its size, through broken connections."""
    if _bytes_in(part) > size:
        part.unlink()
    idle = 0
    while not part.exists() or _bytes_in(part) < size:
        before = _bytes_in(part)
        broken = _attempt(url, part, size, heard)
        if not broken and _bytes_in(part) < size:
            short = _bytes_in(part)
            part.unlink()
            raise _UnfitError(f"gives {short:,} bytes, wanted {size:,}")
        if broken:
            idle = 0 if _bytes_in(part) > before else idle + 1
            if idle >= ATTEMPTS:
                raise _UnfitError(broken)
            time.sleep(PAUSE * 2**idle)


def _attempt(url: str, part: Path, size: int, heard: Heard) -> str:
    """Ask for what is missing; return how the connection broke, '' if it did not."""
    from pooch import DOIDownloader, HTTPDownloader
    from requests import exceptions

    with open(part, "ab") as file:
        sink = _Sink(file, size, heard)
        headers = {"Accept-Encoding": "identity"}
        if sink.begun:
            headers["Range"] = f"bytes={sink.begun}-"
        kind = DOIDownloader if url.startswith("doi:") else HTTPDownloader
        take = kind(
            headers=headers, timeout=TIMEOUT, chunk_size=_CHUNK, hooks={"response": sink.answered}
        )
        try:
            take(url, sink, None)
        except exceptions.HTTPError as error:
            answer: Any = error.response
            if answer.status_code == 416:
                # There is less than was had before: another file.
                file.truncate(0)
                return "the server has no further bytes"
            raise _UnfitError(f"the server answers {answer.status_code} {answer.reason}") from error
        except (exceptions.ChunkedEncodingError, exceptions.ConnectionError,
                exceptions.Timeout) as error:  # fmt: skip
            return f"the connection fails: {_innermost(error)}"
        except (exceptions.RequestException, ValueError) as error:
            raise _UnfitError(f"cannot be asked: {_innermost(error)}") from error
        finally:
            sink.hang_up()
    return ""


def _innermost(error: BaseException) -> str:
    """Return the innermost reason of nested errors, without addresses of objects."""
    while error.args and isinstance(error.args[-1], BaseException):
        error = error.args[-1]
    reason = getattr(error, "reason", error)
    text = re.sub(r"^.*object at 0x[0-9a-f]+>: |^[A-Za-z]+Connection\(.*?\): ", "", str(reason))
    return text or type(reason).__name__


class _Sink:
    """What pooch writes to: a file that knows where it was and how far it may go."""

    def __init__(self, file: IO[bytes], size: int, heard: Heard) -> None:
        self._file, self._size, self._heard = file, size, heard
        self.begun = self._done = file.tell()
        self._responses: list[Any] = []
        heard(self._done, size)

    def answered(self, response: Any, *_: object, **__: object) -> None:
        """Begin anew where the server sends the whole; refuse what cannot be the file."""
        self._responses.append(response)
        if response.status_code == 200 and self.begun:
            self._file.truncate(0)
            self._done = 0
        if response.status_code == 206:
            begins = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
            if begins is None or int(begins[1]) != self._done:
                raise _UnfitError("the server sends another part than was asked for")
        length = response.headers.get("Content-Length", "")
        plain = "Content-Encoding" not in response.headers
        known = response.status_code == 200 and plain and length.isdecimal()
        if known and int(length) != self._size:
            kind = response.headers.get("Content-Type", "unknown type").partition(";")[0]
            gives = f"gives {int(length):,} bytes ({kind}), wanted {self._size:,}"
            raise _UnfitError(f"{gives}; sent by {response.url}")

    def write(self, data: bytes) -> int:
        """Write a chunk; raises `OSError` as files do."""
        if self._done + len(data) > self._size:
            self._file.truncate(0)
            raise _UnfitError(f"gives more than the {self._size:,} bytes that were wanted")
        self._file.write(data)
        self._done += len(data)
        self._heard(self._done, self._size)
        return len(data)

    def hang_up(self) -> None:
        """Close connections: one whose answer is not read to its end stays open."""
        for response in self._responses:
            response.close()

    def flush(self) -> None:
        """Leave it to the file when."""


def _bytes_in(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0
