"""``sondage compare`` and ``sondage leaderboard``: several runs together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sondage.cli import options, text, width

if TYPE_CHECKING:
    from sondage.records.folder import RunFolder
    from sondage.records.versus import Against
    from sondage.report.leaderboard import Board

_Runs = Annotated[
    list[str],
    typer.Argument(
        metavar="RUN...", help="Numbers, names or beginnings; one of several runs: all of them."
    ),
]


#: A leaderboard of more columns has them below each other.
_MOST_COLUMNS = 6


def compare(
    runs: _Runs,
    csv: options.FileOrDash = None,
    latex: options.FileOrDash = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="All scores in one picture.")
    ] = None,
    size: options.Size = "screen",
    font: options.Font = None,
    every: options.Every = False,
) -> None:
    """Compare runs with the first one: paired over test items, corrected for all tests."""
    from sondage.records.versus import versus

    found = chosen(runs)
    _plotted(found, plot, every=every, size=size, font=font)
    if plot is not None and csv is None and latex is None:
        return
    told = versus(found, every_score=every)
    if csv is not None:
        text.hand_over(csv, _csv_of(told, found))
    if latex is not None:
        text.hand_over(latex, _latex_of(told, found))
    if csv is None and latex is None:
        show(told, found)


def leaderboard(
    runs: _Runs,
    layer: Annotated[
        str, typer.Option(metavar="LAYER", help="What stands for an encoder: best, last or N.")
    ] = "best",
    csv: options.FileOrDash = None,
    latex: options.FileOrDash = None,
) -> None:
    """Put the encoders of runs into one table: a column a task and probe, best first."""
    from sondage.records.summary import read_summary
    from sondage.report import sheet
    from sondage.report.leaderboard import leaderboard as board_of

    board = board_of([read_summary(folder) for folder in chosen(runs)], layer)
    if csv is not None:
        text.hand_over(csv, sheet.as_csv(board.frame()))
    if latex is not None:
        text.hand_over(latex, board.latex())
    if csv is None and latex is None:
        show_board(board)


def chosen(names: Sequence[str]) -> list[RunFolder]:
    """Return the runs meant, each once; a single name means all runs that it fits.

    Of a name that fits several, beside others, the one run last is meant.
    """
    from sondage import api

    found: dict[str, RunFolder] = {}
    for name in names:
        fitting = api.matching(name)
        for folder in fitting if len(names) == 1 else fitting[-1:]:
            found[folder.path.name] = folder
    return list(found.values())


def show(told: list[Against], folders: Sequence[RunFolder]) -> None:
    """Print a comparison: a table for each task, component and score."""
    _show_runs(folders)
    groups: dict[str, list[Against]] = {}
    for one in told:
        groups.setdefault(_title(one), []).append(one)
    for title, group in groups.items():
        columns = ["layer", "encoder", "run", "first", "this", "difference", "95% interval", "p"]
        rows = [_compared_row(one) for one in group]
        kept = ("layer", "run", "first", "this", "difference", "95% interval", "p")
        shown = width.fitted(columns, rows, width.available(), kept)
        text.table(columns, shown, title=title, right=["layer", "run", "first", "this"])
        text.say()
    _notes(told)


def show_board(board: Board) -> None:
    """Print a leaderboard: a row an encoder where that fits, else a row a task."""
    if len(board.columns) > max(len(board.encoders), _MOST_COLUMNS):
        _show_turned(board)
    else:
        _show_upright(board)
    text.say("\n" + "\n".join(text.flat(note) for note in board.notes))


def _show_turned(board: Board) -> None:
    rows = [[column, *(_standing(board, e, column) for e in board.encoders)]
            for column in board.columns]  # fmt: skip
    ranks = ["" if rank is None else f"{rank:.2f}" for rank in map(board.ranks.get, board.encoders)]
    heads = ["task · probe · score", *board.encoders]
    shown = width.fitted(heads, [*rows, ["mean rank", *ranks]], width.available())
    text.table(heads, shown)
    text.say("\n< is the best of its row")


def _standing(board: Board, encoder: str, column: str) -> str:
    place = board.places.get((encoder, column))
    return "" if place is None else place.text() + " <" * place.best


def _show_upright(board: Board) -> None:
    numbers = {name: str(i) for i, name in enumerate(board.columns, 1)}
    heads = ["encoder", *numbers.values(), "rank"]
    rows = []
    for encoder in board.encoders:
        cells = [_standing(board, encoder, column) for column in board.columns]
        rank = board.ranks[encoder]
        rows.append([encoder, *cells, "" if rank is None else f"{rank:.2f}"])
    for name, number in numbers.items():
        text.say(f"{number}: {text.flat(name)}")
    text.say()
    shown = width.fitted(heads, rows, width.available(), heads[1:])
    text.table(heads, shown, right=["rank"])
    text.say("\n< is the best of its column")


def _show_runs(folders: Sequence[RunFolder]) -> None:
    from sondage.records.printed import models_of

    for number, folder in enumerate(folders, 1):
        header = folder.header()
        models = "; ".join(words for _, words in models_of(header))
        behind = f" ({models})" if models else ""
        text.say(text.flat(f"run {number}: {folder.path.name}{behind}"))
        text.warn_of_lacking(folder)
    text.say()


def _title(one: Against) -> str:
    parts = [one.labels[name] for name in ("task", "component", "score")]
    return " · ".join([*parts, one.place["view"]] if one.place["view"] else parts)


def _who(one: Against) -> str:
    step = "" if one.place["step"] is None else f"@{one.place['step']}"
    other = f" ~ {one.labels['other']}" if one.labels["other"] else ""
    return f"{one.labels['encoder']}{step}{other}"


def _compared_row(one: Against) -> list[object]:
    layer = "all" if one.place["layer"] is None else one.place["layer"]
    start = [layer, _who(one), one.run + 1, f"{one.reference_mean:.3f}", f"{one.mean:.3f}"]
    if one.difference is None:
        return [*start, f"{one.mean - one.reference_mean:+.3f}", one.why, ""]
    star = "*" * bool(one.p_holm is not None and one.p_holm < 0.05)
    ends = "" if one.low is None else f"{one.low:+.3f} to {one.high:+.3f}"
    return [*start, f"{one.difference:+.3f}{star}", ends, f"{one.p_holm:.3f}"]


def _notes(told: list[Against]) -> None:
    tests = sum(one.p is not None for one in told)
    text.say(
        f"'first' is run 1, 'difference' this run minus run 1 over the test items of both; p is "
        f"corrected\nfor {text.counted(tests, 'test')} (Holm); * where it is below 0.05"
    )
    reasons = sorted({one.why for one in told if one.why})
    if reasons:
        text.say(f"no test where there are {' or '.join(reasons)}")


def _csv_of(told: list[Against], folders: Sequence[RunFolder]) -> str:
    import pandas as pd

    from sondage.report import sheet

    rows = [
        {"run": folders[one.run].path.name, "first": folders[0].path.name}
        | one.place
        | {f"{name}_label": label for name, label in one.labels.items()}
        | {name: getattr(one, name) for name in _NUMBERS}
        for one in told
    ]
    frame = pd.DataFrame(rows).astype({"layer": "Int64", "step": "Int64"})
    return sheet.as_csv(frame)


_NUMBERS = (
    "mean", "reference_mean", "difference", "low", "high", "p", "p_holm", "n_groups", "n_seeds",
    "why",
)  # fmt: skip


def _latex_of(told: list[Against], folders: Sequence[RunFolder]) -> str:
    from sondage.report.tex import escape, tabular

    heads = ["task", "component", "score", "layer", "encoder", "run 1", "run", "difference", "p"]
    rows = []
    for one in told:
        layer, who, number, first, this, difference, _, p = map(str, _compared_row(one))
        labels = [escape(text.flat(one.labels[n])) for n in ("task", "component", "score")]
        star = "^{*}" * difference.endswith("*")
        number = f"{this} ({number})" if len(folders) > 2 else this
        rows.append(
            [*labels, layer, escape(text.flat(who)), first, number,
             rf"\({difference.rstrip('*')}{star}\)", p]
        )  # fmt: skip
    names = ", ".join(f"{i}: {folder.path.name}" for i, folder in enumerate(folders, 1))
    tests = sum(one.p is not None for one in told)
    caption = escape(text.flat(f"Runs {names}; p corrected for {tests} tests (Holm)"))
    return tabular(caption, "lllrlrrrr", heads, rows)


def _plotted(
    folders: Sequence[RunFolder], plot: Path | None, *, every: bool, size: str, font: float | None
) -> None:
    if plot is None:
        return
    from sondage import report
    from sondage.records.summary import read_summary
    from sondage.report.merged import merged

    found = merged([read_summary(folder) for folder in folders])
    report.plot(found, plot, every_score=every, size=size, font=font)
    text.warn(f"written: {plot}")
