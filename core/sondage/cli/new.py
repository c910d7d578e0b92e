"""``sondage new``: a plugin to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from sondage.cli import text


def new(
    kind: Annotated[
        Literal["encoder", "task", "probe", "metric", "report", "tracker"], typer.Argument()
    ],
    name: Annotated[str, typer.Argument(help="The plugin's name, such as 'nearest'.")],
    folder: Annotated[
        Path, typer.Option("--folder", help="Where the plugin's folder is made.")
    ] = Path(),
    in_passing: Annotated[
        bool,
        typer.Option(
            "--in-passing", help="A metric or probe of attention, measured as models read."
        ),
    ] = False,
) -> None:
    """Write a new plugin to start from.

    It installs and passes the conformance kit as it is.
    """
    from sondage.commands.new import write_plugin

    made = write_plugin(kind, name, folder, in_passing=in_passing)
    text.say(f"written: {made}")
    text.say(f"next:  pip install -e {made}")
    text.say("       sondage plugins")
    text.say(f"       pytest {made}")
