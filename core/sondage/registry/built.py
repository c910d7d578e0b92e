"""A constructed component, what it is made of, and what identifies it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sondage.contracts import Series, Trained
from sondage.data import digest
from sondage.errors import PluginError, UnknownComponentError
from sondage.host import Offer
from sondage.specs import Kind


@dataclass(frozen=True)
class Built:
    """A constructed component and what identifies it.

    Attributes
    ----------
    label : str
        What the composition calls it.
    parameters : dict
        All constructor parameters, defaults filled in, as JSON; a reference is replaced
        by the key of what it names.
    made_of : tuple of Built
        The components that it was handed.
    step : int or None
        For one step of a series.
    shown : str
        How results print it; no part of what identifies it.
    renamed : bool
        Whether it is printed so because a setting put another model in.
    """

    kind: Kind
    label: str
    offer: Offer
    parameters: dict[str, Any]
    instance: Any = field(repr=False)
    made_of: tuple[Built, ...] = ()
    step: int | None = None
    shown: str = ""
    renamed: bool = False

    @property
    def origin(self) -> Any:
        """Which model this encoder says that it is; None if it does not."""
        return getattr(self.instance, "origin", None) if self.kind == "encoder" else None

    @property
    def origins(self) -> tuple[dict[str, str], ...]:
        """What the models are that this encoder is, or is made of: as ``Encoder.origin`` says."""
        own = (dict(self.origin),) if isinstance(self.origin, Mapping) else ()
        below = [origin for one in self.made_of for origin in one.origins]
        return tuple({json.dumps(one): one for one in (*own, *below)}.values())

    @property
    def title(self) -> str:
        """The label, with the step of a series."""
        return self.label if self.step is None else f"{self.label}@{self.step}"

    @property
    def trained(self) -> tuple[Built, ...]:
        """What must be trained before this can be used, in order."""
        return tuple({built.id: built for built in self.all_trained}.values())

    @property
    def all_trained(self) -> tuple[Built, ...]:
        """As `trained`, but every object, also those of one recipe."""
        below = [built for one in self.made_of for built in one.all_trained]
        return (*below, self) if isinstance(self.instance, Trained) else tuple(below)

    @property
    def notes(self) -> tuple[str, ...]:
        """What an encoder, and what it is made of, has to tell a plan's user."""
        below = [said for one in self.made_of for said in one.notes]
        own = getattr(self.instance, "notes", ()) if self.kind == "encoder" else ()
        return (*below, *(f"encoder '{self.label}': {said}" for said in own))

    @property
    def use(self) -> str:
        """The component's name in the catalogue."""
        return self.offer.spec.name

    @cached_property
    def key(self) -> dict[str, Any]:
        """What determines this component's numbers, in clear.

        Encoders and tasks say it themselves, by a fingerprint; probes and metrics are
        their parameters.
        """
        key: dict[str, Any] = {"use": self.use, "version": self.offer.version}
        if self.kind in ("encoder", "task"):
            found = self.instance.fingerprint
            if not isinstance(found, str) or not found:
                raise PluginError(
                    f"{self.kind} '{self.label}' ({self.use}) has the fingerprint {found!r:.80}, "
                    "wanted a text",
                )
            return key | {"fingerprint": found}
        return key | {"parameters": self.parameters}

    @cached_property
    def id(self) -> str:
        """32 hex digits of `key`."""
        return key_id(self.key)


def key_id(key: Mapping[str, Any]) -> str:
    """Return the 32 hex digits that stand for a component's key, as `Built.key` gives it."""
    return digest(json.dumps(key, sort_keys=True))


def at_step(series: Built, step: int) -> Built:
    """Return one step of a series as an encoder of its own."""
    instance = series.instance.at(step)
    parameters = series.parameters | {"step": step}
    return Built(
        "encoder", series.label, series.offer, parameters, instance, (series,), step,
        series.shown, series.renamed,
    )  # fmt: skip


def steps_of(built: Built) -> list[Built]:
    """Return the steps of a series that is named whole; of anything else, itself."""
    whole = built.kind == "encoder" and built.step is None
    if not whole or not isinstance(built.instance, Series):
        return [built]
    return [at_step(built, step) for step in built.instance.steps]


def imported(offer: Offer) -> type[Any]:
    """Return the class of what is on offer.

    Raises
    ------
    UnknownComponentError
    """
    try:
        return offer.spec.load()
    except Exception as error:
        raise UnknownComponentError(
            f"{offer.spec.kind} '{offer.spec.name}' of {offer.distribution} {offer.version} "
            f"cannot be imported: {type(error).__name__}: {error}",
            hint="sondage doctor",
        ) from error
