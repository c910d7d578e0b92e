"""``sondage schema``: the JSON Schema with which editors complete registry.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sondage.cli import text


def schema(
    out: Annotated[
        Path | None, typer.Option("--out", help="Write here, not to standard output.")
    ] = None,
) -> None:
    """Write the JSON Schema of registry files, for editors.

    It is made from the installed components.
    """
    import json

    from sondage.commands.schema import export
    from sondage.host import Host

    found, skipped = export(Host.discover())
    written = json.dumps(found, indent=2) + "\n"
    if out is None:
        text.say(written.rstrip())
    else:
        text.write(out, written)
        text.warn(f"written: {out}")
    for name, reason in skipped.items():
        text.warn(f"left out: {name}: {reason}")
