"""What a run found, for people: tables in the terminal, LaTeX, SQL, and a paper's figures."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sondage.report.axes import (
        Axis,
        bounds_of,
        count_axis,
        layer_axis,
        plane_axis,
        score_axis,
        step_axis,
    )
    from sondage.report.database import query
    from sondage.report.figure import plot
    from sondage.report.marks import Series, across, dots, heading, level, lines, series
    from sondage.report.palette import colours, shades, shapes
    from sondage.report.pivot import Panel, panels
    from sondage.report.read import Findings, findings
    from sondage.report.save import Paper, file_name, save_figure, save_picture, save_table
    from sondage.report.tex import latex
    from sondage.report.theme import Size
    from sondage.report.tidy import inline, over_seeds, records

# No module is called as what it holds: importing it would hide the function.
_HOMES = {
    "Axis": "axes", "bounds_of": "axes", "layer_axis": "axes", "score_axis": "axes",
    "step_axis": "axes", "plane_axis": "axes", "count_axis": "axes",
    "Series": "marks", "across": "marks", "dots": "marks", "heading": "marks", "level": "marks",
    "lines": "marks", "series": "marks",
    "Paper": "save", "file_name": "save", "save_figure": "save", "save_picture": "save",
    "save_table": "save",
    "Size": "theme",
    "colours": "palette", "shades": "palette", "shapes": "palette",
    "inline": "tidy", "over_seeds": "tidy", "records": "tidy",
    "Findings": "read", "findings": "read",
    "Panel": "pivot", "panels": "pivot",
    "latex": "tex", "plot": "figure", "query": "database",
}  # fmt: skip

__all__ = [
    "Axis", "Findings", "Panel", "Paper", "Series", "Size", "across", "bounds_of", "colours",
    "count_axis", "dots", "file_name", "findings", "heading", "inline", "latex", "layer_axis",
    "level", "lines", "over_seeds", "panels", "plane_axis", "plot", "query", "records",
    "save_figure", "save_picture", "save_table", "score_axis", "series", "shades", "shapes",
    "step_axis",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    # Reading a finished run's findings imports neither pandas nor Altair.
    if name in _HOMES:
        module = importlib.import_module(f"sondage.report.{_HOMES[name]}")
        return getattr(module, name)
    raise AttributeError(f"module 'sondage.report' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
