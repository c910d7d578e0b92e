"""``sondage runs``: what has been run here."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sondage.cli import options, text, width

if TYPE_CHECKING:
    from sondage.records.catalogue import Listed


def runs(
    run: Annotated[
        str, typer.Argument(help="A run's number, name or its beginning: that one in full.")
    ] = "",
    csv: options.FileOrDash = None,
) -> None:
    """List the runs: when, of what, on which models, how far, how long.

    Numbers count the runs from the first one begun; a number names a run in any command.
    """
    from sondage import api
    from sondage.records.catalogue import listed
    from sondage.store import paths

    found = listed(paths.runs_folder())
    if run:
        wanted = {folder.path.name for folder in api.matching(run)}
        for i, one in enumerate(one for one in found if one.name in wanted):
            text.say("\n" * bool(i) + "\n".join(_in_full(one)))
    elif csv is not None:
        _as_csv(found, csv)
    elif not found:
        text.say(f"no runs in {paths.runs_folder()}; try: sondage run quickstart")
    else:
        columns = ["#", "run", "begun", "state", "took", "models", "layers", "seeds"]
        rows = [_listed_row(one) for one in found]
        shown = width.fitted(columns, rows, width.available(), ("#", "begun", "took", "state"))
        text.table(columns, shown, right=["#", "took"])


def _listed_row(one: Listed) -> list[object]:
    return [
        one.number, one.name, _when(one.begun), _state_words(one), _took(one),
        ", ".join(one.models), _layer_ranges(one.layers), options.ranges(one.seeds),
    ]  # fmt: skip


def _state_words(one: Listed) -> str:
    if one.state in ("finished", "unreadable"):
        return one.state
    count = f"{one.done}/{one.cells}"
    return f"{one.state} {count}" if one.state != "failed" else f"{one.failed} failed"


def _when(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds)) if seconds else ""


def _took(one: Listed) -> str:
    return "" if one.seconds is None else text.duration(one.seconds)


def _layer_ranges(layers: tuple[int | None, ...]) -> str:
    numbers = [layer for layer in layers if layer is not None]
    mixed = ["mixed"] * (len(numbers) < len(layers))
    return " ".join([options.ranges(numbers)] * bool(numbers) + mixed)


def _in_full(one: Listed) -> list[str]:
    from sondage.records.printed import models_of

    failed = f", {one.failed} failed" if one.failed else ""
    pairs = [
        ("run", f"{one.number}, {one.name}"),
        ("folder", str(one.folder.path)),
        ("begun", _when(one.begun)),
        ("last asked", _when(one.last)),
        ("state", f"{one.state}: {one.done} of {one.cells} cells{failed}"),
        ("took", _took(one)),
        *(("model", f"{names}: {words}") for names, words in models_of(one.folder.header())),
        ("layers", _layer_ranges(one.layers)),
        ("seeds", options.ranges(one.seeds)),
        ("command", one.command),
        ("commit", one.commit),
        ("python", one.python),
        ("versions", ", ".join(f"{name} {v}" for name, v in one.versions.items())),
    ]
    return [f"{name:<11}{text.flat(value)}" for name, value in pairs if value]


def _as_csv(found: list[Listed], csv: str) -> None:
    import pandas as pd

    from sondage.report import sheet

    frame = pd.DataFrame([_csv_row(one) for one in found])
    text.hand_over(csv, sheet.as_csv(frame))


def _csv_row(one: Listed) -> dict[str, Any]:
    return {
        "number": one.number, "run": one.name, "composition": one.composition,
        "begun": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(one.begun)),
        "state": one.state, "cells": one.cells, "done": one.done, "failed": one.failed,
        "seconds": one.seconds, "models": ", ".join(one.models),
        "layers": _layer_ranges(one.layers),
        "seeds": options.ranges(one.seeds), "command": one.command, "commit": one.commit,
        "python": one.python, "versions": ", ".join(f"{k} {v}" for k, v in one.versions.items()),
    }  # fmt: skip
