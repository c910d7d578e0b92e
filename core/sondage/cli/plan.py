"""``sondage plan``: what a run would do."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sondage.cli import options, text

if TYPE_CHECKING:
    from pathlib import Path

    from sondage.commands.plan import Pass
    from sondage.plan.cells import Plan


def plan(
    target: options.Target,
    set_: Annotated[list[str], typer.Option("--set", metavar="KEY=VALUE")] = [],  # noqa: B006
    layers: options.Layers = None,
    seeds: options.Seeds = None,
) -> None:
    """Show what a run would do.

    Cells, encodings, what is cached and the bytes to write; nothing is run.
    """
    from sondage import api
    from sondage.errors import SondageError

    try:
        every = api.plans(
            target,
            settings=options.settings(set_),
            layers=options.numbers(layers, "--layers"),
            seeds=options.numbers(seeds, "--seeds"),
        )
    except SondageError:
        _tell_all_that_lacks(target, options.settings(set_))
        raise
    for i, planned in enumerate(every):
        if len(every) > 1:
            text.say("\n" * bool(i) + planned.command)
        _show(planned)


def _tell_all_that_lacks(target: str, settings: dict[str, Any]) -> None:
    """Print all plugins and data that a composition lacks: a plan ends at the first."""
    from sondage import api, registry
    from sondage.commands.lacking import lacks_here
    from sondage.errors import SondageError

    with contextlib.suppress(SondageError):
        file, name = api.split_target(target)
        found = lacks_here(
            registry.load(file, api.overrides_of(file, name, settings)), api.Host.discover(), name
        )
        if found:
            text.warn(f"{name} lacks here: {found}")
            for command in found.commands:
                text.warn(f"  {command}")


def _show(planned: Plan) -> None:
    from sondage.commands.plan import preview
    from sondage.store import Store, paths

    store = Store(paths.store_folder())
    found = preview(planned, store, paths.runs_folder())
    rows = [
        [g.component, g.task, g.encoder, g.cells, g.done, g.failed, g.new] for g in found.groups
    ]
    numbers = ["cells", "done", "failed", "new"]
    text.table(["component", "task", "encoder", *numbers], rows, right=numbers)
    text.say(
        f"{text.counted(len(planned.cells), 'cell')}: {sum(g.done for g in found.groups)} done, "
        f"{sum(g.failed for g in found.groups)} failed before, "
        f"{sum(g.new for g in found.groups)} new\n"
    )
    if found.passes:
        _to_encode(found.passes, store.root)
    else:
        text.say("nothing to encode")
    text.say(f"time: {found.time}")
    if found.time.pieces:
        text.say(f"memory: {_memory(found.memory, planned.name)}")
    for note in planned.notes:
        text.say(f"note: {note}")


def _to_encode(passes: list[Pass], root: Path) -> None:
    from sondage.store import paths

    rows = [
        [p.encoder, p.task, _layers(p.layers), p.cached, _size(p.bytes, p.reason)] for p in passes
    ]
    columns = ["encoding with", "of", "layers", "cached", "to write"]
    text.table(columns, rows, right=["cached", "to write"])
    known = sum(p.bytes or 0 for p in passes)
    least = "at least " if any(p.bytes is None for p in passes) else ""
    text.say(f"{least}{text.size(known)} to write to {root}")
    with contextlib.suppress(OSError):
        if known > (free := paths.free(root)):
            text.say(f"warning: only {text.size(free)} are free there; SONDAGE_STORE moves it")


def _memory(peak: int | None, name: str) -> str:
    if not peak:
        return f"not known, {name} has not been run on this machine"
    return f"{text.size(peak)} at most in earlier runs of {name} on this machine"


def _layers(wanted: dict[str, list[int]]) -> str:
    return "; ".join(f"{view} {options.ranges(found)}" for view, found in wanted.items()) or "none"


def _size(count: int | None, reason: str) -> str:
    return f"unknown: {reason}" if count is None else text.size(count)
