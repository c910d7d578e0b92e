"""The report's files: figures as SVG with their data as CSV, tables as CSV and LaTeX."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sondage.plain import flat
from sondage.report.figure import COLOURS as COLOURS
from sondage.report.figure import SHAPES
from sondage.report.tex import escape
from sondage.sheet import inert

if TYPE_CHECKING:
    from pandas import DataFrame

INK, GREY, FAINT = "#333333", "#767676", "#E6E6E6"
_FONT = "Helvetica Neue, Helvetica, Arial, Liberation Sans, sans-serif"


def inline(data: DataFrame) -> Any:
    """Return a frame as data for a chart; what is missing becomes null."""
    import altair as alt

    plain = data.astype(object).where(data.notna(), None)
    return alt.InlineData(values=records(plain))


def records(data: DataFrame) -> list[dict[str, Any]]:
    """Return a mapping of column to value for every row."""
    return [{str(k): v for k, v in row.items()} for row in data.to_dict("records")]


def lines(
    data: DataFrame, x: str, y: str, series: str, *, titles: tuple[str, str], heading: str,
    names: Sequence[str], band: tuple[str, str] | None = None,
) -> Any:  # fmt: skip
    """Return a panel of lines with marks, one a series, with a band where there is one.

    Parameters
    ----------
    data : DataFrame
        One row a point.
    x, y, series : str
        Columns.
    titles : (str, str)
        Of the axes.
    heading : str
    names : sequence of str
        All series of all panels, so that each keeps its colour.
    band : (str, str), optional
        Columns of the ends of an interval.
    """
    import altair as alt

    colour = alt.Color(f"{series}:N").scale(domain=list(names), range=_cycle(COLOURS, len(names)))
    shape = alt.Shape(f"{series}:N").scale(domain=list(names), range=_cycle(SHAPES, len(names)))
    low, high = int(data[x].min()), int(data[x].max())
    ticks = list(range(low, high + 1, max(1, (high - low) // 12)))
    whole = alt.X(f"{x}:Q", title=titles[0]).axis(format="d", grid=False, values=ticks)
    up = alt.Y(f"{y}:Q", title=titles[1]).axis(domain=False, ticks=False, tickCount=5)
    up = up.scale(zero=False, nice=True)
    base = alt.Chart(inline(data))
    marks = []
    if band is not None and data[band[0]].notna().any():
        bottom = alt.Y(f"{band[0]}:Q", title=titles[1]).scale(zero=False)
        top = alt.Y2(f"{band[1]}:Q")
        marks.append(base.mark_area(opacity=0.15).encode(whole, bottom, top, colour))
    marks.append(base.mark_line(strokeWidth=2).encode(whole, up, colour))
    dots = base.mark_point(filled=True, size=50, opacity=1, stroke="white", strokeWidth=1)
    marks.append(dots.encode(whole, up, colour, shape))
    return alt.layer(*marks).properties(width=250, height=190, title=flat(heading))


def _cycle(values: Sequence[str], n: int) -> list[str]:
    return [values[i % len(values)] for i in range(n)]


def save_figure(
    panels: Sequence[Any], data: DataFrame, path: Path, *, title: str, note: str = ""
) -> list[Path]:
    """Write panels as an SVG, and the data behind them as a CSV of the same name."""
    import altair as alt

    rows = [alt.hconcat(*panels[i : i + 3], spacing=34) for i in range(0, len(panels), 3)]
    head = alt.TitleParams(
        flat(title), subtitle=[flat(line) for line in note.split("\n")] if note else [],
        anchor="start", fontSize=15, fontWeight=600, color=INK, subtitleColor=GREY,
        subtitleFontSize=12, offset=14,
    )  # fmt: skip
    whole = alt.vconcat(*rows, spacing=28, padding=16, background="white", title=head)
    styled = (
        whole.resolve_scale(color="shared", shape="shared")
        .configure(font=_FONT)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=INK, titleColor=INK, titleFontWeight="normal", titleFontSize=12,
            labelFontSize=11, gridColor=FAINT, domainColor="#999999", tickColor="#999999",
            tickSize=4, titlePadding=8,
        )
        .configure_title(anchor="start", fontSize=12, fontWeight=600, color=INK, offset=8)
        .configure_legend(
            orient="top", title=None, labelFontSize=12, labelColor=INK, symbolSize=80,
            symbolOpacity=1, columns=6, labelLimit=260, columnPadding=18,
        )
    )  # fmt: skip
    picture, table = (path.with_name(path.name + end) for end in (".svg", ".csv"))
    inert(data).to_csv(table, index=False)
    styled.save(str(picture))
    return [picture, table]


def save_table(data: DataFrame, shown: DataFrame, path: Path, caption: str) -> list[Path]:
    """Write `data` as CSV, and `shown`, whose cells are text, as LaTeX (booktabs)."""
    names = [path.with_name(path.name + end) for end in (".csv", ".tex")]
    inert(data).to_csv(names[0], index=False)
    text = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{escape(flat(caption))}}}",
        rf"\begin{{tabular}}{{l{'r' * (shown.shape[1] - 1)}}}",
        r"\toprule",
        " & ".join(escape(flat(c)) for c in shown.columns) + r" \\",
        r"\midrule",
        *(" & ".join(escape(flat(v)) for v in row) + r" \\" for row in shown.to_numpy()),
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]
    names[1].write_text("\n".join(text) + "\n", "utf-8")
    return names
