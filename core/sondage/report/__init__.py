"""What a run found, for people: tables in the terminal, LaTeX, SQL, and a paper's figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sondage.lazy import exports

if TYPE_CHECKING:
    from sondage.report.axes import Axis as Axis
    from sondage.report.axes import bounds_of as bounds_of
    from sondage.report.axes import count_axis as count_axis
    from sondage.report.axes import layer_axis as layer_axis
    from sondage.report.axes import plane_axis as plane_axis
    from sondage.report.axes import score_axis as score_axis
    from sondage.report.axes import step_axis as step_axis
    from sondage.report.database import query as query
    from sondage.report.figure import chart as chart
    from sondage.report.figure import plot as plot
    from sondage.report.labels import Labels as Labels
    from sondage.report.marks import Series as Series
    from sondage.report.marks import across as across
    from sondage.report.marks import dots as dots
    from sondage.report.marks import heading as heading
    from sondage.report.marks import level as level
    from sondage.report.marks import lines as lines
    from sondage.report.marks import series as series
    from sondage.report.palette import colours as colours
    from sondage.report.palette import shades as shades
    from sondage.report.palette import shapes as shapes
    from sondage.report.pivot import Panel as Panel
    from sondage.report.pivot import panels as panels
    from sondage.report.save import Paper as Paper
    from sondage.report.save import file_name as file_name
    from sondage.report.save import save_figure as save_figure
    from sondage.report.save import save_picture as save_picture
    from sondage.report.save import save_table as save_table
    from sondage.report.tex import latex as latex
    from sondage.report.theme import FigureOptions as FigureOptions
    from sondage.report.theme import Size as Size
    from sondage.report.tidy import by_family as by_family
    from sondage.report.tidy import inline as inline
    from sondage.report.tidy import over_seeds as over_seeds
    from sondage.report.tidy import records as records
else:
    # Naming what is here imports neither pandas nor Altair. No module is called
    # as what it holds.
    __getattr__, __dir__, __all__ = exports(
        __name__,
        {
            "axes": [
                "Axis",
                "bounds_of",
                "count_axis",
                "layer_axis",
                "plane_axis",
                "score_axis",
                "step_axis",
            ],
            "database": ["query"],
            "figure": ["chart", "plot"],
            "labels": ["Labels"],
            "marks": ["Series", "across", "dots", "heading", "level", "lines", "series"],
            "palette": ["colours", "shades", "shapes"],
            "pivot": ["Panel", "panels"],
            "save": ["Paper", "file_name", "save_figure", "save_picture", "save_table"],
            "tex": ["latex"],
            "theme": ["FigureOptions", "Size"],
            "tidy": ["by_family", "inline", "over_seeds", "records"],
        },
    )  # fmt: skip
