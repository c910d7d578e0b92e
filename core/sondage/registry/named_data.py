"""Data that a task's declaration names, as the paths of the files that are here."""

from __future__ import annotations

import glob
import os
import re
from typing import Any

from sondage.errors import DataError, ParameterError, nearest
from sondage.files.catalogue import absent, find, mending
from sondage.host import Host
from sondage.registry.document import Document, Keys
from sondage.specs import DataFile, DataSpec

_NAMED = re.compile(r"data:([a-z0-9][a-z0-9_-]*)(?:/(.+))?")


class NamedData:
    """Replaces what names data by paths.

    A task's ``data: NAME`` gives it the files that the data set says, each under the parameter
    that it is for, unless the declaration gives that one itself. A text ``data:NAME/FILE`` is one
    file, and ``data:NAME`` that of a data set which has one.

    Parameters
    ----------
    host : Host
        Has the data sets.
    document : Document
        Where the declarations stand, for messages.
    """

    def __init__(self, host: Host, document: Document) -> None:
        self._host, self._document = host, document

    def resolved(
        self, parameters: dict[str, Any], path: Keys, who: str, *, whole: bool
    ) -> dict[str, Any]:
        """Return parameters with paths for names.

        Parameters
        ----------
        parameters : dict
        path : tuple
            Where they stand in the file.
        who : str
            Whose they are, for messages.
        whole : bool
            Whether ``data`` is ours; else it is a parameter like any other.

        Raises
        ------
        DataError
            If no plugin has such data or a file is not here, with the command that gets it.
        ParameterError
            If it is not clear which file is meant.
        """
        given = dict(parameters)
        if whole and "data" in given:
            name, at = given.pop("data"), (*path, "data")
            if not isinstance(name, str):
                raise self._wrong(f"{who}: 'data' is {name!r}, wanted the name of data", at)
            spec = self._host.find_data(
                name.removeprefix("data:"), wanted_by=who, where=self._document.where(*at)
            )
            if not spec.given:
                raise self._wrong(
                    f"{who}: data '{spec.name}' do not say which file is for which parameter", at,
                    spec,
                )  # fmt: skip
            files = {file.path: file for file in spec.files}
            parts = {part: files[name] for part, name in spec.given.items() if part not in given}
            self._refuse_absent(spec, list(parts.values()), who, at)
            given |= {part: self._path(spec, file, who, at) for part, file in parts.items()}
        return {key: self._value(value, (*path, key), who) for key, value in given.items()}

    def mended(self, error: DataError) -> None:
        """Let the error for a file that is not there end in the command that gets it."""
        path = os.path.expanduser(error.named)
        there = not path or os.path.exists(path) or glob.glob(path, recursive=True)
        if not there and "sondage data" not in error.hint:
            command = mending(error.named, (offer.spec for offer in self._host.data))
            error.hint = command or f"{error.hint}; what can be had: sondage data list"

    def _value(self, value: Any, at: Keys, who: str) -> Any:
        if isinstance(value, list):
            return [self._value(inner, (*at, i), who) for i, inner in enumerate(value)]
        if isinstance(value, dict):
            return {key: self._value(inner, (*at, key), who) for key, inner in value.items()}
        found = _NAMED.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            return value
        spec = self._host.find_data(found[1], wanted_by=who, where=self._document.where(*at))
        return self._path(spec, self._file(spec, found[2] or "", who, at), who, at)

    def _file(self, spec: DataSpec, name: str, who: str, at: Keys) -> DataFile:
        for file in spec.files:
            if name in (file.path, *file.also) or (not name and len(spec.files) == 1):
                return file
        said = f"have no file '{name}'" if name else f"are {len(spec.files)} files"
        raise self._wrong(f"{who}: data '{spec.name}' {said}", at, spec, name)

    def _path(self, spec: DataSpec, file: DataFile, who: str, at: Keys) -> str:
        self._refuse_absent(spec, [file], who, at)
        found = find(spec, file)
        return str(found.path) if found else ""

    def _refuse_absent(self, spec: DataSpec, files: list[DataFile], who: str, at: Keys) -> None:
        missing = [file for file in files if find(spec, file) is None]
        if missing:
            raise absent(spec, missing, wanted_by=who, where=self._document.where(*at))

    def _wrong(
        self, said: str, at: Keys, spec: DataSpec | None = None, name: str = ""
    ) -> ParameterError:
        paths = [file.path for file in spec.files] if spec else []
        example = f"data:{spec.name}/{paths[0]}" if spec else "data: NAME"
        near = nearest(name, paths) or paths[:10]
        return ParameterError(
            said, where=self._document.where(*at), near=near, hint=f"such as {example}"
        )
