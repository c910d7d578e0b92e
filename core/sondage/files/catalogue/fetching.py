"""Getting a data set into the cache: what is missing is downloaded, checked and put in place."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from filelock import FileLock

from sondage.errors import DataError
from sondage.files.catalogue import places
from sondage.files.catalogue.checking import wrong_with
from sondage.files.catalogue.downloading import Heard, download
from sondage.files.catalogue.taking import take
from sondage.specs import DataFile, DataSpec

#: Called with each file's path before it is downloaded; returns what hears of its bytes.
Began = Callable[[str], Heard]


@dataclass(frozen=True)
class Fetched:
    """One file of a data set, and whether it was there before."""

    path: Path
    was_there: bool


def fetch(spec: DataSpec, *, mirror: str = "", began: Began) -> list[Fetched]:
    """Download the files of a data set that are not here.

    Parameters
    ----------
    spec : DataSpec
    mirror : str
        An address or a folder that holds the data set's files by their own names, or in a
        folder with that of the data set; asked instead of the data set's addresses.
    began : callable

    Returns
    -------
    list of Fetched
        A file each.

    Raises
    ------
    DataError
        If a file cannot be had, with what was wrong and what can be done; if it cannot be
        written. What was got of it waits for the next time.
    """
    root = places.cache_folder() / spec.name
    with _errors_named(spec, root):
        missing = [file for file in spec.files if _to_get(spec, file)]
        if not missing:
            return [Fetched(_path(spec, file), True) for file in spec.files]
        root.mkdir(parents=True, exist_ok=True)
        with FileLock(root / ".lock"):
            # Another process may have got some meanwhile.
            missing = [file for file in missing if _to_get(spec, file)]
            _check_space(root, missing)
            lacking = [file for file in missing if not (file.urls or mirror)]
            for file in missing:
                if file not in lacking:
                    _get(spec, file, mirror, began)
        _tidy(root)
        if lacking:
            raise manual(spec, lacking)
    got = set(map(id, missing))
    return [Fetched(_path(spec, file), id(file) not in got) for file in spec.files]


def _path(spec: DataSpec, file: DataFile) -> Path:
    found = places.find(spec, file)
    if found is None:
        raise places.absent(spec, [file])
    return found.path


def _to_get(spec: DataSpec, file: DataFile) -> bool:
    """Whether a file is missing; a damaged one of the cache is removed, and is missing then."""
    found = places.find(spec, file)
    if found is not None and found.place == "cache" and wrong_with(found.path, found.sha256):
        found.path.unlink()
        found = places.find(spec, file)
    return found is None


def _get(spec: DataSpec, file: DataFile, mirror: str, began: Began) -> None:
    root = places.cache_folder() / spec.name
    target = root / file.path
    origin = None if mirror else file.origin
    sha256, size = (origin.sha256, origin.size) if origin else (file.sha256, file.size)
    # Named by what it will hold: what two files are taken from is downloaded once.
    part = root / ".parts" / sha256
    for folder in (part.parent, target.parent):
        folder.mkdir(parents=True, exist_ok=True)
    heard = began(file.path)
    if mirror and "://" not in mirror:
        _copy_local(Path(mirror), spec, file, part)
    else:
        urls = _mirrored(mirror, spec, file) if mirror else file.urls
        download(urls, part, sha256, size, heard)
    if origin is None:
        os.replace(part, target)
        return
    taken = part.with_suffix(".taken")
    take(origin, part, taken, file.size)
    wrong = wrong_with(taken, file.sha256)
    if wrong:
        raise DataError(f"what is taken from {part} for '{file.path}' is not it: {wrong}")
    os.replace(taken, target)


def _mirrored(mirror: str, spec: DataSpec, file: DataFile) -> tuple[str, ...]:
    """Return where a mirror may have a file; an address that ends in its name is its own."""
    if mirror.rpartition("/")[2] == file.path.rpartition("/")[2]:
        return (mirror,)
    base = mirror.rstrip("/")
    return f"{base}/{quote(file.path)}", f"{base}/{spec.name}/{quote(file.path)}"


def _copy_local(folder: Path, spec: DataSpec, file: DataFile, part: Path) -> None:
    places_there = (folder / file.path, folder / spec.name / file.path)
    found = folder if folder.is_file() else next((p for p in places_there if p.is_file()), None)
    if found is None:
        raise DataError(f"there is no file '{places_there[0]}'")
    wrong = wrong_with(found, file.sha256)
    if wrong:
        raise DataError(f"'{found}' is another file: {wrong}")
    shutil.copyfile(found, part)


def _check_space(root: Path, missing: list[DataFile]) -> None:
    needed = sum(file.size + (file.origin.size if file.origin else 0) for file in missing)
    parts = root / ".parts"
    had = sum(path.stat().st_size for path in parts.iterdir()) if parts.is_dir() else 0
    free = shutil.disk_usage(root).free
    if free < needed - had:
        raise OSError(errno.ENOSPC, f"{needed:,} bytes are needed and {free:,} are free")


def _tidy(root: Path) -> None:
    """Remove what files were taken from, now that all that can be had are there."""
    shutil.rmtree(root / ".parts", ignore_errors=True)


def manual(spec: DataSpec, files: list[DataFile]) -> DataError:
    """Return the error for files that nobody can download, with what to do."""
    folder = places.cache_folder() / spec.name
    own = places.data_folder()
    names = ", ".join(f"'{file.path}'" for file in files)
    either = f" or {own / spec.name}" if own else ""
    return DataError(
        f"data '{spec.name}': {names} cannot be downloaded",
        hint=f"{spec.instructions.strip()} Put it into {folder}{either}",
    )


@contextmanager
def _errors_named(spec: DataSpec, root: Path) -> Iterator[None]:
    """Let errors say which data set it was, and what can be done."""
    try:
        yield
    except DataError as error:
        if f"'{spec.name}'" not in error.message:
            error.message = f"data '{spec.name}' cannot be got: {error.message}"
        if not error.hint:
            error.hint = (
                f"sondage data get {spec.name} goes on where it broke off; --from ADDRESS or "
                f"--from FOLDER takes the files from elsewhere; they may be put into {root} by hand"
            )
            if spec.instructions:
                error.hint += f". {spec.instructions}"
        raise
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        what = "the disk is full" if full else "it cannot be written"
        raise DataError(
            f"data '{spec.name}' cannot be got: {what}: {error.strerror or error}",
            where=str(error.filename or root),
            hint="SONDAGE_CACHE=FOLDER puts downloads elsewhere",
        ) from error
