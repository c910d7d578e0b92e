"""A component under test: its spec, its parameters, and how to make instances."""

from __future__ import annotations

import copy
import shutil
import tempfile
import typing
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import entry_points
from inspect import Parameter
from pathlib import Path
from typing import Any

from sondage import contracts
from sondage.errors import ParameterError, PluginError, nearest
from sondage.host import GROUP, Host
from sondage.registry.signature import parameters_of
from sondage.specs import Spec

REFERENCES = (contracts.Encoder, contracts.Metric, contracts.Probe, contracts.Task)

Given = Mapping[str, Any] | Callable[[], Mapping[str, Any]]


@dataclass
class Component:
    """What a check receives.

    Parameters
    ----------
    spec : Spec
    given : mapping, or callable of no argument that returns one
        Constructor arguments. A value that is a callable of no argument is called when the
        component is first made, so that collecting tests opens no file.
    variants : sequence of mappings
        Changes to `given`, each of which must change the fingerprint.
    plugin : str
        The plugin's entry-point name, where known.
    plugin_module : str
        The module that the entry point names.
    encoder_given : encoder, or callable of no argument that returns one, optional
        What a probe with ``reads = "encoder"`` asks, instead of a toy.
    memory : dict
        Results that several checks look at, made once.
    """

    spec: Spec
    given: Given = field(default_factory=dict)
    variants: Sequence[Mapping[str, Any]] = ()
    plugin: str = ""
    plugin_module: str = ""
    encoder_given: Any = None
    memory: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """``plugin.component``."""
        return self.spec.name

    @cached_property
    def params(self) -> dict[str, Any]:
        """The constructor arguments, evaluated."""
        given = self.given() if callable(self.given) else self.given
        return evaluated(given)

    def make(self, **changes: Any) -> Any:
        """Return a new instance, with `changes` to the parameters."""
        return self.spec.load()(**{**self.params, **evaluated(changes)})

    def asked(self) -> Any:
        """Return a new encoder for a probe to ask; None for the kit's own toy."""
        given = self.encoder_given
        if given is None:
            return None
        return self.ready(given() if callable(given) else copy.deepcopy(given))

    def ready(self, thing: Any, *, fresh: bool = False) -> Any:
        """Return something that encodes: the instance, or the last step of a series.

        An instance that needs training finds the weights of the first one that was trained,
        kept in a folder that is removed with this component. With `fresh` it is trained anew.
        """
        if hasattr(thing, "train") and hasattr(thing, "place"):
            folder = None if fresh else self.memory.get("weights")
            if folder is None:
                folder = Path(tempfile.mkdtemp(prefix="sondage-check-"))
                weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
                thing.place(folder)
                thing.train()
                self.memory.setdefault("weights", folder)
            thing.place(folder)
        return thing if hasattr(thing, "encode") else thing.at(thing.steps[-1])

    def encoder(self, *, fresh: bool = False) -> Any:
        """Return a new instance, ready to encode; see `ready`."""
        return self.ready(self.make(), fresh=fresh)

    @property
    def module(self) -> str:
        """Name of the module that holds the class."""
        factory = self.spec.factory
        return factory.partition(":")[0] if isinstance(factory, str) else factory.__module__

    def parameters(self) -> dict[str, tuple[Parameter, Any]]:
        """Return each constructor parameter with its type (None where it has none)."""
        return parameters_of(self.spec.load())


def evaluated(given: Mapping[str, Any]) -> dict[str, Any]:
    """Call the values that are callables."""
    return {name: value() if callable(value) else value for name, value in given.items()}


def is_reference(hint: Any) -> bool:
    """Tell whether a type hint names another component, alone or inside a union or list."""
    if hint in REFERENCES:
        return True
    return any(is_reference(part) for part in typing.get_args(hint))


def plugin_module(plugin: str) -> str:
    """Return the module that an installed plugin's entry point names, or an empty string."""
    return next((e.module for e in entry_points(group=GROUP) if e.name == plugin), "")


def specs_of(plugin: str) -> list[Spec]:
    """Return all that an installed plugin offers.

    Raises
    ------
    PluginError
        If no installed distribution offers the plugin, or it cannot be used.
    """
    names = {e.name for e in entry_points(group=GROUP)}
    # The others are not even imported: they cannot disturb this plugin's tests.
    host = Host.discover(block=names - {plugin}, strict=False)
    for report in host.plugins:
        if report.plugin == plugin and report.status == "active":
            return [o.spec for o in host.catalogue.values() if o.plugin == plugin]
        if report.plugin == plugin:
            raise PluginError(
                f"the conformance kit cannot use plugin {plugin!r} ({report.distribution} "
                f"{report.version}), which is {report.status}: {report.reason}",
                hint="sondage doctor",
            )
    raise PluginError(
        f"the conformance kit wants plugin {plugin!r}, which no installed distribution offers",
        where=f"entry-point group {GROUP}",
        near=nearest(plugin, names),
        hint="pip install -e . in the plugin's folder",
    )


def components_of(
    plugin: str,
    params: Mapping[str, Given] | None = None,
    variants: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
    encoders: Mapping[str, Any] | None = None,
) -> list[Component]:
    """Return the components that an installed plugin offers.

    Raises
    ------
    ParameterError
        If one of the mappings names a component that the plugin does not offer.
    """
    specs = specs_of(plugin)
    names = [s.name for s in specs]
    for wanted in (*(params or {}), *(variants or {}), *(encoders or {})):
        if wanted not in names:
            raise ParameterError(
                f"the conformance test of {plugin!r} has parameters for {wanted!r}, "
                "which the plugin does not offer",
                near=nearest(wanted, names),
            )
    return [
        Component(
            spec,
            (params or {}).get(spec.name, {}),
            (variants or {}).get(spec.name, ()),
            plugin,
            plugin_module(plugin),
            (encoders or {}).get(spec.name),
        )
        for spec in specs
    ]
