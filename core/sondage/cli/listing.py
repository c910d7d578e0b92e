"""``sondage list``: what can be named in a registry."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from sondage.cli import text

What = Literal["encoders", "tasks", "probes", "metrics", "reports", "trackers", "compositions"]


def listing(
    what: Annotated[What, typer.Argument()],
    file: Annotated[
        Path | None, typer.Argument(help="A registry file; else the shipped one.")
    ] = None,
) -> None:
    """List encoders, tasks, probes, metrics, reports, trackers or compositions."""
    from sondage import registry
    from sondage.registry import models

    if what == "compositions":
        found = registry.load(file).contents.compositions
        rows = [[name, c.summary, c.paper] for name, c in found.items()]
        text.table(["composition", "summary", "paper"], rows)
        return
    from sondage.host import Host

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


def _in_words(parameters: dict[str, object]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in parameters.items())
