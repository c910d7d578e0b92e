"""Where the files of a data set are looked for."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from sondage.errors import DataError
from sondage.specs import DataFile, DataSpec


@dataclass(frozen=True)
class Found:
    """A file that is here.

    Attributes
    ----------
    place : str
        ``SONDAGE_DATA`` or ``cache``.
    sha256 : str
        What its bytes should have.
    """

    path: Path
    place: str
    sha256: str


def cache_folder() -> Path:
    """Return ``$SONDAGE_CACHE``, else a folder beside the store in the user's cache folder."""
    given = os.environ.get("SONDAGE_CACHE")
    if given:
        return Path(given)
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "sondage" / "data"


def data_folder() -> Path | None:
    """Return ``$SONDAGE_DATA``, the user's own data; None if it is not set."""
    given = os.environ.get("SONDAGE_DATA")
    return Path(given) if given else None


def _candidates(name: str) -> Iterator[tuple[str, Path]]:
    own = data_folder()
    if own is not None:
        yield "SONDAGE_DATA", own / name
    yield "cache", cache_folder() / name


def here(spec: DataSpec, file: DataFile) -> Iterator[Found]:
    """Yield each copy of a file that is here, the one that is used first."""
    for place, folder in _candidates(spec.name):
        for name, sha256 in {file.path: file.sha256, **file.also}.items():
            path = folder / name
            if path.is_file():
                yield Found(path, place, sha256)


def find(spec: DataSpec, file: DataFile) -> Found | None:
    """Return the copy of a file that is used: the user's own before a downloaded one."""
    return next(here(spec, file), None)


def absent(
    spec: DataSpec, files: Sequence[DataFile], *, wanted_by: str = "", where: str = ""
) -> DataError:
    """Return the error for files that are in none of the places."""
    names = ", ".join(f"'{file.path}'" for file in files)
    who = f"{wanted_by} needs" if wanted_by else "there is no"
    them = "are in none of" if len(files) > 1 else "is in none of"
    places = ", ".join(str(folder) for _, folder in _candidates(spec.name))
    said = f"{who} {names} of data '{spec.name}'"
    said += f", which {them}" if wanted_by else " in"
    error = DataError(f"{said}: {places}", where=where, hint=f"sondage data get {spec.name}")
    error.lacks = spec.name
    return error


def mending(named: str, known: Iterable[DataSpec]) -> str:
    """Return the command that gets a file which is not where somebody looked; '' if none does.

    Parameters
    ----------
    named : str
        The path that was looked at.
    known : iterable of DataSpec
    """
    parts = PurePath(named).parts
    by_name = []
    for spec in known:
        for file in spec.files:
            for path in (file.path, *file.also):
                own = (spec.name, *path.split("/"))
                if parts[-len(own) :] == own:
                    return f"sondage data get {spec.name}"
                if parts[-1:] == own[-1:]:
                    by_name.append(f"sondage data get {spec.name}")
    return by_name[0] if len(set(by_name)) == 1 else ""
