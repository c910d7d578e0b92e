"""Finding plugins, keeping broken ones apart, and the catalogue of what is on offer."""

from __future__ import annotations

import os
import re
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import Any, Literal

import pluggy
from packaging.requirements import InvalidRequirement, Requirement

import sondage
from sondage import hookspecs
from sondage.errors import PluginError, UnknownComponentError, nearest
from sondage.specs import SPECS, Kind, Spec

GROUP = "sondage"
HOOKS: dict[Kind, str] = {kind: f"sondage_{kind}s" for kind in SPECS}
NAME = re.compile(r"[a-z][a-z0-9_-]*\.[a-z0-9][a-z0-9_.-]*")

Status = Literal["active", "blocked", "broken", "conflict", "incompatible"]


@dataclass(frozen=True)
class Offer:
    """A component in the catalogue, and who brings it."""

    spec: Spec
    plugin: str
    distribution: str
    version: str


@dataclass(frozen=True)
class Report:
    """What became of one plugin: the rows of ``sondage plugins``."""

    plugin: str
    distribution: str
    version: str
    status: Status
    reason: str = ""
    requires: str = ""
    hooks: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    detail: str = field(default="", repr=False)


class Host:
    """The plugins of this environment.

    Parameters
    ----------
    reports : iterable of Report
    offers : iterable of Offer
    """

    def __init__(self, reports: Iterable[Report], offers: Iterable[Offer]) -> None:
        self.reports = tuple(sorted(reports, key=lambda r: (r.plugin, r.distribution)))
        self.catalogue: dict[tuple[Kind, str], Offer] = {
            (offer.spec.kind, offer.spec.name): offer
            for offer in sorted(offers, key=lambda o: o.spec.name)
        }
        #: Says who provided a component that is gone; set by whoever knows earlier runs.
        self.recall: Callable[[Kind, str], str] = lambda kind, name: ""

    @classmethod
    def discover(cls, block: Iterable[str] = (), *, strict: bool | None = None) -> Host:
        """Load the plugins that entry points name; a broken one harms no other.

        Parameters
        ----------
        block : iterable of str
            Entry names that are not imported, beside those in ``SONDAGE_BLOCK``.
        strict : bool, optional
            Raise at the first plugin that cannot be used; by default if ``SONDAGE_STRICT=1``.

        Raises
        ------
        PluginError
            In strict mode only.
        """
        blocked = {*block, *os.environ.get("SONDAGE_BLOCK", "").split(",")} - {""}
        strict = os.environ.get("SONDAGE_STRICT") == "1" if strict is None else strict
        found = _entries()
        reports: list[Report] = []
        offers: list[Offer] = []
        for entry in found:
            report, mine = _load(entry, [e for e in found if e.name == entry.name], blocked)
            reports.append(report)
            offers.extend(mine)
            if strict and report.status not in ("active", "blocked"):
                raise PluginError(
                    f"plugin '{report.plugin}' ({report.distribution} {report.version}) is "
                    f"{report.status}: {report.reason}",
                    hint="unset SONDAGE_STRICT to go on without it",
                )
        return cls(reports, offers)

    def offers(self, kind: Kind) -> list[Offer]:
        """Return what is on offer of one kind, by name."""
        return [offer for (k, _), offer in self.catalogue.items() if k == kind]

    def find(self, kind: Kind, name: str, *, wanted_by: str = "", where: str = "") -> Offer:
        """Return one component's offer.

        Raises
        ------
        UnknownComponentError
            With the nearest names, the state of the plugin that should bring it, and what
            to install.
        """
        offer = self.catalogue.get((kind, name))
        if offer is not None:
            return offer
        who = f"{wanted_by} needs {kind}" if wanted_by else f"there is no {kind}"
        message = f"{who} '{name}', which no active plugin offers"
        others = [k for k, n in self.catalogue if n == name]
        if others:
            message += f" ('{name}' is a {others[0]})"
        plugin = name.partition(".")[0]
        states = [r for r in self.reports if r.plugin == plugin]
        hint = f"sondage list {kind}s"
        close = nearest(name, [n for k, n in self.catalogue if k == kind])
        for report in states:
            if report.status != "active":
                message += (
                    f"; {report.distribution} {report.version}, which should bring it, is "
                    f"{report.status}: {report.reason}"
                )
        if not states and NAME.fullmatch(name):
            provider = self.recall(kind, name)
            if provider:
                message += f"; an earlier run here had it from {provider}, now not installed"
            # A likeness of the whole name is no slip of the pen unless the plugins are alike too.
            if provider:
                hint = f"pip install {provider.partition(' ')[0]}   (or see: {hint})"
            elif not nearest(plugin, {n.partition(".")[0] for n in close}):
                # No package is guessed: anybody may own its name.
                hint = (
                    f"install the package that brings the plugin '{plugin}', as its own pages say; "
                    f"in a clone of sondage: pip install ./plugins/{plugin}   (or see: {hint})"
                )
        raise UnknownComponentError(message, where=where, near=close, hint=hint)


def _entries() -> list[EntryPoint]:
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


def _load(
    entry: EntryPoint, same_name: list[EntryPoint], blocked: set[str]
) -> tuple[Report, list[Offer]]:
    blank = Report(
        plugin=entry.name,
        distribution=_of(entry, "name") or "?",
        version=_of(entry, "version") or "?",
        status="active",
        requires=_requires_core(entry),
    )
    if entry.name in blocked:
        return replace(blank, status="blocked", reason="blocked by the user"), []
    if len(same_name) > 1:
        who = ", ".join(f"{_of(e, 'name')} {_of(e, 'version')}" for e in same_name if e.dist)
        return replace(blank, status="conflict", reason=f"'{entry.name}' is claimed by: {who}"), []
    if blank.requires and not Requirement(blank.requires).specifier.contains(
        sondage.__version__, prereleases=True
    ):
        reason = f"needs {blank.requires}, this is {sondage.__version__}"
        return replace(blank, status="incompatible", reason=reason), []
    try:
        module = entry.load()
        specs = _ask(entry.name, module)
    except BaseException as error:
        if type(error) is KeyboardInterrupt:
            raise
        reason, detail = _said(error)
        return replace(blank, status="broken", reason=reason, detail=detail), []
    report = replace(
        blank,
        hooks=tuple(sorted({HOOKS[s.kind] for s in specs})),
        components=tuple(sorted(s.name for s in specs)),
    )
    return report, [Offer(s, entry.name, blank.distribution, blank.version) for s in specs]


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


def _ask(plugin: str, module: ModuleType) -> list[Spec]:
    # A manager of its own for each plugin: a half-registered one leaves nothing behind.
    manager = pluggy.PluginManager(hookspecs.PROJECT)
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
    return specs


def _check_spelling(manager: pluggy.PluginManager, module: ModuleType) -> None:
    for name in dir(module):
        options = manager.parse_hookimpl_opts(module, name)
        if options is None:
            if name in HOOKS.values() and callable(getattr(module, name)):
                raise _BadPluginError(f"{name} is not marked with @sondage.hookimpl")
            continue
        hook = options.get("specname") or name
        if hook not in HOOKS.values():
            close = nearest(hook, HOOKS.values(), 1)
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
