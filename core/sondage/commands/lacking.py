"""What a composition needs that is not here: plugins and data, without building anything of it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sondage.errors import SondageError
from sondage.host import Host
from sondage.registry import Registry
from sondage.registry.document import Keys
from sondage.registry.models import SECTIONS, Declaration
from sondage.registry.named_data import NamedData
from sondage.registry.naming import parted
from sondage.registry.signature import references
from sondage.registry.values import substituted
from sondage.specs import Kind, Spec


@dataclass(frozen=True)
class Lacking:
    """What is not here of what a composition needs.

    Attributes
    ----------
    plugins : tuple of str
        Names of plugins, or of a component that a plugin which is here does not have.
    data : tuple of str
        Names of data sets; ``$SONDAGE_DATA`` where that has to be set.
    """

    plugins: tuple[str, ...]
    data: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.plugins or self.data)

    def __str__(self) -> str:
        parts = [f"plugins {', '.join(self.plugins)}"] if self.plugins else []
        parts += [f"data {', '.join(self.data)}"] if self.data else []
        return "; ".join(parts)

    @property
    def commands(self) -> list[str]:
        """What to do about it."""
        names = [name for name in self.data if not name.startswith("$")]
        out = [f"sondage data get {' '.join(names)}"] if names else []
        out += [f"export {name[1:]}=FOLDER" for name in self.data if name.startswith("$")]
        return ["sondage plugins"] * bool(self.plugins) + out


def lacks_here(found: Registry, host: Host, name: str) -> Lacking:
    """Return what a composition needs and is not here.

    Names of data are looked up, not their bytes; files that are named by a path are not looked for.

    Parameters
    ----------
    found : Registry
    host : Host
    name : str
        Of the composition.

    Raises
    ------
    UnknownComponentError
        If there is no such composition.
    """
    search = _Search(found, host)
    composition = found.composition(name)
    for section, kind in SECTIONS.items():
        for item in getattr(composition, section, ()):
            search.look(kind, item)
    return Lacking(tuple(search.plugins), tuple(search.data))


class _Search:
    """Goes through what is named and what that is made of, each declaration once."""

    def __init__(self, found: Registry, host: Host) -> None:
        self._found, self._host = found, host
        self._known = NamedData(host, found.document)
        self._seen: set[tuple[Kind, str]] = set()
        self.plugins: dict[str, None] = {}
        self.data: dict[str, None] = {}

    def look(self, kind: Kind, item: Any) -> None:
        """Note what a name or an inline declaration lacks."""
        declaration, path = _declared(self._found, kind, item)
        if declaration is None or (isinstance(item, str) and (kind, item) in self._seen):
            return
        if isinstance(item, str):
            self._seen.add((kind, item))
        offer = self._host.catalogue.get((kind, declaration.use))
        if offer is None:
            plugin = declaration.use.partition(".")[0]
            there = any(p.plugin == plugin and p.status == "active" for p in self._host.plugins)
            self.plugins[declaration.use if there else plugin] = None
            return
        given = declaration.parameters
        for other, value in self._references(offer.spec, given):
            self.look(other, value)
        if kind == "task":
            # One of another name is a parameter of the task's own.
            named = str(given.get("data", "")).removeprefix("data:")
            whole = any(found.spec.name == named for found in self._host.data)
            self.data |= dict.fromkeys(_absent(self._found, self._known, declaration, path, whole))

    def _references(self, spec: Spec, given: dict[str, Any]) -> Iterator[tuple[Kind, Any]]:
        """Yield the parameters that name other components; imports a class only to make sure."""
        maybe = {name: _maybe_names(value) for name, value in given.items()}
        maybe = {n: [v for v in values if self._may_name(v)] for n, values in maybe.items()}
        if not any(maybe.values()):
            return
        # The plan says what is wrong with a component that cannot be imported.
        with contextlib.suppress(Exception):
            for name, other in references(spec.load()).items():
                yield from ((other, value) for value in maybe.get(name, ()))

    def _may_name(self, value: Any) -> bool:
        if isinstance(value, dict):
            return "use" in value
        sections = [self._found.declared(kind) for kind in SECTIONS.values()]
        declared = any(parted(value)[0] in section for section in sections)
        return declared or any(name == value for _, name in self._host.catalogue)


def _declared(found: Registry, kind: Kind, item: Any) -> tuple[Declaration | None, Keys]:
    if isinstance(item, dict):
        return (Declaration(**item) if isinstance(item.get("use"), str) else None), ()
    declared = found.declared(kind)
    name = item if item in declared else parted(item)[0]
    if name in declared:
        return declared[name], (f"{kind}s", name)
    return (Declaration(use=item) if "." in item else None), ()


def _maybe_names(value: Any) -> list[Any]:
    found = value if isinstance(value, list) else [value]
    return [one for one in found if isinstance(one, str | dict)]


def _absent(
    found: Registry, known: NamedData, declaration: Declaration, path: Keys, whole: bool
) -> Iterator[str]:
    """Yield the data that a task names and that are not here."""
    try:
        given = substituted(declaration.parameters, found.document, path)
        known.resolved(given, path, declaration.use, whole=whole)
    except SondageError as error:
        yield error.lacks or error.message
