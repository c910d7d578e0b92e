"""``sondage run``: run a composition, or what is left of it."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from sondage.cli import options


def run(
    target: options.Target,
    set_: options.Changes = [],  # noqa: B006
    layers: options.Layers = None,
    seeds: options.Seeds = None,
    workers: Annotated[int, typer.Option(min=1, help="Local worker processes.")] = 1,
    cluster: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="A running Dask scheduler.")
    ] = None,
    cell_seconds: options.CellSeconds = None,
    keep: Annotated[
        Literal["all", "results"],
        typer.Option(help="results: activations go when nothing is left that reads them."),
    ] = "all",
    block: Annotated[
        list[str], typer.Option("--block", metavar="PLUGIN", help="Do not load this plugin.")
    ] = [],  # noqa: B006
    tracker: Annotated[
        str | None,
        typer.Option(metavar="NAME[,NAME]", help="Who else is told: see 'sondage list trackers'."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Run a composition.

    The same command continues a run that was interrupted. Of several models, as in --set
    model=A,B, each is run, and they are compared.
    """
    from sondage import api
    from sondage.cli import outcome, progress

    plans = api.plans(
        target,
        settings=options.settings(set_),
        layers=options.numbers(layers, "--layers"),
        seeds=options.numbers(seeds, "--seeds"),
        block=block,
        trackers=options.names(tracker, "--tracker"),
    )
    ended = []
    for planned in plans:
        with progress.progress_of(planned, quiet=quiet, workers=workers) as listener:
            finished = api.run_plan(
                planned, workers=workers, cluster=cluster, cell_seconds=cell_seconds,
                keep=keep, listener=listener,
            )  # fmt: skip
        if len(plans) == 1:
            outcome.show(finished)
            return
        ended.append(finished)
    outcome.show_several(ended)
