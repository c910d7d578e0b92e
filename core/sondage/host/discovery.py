"""Finding plugins, keeping broken ones apart, and the catalogue of what is on offer."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

from sondage.errors import DataError, PluginError, UnknownComponentError, nearest
from sondage.host.plugged import NAME, DataOffer, Offer, PluginState, entries, load
from sondage.plain import html_table
from sondage.specs import DataSpec, Kind


class Host:
    """The plugins of this environment.

    Parameters
    ----------
    plugins : iterable of PluginState
    offers : iterable of Offer
    data : iterable of DataOffer
    """

    def __init__(
        self,
        plugins: Iterable[PluginState],
        offers: Iterable[Offer],
        data: Iterable[DataOffer] = (),
    ) -> None:
        self.plugins = tuple(sorted(plugins, key=lambda p: (p.plugin, p.distribution)))
        self.catalogue: dict[tuple[Kind, str], Offer] = {
            (offer.spec.kind, offer.spec.name): offer
            for offer in sorted(offers, key=lambda o: o.spec.name)
        }
        self._data: dict[str, list[DataOffer]] = {}
        for found in sorted(data, key=lambda o: (o.spec.name, o.plugin)):
            self._data.setdefault(found.spec.name, []).append(found)
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
        found = entries()
        plugins: list[PluginState] = []
        offers: list[Offer] = []
        data: list[DataOffer] = []
        for entry in found:
            state, mine, sets = load(entry, [e for e in found if e.name == entry.name], blocked)
            plugins.append(state)
            offers.extend(mine)
            data.extend(sets)
            if strict and state.status not in ("active", "blocked"):
                raise PluginError(
                    f"plugin '{state.plugin}' ({state.distribution} {state.version}) is "
                    f"{state.status}: {state.reason}",
                    hint="unset SONDAGE_STRICT to go on without it",
                )
        return cls(plugins, offers, data)

    def _repr_html_(self) -> str:
        """Return what a notebook shows: what is on offer, and which plugins cannot be used."""
        offers = [[o.spec.kind, o.spec.name, o.spec.summary] for o in self.catalogue.values()]
        rows = [*offers, *(["data", o.spec.name, o.spec.summary] for o in self.data)]
        active = [p for p in self.plugins if p.status == "active"]
        title = f"{len(active)} plugins with {len(offers)} components, {len(self.data)} data sets"
        shown = html_table(["kind", "name", "summary"], rows, title, most=1000)
        broken = [[p.plugin, p.status, p.reason] for p in self.plugins if p not in active]
        return shown + html_table(["plugin", "status", "why"], broken)

    def offers(self, kind: Kind) -> list[Offer]:
        """Return what is on offer of one kind, by name."""
        return [offer for (k, _), offer in self.catalogue.items() if k == kind]

    @property
    def data(self) -> list[DataOffer]:
        """What data sets are on offer, by name; one of several plugins once."""
        return [offers[0] for offers in self._data.values()]

    def find_data(self, name: str, *, wanted_by: str = "", where: str = "") -> DataSpec:
        """Return one data set.

        Raises
        ------
        DataError
            If no active plugin has it, with the nearest names; or if two have it otherwise.
        """
        offers = self._data.get(name, [])
        if not offers:
            who = f"{wanted_by} needs data" if wanted_by else "there are no data"
            raise DataError(
                f"{who} '{name}', which no active plugin offers",
                where=where,
                near=nearest(name, self._data),
                hint="sondage data list",
            )
        first, *others = offers
        for other in others:
            if other.spec != first.spec:
                raise DataError(
                    f"data '{name}' are one thing in {first.distribution} {first.version} and "
                    f"another in {other.distribution} {other.version}",
                    where=where,
                    hint=f"SONDAGE_BLOCK={other.plugin} leaves the second out",
                )
        return first.spec

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
        states = [p for p in self.plugins if p.plugin == plugin]
        hint = f"sondage list {kind}s"
        close = nearest(name, [n for k, n in self.catalogue if k == kind])
        for state in states:
            if state.status != "active":
                message += (
                    f"; {state.distribution} {state.version}, which should bring it, is "
                    f"{state.status}: {state.reason}"
                )
        if not states and NAME.fullmatch(name):
            provider = self.recall(kind, name)
            if provider:
                message += f"; an earlier run here had it from {provider}, now not installed"
            # Only where the plugin's name is near a known one, too, can the name be a slip of the
            # pen. Otherwise it is a plugin that is not here, and some component's name is near.
            if provider:
                hint = f"pip install {provider.partition(' ')[0]}   (or see: {hint})"
            elif not nearest(plugin, {n.partition(".")[0] for n in close}):
                # No package is guessed: anybody may own its name.
                hint = (
                    f"install the package that brings the plugin '{plugin}', as its own pages say; "
                    f"in a clone of sondage: pip install ./plugins/{plugin}   (or see: {hint})"
                )
        raise UnknownComponentError(message, where=where, near=close, hint=hint)
