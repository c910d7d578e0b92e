"""``sondage results``: what runs found, as tables, files, SQL and pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sondage.cli import options, text, width

if TYPE_CHECKING:
    from pandas import DataFrame

    from sondage.records.runs import Run


_Name = Annotated[
    str, typer.Argument(help="A run's or composition's name or its beginning; else the last run.")
]
_Query = Annotated[
    str | None,
    typer.Option(
        metavar="QUERY", help="Ask the tables 'cells' and 'summary': of RUN, else of all runs."
    ),
]


def results(
    run: _Name = "",
    csv: options.FileOrDash = None,
    parquet: Annotated[Path | None, typer.Option(metavar="FILE")] = None,
    latex: options.FileOrDash = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A picture, .svg, .pdf or .png.")
    ] = None,
    size: options.Size = "screen",
    font: options.Font = None,
    kind: options.PictureKind = "lines",
    sql: _Query = None,
    table: Annotated[
        str | None, typer.Option(metavar="NAME", help="A named table, such as per_class.")
    ] = None,
    cells: Annotated[
        bool, typer.Option("--cells", help="One row per cell and score, not the summary.")
    ] = False,
    every: options.Every = False,
    failed: Annotated[bool, typer.Option("--failed", help="Failed cells in full.")] = False,
) -> None:
    """Show a run's results, or write them to a file.

    --csv and --parquet write the summary, or what --cells, --table or --sql gives.
    """
    if sql is not None:
        _hand_over(_asked(sql, run), csv, parquet, asked=True)
        return
    plain = not (failed or cells or any((csv, parquet, latex, plot, table)))
    found = _chosen(run, told=plain)
    if failed:
        _failures(found)
        return
    if not plain:
        text.warn_of_lacking(found.folder)
    if plot is not None or latex is not None:
        _written_for_paper(found, plot, latex, every=every, size=size, font=font, kind=kind)
    if table is not None or cells or csv is not None or parquet is not None:
        _hand_over(_frame(found, table, cells=cells), csv, parquet)
    elif plain:
        _show_run(found, every=every)


def _show_run(run: Run, *, every: bool) -> None:
    from sondage.cli import outcome
    from sondage.records.summary import read_summary

    seen = read_summary(run.folder)
    text.say(run.name + (f": {seen.lacking}" if seen.lacking else "") + "\n")
    outcome.tables(seen, every_score=every)
    outcome.models(seen)
    outcome.warnings(seen)
    if seen.failed:
        outcome.failures(seen)


def _chosen(name: str, *, told: bool = False) -> Run:
    """Return the run meant, and say which it is where the name leaves that open.

    `told` if what is printed next names the run.
    """
    from sondage import api

    fitting = api.matching(name)
    found = api.Run(fitting[-1])
    if name and len(fitting) > 1:
        more = text.counted(len(fitting) - 1, "older run")
        others = ", ".join(f.path.name for f in fitting[-2:-6:-1])
        dots = ", ..." if len(fitting) > 5 else ""
        text.warn(f"{found.name}; '{name}' fits {more} too: {others}{dots}")
    elif not told and name != found.name:
        text.warn(found.name)
    return found


def _asked(sql: str, name: str) -> DataFrame:
    from sondage.records.across import runs
    from sondage.report import query
    from sondage.store import paths

    root = paths.runs_folder()
    if name:
        run = _chosen(name)
        text.warn_of_lacking(run.folder)
        return query(root, sql, run=run.name)
    n = sum(1 for _ in runs(root))
    if n > 1:
        text.warn(f"asked of all {n} runs; 'sondage results RUN --sql ...' asks one alone")
    return query(root, sql, left_out=_left_out)


def _left_out(name: str, why: str) -> None:
    text.warn(f"left out: run {name}, which cannot be read: {why}")


def _frame(run: Run, table: str | None, *, cells: bool) -> DataFrame:
    from sondage.errors import ResultsError, nearest
    from sondage.records.summary import read_summary

    if table is None:
        return run.frame() if cells else read_summary(run.folder).frame()
    out = run.table(table)
    if out.empty:
        known = {name for r in run.folder.records() for name in r.get("tables", {})}
        if table not in known:
            raise ResultsError(
                f"run '{run.name}' has no table '{table}'",
                near=nearest(table, known) or sorted(known)[:10],
            )
    return out


def _hand_over(
    frame: DataFrame, csv: str | None, parquet: Path | None, *, asked: bool = False
) -> None:
    from sondage.errors import ResultsError
    from sondage.host import extras
    from sondage.report import sheet

    if csv is not None:
        text.hand_over(csv, sheet.as_csv(frame))
    if parquet is not None:
        if str(parquet) == "-":
            raise ResultsError("--parquet writes a file, not '-'", hint="--csv - prints")
        extras.need("sql", "--parquet")
        try:
            frame.to_parquet(parquet, index=False)
        except OSError as error:
            raise ResultsError(f"'{parquet}' cannot be written: {error}") from error
        text.warn(f"written: {parquet}")
    if csv is None and parquet is None:
        _printed(frame if asked else _for_reading(frame))


def _for_reading(frame: DataFrame) -> DataFrame:
    """Return a table without what only programs need: the run, ids, labels that say no more."""
    from sondage.records.printed import LABELLED

    out = frame.drop(columns=[c for c in ("run", "id") if c in frame])
    for name in (n for n in LABELLED if f"{n}_label" in frame):
        out[name] = out.pop(f"{name}_label")
    return out


def _printed(frame: DataFrame) -> None:
    numbers = [str(c) for c in frame.columns if frame[c].dtype.kind in "iuf"]
    every = [[_short(value) for value in row] for row in frame.itertuples(index=False)]
    columns, rows, said = width.apart([str(c) for c in frame.columns], every)
    if said:
        text.say("in all rows: " + text.flat(", ".join(said)))
    right = [c for c in columns if c in numbers]
    text.table(columns, width.fitted(columns, rows, width.available(), right), right=right)


def _short(value: object) -> object:
    if isinstance(value, float):
        return "" if value != value else f"{value:.6g}"
    return "" if value is None or str(value) in ("<NA>", "nan", "NaT") else value


def _written_for_paper(
    run: Run, plot: Path | None, latex: str | None, *, every: bool, size: str,
    font: float | None, kind: str,
) -> None:  # fmt: skip
    from sondage import report
    from sondage.records.summary import read_summary

    if plot is not None:
        report.plot(run, plot, every_score=every, size=size, font=font, kind=kind)
        text.warn(f"written: {plot}")
    if latex is not None:
        text.hand_over(latex, report.latex(read_summary(run.folder), every_score=every))


def _failures(run: Run) -> None:
    from sondage.cli import outcome

    for record in run.failed:
        error = record.get("error", {})
        text.say(outcome.place_of(record))
        said = error.get("traceback") or error.get("message", "no reason was recorded")
        text.say("    " + said.rstrip().replace("\n", "\n    "))
    if not run.failed:
        text.say(f"no cell of {run.name} failed")
