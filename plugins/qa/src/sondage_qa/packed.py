"""The files of a resource that comes as a folder or as an archive of it."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Callable, Sequence
from functools import cache

from sondage.errors import DataError
from sondage.files import unreadable

Reader = Callable[[str], bytes]


def parts_of(path: str, names: Sequence[str], *, what: str) -> tuple[str, ...]:
    """Return the files that hold a resource: one for each name, or the archive of all.

    Parameters
    ----------
    path : str
        A folder of these files, a folder with one folder ``dict`` of them, or a tar archive,
        packed or not.
    names : sequence of str
        All that must be there.
    what : str
        What messages call the resource.

    Raises
    ------
    DataError
        If a folder lacks a file (it says which), or there is no such folder or archive.
    """
    full = os.path.expanduser(path)
    if os.path.isfile(full):
        return (full,)
    if not os.path.isdir(full):
        raise DataError(
            f"no {what} at {path!r}: neither a folder nor a file",
            hint=f"give the folder that holds {names[0]}, or a tar archive of it",
            named=path,
        )
    inner = os.path.join(full, "dict")
    folder = inner if os.path.isdir(inner) else full
    _check(names, os.listdir(folder), folder, what)
    return tuple(os.path.join(folder, name) for name in names)


def open_parts(path: str, names: Sequence[str], *, what: str) -> Reader:
    """Return a function that reads a resource's files by name, each once.

    Parameters and errors are those of `parts_of`; an archive is unpacked at once, in memory.
    """
    files = parts_of(path, names, what=what)
    if len(files) == 1 and os.path.basename(files[0]) not in names:
        return _archived(files[0], names, what).__getitem__
    at = dict(zip(names, files, strict=True))
    return cache(lambda name: _read(at[name]))


def _check(names: Sequence[str], there: Sequence[str], where: str, what: str) -> None:
    missing = [name for name in names if name not in there]
    if missing:
        raise DataError(
            f"{what} lacks {', '.join(missing)}",
            where=where,
            near=sorted(there)[:5],
            hint=f"{what} is these {len(names)} files: {', '.join(names)}",
        )


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as f:
            return f.read()
    except OSError as error:
        raise unreadable(path, error) from error


def _archived(path: str, names: Sequence[str], what: str) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                name = os.path.basename(member.name)
                file = archive.extractfile(member) if name in names else None
                if file is not None:
                    found[name] = file.read()
    except (tarfile.TarError, EOFError, OSError) as error:
        raise DataError(
            f"{what} cannot be read from this archive: {error}",
            where=path,
            hint="give a tar archive (.tar, .tar.gz, .tar.xz), or unpack it and name the folder",
        ) from error
    _check(names, [*found], path, what)
    return found
