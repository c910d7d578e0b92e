"""``sondage report``: a report of a run that is there."""

from __future__ import annotations

from typing import Annotated

import typer

from sondage.cli import options, text


def report(
    name: Annotated[
        str, typer.Argument(help="A report: NAME, FILE.yaml:NAME or plugin.component.")
    ],
    run: Annotated[str, typer.Argument(help="A run's number, name or its beginning.")] = "",
    set_: Annotated[
        list[str], typer.Option("--set", metavar="KEY=VALUE", help="A parameter of the report.")
    ] = [],  # noqa: B006
) -> None:
    """Write a report of a run that is there, whether its composition has it or not."""
    from sondage import api
    from sondage.commands.reports import report_on
    from sondage.host import Host

    found = api.results(run)
    text.warn_of_lacking(found.folder)
    files = report_on(name, found, options.settings(set_), Host.discover())
    for file in files:
        text.say(file)
