"""``sondage describe``: one component in full."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from sondage.cli import text

if TYPE_CHECKING:
    from sondage.host import Offer


def describe(
    kind: Annotated[Literal["encoder", "task", "probe", "metric", "report"], typer.Argument()],
    name: Annotated[str, typer.Argument(help="plugin.component, as in 'sondage list'.")],
) -> None:
    """Show a component's parameters and what it declares."""
    from sondage import registry
    from sondage.host import Host

    declaration = registry.load().declared(kind).get(name)
    if declaration is not None:
        given = ", ".join(f"{key}: {value}" for key, value in declaration.given.items())
        text.say(
            f"{name} is declared in registry.yaml: use {declaration.use}, {given or 'as is'}\n"
        )
        name = declaration.use
    _tell_offer(Host.discover().find(kind, name))


def _tell_offer(offer: Offer) -> None:
    from sondage.commands.describe import description

    found, spec = description(offer), offer.spec
    text.say(f"{spec.name}: {spec.summary}")
    text.say(f"  from {offer.distribution} {offer.version}")
    if spec.reference:
        text.say(f"  reference: {spec.reference}")
    if spec.superseded_by:
        text.say(f"  superseded by: {spec.superseded_by}")
    for attribute, value in found.attributes.items():
        text.say(f"  {attribute}: {value}")
    if found.paragraph:
        text.say(f"\n{found.paragraph}")
    text.say()
    if not found.parameters:
        text.say("It takes no parameters.")
        return
    rows = [
        [p.name, p.type, "(required)" if p.required else p.default, p.description]
        for p in found.parameters
    ]
    text.table(["parameter", "type", "default", "description"], rows)
