"""What code may replace for its whole process: functions, methods and modules, put back after it.

A turn costs about as much as a quick cell, so what has changed is looked for by walking through
dictionaries in their order, without looking anything up.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from operator import is_, itemgetter
from types import FunctionType, ModuleType
from typing import Any

#: Modules whose functions are put back when a component has replaced them.
_WATCHED = frozenset((
    "base64", "builtins", "contextlib", "copy", "fcntl", "filelock", "hashlib", "inspect", "io",
    "json", "json.decoder", "json.encoder", "math", "os", "os.path", "pathlib", "pickle",
    "posixpath", "random", "shutil", "signal", "sys", "tempfile", "threading", "time", "traceback",
    "warnings", "xxhash", "zipfile", "zlib", "numpy", "numpy.lib.format", "numpy.linalg",
    "numpy.random",
))  # fmt: skip
#: Those of them whose classes' methods are put back as well.
_CLASSES = frozenset(("json.encoder", "json.decoder", "pathlib", "threading", "zipfile"))
# What a component may have replaced where they are needed to see it.
_all, _len, _map, _set, _zip = all, len, map, setattr, zip


class Owner:
    """A module or class, and what it held when it was looked at.

    Parameters
    ----------
    owner : module or class
    held : dict
        What of its contents is put back.
    """

    __slots__ = ("_get", "_names", "_now", "_then", "_values", "owner")

    def __init__(self, owner: Any, held: Mapping[str, Any]) -> None:
        self.owner = owner
        self._now: Mapping[str, Any] = vars(owner)
        self._then = tuple(self._now.values())
        self._names, self._values = tuple(held), tuple(held.values())
        # Of a single name it returns no tuple.
        self._get = itemgetter(*held) if len(held) > 1 else self._one_by_one

    def _one_by_one(self, now: Mapping[str, Any]) -> list[Any]:
        return [now[name] for name in self._names]

    @property
    def unchanged(self) -> bool:
        """Whether it holds the very same."""
        return _same(self._now.values(), self._then)

    def put_back(self) -> None:
        """Set again what was replaced or taken away."""
        try:
            if _all(_map(is_, self._get(self._now), self._values)):
                return
        except KeyError:
            pass
        for name, value in _zip(self._names, self._values, strict=True):
            if self._now.get(name) is not value:
                try:
                    _set(self.owner, name, value)
                except (AttributeError, TypeError):
                    continue


@dataclass(frozen=True)
class Replaceable:
    """What a patch would replace: the core's and the common modules' functions, and what is loaded.

    Attributes
    ----------
    owners : dict
        The modules that are watched, by name, each with those of its classes that are.
    modules : dict
        Every module.
    """

    owners: dict[str, list[Owner]]
    modules: dict[str, ModuleType]

    @classmethod
    def now(cls, known: Replaceable | None = None) -> Replaceable:
        """Return everything as it is now.

        Parameters
        ----------
        known : Replaceable, optional
            How it was at another time: what is still the same is taken from it.
        """
        if known is None or not _same(sys.modules.values(), known.modules.values()):
            modules = dict(sys.modules)
            watched = {n: m for n, m in modules.items() if _is_watched(n, m)}
        else:
            modules = known.modules
            watched = {n: modules[n] for n in known.owners}
        old = known.owners if known else {}
        return cls({n: _owners_in(n, m, old.get(n, [])) for n, m in watched.items()}, modules)

    def with_loaded(self) -> Replaceable:
        """Return the same, with the modules that were loaded since."""
        if _len(sys.modules) == _len(self.modules):
            return self
        return replace(self, modules=dict(sys.modules))

    def put_back(self) -> None:
        """Set everything as it was."""
        for owners in self.owners.values():
            for owner in owners:
                owner.put_back()
        if _same(sys.modules.values(), self.modules.values()) and [*sys.modules] == [*self.modules]:
            return
        for name, module in self.modules.items():
            now = sys.modules.get(name)
            gone = now is None and module is not None
            if gone or (name in _WATCHED and now is not module):
                sys.modules[name] = module


def _is_watched(name: str, module: Any) -> bool:
    ours = name == "sondage" or name.startswith("sondage.")
    return isinstance(module, ModuleType) and (ours or name in _WATCHED)


def _owners_in(name: str, module: ModuleType, known: list[Owner]) -> list[Owner]:
    if known and known[0].owner is module and all(owner.unchanged for owner in known):
        return known
    # What a module keeps for itself may change with time, its functions and classes not.
    held = {
        k: v
        for k, v in vars(module).items()
        if callable(v) and (k[0] != "_" or name == "builtins" or isinstance(v, FunctionType | type))
    }
    if name in _WATCHED and name not in _CLASSES:
        return [Owner(module, held)]
    classes = (v for v in held.values() if isinstance(v, type) and v.__module__ == name)
    return [
        Owner(module, held),
        *(Owner(c, {k: v for k, v in vars(c).items() if k[:5] != "_abc_"}) for c in classes),
    ]


def _same(now: Collection[Any], then: Collection[Any]) -> bool:
    """Return whether these are the very same things in the same order."""
    return _len(now) == _len(then) and _all(_map(is_, now, then))
