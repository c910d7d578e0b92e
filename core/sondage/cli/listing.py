"""``sondage list``: what can be named in a registry."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from sondage.cli import text

if TYPE_CHECKING:
    from sondage.host import Host
    from sondage.registry import Registry

What = Literal["encoders", "tasks", "probes", "metrics", "reports", "trackers", "compositions"]


def listing(
    what: Annotated[What, typer.Argument()],
    file: Annotated[
        Path | None, typer.Argument(help="A registry file; else the shipped one.")
    ] = None,
) -> None:
    """List encoders, tasks, probes, metrics, reports, trackers or compositions."""
    from sondage import registry
    from sondage.host import Host
    from sondage.registry import models

    if what == "compositions":
        _list_compositions(registry.load(file), Host.discover())
        return
    kind = models.SECTIONS[what]
    offers = Host.discover().offers(kind)
    rows = [[o.spec.name, o.spec.summary, o.spec.reference] for o in offers]
    text.table([kind, "summary", "reference"], rows)
    if not offers:
        text.say(f"no installed plugin offers {what}; try: sondage plugins")
    source = registry.load(file)
    own = source.declared(kind)
    if own:
        text.say()
        rows = [[name, d.use, _in_words(d.given)] for name, d in own.items()]
        text.table([f"declared in {source.source}", "use", "parameters"], rows)


def _list_compositions(found: Registry, host: Host) -> None:
    from sondage.commands.lacking import lacks_here

    rows = []
    for name, composition in found.contents.compositions.items():
        said = lacks_here(found, host, name)
        rows.append([name, composition.summary, composition.paper, str(said) or "yes"])
    text.table(["composition", "summary", "paper", "can run here (or lacks)"], rows)


def _in_words(parameters: dict[str, object]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in parameters.items())
