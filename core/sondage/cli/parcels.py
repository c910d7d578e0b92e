"""``sondage export`` and ``sondage import``: a run as one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sondage.cli import text


def export(
    run: Annotated[str, typer.Argument(help="A run's number, name or its beginning.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Else RUN.zip in this folder."),
    ] = None,
) -> None:
    """Write a run as one file, with checksums: results, arrays, history and reports."""
    from sondage import api
    from sondage.records import parcel

    folder = api.matching(run)[-1]
    path = output or Path(f"{folder.path.name}.zip")
    size = parcel.export(folder, path)
    text.say(f"{folder.path.name}: {text.size(size)} in {path}")


def import_(
    file: Annotated[Path, typer.Argument(help="What 'sondage export' wrote.")],
) -> None:
    """Take a run from a file that 'sondage export' wrote, checked, into the folder of runs."""
    from sondage.records import parcel
    from sondage.store import paths

    folder, new = parcel.unpack_run(file, paths.runs_folder())
    said = "" if new else " is there already, with the same results:"
    text.say(f"{folder.path.name}{said or ' is in'} {folder.path}")
