"""A file out of what was downloaded: one of an archive, or some lines."""

from __future__ import annotations

import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO

from sondage.errors import DataError
from sondage.specs import Origin

_READ_BYTES = 1 << 20


def take(origin: Origin, source: Path, target: Path, size: int) -> None:
    """Write what is wanted of a download.

    Nothing but `target` is written, whatever names an archive holds.

    Parameters
    ----------
    origin : Origin
    source, target : Path
    size : int
        Bytes at most.

    Raises
    ------
    DataError
        If the archive is damaged, lacks the file or holds a larger one.
    """
    if origin.lines:
        bounds = [int(n) if n else None for n in origin.lines.split(":")]
        with open(source, "rb") as file, open(target, "wb") as out:
            out.writelines(islice(file, *(bounds if len(bounds) > 2 else [*bounds, None])))
        return
    try:
        with _open_member(source, origin.inside) as inside, open(target, "wb") as out:
            _copy_out(inside, out, size, f"{source}: '{origin.inside}'")
    except (EOFError, RuntimeError, lzma.LZMAError, tarfile.TarError, zipfile.BadZipFile,
            zlib.error, NotImplementedError) as error:  # fmt: skip
        raise DataError(f"the archive cannot be read: {error}", where=str(source)) from error


@contextmanager
def _open_member(source: Path, name: str) -> Iterator[IO[bytes]]:
    """Open one ordinary file of an archive."""
    if zipfile.is_zipfile(source):
        with zipfile.ZipFile(source) as archive:
            if name not in archive.namelist():
                raise _not_in_archive(source, name)
            with archive.open(name) as inside:
                yield inside
        return
    with tarfile.open(source) as tar:
        found = next((m for m in tar if m.name.removeprefix("./") == name and m.isreg()), None)
        if found is None:
            raise _not_in_archive(source, name)
        yield tar.extractfile(found) or io.BytesIO()


def _copy_out(inside: IO[bytes], out: IO[bytes], size: int, who: str) -> None:
    left = size
    while chunk := inside.read(min(_READ_BYTES, left + 1)):
        left -= len(chunk)
        if left < 0:
            raise DataError(f"{who} holds more than the {size:,} bytes that it should")
        out.write(chunk)


def _not_in_archive(source: Path, name: str) -> DataError:
    return DataError(f"the archive holds no file '{name}'", where=str(source))
