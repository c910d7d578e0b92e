"""Data sets on offer: what is here, who uses it, and getting it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sondage import registry
from sondage.errors import DataError, nearest
from sondage.files.catalogue import (
    Fetched,
    absent,
    fetch,
    find,
    here,
    manual,
    why_ask,
    wrong_with,
)
from sondage.files.catalogue.fetching import Began
from sondage.host import DataOffer, Host
from sondage.host.extras import need
from sondage.registry import Registry
from sondage.registry.signature import parameters_of
from sondage.specs import DataSpec

_NAMES_DATA = re.compile(r"data:([a-z0-9][a-z0-9_-]*)")


@dataclass(frozen=True)
class Listing:
    """A data set, where it is, and which tasks of the registry use it.

    Attributes
    ----------
    where : str
        ``SONDAGE_DATA``, ``cache``, both, ``absent``, or where some of its files are.
    ask : str
        Why the licence has to be accepted first; '' if it has not.
    """

    offer: DataOffer
    where: str
    ask: str
    tasks: tuple[str, ...]


def rows(host: Host, found: Registry) -> list[Listing]:
    """Return what there is, by name."""
    used = uses(found, host)
    return [
        Listing(
            offer,
            _where(offer.spec),
            why_ask(offer.spec.licence),
            tuple(used.get(offer.spec.name, ())),
        )
        for offer in host.data
    ]


def _where(spec: DataSpec) -> str:
    found = [find(spec, file) for file in spec.files]
    places = dict.fromkeys(copy.place for copy in found if copy is not None)
    if not places:
        return "absent"
    said = " and ".join(places)
    lacking = found.count(None)
    return f"{said}, {len(found) - lacking} of {len(found)} files" if lacking else said


def uses(found: Registry, host: Host) -> dict[str, list[str]]:
    """Return the tasks that a registry declares for each name of data."""
    out: dict[str, list[str]] = {}
    for task, declaration in found.declared("task").items():
        given = declaration.parameters
        names = [match[1] for text in _texts_in(given) if (match := _NAMES_DATA.match(text))]
        whole = given.get("data")
        if isinstance(whole, str) and not _own_parameter(host, declaration.use):
            names.append(whole.removeprefix("data:"))
        for name in dict.fromkeys(names):
            out.setdefault(name, []).append(task)
    return out


def _own_parameter(host: Host, use: str) -> bool:
    """Whether a task's class has a parameter ``data`` of its own."""
    offer = host.catalogue.get(("task", use))
    try:
        return offer is not None and "data" in parameters_of(offer.spec.load())
    except Exception:
        # Whoever uses the task is told why it cannot be imported.
        return False


def needed(target: str, host: Host) -> list[str]:
    """Return the names of the data that a composition's tasks read.

    Parameters
    ----------
    target : str
        ``NAME`` or ``FILE.yaml:NAME``.
    host : Host
    """
    from sondage.commands.target import split_target

    file, name = split_target(target)
    found = registry.load(file)
    used = uses(found, host)
    wanted = _tasks_of(found, name)
    return [data for data, tasks in used.items() if wanted & {*tasks}]


def _tasks_of(found: Registry, name: str) -> set[str]:
    """Return the declared tasks that a composition reads, also through what it is made of."""
    composition = found.composition(name)
    tasks, encoders = found.declared("task"), found.declared("encoder")
    seen: set[str] = set()
    todo = _texts_in([composition.encoders, composition.tasks])
    while todo:
        text = re.split("[@#]", todo.pop())[0]
        if text in seen:
            continue
        seen.add(text)
        for section in (tasks, encoders):
            if text in section:
                todo |= _texts_in(section[text].parameters)
    return seen & {*tasks}


def _texts_in(value: Any) -> set[str]:
    if isinstance(value, str):
        return {value}
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {text for part in inner for text in _texts_in(part)}


def get(spec: DataSpec, *, accept: bool, mirror: str, began: Began) -> list[Fetched]:
    """Get a data set into the cache.

    Parameters
    ----------
    spec : DataSpec
    accept : bool
        Whether its licence was accepted.
    mirror : str
        An address or folder to take the files from, instead of the data set's addresses.
    began : callable
        As `sondage.files.catalogue.fetch` takes it.

    Raises
    ------
    DataError
        If the licence has to be accepted first, or as `fetch`.
    DependencyError
        Without pooch.
    """
    missing = [file for file in spec.files if find(spec, file) is None]
    if missing and not mirror and not any(file.urls for file in missing):
        raise manual(spec, missing)
    ask = why_ask(spec.licence)
    if missing and ask and not accept:
        said = "for non-commercial use" if ask == "non-commercial" else "not known to be free"
        raise DataError(
            f"the licence of data '{spec.name}' is {said}: {spec.licence}",
            hint=f"read it, and if you accept it: sondage data get {spec.name} --accept",
        )
    if missing and (not mirror or "://" in mirror):
        need("data", "downloading")
    return fetch(spec, mirror=mirror, began=began)


def paths(name: str, host: Host) -> list[Path]:
    """Return where the files of ``NAME`` are, or the one of ``NAME/FILE``.

    Raises
    ------
    DataError
        If there are no such data, or a file is not here.
    """
    entry, _, path = name.partition("/")
    spec = host.find_data(entry)
    files = [file for file in spec.files if path in ("", file.path, *file.also)]
    if not files:
        known = [file.path for file in spec.files]
        raise DataError(
            f"data '{entry}' have no file '{path}'", near=nearest(path, known) or known[:10]
        )
    missing = [file for file in files if find(spec, file) is None]
    if missing:
        raise absent(spec, missing)
    return [copy.path for file in files if (copy := find(spec, file))]


def verified(names: Sequence[str], host: Host) -> Iterator[tuple[DataSpec, Path, str]]:
    """Yield every file that is here, and what is wrong with it, '' if nothing is.

    Parameters
    ----------
    names : sequence of str
        Of data; without one, all.
    host : Host
    """
    specs = [host.find_data(name) for name in names] or [offer.spec for offer in host.data]
    for spec in specs:
        for file in spec.files:
            for copy in here(spec, file):
                yield spec, copy.path, wrong_with(copy.path, copy.sha256)
