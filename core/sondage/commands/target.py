"""The composition that a command is on: named, changed by settings, planned."""

from __future__ import annotations

import contextlib
import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

from sondage import registry
from sondage.errors import RegistryError, SondageError, nearest
from sondage.guard.guarded import as_one_error
from sondage.host import Host
from sondage.plan import planner
from sondage.plan.cells import Plan
from sondage.records.across import provider
from sondage.registry import models
from sondage.registry.build import Builder
from sondage.registry.document import parse_yaml
from sondage.registry.shown import MODEL
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
        elif head in type(composition).model_fields or _of_a_section(key, head):
            # A section name alone means the composition's list; with a dot, the section.
            inside = _of_a_section(key, head)
            out[key if inside else f"compositions.{name}.{key}"] = value
        else:
            known = [*composition.settings, *type(composition).model_fields]
            raise RegistryError(
                f"--set {key}: composition '{name}' has no such setting",
                near=nearest(key, known) or known,
                hint="or a dotted path such as encoders.NAME.PARAMETER",
            )
    return out


def _of_a_section(key: str, head: str) -> bool:
    return "." in key and (head in models.SECTIONS or head == "scores")


def each(target: str, settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the settings for each model, where an encoder's ``model`` is set to several.

    Several are a list, or names with commas between them that are not a path as they stand.

    Raises
    ------
    RegistryError
    """
    file, name = split_target(target)
    choices = []
    for key, value in settings.items():
        (path,) = overrides_of(file, name, {key: value})
        keys = path.split(".")
        one_model = len(keys) == 3 and (keys[0], keys[2]) == ("encoders", MODEL)
        choices.append([(key, one) for one in (_several(key, value) if one_model else [value])])
    return [dict(chosen) for chosen in product(*choices)]


def _several(key: str, value: Any) -> list[Any]:
    if isinstance(value, str) and "," in value and not Path(value).exists():
        value = [part.strip() for part in value.split(",")]
    if not isinstance(value, list):
        return [value]
    if not value or any(part in ("", None) for part in value):
        raise RegistryError(f"--set {key}: one of the models has no name")
    twice = next((part for part in value if value.count(part) > 1), None)
    if twice is not None:
        raise RegistryError(f"--set {key}: '{twice}' is given twice")
    return value


def command_of(
    target: str,
    settings: Mapping[str, Any],
    layers: Sequence[int] | None = None,
    seeds: Sequence[int] | None = None,
) -> str:
    """Return the command line that asks for a run."""
    words = ["sondage", "run", target]
    for key, value in settings.items():
        words += ["--set", f"{key}={_written(value)}"]
    for option, given in (("--layers", layers), ("--seeds", seeds)):
        words += [option, ",".join(map(str, given))] if given is not None else []
    return shlex.join(words)


def _written(value: Any) -> str:
    """Return a value as ``--set`` reads it back."""
    if isinstance(value, str):
        with contextlib.suppress(SondageError):
            if parse_yaml(value, "--set").data == value:
                return value
    return json.dumps(value, default=str)


def make_plan(
    target: str,
    *,
    settings: Mapping[str, Any] | None = None,
    layers: Sequence[int] | None = None,
    seeds: Sequence[int] | None = None,
    block: Iterable[str] = (),
    host: Host | None = None,
    trackers: Iterable[str | dict[str, Any]] = (),
) -> Plan:
    """Plan ``name`` of the shipped registry or ``file.yaml:name``; runs nothing.

    What tracks the run is built with it, and is no part of what is planned.

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
        made = planner.make(found, builder, name, layers=layers, seeds=seeds)
        tracked = [
            builder.build("tracker", item, ("trackers", str(item)), "the run") for item in trackers
        ]
    command = command_of(target, settings or {}, layers, seeds)
    return replace(made, command=command, trackers=tuple(tracked))


def plans(
    target: str,
    *,
    settings: Mapping[str, Any] | None = None,
    layers: Sequence[int] | None = None,
    seeds: Sequence[int] | None = None,
    block: Iterable[str] = (),
    trackers: Iterable[str | dict[str, Any]] = (),
) -> list[Plan]:
    """Plan a composition for each model that `settings` name, as `each` reads them.

    Raises
    ------
    RegistryError
        As `make_plan`, and where two of the models are one.
    """
    out: list[Plan] = []
    for one in each(target, settings or {}):
        made = make_plan(
            target, settings=one, layers=layers, seeds=seeds, block=block, trackers=trackers
        )
        same = next((plan for plan in out if plan.id == made.id), None)
        if same is not None:
            raise RegistryError(
                "two of the models are the same one: their files agree",
                where=made.command,
                hint=f"leave one out; the other is: {same.command}",
            )
        out.append(made)
    return out
