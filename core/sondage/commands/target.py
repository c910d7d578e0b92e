"""The composition that a command is on: named, changed by settings, planned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sondage import registry
from sondage.errors import RegistryError, nearest
from sondage.guard.guarded import as_one_error
from sondage.host import Host
from sondage.plan import planner
from sondage.plan.cells import Plan
from sondage.records.across import provider
from sondage.registry import models
from sondage.registry.build import Builder
from sondage.store import paths


def split_target(target: str) -> tuple[Path | None, str]:
    """Split ``my.yaml:name`` or ``name`` into file and composition.

    A file with one composition needs no name.
    """
    file, colon, name = target.rpartition(":")
    if not colon:
        if target.endswith((".yaml", ".yml")):
            names = [*registry.load(Path(target)).contents.compositions]
            if len(names) == 1:
                return Path(target), names[0]
            raise RegistryError(
                f"'{target}' names a file but no composition, and has {len(names)}",
                near=names[:10],
                hint=f"write {target}:NAME; 'sondage list compositions {target}' shows them",
            )
        return None, target
    return Path(file), name


def overrides_of(
    registry_file: Path | None, name: str, settings: Mapping[str, Any]
) -> dict[str, Any]:
    """Turn ``--set`` keys into dotted paths of the registry.

    A key is one of the composition's ``settings``, a key of the composition, or a dotted
    path that starts with a section such as ``encoders``.

    Raises
    ------
    RegistryError
    """
    if not settings:
        return {}
    composition = registry.load(registry_file).composition(name)
    out = {}
    for key, value in settings.items():
        head = key.partition(".")[0]
        if key in composition.settings:
            out[composition.settings[key]] = value
        elif head in type(composition).model_fields:
            # A section name alone means the composition's list; with a dot, the section.
            inside = "." in key and head in models.SECTIONS
            out[key if inside else f"compositions.{name}.{key}"] = value
        else:
            known = [*composition.settings, *type(composition).model_fields]
            raise RegistryError(
                f"--set {key}: composition '{name}' has no such setting",
                near=nearest(key, known) or known,
                hint="or a dotted path such as encoders.NAME.PARAMETER",
            )
    return out


def make_plan(
    target: str,
    *,
    settings: Mapping[str, Any] | None = None,
    layers: Sequence[int] | None = None,
    seeds: Sequence[int] | None = None,
    block: Iterable[str] = (),
    host: Host | None = None,
) -> Plan:
    """Plan ``name`` of the shipped registry or ``file.yaml:name``; runs nothing.

    Raises
    ------
    RegistryError
    """
    file, name = split_target(target)
    found = registry.load(file, overrides_of(file, name, settings or {}))
    found.composition(name)
    host = host or Host.discover(block)
    host.recall = lambda kind, use: provider(paths.runs_folder(), kind, use)
    builder = Builder(host, found)
    # A property of a component may raise anything, or return something else than it should.
    with as_one_error(
        f"composition '{name}' cannot be planned", hint="'sondage check NAME' tests a component"
    ):
        return planner.make(found, builder, name, layers=layers, seeds=seeds)
