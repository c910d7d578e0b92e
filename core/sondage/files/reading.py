"""Data files for tasks: found by name or pattern, hashed, and read, with errors that help."""

from __future__ import annotations

import glob
import gzip
import hashlib
import io
import os
import time
import zlib
from collections.abc import Sequence
from os import PathLike, fspath

from sondage.errors import DataError, nearest
from sondage.files.foreign import foreign

#: A file changed more recently than this (seconds) is hashed again: within the clock's grain a
#: second write may leave its times as they were.
_SETTLED = 2.0
_HASHES: dict[tuple[str | int, ...], str] = {}

Path = str | PathLike[str]
Paths = Path | Sequence[Path]


def named(paths: Paths, what: str = "file") -> tuple[str, ...]:
    """Return the names of one path or of several; raises `DataError` for none."""
    names = [paths] if isinstance(paths, str | PathLike) else list(paths)
    if not names:
        raise DataError(f"no {what} was named", hint="name at least one file")
    return tuple(fspath(name) for name in names)


def find_files(
    patterns: str | Sequence[str], *, what: str = "file", suffixes: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """Return the files that these names and patterns mean, each once.

    Parameters
    ----------
    patterns : str or sequence of str
        Names, or patterns with ``*``, ``?``, ``[...]`` and ``**``; a pattern's files come
        sorted by name. ``~`` is the home folder.
    what : str
        What messages call such a file.
    suffixes : tuple of str
        Ends of the names to suggest when a folder is given.

    Raises
    ------
    DataError
        If a name or pattern means no file; gives the nearest names in that folder, and the
        name or pattern itself as ``named``.
    """
    found: dict[str, None] = {}
    for pattern in [patterns] if isinstance(patterns, str) else patterns:
        path = os.path.expanduser(pattern)
        names = [path] if os.path.isfile(path) else sorted(glob.glob(path, recursive=True))
        names = [name for name in names if os.path.isfile(name)]
        if not names or os.path.isdir(path):
            raise _missing(pattern, path, what, suffixes)
        found.update(dict.fromkeys(names))
    if not found:
        raise DataError("no file is named", hint=f"name at least one {what}")
    return tuple(found)


def find_one(name: str, *, what: str = "file", suffixes: tuple[str, ...] = ()) -> str:
    """Return the one file that a name or pattern means; raises `DataError` for several."""
    found = find_files(name, what=what, suffixes=suffixes)
    if len(found) > 1:
        raise DataError(
            f"{name!r} means {len(found)} files, wanted one {what}",
            near=found[:5],
            hint="name one file",
            named=name,
        )
    return found[0]


def _missing(pattern: str, path: str, what: str, suffixes: tuple[str, ...]) -> DataError:
    if os.path.isdir(path):
        inside = sorted(f for f in os.listdir(path) if not suffixes or f.endswith(suffixes))
        article = "an" if what[0] in "aeio" else "a"
        return DataError(
            f"{pattern!r} is a folder, not {article} {what}",
            near=inside[:5],
            hint="name a file in it, or a pattern such as folder/*" + (suffixes or (".txt",))[0],
            named=pattern,
        )
    folder, name = os.path.split(path)
    folder = folder or "."
    if not os.path.isdir(folder) and not glob.has_magic(folder):
        return DataError(
            f"no file {pattern!r}: the folder {folder!r} does not exist",
            hint="check the path, and any environment variable in it",
            named=pattern,
        )
    listed = os.listdir(folder) if os.path.isdir(folder) else []
    said = "no file matches" if glob.has_magic(path) else "no file"
    return DataError(
        f"{said} {pattern!r}",
        near=nearest(name, listed),
        hint="check the path's spelling",
        named=pattern,
    )


def file_hash(path: str) -> str:
    """Return 32 hex digits over a file's bytes (BLAKE2b).

    Remembered in this process by path, size, inode, device and the times of last write and
    last change (which no tool can set back), so that asking again reads nothing. A file that
    changed within the last two seconds is hashed again.

    Raises
    ------
    DataError
        If the file cannot be read.
    """
    try:
        key = _stamp(path)
        if key in _HASHES:
            return _HASHES[key]
        with open(path, "rb") as f:
            made = hashlib.file_digest(f, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
        changed = os.stat(path)
        settled = time.time() - max(changed.st_mtime, changed.st_ctime) > _SETTLED
        if settled and _stamp(path) == key:
            _HASHES[key] = made
    except OSError as error:
        raise unreadable(path, error) from error
    return made


def _stamp(path: str) -> tuple[str | int, ...]:
    stat = os.stat(path)
    times = (stat.st_mtime_ns, stat.st_ctime_ns)
    return (os.path.abspath(path), stat.st_size, stat.st_ino, stat.st_dev, *times)


def read_bytes(path: str) -> bytes:
    """Return a file's bytes with LF line ends, unpacked and without byte order mark.

    A file that starts as gzip does is unpacked, whatever its name.

    Raises
    ------
    DataError
        If the file cannot be read or unpacked, is empty, or holds no text: other packings,
        archives, tables, UTF-16.
    """
    try:
        with open(path, "rb") as f:
            raw = f.read()
        if raw[:2] == b"\x1f\x8b":
            raw = unpacked(raw, path)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(
            f"the gzip file is damaged: {error}", where=path, hint="fetch or pack it again"
        ) from error
    except OSError as error:
        raise unreadable(path, error) from error
    found = foreign(raw)
    if found is not None:
        raise DataError(found[0], where=f"{path}:1", hint=found[1])
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    if not raw.strip():
        raise DataError("the file is empty", where=f"{path}:1", hint="fetch it again")
    return raw.replace(b"\r\n", b"\n")


#: What a packed file may grow to without question, and how many times its size beyond that.
#: Text packs to a tenth, rarely to a hundredth; what grows more was made to fill a memory.
_PLAIN_GROWTH = 1 << 26
_MOST_GROWTH = 100


def most_unpacked(packed: int) -> int:
    """Return how many bytes a packed file of this size may hold."""
    return max(_PLAIN_GROWTH, _MOST_GROWTH * packed)


def unpacked(raw: bytes, path: str) -> bytes:
    """Return what gzip packed; `path` is for messages.

    Raises
    ------
    DataError
        For what grows to more than 64 MiB and more than a hundred times its size.
    EOFError, gzip.BadGzipFile, zlib.error
        If it is damaged.
    """
    most = most_unpacked(len(raw))
    with gzip.GzipFile(fileobj=io.BytesIO(raw)) as file:
        out = file.read(most + 1)
    if len(out) > most:
        raise grown(path, len(raw))
    return out


def grown(path: str, packed: int) -> DataError:
    """Return the error for a packed file that holds more than `most_unpacked`."""
    return DataError(
        f"{packed:,} packed bytes grow to more than {most_unpacked(packed):,}, as no text does",
        where=path,
        hint="if it is right, unpack it with gunzip and name the unpacked file",
    )


def read_text(path: str) -> str:
    """Return a UTF-8 file's text; otherwise as `read_bytes`.

    Raises
    ------
    DataError
        As `read_bytes`, and for bytes that are not UTF-8, with the line.
    """
    raw = read_bytes(path)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"byte {raw[error.start]:#x} is not UTF-8",
            where=f"{path}:{line}",
            hint="convert the file to UTF-8 (from latin-1: iconv -f latin1 -t utf-8)",
        ) from None


def read_lines(path: str) -> list[str]:
    """Return the lines of `read_text` without their ends.

    Lines end in LF or CRLF only: Unicode's other line separators occur within text.
    """
    lines = read_text(path).split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def unreadable(path: str, error: OSError) -> DataError:
    """Return the error for a file that the system does not let us read."""
    return DataError(
        f"the file cannot be read: {error.strerror or error}",
        where=path,
        hint="check that it exists and that you may read it",
    )
