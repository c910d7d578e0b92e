"""``sondage describe``: one component, or composition, in full."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from sondage.cli import text

if TYPE_CHECKING:
    from sondage.data import Examples
    from sondage.host import Host, Offer
    from sondage.specs import Kind

What = Literal["encoder", "task", "probe", "metric", "report", "tracker", "composition"]


def describe(
    kind: Annotated[What, typer.Argument()],
    name: Annotated[
        str,
        typer.Argument(
            help="plugin.component, as in 'sondage list'; a declared name; or a composition's NAME "
            "or FILE.yaml:NAME."
        ),
    ],
    examples: Annotated[
        bool, typer.Option("--examples", help="Of a task: its counts and ten of its items.")
    ] = False,
    params: Annotated[
        Path | None,
        typer.Option(metavar="FILE.yaml", help="With --examples: the task's parameters."),
    ] = None,
    registry_file: Annotated[
        Path | None, typer.Option("--registry", metavar="FILE", help="Else the shipped one.")
    ] = None,
) -> None:
    """Show a component's parameters and what it declares, a task's items, or a composition."""
    from sondage.host import Host

    if kind == "composition":
        _tell_composition(name)
        return
    if examples:
        from sondage.commands.check import subject
        from sondage.commands.examples import examples_of

        found = subject(name, Host.discover(), params, registry_file, kinds=(kind,))
        _tell_examples(name, examples_of(found))
        return
    host = Host.discover()
    _tell_offer(host.find(kind, _told_declaration(kind, name, registry_file, host)))


def _told_declaration(kind: Kind, name: str, file: Path | None, host: Host) -> str:
    """Print what a file declares under a name, if it does; return the component's name."""
    from sondage import registry

    found = registry.load(file)
    declaration = found.declared(kind).get(name)
    if declaration is None:
        return name
    given = ", ".join(f"{key}: {value}" for key, value in declaration.given.items())
    where = file or "registry.yaml"
    text.say(f"{name} is declared in {where}: use {declaration.use}, {given or 'as is'}")
    if kind == "encoder":
        from sondage.commands.origins import origins_of

        text.say("\n".join(f"  {line}" for line in origins_of(name, found, host)))
    text.say()
    return declaration.use


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


def _tell_examples(name: str, found: Examples) -> None:
    text.say(name)
    for what, count in found.counts.items():
        text.say(f"  {what}: {count:,}" if isinstance(count, int) else f"  {what}: {count:.3g}")
    for number, row in enumerate(found.rows, 1):
        text.say(f"\n{number}")
        for column, value in zip(found.columns, row, strict=True):
            text.say(f"  {column}: {text.flat(value)}")


def _tell_composition(target: str) -> None:
    from sondage import registry
    from sondage.commands.describe import composition_lines, setting_rows
    from sondage.commands.target import split_target

    file, name = split_target(target)
    found = registry.load(file)
    composition = found.composition(name)
    text.say(f"{name}: {composition.summary}" if composition.summary else name)
    for line in composition_lines(composition):
        text.say(f"  {line}")
    if composition.settings:
        text.say()
        text.table(["setting", "path", "value"], setting_rows(composition, found.document.data))
