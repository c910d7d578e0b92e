"""The picture of a run: one panel a task and component, a line an encoder, by layer."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sondage import extras
from sondage.errors import ResultsError
from sondage.plain import flat
from sondage.report.pivot import Panel, column_of, panels
from sondage.report.read import findings

if TYPE_CHECKING:
    import altair as alt

    from sondage.api import Run

# Okabe and Ito's colours, which people who do not see red or green tell apart, without the
# yellow that paper swallows; and a mark of its own for each.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right")
_INK, _FAINT, _GREY = "#333333", "#E6E6E6", "#767676"
_FONT = "Helvetica Neue, Helvetica, Arial, Liberation Sans, sans-serif"
_ACROSS = 4


def plot(run: Run, path: Path | str, *, every_score: bool = False) -> None:
    """Draw a run's scores by layer, with 95% intervals as bands.

    Parameters
    ----------
    run : Run
    path : Path
        Ends in ``.svg`` or ``.png`` (twice the size in pixels, for paper and dense screens).
    every_score : bool
        Not only the first score of each component.

    Raises
    ------
    ResultsError
        If there is nothing to draw, or the name ends otherwise.
    DependencyError
        If what draws is not installed.
    """
    extras.need("figures", "a figure")
    path = Path(path)
    if path.suffix not in (".svg", ".png"):
        raise ResultsError(
            f"'{path}' ends in neither .svg nor .png", hint=f"--plot {path.stem or 'figure'}.svg"
        )
    drawn = panels(findings(run.folder), every_score=every_score)
    if not drawn:
        raise ResultsError(f"run '{run.name}' has no finished cells to draw")
    picture = chart(drawn)
    try:
        picture.save(str(path), scale_factor=2 if path.suffix == ".png" else 1)
    except OSError as error:
        raise ResultsError(f"'{path}' cannot be written: {error.strerror}") from error


def chart(drawn: list[Panel]) -> alt.VConcatChart:
    """Return panels as an Altair chart: a row a task, one legend for all.

    Panels of one task and score have the same vertical axis, so that they can be compared.
    """
    import altair as alt

    names = list(dict.fromkeys(flat(name) for panel in drawn for name in panel.encoders))
    steps = _steps(drawn)
    by_task: dict[str, list[Any]] = defaultdict(list)
    for panel in drawn:
        small = len(drawn) > 1
        part = _panel(panel, names, steps[panel.task, panel.score])
        by_task[panel.task].append(
            part.properties(width=215 if small else 420, height=175 if small else 260)
        )
    rows = [
        alt.hconcat(*parts[i : i + _ACROSS], spacing=66, bounds="flush")
        for parts in by_task.values()
        for i in range(0, len(parts), _ACROSS)
    ]
    notes = [note for panel in drawn for note in panel.notes if note.startswith("±")]
    bands = "; ".join(dict.fromkeys(note.removeprefix("± half of the ") for note in notes))
    footer = alt.TitleParams(
        f"bands: {bands}" if bands else "", orient="bottom", anchor="start", fontSize=11,
        fontWeight="normal", color=_GREY, offset=12,
    )  # fmt: skip
    whole: alt.VConcatChart = alt.vconcat(
        *rows, spacing=30, padding=16, background="white", title=footer
    ).resolve_scale(color="shared", shape="shared")
    return _styled(whole)


def _styled(whole: alt.VConcatChart) -> alt.VConcatChart:
    styled: alt.VConcatChart = (
        whole.configure(font=_FONT)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=_INK, titleColor=_INK, titleFontWeight="normal", titleFontSize=12,
            labelFontSize=11, gridColor=_FAINT, domainColor="#999999", tickColor="#999999",
            tickSize=4, titlePadding=8,
        )
        .configure_title(
            anchor="start", fontSize=13, fontWeight=600, color=_INK, subtitleColor=_GREY,
            subtitleFontSize=12, offset=10, frame="group",
        )
        .configure_legend(
            orient="top", title=None, labelFontSize=13, labelColor=_INK, symbolSize=90,
            symbolOpacity=1, columns=4, labelLimit=320, offset=22, columnPadding=22,
        )
    )  # fmt: skip
    return styled


def _panel(panel: Panel, names: list[str], steps: list[float]) -> alt.LayerChart | alt.FacetChart:
    import altair as alt

    rows = [_point(row) for row in panel.rows.values()]
    by_layer = [r for r in rows if r["layer"] is not None]
    whole = [r for r in rows if r["layer"] is None]
    layers = [r["layer"] for r in by_layer] or [0]
    first, last = min(layers), max(layers)
    x = alt.X("layer:Q").axis(values=_ticks(last), format="d", grid=False, title="layer")
    x = x.scale(domain=[first, max(last, first + 1)], padding=8, nice=False)
    y = alt.Y("mean:Q").axis(
        title=flat(panel.score).replace("_", " "), values=steps, domain=False, ticks=False
    )
    y = y.scale(domain=[steps[0], steps[-1]], zero=False, nice=False)
    colour = alt.Color("series:N").scale(domain=names, range=_cycle(COLOURS, len(names)))
    shape = alt.Shape("series:N").scale(domain=names, range=_cycle(SHAPES, len(names)))
    marks: list[Any] = []
    if by_layer:
        base = alt.Chart(alt.InlineData(values=by_layer))
        roomy = len(set(layers)) <= 13
        point = base.mark_point(
            filled=True, size=52 if roomy else 24, opacity=1, stroke="white",
            strokeWidth=1 if roomy else 0,
        )  # fmt: skip
        marks = [
            base.mark_area(opacity=0.18).encode(x, alt.Y("low:Q"), alt.Y2("high:Q"), color=colour),
            base.mark_line(strokeWidth=2).encode(x, y, color=colour),
            point.encode(x, y, color=colour, shape=shape),
        ]
    if whole:
        # A probe that mixes all layers has one score: a dashed line across.
        across = alt.Chart(alt.InlineData(values=whole))
        marks.append(across.mark_rule(strokeDash=[6, 4], strokeWidth=2).encode(y, color=colour))
    subtitle = panel.component + (f" · {panel.view}" if panel.show_view else "")
    # A control character would end the whole process: the renderer aborts.
    title = alt.TitleParams(flat(panel.task), subtitle=flat(subtitle))
    return alt.layer(*marks).properties(title=title)


def _steps(drawn: Iterable[Panel]) -> dict[tuple[str, str], list[float]]:
    """Return the vertical axis's marks, the first and last of which are its ends."""
    seen: dict[tuple[str, str], list[float]] = defaultdict(list)
    for panel in drawn:
        for row in map(_point, panel.rows.values()):
            seen[panel.task, panel.score] += [row["low"], row["high"], row["mean"]]
    return {key: _round_steps(min(values), max(values)) for key, values in seen.items()}


def _round_steps(low: float, high: float) -> list[float]:
    # Round marks beyond both ends put a label at the top of every panel: rows stay aligned.
    room = (high - low) or abs(high) or 1.0
    rough = room / 4
    unit = 10.0 ** math.floor(math.log10(rough))
    step = unit * next(n for n in (1, 2, 5, 10) if n * unit >= rough * 0.999)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [round(n * step, 12) for n in range(first, max(last, first + 1) + 1)]


def _point(row: dict[str, Any]) -> dict[str, Any]:
    low, high = row["low"], row["high"]
    return {
        "layer": row["layer"],
        "series": flat(column_of(row)),
        "mean": row["mean"],
        "low": row["mean"] if low is None else low,
        "high": row["mean"] if high is None else high,
    }


def _ticks(deepest: int) -> list[int]:
    step = next(s for s in (1, 2, 4, 6, 8, 12, 24, 48, 10**6) if deepest / s <= 12)
    return list(range(0, deepest + 1, step))


def _cycle(values: tuple[str, ...], n: int) -> list[str]:
    return [values[i % len(values)] for i in range(n)]
