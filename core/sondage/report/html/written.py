"""The page as a file: what a run has, in a template, within a budget of bytes."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sondage
from sondage.errors import ResultsError
from sondage.host import Host, extras
from sondage.plain import clean
from sondage.records.summary import Summary, read_summary
from sondage.report.html.island import island, of_frame, packed
from sondage.store import disk

if TYPE_CHECKING:
    from pandas import DataFrame

    from sondage.records.lines import Record
    from sondage.records.runs import Run
    from sondage.report.html.pictures import Drawn
    from sondage.report.pivot import Panel

#: Bytes that a page has at most before its tables go to files beside it.
BUDGET = 2_000_000
#: Of the budget, what the pictures of reports may take.
_PICTURES = 0.6
#: The columns of the two large tables, in the order in which they are read.
_SCORES = (
    "task", "component", "view", "encoder", "other", "step", "layer", "score", "mean", "low",
    "high", "difference", "difference_low", "difference_high", "p_holm", "n_seeds",
)  # fmt: skip
_CELLS = (
    "task", "component", "view", "encoder", "other", "step", "layer", "seed", "score", "value",
    "low", "high", "status",
)  # fmt: skip
#: Columns of names, which have one of labels beside them.
_NAMES = ("task", "component", "encoder", "other", "score")


@dataclass(frozen=True)
class Written:
    """What was written.

    Attributes
    ----------
    page : Path
    beside : list of Path
        Tables that were too large for the page.
    """

    page: Path
    beside: list[Path]


def write_page(
    run: Run, file: Path | str, *, budget: int = BUDGET, host: Host | None = None
) -> Written:
    """Write a run as one HTML file that needs nothing else.

    The same run gives the same bytes.

    Parameters
    ----------
    run : Run
    file : Path
        Ends in ``.html``.
    budget : int
        Bytes. Tables that would make the page larger are written beside it, as Parquet where
        that can be, else CSV, and the page names them; pictures of reports that take more than
        three fifths of it are named, too. What else there is has to be in the page.
    host : Host, optional
        Tells what components and data sets are; without it, all plugins that are installed.

    Raises
    ------
    ResultsError
        If the name ends otherwise, or the file cannot be written.
    DependencyError
        If what draws is not installed.
    """
    path = Path(file)
    if path.suffix.lower() not in (".html", ".htm"):
        raise ResultsError(f"'{path}' does not end in .html", hint=f"-o {path.stem or 'run'}.html")
    extras.need("figures", "a page")
    content = _Content(run, host or Host.discover(), budget)
    names = {table: f"{path.stem}.{table}{_ending()}" for table in ("scores", "cells")}
    html, large = _within(content, names, budget)
    frames = {"cells": content.cells_frame, "scores": content.scores_frame}
    try:
        others = [_save(frames[n], path.with_name(names[n])) for n in large]
        disk.write_atomic(path, html.encode())
    except OSError as error:
        said = error.strerror or error
        raise ResultsError(f"'{path}' cannot be written: {said}") from error
    return Written(path, others)


def _within(content: _Content, names: Mapping[str, str], budget: int) -> tuple[str, list[str]]:
    """Return a page of at most so many bytes, and which large tables are not in it.

    Scores go before cells, these before the tables of probes, of which small ones go first.
    """
    tables = dict(content.tables())
    sizes = {name: len(island({name: table}).encode()) for name, table in tables.items()}
    kept: list[str] = []
    room = budget - len(content.rendered({}, {}, []).encode())
    for name in sorted(tables, key=lambda n: ((*names, n).index(n), sizes[n])):
        if sizes[name] <= room:
            kept.append(name)
            room -= sizes[name]
    while True:
        out = [name for name in tables if name not in kept]
        beside = {name: names[name] for name in out if name in names}
        left = [name.removeprefix("table:") for name in out if name not in names]
        html = content.rendered({n: tables[n] for n in tables if n in kept}, beside, left)
        # A table has some markup around it, too.
        if len(html.encode()) <= budget or not kept:
            return html, list(beside)
        kept.pop()


def _ending() -> str:
    return ".csv" if "pyarrow" in extras.lacking("sql") else ".parquet"


def _save(frame: DataFrame, path: Path) -> Path:
    from sondage.report.sheet import as_csv

    if path.suffix == ".csv":
        path.write_text(as_csv(frame), "utf-8")
    else:
        frame.to_parquet(path, index=False)
    return path


class _Content:
    """What a page says of a run."""

    def __init__(self, run: Run, host: Host, budget: int) -> None:
        self.run, self.host, self.budget = run, host, budget

    @cached_property
    def found(self) -> Summary:
        return read_summary(self.run.folder)

    @cached_property
    def records(self) -> list[Record]:
        return self.run.folder.records()

    @cached_property
    def table_names(self) -> list[str]:
        """Of the probes' tables, as they come."""
        return [*dict.fromkeys(name for r in self.records for name in r.get("tables", {}))]

    @cached_property
    def panels(self) -> list[Panel]:
        from sondage.report.pivot import panels

        return panels(self.found)

    @cached_property
    def scores_frame(self) -> DataFrame:
        return self.found.frame()

    @cached_property
    def cells_frame(self) -> DataFrame:
        return self.run.frame()

    def tables(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield every table that a reader may sort: scores, cells, then those of the probes."""
        yield "scores", _chosen(self.scores_frame, _SCORES)
        yield "cells", _chosen(self.cells_frame, _CELLS)
        for name in self.table_names:
            frame = self.run.table(name)
            kept = [c for c in frame.columns if c not in ("run", "id", "kind")]
            yield f"table:{name}", of_frame(frame[kept])

    @cached_property
    def fixed(self) -> dict[str, Any]:
        """What the page says, whatever tables it has."""
        from sondage.report.guides import guides_of
        from sondage.report.html import made, offered, pictures, sources, told

        header = self.found.header
        ran = sources.parts(self.run.folder.components(), self.host)
        data = sources.data_sets(ran, self.host)
        paper = str((header.get("declared") or {}).get("paper") or "")
        owed = sources.references(ran, data, paper, self.host)
        compared = told.findings(self.panels)
        room = int(self.budget * _PICTURES)
        drawn = pictures.reports(self.run.folder, ran, room)
        room -= sum(len(picture.svg) for one in drawn for picture in one.pictures)
        sheets = list(map(_sheets, drawn))
        with offered.volunteered(self.run, self.table_names, ran, self.host, room) as more:
            drawn += more
            sheets += map(_sheets, more)
        return {
            "run": self.found,
            "title": str(header.get("composition") or self.found.name),
            "about": str((header.get("declared") or {}).get("summary") or ""),
            "paper": paper,
            "sentences": told.sentences(self.found, compared),
            "findings": compared,
            "highest": told.highest(self.panels),
            "warnings": told.warnings(self.found),
            "failures": told.failures(self.found),
            "panels": self.panels,
            "charts": pictures.charts(self.panels, guides_of(self.found, self.records)),
            "reports": drawn,
            "sheets": sheets,
            "parts": ran,
            "data": data,
            "owed": owed,
            "bibtex": sources.bibtex(owed),
            "making": made.making(self.run.folder, self.found, ran),
            "version": sondage.__version__,
        }

    def rendered(self, tables: dict[str, Any], beside: dict[str, str], left: list[str]) -> str:
        """Return the page with some tables."""
        style, script = _asset("page.css"), _asset("page.js")
        rows = {
            "scores": len(self.scores_frame),
            "cells": len(self.cells_frame),
        }
        page: str = _template().render(
            self.fixed, tables=tables, beside=beside, left=left, rows=rows, island=island(tables),
            style=style, script=script, style_hash=_hash(style), script_hash=_hash(script),
        )  # fmt: skip
        return page


def _chosen(frame: DataFrame, columns: tuple[str, ...]) -> dict[str, Any]:
    labelled = [f"{c}_label" if c in _NAMES and f"{c}_label" in frame else c for c in columns]
    values = [frame[c].astype(object).tolist() for c in labelled]
    return packed(columns, values)


#: Rows of a report's table that a page shows.
_MOST_ROWS = 200


def _sheets(report: Drawn) -> list[tuple[str, dict[str, Any]]]:
    return [(caption, _sheet(file)) for caption, file in report.tables]


def _sheet(file: Path) -> dict[str, Any]:
    """Return a report's table: head, rows, and how many rows it has."""
    import csv

    try:
        with file.open(encoding="utf-8", newline="") as lines:
            head, *rows = [*csv.reader(lines)] or [[]]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        return {"head": [], "rows": [], "more": f"{file.name} cannot be read: {error}"}
    more = f"{len(rows):,} rows, the first {_MOST_ROWS} here" if len(rows) > _MOST_ROWS else ""
    return {"head": head, "rows": [[_short(v) for v in r] for r in rows[:_MOST_ROWS]], "more": more}


def _short(text: str) -> str:
    try:
        value = float(text)
    except ValueError:
        return text
    return text if value.is_integer() else f"{value:.4g}"


def _asset(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text("utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@cache
def _template() -> Any:
    from jinja2 import Environment
    from markupsafe import Markup

    def harmless(value: Any) -> Any:
        return value if isinstance(value, Markup) or not isinstance(value, str) else clean(value)

    environment = Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, finalize=harmless
    )
    return environment.from_string(_asset("page.html.j2"))
