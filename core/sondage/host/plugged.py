"""One plugin: imported, asked what it offers, and what it answers checked."""

from __future__ import annotations

import re
import traceback
from dataclasses import dataclass, field, replace
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import Any, Literal

import pluggy
from packaging.requirements import InvalidRequirement, Requirement

import sondage
from sondage.errors import nearest
from sondage.host import hookspecs
from sondage.specs import SPECS, DataSpec, Kind, Spec

GROUP = "sondage"
HOOKS: dict[Kind, str] = {kind: f"sondage_{kind}s" for kind in SPECS}
DATA_HOOK = "sondage_data"
_ALL_HOOKS = (*HOOKS.values(), DATA_HOOK)
NAME = re.compile(r"[a-z][a-z0-9_-]*\.[a-z0-9][a-z0-9_.-]*")

PluginStatus = Literal["active", "blocked", "broken", "conflict", "incompatible"]


@dataclass(frozen=True)
class Offer:
    """A component in the catalogue, and who brings it."""

    spec: Spec
    plugin: str
    distribution: str
    version: str


@dataclass(frozen=True)
class DataOffer:
    """A data set in the catalogue, and who brings it."""

    spec: DataSpec
    plugin: str
    distribution: str
    version: str


@dataclass(frozen=True)
class PluginState:
    """What became of one plugin: the rows of ``sondage plugins``."""

    plugin: str
    distribution: str
    version: str
    status: PluginStatus
    reason: str = ""
    requires: str = ""
    hooks: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    detail: str = field(default="", repr=False)


def entries() -> list[EntryPoint]:
    """Return the entry points of all plugins, each once, by name."""
    # One distribution can be listed twice (lib64 links, stale egg-info).
    unique = {(_of(e, "name").lower(), e.name, e.value): e for e in entry_points(group=GROUP)}
    return [unique[key] for key in sorted(unique, key=lambda key: (key[1], key[0], key[2]))]


def _of(entry: EntryPoint, what: str) -> Any:
    """Return what an entry's distribution says of itself, '' where its metadata is damaged."""
    # One library then says None, and another, which may stand in for it, raises.
    try:
        return getattr(entry.dist, what, None) or ""
    except Exception:
        return ""


def load(
    entry: EntryPoint, same_name: list[EntryPoint], blocked: set[str]
) -> tuple[PluginState, list[Offer], list[DataOffer]]:
    """Import a plugin unless it is blocked or cannot be used; return its state and offers."""
    blank = PluginState(
        plugin=entry.name,
        distribution=_of(entry, "name") or "?",
        version=_of(entry, "version") or "?",
        status="active",
        requires=_requires_core(entry),
    )
    if entry.name in blocked:
        return replace(blank, status="blocked", reason="blocked by the user"), [], []
    if len(same_name) > 1:
        who = ", ".join(f"{_of(e, 'name')} {_of(e, 'version')}" for e in same_name if e.dist)
        return (
            replace(blank, status="conflict", reason=f"'{entry.name}' is claimed by: {who}"),
            [],
            [],
        )
    if blank.requires and not Requirement(blank.requires).specifier.contains(
        sondage.__version__, prereleases=True
    ):
        reason = f"needs {blank.requires}, this is {sondage.__version__}"
        return replace(blank, status="incompatible", reason=reason), [], []
    try:
        module = entry.load()
        specs, data = _ask(entry.name, module)
    except BaseException as error:
        if type(error) is KeyboardInterrupt:
            raise
        reason, detail = _said(error)
        return replace(blank, status="broken", reason=reason, detail=detail), [], []
    state = replace(
        blank,
        hooks=tuple(sorted({HOOKS[s.kind] for s in specs} | ({DATA_HOOK} if data else set()))),
        components=tuple(sorted(s.name for s in specs)),
        data=tuple(sorted(s.name for s in data)),
    )
    by = (entry.name, blank.distribution, blank.version)
    return state, [Offer(s, *by) for s in specs], [DataOffer(s, *by) for s in data]


def _said(error: BaseException) -> tuple[str, str]:
    """Return why a plugin is broken, and the traceback, also of an error whose text fails."""
    name = type(error).__name__
    try:
        reason = str(error) if isinstance(error, _BadPluginError) else f"{name}: {error}"
        return reason, traceback.format_exc()
    except Exception:
        return name, ""


class _BadPluginError(Exception):
    """Why a plugin that could be imported is not used."""


class _Manager(pluggy.PluginManager):
    """Looks for hooks among what a module holds, not among what it would import."""

    def parse_hookimpl_opts(self, plugin: Any, name: str) -> Any:
        if isinstance(plugin, ModuleType) and name not in vars(plugin):
            return None
        return super().parse_hookimpl_opts(plugin, name)


def _ask(plugin: str, module: ModuleType) -> tuple[list[Spec], list[DataSpec]]:
    # A manager of its own for each plugin: a half-registered one leaves nothing behind.
    manager = _Manager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    _check_spelling(manager, module)
    try:
        manager.register(module, plugin)
    except pluggy.PluginValidationError as error:
        raise _BadPluginError(" ".join(str(error).split())) from error
    specs: list[Spec] = []
    for kind, hook in HOOKS.items():
        for result in getattr(manager.hook, hook)():
            for spec in result:
                _check_spec(plugin, hook, kind, spec)
                if any(s.kind == kind and s.name == spec.name for s in specs):
                    raise _BadPluginError(f"{hook} offers '{spec.name}' twice")
                specs.append(spec)
    return specs, _data_of([s for result in manager.hook.sondage_data() for s in result])


def _data_of(found: list[object]) -> list[DataSpec]:
    """Return what a plugin's hook for data gave, checked."""
    out: dict[str, DataSpec] = {}
    for spec in found:
        if not isinstance(spec, DataSpec):
            raise _BadPluginError(f"{DATA_HOOK} returned {type(spec).__name__}, wanted DataSpec")
        if spec.name in out:
            raise _BadPluginError(f"{DATA_HOOK} offers '{spec.name}' twice")
        out[spec.name] = spec
    return list(out.values())


def _check_spelling(manager: pluggy.PluginManager, module: ModuleType) -> None:
    for name in dir(module):
        options = manager.parse_hookimpl_opts(module, name)
        if options is None:
            if name in _ALL_HOOKS and callable(getattr(module, name)):
                raise _BadPluginError(f"{name} is not marked with @sondage.hookimpl")
            continue
        hook = options.get("specname") or name
        if hook not in _ALL_HOOKS:
            close = nearest(hook, _ALL_HOOKS, 1)
            raise _BadPluginError(
                f"there is no hook '{hook}'" + (f"; did you mean '{close[0]}'?" if close else "")
            )


def _check_spec(plugin: str, hook: str, kind: Kind, spec: object) -> None:
    wanted = SPECS[kind]
    if not isinstance(spec, wanted):
        raise _BadPluginError(f"{hook} returned {type(spec).__name__}, wanted {wanted.__name__}")
    if not NAME.fullmatch(spec.name) or not spec.name.startswith(f"{plugin}."):
        raise _BadPluginError(f"{hook} offers {spec.name!r}; a name must be '{plugin}.something'")


def _requires_core(entry: EntryPoint) -> str:
    for text in _of(entry, "requires"):
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        if requirement.name == "sondage" and (
            requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        ):
            return f"sondage{requirement.specifier}"
    return ""
