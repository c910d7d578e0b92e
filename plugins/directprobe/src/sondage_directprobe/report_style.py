"""The report's files: pictures in the house style with their data, tables as CSV and LaTeX."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sondage.plain import flat
from sondage.report.figure import COLOURS as COLOURS
from sondage.report.figure import SHAPES as SHAPES
from sondage.report.tex import escape
from sondage.sheet import inert

if TYPE_CHECKING:
    import altair as alt
    from pandas import DataFrame


INK, GREY, FAINT = "#333333", "#767676", "#E6E6E6"
_FONT = "Helvetica Neue, Helvetica, Arial, Liberation Sans, sans-serif"


def file_name(*parts: str) -> str:
    """Return a name for a file, made of letters, digits, points, dashes and underscores."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", "-".join(parts)).strip("-.") or "figure"


def grid(panels: Sequence[Any], across: int, *, title: str, note: str = "", **resolve: Any) -> Any:
    """Return panels in rows, under one title, with a line of explanation below."""
    import altair as alt

    rows = [alt.hconcat(*panels[i : i + across], spacing=30) for i in range(0, len(panels), across)]
    head = alt.TitleParams(
        flat(title), subtitle=[flat(line) for line in note.split("\n")] if note else [],
        anchor="start", fontSize=15, fontWeight=600, color=INK, subtitleColor=GREY,
        subtitleFontSize=12, offset=14,
    )  # fmt: skip
    if resolve:
        rows = [row.resolve_scale(**resolve) for row in rows]
    whole = alt.vconcat(*rows, spacing=26, padding=16, background="white", title=head)
    return whole.resolve_scale(**resolve) if resolve else whole


def inline(data: DataFrame) -> Any:
    """Return a frame as data for a chart; what is missing becomes null."""
    import altair as alt

    plain = data.astype(object).where(data.notna(), None)
    return alt.InlineData(values=plain.to_dict("records"))


def save_figure(whole: alt.VConcatChart, data: DataFrame, path: Path) -> list[Path]:
    """Write an SVG, and the data behind it as a CSV of the same name; return both paths."""
    styled = (
        whole.configure(font=_FONT)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=INK, titleColor=INK, titleFontWeight="normal", titleFontSize=12,
            labelFontSize=11, gridColor=FAINT, domainColor="#999999", tickColor="#999999",
            tickSize=4, titlePadding=8,
        )
        .configure_title(
            anchor="start", fontSize=12, fontWeight=600, color=INK, subtitleColor=GREY,
            subtitleFontSize=11, offset=8, frame="group",
        )
        .configure_legend(
            orient="top", title=None, labelFontSize=12, labelColor=INK, symbolSize=80,
            symbolOpacity=1, columns=7, labelLimit=260, columnPadding=18,
        )
    )  # fmt: skip
    table = path.with_name(path.name + ".csv")
    picture = path.with_name(path.name + ".svg")
    inert(data).to_csv(table, index=False)
    styled.save(str(picture))
    return [picture, table]


def save_table(
    data: DataFrame, path: Path, *, caption: str, shown: Mapping[str, str], digits: int = 3
) -> list[Path]:
    r"""Write a table as CSV, whole, and as LaTeX (booktabs), with chosen columns; return paths.

    Parameters
    ----------
    shown : mapping of column to heading
    digits : int
        Decimals of numbers that are not whole.
    """
    names = path.with_name(path.name + ".csv"), path.with_name(path.name + ".tex")
    inert(data).to_csv(names[0], index=False)
    columns = [c for c in shown if c in data]
    sides = "".join("r" if data[c].dtype.kind in "iufb" else "l" for c in columns)
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{escape(flat(caption))}}}",
        rf"\begin{{tabular}}{{{sides}}}",
        r"\toprule",
        " & ".join(escape(shown[c]) for c in columns) + r" \\",
        r"\midrule",
        *(
            " & ".join(_cell(row[c], digits) for c in columns) + r" \\"
            for _, row in data.iterrows()
        ),
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]
    names[1].write_text("\n".join(lines) + "\n", "utf-8")
    return list(names)


def _cell(value: Any, digits: int) -> str:
    if isinstance(value, str):
        return escape(flat(value))
    if value is None or value != value:
        return "--"
    if float(value).is_integer() and abs(value) >= 1:
        return str(int(value))
    return rf"\({value:.{digits}f}\)"
