"""What a plugin's hooks return: frozen descriptions that import their code when used."""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, ClassVar, Literal

Kind = Literal["encoder", "task", "probe", "metric", "report", "tracker"]


@dataclass(frozen=True, kw_only=True)
class Spec:
    """A component on offer.

    Parameters
    ----------
    name : str
        ``plugin.component``; the host checks the prefix.
    factory : type or str
        The class, or ``"package.module:Class"``, imported at first use.
    summary : str
        One line for listings.
    reference : str
        The publication it implements, with section or equation.
    superseded_by : str
        The name that replaces this one, where its meaning had to change.
    """

    kind: ClassVar[Kind]
    name: str
    factory: type[Any] | str
    summary: str
    reference: str
    superseded_by: str = ""

    def load(self) -> type[Any]:
        """Import and return the class."""
        if not isinstance(self.factory, str):
            return self.factory
        module, _, attribute = self.factory.partition(":")
        loaded: type[Any] = getattr(importlib.import_module(module), attribute)
        return loaded


class EncoderSpec(Spec):
    """Describes an encoder."""

    kind = "encoder"


class TaskSpec(Spec):
    """Describes a task."""

    kind = "task"


class ProbeSpec(Spec):
    """Describes a probe."""

    kind = "probe"


class MetricSpec(Spec):
    """Describes a similarity metric."""

    kind = "metric"


@dataclass(frozen=True, kw_only=True)
class ReportSpec(Spec):
    """Describes a report: a paper's tables and figures from a run's results.

    Parameters
    ----------
    shows : tuple of str
        Tables of probes and metrics of which it shows some examples, such as predicted trees:
        the page of a run that holds one of them has the report, though nobody asked for it.
    """

    kind = "report"
    shows: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.shows, tuple) or not all(isinstance(n, str) for n in self.shows):
            raise ValueError(f"report '{self.name}': 'shows' is no tuple of names of tables")


class TrackerSpec(Spec):
    """Describes a tracker: what keeps runs where a group looks at them."""

    kind = "tracker"


SPECS: dict[Kind, type[Spec]] = {
    "encoder": EncoderSpec,
    "task": TaskSpec,
    "probe": ProbeSpec,
    "metric": MetricSpec,
    "report": ReportSpec,
    "tracker": TrackerSpec,
}


@dataclass(frozen=True)
class Before:
    """Marks a parameter that is listed before another one, as ``Annotated[int, Before("files")]``.

    Without it a component's own parameters are listed after those that it inherits.

    Parameters
    ----------
    name : str
        The other parameter.
    """

    name: str


_DATA_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LINES = re.compile(r"\d*:\d*(:[1-9]\d*)?")
_SCHEMES = ("https://", "http://", "doi:")


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What a file of data is taken from, where its addresses give something larger.

    Parameters
    ----------
    sha256 : str
        64 hex digits over what the addresses give.
    size : int
        Its bytes.
    inside : str
        The name of the file in it, where it is an archive (zip, or tar however packed).
    lines : str
        The lines that are taken, where it is text: ``start:stop:step`` as in Python.
    """

    sha256: str
    size: int
    inside: str = ""
    lines: str = ""

    def __post_init__(self) -> None:
        _check_bytes("an origin", self.sha256, self.size)
        if bool(self.inside) == bool(self.lines):
            raise ValueError("an origin has either 'inside' or 'lines'")
        if self.lines and not _LINES.fullmatch(self.lines):
            raise ValueError(f"lines {self.lines!r} are not like '::3' or ':5001'")


@dataclass(frozen=True, kw_only=True)
class DataFile:
    """One file of a data set.

    Parameters
    ----------
    path : str
        Its name in the data set's folder, with ``/`` between folders.
    sha256 : str
        64 hex digits over its bytes.
    size : int
        Its bytes.
    urls : tuple of str
        Where it can be had, tried in order: ``https://``, ``http://`` or ``doi:``. Without one
        the data set has instructions.
    origin : Origin, optional
        What the addresses give, where that is not the file itself.
    also : mapping of str to str
        Other packings that do as well where somebody has them: name to SHA-256.
    """

    path: str
    sha256: str
    size: int
    urls: tuple[str, ...] = ()
    origin: Origin | None = None
    also: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in (self.path, *self.also):
            _check_path(name)
        _check_bytes(f"'{self.path}'", self.sha256, self.size)
        for checksum in self.also.values():
            _check_bytes(f"'{self.path}'", checksum, 0)
        if not isinstance(self.urls, tuple):
            raise ValueError(f"the urls of '{self.path}' are no tuple")
        for url in self.urls:
            if not url.startswith(_SCHEMES):
                raise ValueError(f"{url!r} begins with none of {', '.join(_SCHEMES)}")


@dataclass(frozen=True, kw_only=True)
class DataSpec:
    """Describes a data set: where it can be had, under which licence, and its checksums.

    Parameters
    ----------
    name : str
        What registries call it, and the name of its folder: a-z, 0-9, ``_`` and ``-``.
    summary : str
        One line for listings.
    licence : str
        An SPDX identifier, or words: ``none stated``. What is not known to be free, or is for
        non-commercial use only, is downloaded only by those who accept it.
    citation : str
        The publication to cite.
    files : tuple of DataFile
    source : str
        The page that it comes from.
    instructions : str
        How to get the files that have no address.
    parts : mapping of str to str
        The file that each parameter of a task gets for ``data: NAME``, such as train, dev and
        test; of a data set of one file that is ``files``.
    """

    name: str
    summary: str
    licence: str
    citation: str
    files: tuple[DataFile, ...]
    source: str = ""
    instructions: str = ""
    parts: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not _DATA_NAME.fullmatch(self.name):
            raise ValueError(f"data {self.name!r}: a name is of a-z, 0-9, _ and -")
        who = f"data '{self.name}'"
        for wanted in ("summary", "licence", "citation"):
            if not getattr(self, wanted):
                raise ValueError(f"{who} has no {wanted}")
        if not self.files or not isinstance(self.files, tuple):
            raise ValueError(f"{who}: 'files' is no tuple of DataFile")
        paths = [name for file in self.files for name in (file.path, *file.also)]
        if len(set(paths)) < len(paths):
            raise ValueError(f"{who} has one file twice")
        unknown = {*self.parts.values()} - {file.path for file in self.files}
        if unknown:
            raise ValueError(f"{who}: parts name {sorted(unknown)}, which are no files of it")
        if not self.instructions and any(not file.urls for file in self.files):
            raise ValueError(f"{who} has a file without an address, and no instructions")

    @property
    def given(self) -> dict[str, str]:
        """`parts`, or what stands for them: empty if a task has to name the files."""
        if self.parts or len(self.files) > 1:
            return dict(self.parts)
        return {"files": self.files[0].path}

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


def _check_bytes(who: str, sha256: str, size: int) -> None:
    if not _SHA256.fullmatch(sha256):
        raise ValueError(f"the sha256 of {who} is {sha256!r}, wanted 64 hex digits")
    if size < 0:
        raise ValueError(f"the size of {who} is {size}")


def _check_path(name: str) -> None:
    path = PurePosixPath(name)
    outside = path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name
    if not name or outside or str(path) != name or name.startswith("."):
        raise ValueError(f"{name!r} is no file name within a folder")
