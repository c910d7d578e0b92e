"""``sondage validate``: everything that is wrong with a registry file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sondage.cli import text


def validate(
    file: Annotated[
        Path | None, typer.Argument(help="A registry file; else the shipped one.")
    ] = None,
) -> None:
    """Say all that is wrong with a registry file.

    Checks every component's parameters and plans every composition; loads no data.
    """
    from sondage.commands.validate import check_registry
    from sondage.host import Host

    found = check_registry(file, Host.discover())
    for problem in found.problems:
        text.tell_error(problem)
        text.warn("")
    if found.problems:
        text.warn(f"{found.source}: {text.counted(len(found.problems), 'problem')}")
        raise typer.Exit(2)
    text.say(
        f"{found.source}: ok ({text.counted(found.components, 'component')}, "
        f"{text.counted(found.compositions, 'composition')})"
    )
