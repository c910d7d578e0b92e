"""What is printed when a run ends: the same after a run and after a run found finished."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import typer

from sondage.cli import text
from sondage.errors import ResultsError
from sondage.records.printed import models_of
from sondage.records.summary import Summary, read_summary
from sondage.report.pivot import Panel, panels

if TYPE_CHECKING:
    from sondage.records.runs import Run

_MOST_REASONS = 10
#: A run of more tasks and components ends with one table of all.
_MOST_TABLES = 16
#: More warnings are told by component, not by task.
_MOST_WARNINGS = 24


def show(run: Run) -> None:
    """Print tables, notes, warnings, failures and where the results are.

    Raises
    ------
    typer.Exit
        With code 1 if cells failed.
    """
    found = read_summary(run.folder)
    if not _board_of(found):
        tables(found)
    models(found)
    for note in found.header.get("notes", []):
        text.say(f"note: {note}")
    warnings(found)
    there = found.lacking or text.counted(found.n_cells - len(found.failed), "cell")
    text.say(f"{there} in {run.folder.path}")
    if found.failed:
        failures(found)
        text.warn(
            "the same command tries them again; "
            f"'sondage results {found.name} --failed' shows why in full"
        )
        raise typer.Exit(1)


def _board_of(found: Summary) -> bool:
    """Print a leaderboard instead of very many tables, and return whether that was done."""
    from sondage.cli.compare import show_board
    from sondage.report.leaderboard import leaderboard

    if len(panels(found)) <= _MOST_TABLES:
        return False
    try:
        show_board(leaderboard([found]))
    except ResultsError:  # it has no probes
        return False
    text.say(f"every layer: sondage results {found.name}\n")
    return True


def show_several(found: list[Run]) -> None:
    """Print what runs of one composition on several models found, side by side.

    Raises
    ------
    typer.Exit
        With code 1 if cells failed.
    """
    from sondage.report.merged import merged

    each = [read_summary(run.folder) for run in found]
    tables(merged(each), named=False)
    for one in each:
        models(one)
        warnings(one)
        there = one.lacking or text.counted(one.n_cells - len(one.failed), "cell")
        text.say(f"{there} in {one.name}")
    text.say(f"sondage compare {' '.join(one.name for one in each)} tests the differences")
    for one in (one for one in each if one.failed):
        text.warn(f"{one.name}:")
        failures(one)
    if any(one.failed for one in each):
        raise typer.Exit(1)


def tables(found: Summary, *, every_score: bool = False, named: bool = True) -> None:
    """Print the summary: a small table for each task, component and score."""
    shown = panels(found, every_score=every_score)
    notes: dict[str, None] = {}
    for panel in shown:
        _table_of(panel)
        notes |= dict.fromkeys(panel.notes)
    if notes:
        text.say("\n".join(notes))
    hidden = {row["score"] for row in found.rows} - {panel.score for panel in shown}
    if hidden:
        names = ", ".join(sorted(hidden))
        text.say(f"more scores: {names}" + f" (sondage results {found.name} --all)" * named)
    if shown:
        text.say()


def _table_of(panel: Panel) -> None:
    rows = [
        ["all" if layer is None else layer, *(panel.cell(layer, name) for name in panel.encoders)]
        for layer in panel.layers
    ]
    # A star hangs over, so that the numbers stay below each other.
    starred = any(str(value).endswith("*") for row in rows for value in row)
    if starred:
        rows = [[row[0], *(_hung(str(value)) for value in row[1:])] for row in rows]
    text.table(["layer", *panel.encoders], rows, title=panel.title, right=["layer"])
    text.say()


def _hung(value: str) -> str:
    return value if value.endswith("*") or not value else f"{value} "


def models(found: Summary) -> None:
    """Print which models ran."""
    for names, words in models_of(found.header):
        text.say(f"model of {text.flat(names)}: {text.flat(words)}")


def warnings(found: Summary) -> None:
    """Print counted warnings; of very many, those of all tasks together."""
    for w in _gathered(found.warnings):
        count = w["most"] if w["least"] == w["most"] else f"{w['least']} to {w['most']}"
        where = f"{text.counted(w['cells'], 'cell')} of {w['component']} on {w['task']}"
        text.say(f"warning: {w['warning']}: {count} in each of {where}")


def _gathered(counted: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if len(counted) <= _MOST_WARNINGS:
        return counted
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for w in counted:
        groups.setdefault((w["warning"], w["component"]), []).append(w)
    return [
        some[0]
        if len(some) == 1
        else some[0]
        | {
            "task": f"{len({w['task'] for w in some})} tasks",
            "cells": sum(w["cells"] for w in some),
            "least": min(w["least"] for w in some),
            "most": max(w["most"] for w in some),
        }
        for some in groups.values()
    ]


def failures(found: Summary) -> None:
    """Print failed cells, those of one reason together, to standard error."""
    reasons: Counter[str] = Counter()
    first: dict[str, str] = {}
    for cell in found.failed:
        error = cell["error"]
        said = error.get("message", "")
        reason = said if "slug" in error else f"{error.get('type', 'error')}: {said}"
        reasons[reason] += 1
        first.setdefault(reason, place_of(cell))
    text.warn(f"{text.counted(len(found.failed), 'cell')} failed:")
    for reason, count in reasons.most_common(_MOST_REASONS):
        more = f" and {count - 1} more" if count > 1 else ""
        lines = reason.strip().splitlines() or ["no reason was recorded"]
        text.warn(f"  {first[reason]}{more}: " + "\n    ".join(lines[:6]))
    if len(reasons) > _MOST_REASONS:
        text.warn(f"  and {len(reasons) - _MOST_REASONS} further reasons")


def place_of(cell: dict[str, object]) -> str:
    """Return a cell's place in words."""
    who = f"{cell['encoder']} ~ {cell['other']}" if cell["other"] else cell["encoder"]
    layer = "all layers" if cell["layer"] is None else f"layer {cell['layer']}"
    return f"{cell['component']} · {cell['task']} · {who} · {layer} · seed {cell['seed']}"
