"""``sondage report``: a report of a run that is there, or the run as a page to send."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sondage.cli import options, text


def report(
    name: Annotated[
        str,
        typer.Argument(
            help="A report: NAME, FILE.yaml:NAME or plugin.component. With -o the run itself."
        ),
    ] = "",
    run: Annotated[str, typer.Argument(help="A run's number, name or its beginning.")] = "",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE.html", help="Write the run as one page to send."
        ),
    ] = None,
    set_: Annotated[
        list[str], typer.Option("--set", metavar="KEY=VALUE", help="A parameter of the report.")
    ] = [],  # noqa: B006
) -> None:
    """Write a report of a run that is there, or with -o the run as one HTML file.

    sondage report NAME [RUN] writes a report, whether the run's composition has it or not;
    sondage report [RUN] -o FILE.html all of the run.
    """
    if output is not None:
        _page(name, run, output, set_)
        return
    from sondage import api
    from sondage.commands.reports import report_on
    from sondage.errors import ResultsError
    from sondage.host import Host

    if not name:
        raise ResultsError(
            "no report is named",
            hint="sondage report NAME [RUN], or sondage report [RUN] -o FILE.html",
        )
    if not run and _is_run(name):
        raise ResultsError(
            f"'{name}' is a run",
            hint=f"sondage report {name} -o run.html, or sondage report NAME {name}",
        )
    found = api.results(run)
    text.warn_of_lacking(found.folder)
    files = report_on(name, found, options.settings(set_), Host.discover())
    for file in files:
        text.say(file)


def _is_run(name: str) -> bool:
    """Whether a name is a run folder's, which no report has."""
    from sondage.records.across import runs
    from sondage.store import paths

    return any(folder.path.name == name for folder in runs(paths.runs_folder()))


def _page(name: str, run: str, output: Path, given: list[str]) -> None:
    from sondage import api
    from sondage.errors import ResultsError

    if run:
        raise ResultsError(
            f"-o writes a page of one run, and '{name}' and '{run}' are two names",
            hint=f"sondage report {run} -o {output}, or without -o the report '{name}'",
        )
    if given:
        raise ResultsError(
            "--set gives a report its parameters, and a page has none",
            hint="sondage report NAME [RUN] --set KEY=VALUE",
        )
    found = api.results(name)
    if name != found.name:
        text.warn(found.name)
    text.warn_of_lacking(found.folder)
    written = api.write_page(found, output)
    for file in (written.page, *written.beside):
        text.say(file)
