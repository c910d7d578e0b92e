"""``sondage slurm``: run a composition as a job of a SLURM cluster."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sondage.cli import options, text

if TYPE_CHECKING:
    from sondage.commands.slurm import SlurmJob
    from sondage.plan.cells import Plan

_Word = Annotated[str, typer.Option(metavar="NAME", help="As sbatch takes it.")]


def slurm(
    target: options.Target,
    workers: Annotated[int, typer.Option(min=1, metavar="N", help="Processes, each a task.")],
    gpus: Annotated[int, typer.Option(min=0, metavar="N", help="Devices a worker.")] = 0,
    cpus: Annotated[int, typer.Option(min=1, metavar="N", help="Processors a worker.")] = 1,
    mem: Annotated[str, typer.Option(metavar="SIZE", help="Memory a worker, such as 32G.")] = "",
    time: Annotated[str, typer.Option(help="The limit, such as 04:00:00.")] = "",
    partition: _Word = "",
    account: _Word = "",
    sbatch: Annotated[
        list[str], typer.Option(metavar="OPTION", help="Of sbatch, such as --sbatch=--qos=long.")
    ] = [],  # noqa: B006
    notice: Annotated[
        int, typer.Option(min=1, metavar="SECONDS", help="To stop before the limit.")
    ] = 120,
    requeue_count: Annotated[
        int, typer.Option(min=0, metavar="N", help="How often it may queue itself again.")
    ] = 20,
    set_: options.Changes = [],  # noqa: B006
    layers: options.Layers = None,
    seeds: options.Seeds = None,
    cell_seconds: options.CellSeconds = None,
    out: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where the file goes.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the file, no more.")] = False,
) -> None:
    """Run a composition on SLURM, in one job that queues itself again while cells are left.

    A file for sbatch is written and submitted; without sbatch it is only written.
    """
    from sondage import api
    from sondage.commands import slurm as jobs
    from sondage.host import extras

    extras.need("cluster", "running on SLURM")
    plans = api.plans(
        target,
        settings=options.settings(set_),
        layers=options.numbers(layers, "--layers"),
        seeds=options.numbers(seeds, "--seeds"),
    )
    arguments = [target]
    for option, values in (("--set", set_), ("--layers", [layers]), ("--seeds", [seeds])):
        arguments += [word for value in values if value is not None for word in (option, value)]
    arguments += [] if cell_seconds is None else ["--cell-seconds", f"{cell_seconds:g}"]
    batch = jobs.SlurmJob(
        name=plans[0].name, arguments=arguments, command=shlex.join(["sondage", *sys.argv[1:]]),
        workers=workers, gpus=gpus, cpus=cpus, time=time, mem=mem, partition=partition,
        account=account, more=sbatch, notice=notice, again=requeue_count,
    )  # fmt: skip
    _hand_in(batch, plans, out, dry_run=dry_run)


def _hand_in(batch: SlurmJob, plans: list[Plan], out: Path | None, *, dry_run: bool) -> None:
    from sondage.commands import slurm as jobs

    name = jobs.job_name(batch.name)
    file = (out or Path(f"{name}.sbatch")).absolute()
    written = jobs.script(batch, file)
    if dry_run:
        text.say(written.rstrip())
        return
    cells = sum(len(plan.cells) for plan in plans)
    text.write(file, written)
    if shutil.which("sbatch") is None:
        text.say(f"{text.counted(cells, 'cell')}: written to {file}")
        text.say(f"there is no sbatch here; where there is: sbatch {shlex.quote(str(file))}")
        return
    job = jobs.submit(file)
    text.say(f"{text.counted(cells, 'cell')}: job {job}, by {file}")
    text.say(f"it writes to {name}-{job}.out; squeue --name {name} shows it and those that follow")
    text.say(f"to end them all: scancel --name {name}")
