"""Every exception that sondage raises on purpose.

An error names who wanted what and what is wrong (``message``), where (``where``),
the nearest valid names (``near``) and what to do (``hint``). The command line prints
these parts and exits with ``exit_code``; a traceback is kept for our own mistakes.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import ClassVar


class SondageError(Exception):
    """Base class of everything raised on purpose.

    Parameters
    ----------
    message : str
        Who wanted what, and what is wrong.
    where : str
        File and line, or the component concerned.
    near : iterable of str
        Valid names close to the one given.
    hint : str
        What to do about it.
    """

    slug: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 2

    def __init__(
        self, message: str, *, where: str = "", near: Iterable[str] = (), hint: str = ""
    ) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.near = tuple(dict.fromkeys(near))
        self.hint = hint
        #: Further errors of the same kind, found at the same time.
        self.others: tuple[SondageError, ...] = ()
        #: What is not here, where that is it: the name of a data set, or ``$VARIABLE``.
        self.lacks = ""

    def __str__(self) -> str:
        lines = [self.message + (f" (and {len(self.others)} more)" if self.others else "")]
        if self.where:
            lines.append(f"  at {self.where}")
        if self.near:
            lines.append(f"  closest: {', '.join(self.near)}")
        if self.hint:
            lines.append(f"  try: {self.hint}")
        return "\n".join(lines)

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.message, self.where, self.near, self.hint))


def _rebuild(
    kind: type[SondageError], message: str, where: str, near: tuple[str, ...], hint: str
) -> SondageError:
    return kind(message, where=where, near=near, hint=hint)


class RegistryError(SondageError):
    """A registry file says something that cannot be understood."""

    slug = "registry"


class UnknownComponentError(RegistryError):
    """A name that no active plugin and no registry entry offers."""

    slug = "unknown-component"


class ParameterError(RegistryError):
    """A component was given a parameter that it does not have or that does not fit."""

    slug = "parameter"


class PluginError(SondageError):
    """An installed plugin cannot be used."""

    slug = "plugin"


class DataError(SondageError):
    """A data file or the data in it cannot be used.

    Parameters
    ----------
    message, where, near, hint
        As `SondageError` takes them.
    named : str
        The name or pattern that was given, where it is what no file answers to.
    """

    slug = "data"

    def __init__(
        self,
        message: str,
        *,
        where: str = "",
        near: Iterable[str] = (),
        hint: str = "",
        named: str = "",
    ) -> None:
        super().__init__(message, where=where, near=near, hint=hint)
        self.named = named

    def __reduce__(self) -> tuple[object, ...]:
        return (*super().__reduce__(), {"named": self.named})


class EncodingError(SondageError):
    """An encoder did not deliver what was asked of it."""

    slug = "encoding"


class StoreError(SondageError):
    """The store cannot be read or written."""

    slug = "store"


class ResultsError(SondageError):
    """A run's results cannot be read or written."""

    slug = "results"


class DependencyError(SondageError):
    """A library that only some ways of using sondage need is not installed."""

    slug = "dependency"


class ClusterError(SondageError):
    """A Dask cluster cannot be reached, or its workers cannot take part in a run."""

    slug = "cluster"


class ClusterLostError(ClusterError):
    """A cluster went away while a run was on it: its scheduler, or the workers that it needs."""

    slug = "cluster-lost"
    #: Not 2, which stands for what has to be mended first: the same command may do.
    exit_code = 75


def nearest(name: str, valid: Iterable[str], limit: int = 5) -> tuple[str, ...]:
    """Return the valid names most like `name`, best first, at most `limit`."""
    return tuple(difflib.get_close_matches(name, list(dict.fromkeys(valid)), n=limit, cutoff=0.5))
