"""Check a whole registry file: every component's parameters, every composition's plan."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from sondage import registry
from sondage.errors import RegistryError, SondageError
from sondage.host import Host
from sondage.plan import planner
from sondage.registry import Registry
from sondage.registry.build import Builder
from sondage.registry.document import read_yaml
from sondage.registry.models import SECTIONS


@dataclass(frozen=True)
class Checked:
    """What checking a registry found.

    Attributes
    ----------
    source : str
        The file.
    components, compositions : int
        How many were looked at.
    problems : list of SondageError
        In the order of the file's lines, each once.
    """

    source: str
    components: int
    compositions: int
    problems: list[SondageError]


def check_registry(path: Path | None, host: Host) -> Checked:
    """Check a registry file without loading any data.

    Parameters
    ----------
    path : Path, optional
        The shipped registry by default.
    host : Host

    Raises
    ------
    RegistryError
        If the file cannot be read as YAML at all.
    """
    try:
        found = registry.load(path)
    except RegistryError as error:
        if not isinstance(error.__cause__, ValidationError):
            raise
        if error.hint.startswith("sondage validate"):
            error.hint = ""  # which is to do what is being done
        shape = _apart(error)
        rest, gone = _rest(path, error.__cause__)
        others = [] if rest is None else _problems(rest, host)
        # What needs an entry that cannot be read is said with that entry.
        others = [o for o in others if not any(f"'{name}'" in o.message for name in gone)]
        return Checked(str(path or "registry.yaml"), 0, 0, sorted([*shape, *others], key=_line_of))
    declared = sum(len(found.declared(kind)) for kind in SECTIONS.values())
    return Checked(found.source, declared, len(found.contents.compositions), _problems(found, host))


def _rest(path: Path | None, error: ValidationError) -> tuple[Registry | None, set[str]]:
    """Return the registry without the entries that are no entries, and their names."""
    document = read_yaml(path or registry.shipped())
    gone: set[str] = set()
    for detail in error.errors(include_url=False):
        section, *below = detail["loc"] or ("",)
        entries = document.data.get(section)
        if below and isinstance(entries, dict):
            entries.pop(below[0], None)
            gone.add(str(below[0]))
        else:
            document.data.pop(section, None)
            gone |= set(entries) if isinstance(entries, dict) else set()
    document.data["version"] = 1
    try:
        return registry.registry_of(document, {}), gone
    except RegistryError:
        return None, gone


def _problems(found: Registry, host: Host) -> list[SondageError]:
    seen: set[tuple[str, str]] = set()
    places: set[str] = set()
    problems: list[SondageError] = []
    builder = Builder(host, found)
    errors = (*_components(found, builder), *_compositions(found, builder))
    for problem in (part for whole in errors for part in _apart(whole)):
        # A composition fails where its component failed: said once.
        section = problem.where.partition(", ")[2].partition(".")[0]
        repeated = problem.where in places and section in SECTIONS
        if not repeated and (problem.where, problem.message) not in seen:
            problems.append(problem)
        seen.add((problem.where, problem.message))
        places.add(problem.where)
    return sorted(problems, key=_line_of)


def _line_of(problem: SondageError) -> int:
    found = re.search(r":(\d+)(?:,|$)", problem.where)
    return int(found[1]) if found else 0


def _apart(error: SondageError) -> list[SondageError]:
    others, error.others = error.others, ()
    return [error, *others]


def _components(found: Registry, builder: Builder) -> Iterator[SondageError]:
    for section, kind in SECTIONS.items():
        for name in found.declared(kind):
            where = found.document.where(section, name)
            try:
                builder.members(kind, name, (section, name), f"{kind} '{name}'")
            except SondageError as error:
                error.where = error.where or where
                yield error
            except Exception as error:
                yield RegistryError(
                    f"{kind} '{name}' cannot be built: {type(error).__name__}: {error}",
                    where=where,
                )


def _parts(found: Registry, builder: Builder, name: str) -> Iterator[SondageError]:
    """Yield what is wrong with each name in a composition; its plan would end at the first."""
    for section, kind in SECTIONS.items():
        for i, item in enumerate(getattr(found.contents.compositions[name], section, ())):
            path = ("compositions", name, section, i)
            try:
                builder.members(kind, item, path, f"composition '{name}'")
            except SondageError as error:
                error.where = error.where or found.document.where(*path)
                yield error
            except Exception:
                # The plan says it.
                return


def _compositions(found: Registry, builder: Builder) -> Iterator[SondageError]:
    for name in found.contents.compositions:
        where = found.document.where("compositions", name)
        parts = list(_parts(found, builder, name))
        if parts:
            yield from parts
            continue
        try:
            planner.make(found, builder, name)
        except SondageError as error:
            error.where = error.where or where
            yield error
        except Exception as error:
            yield RegistryError(
                f"composition '{name}' cannot be planned: {type(error).__name__}: {error}",
                where=where,
            )
