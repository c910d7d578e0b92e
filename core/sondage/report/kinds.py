"""Further kinds of a run's picture: differences to the baseline, and a map of all layers."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sondage.errors import ResultsError
from sondage.plain import flat
from sondage.report import marks
from sondage.report.axes import layer_axis, score_axis
from sondage.report.marks import Series, heading
from sondage.report.palette import INK, shades
from sondage.report.pivot import Panel, column_of
from sondage.report.tidy import inline

if TYPE_CHECKING:
    import altair as alt

#: Pixels of a cell of a map; with more layers than these its number would not fit.
_WIDE, _HIGH, _NUMBERED = 34, 24, 26


def difference_panels(shown: list[Panel], every: Series) -> dict[str, list[Any]]:
    """Return a panel of differences to the baseline for each that has some, by task.

    Raises
    ------
    ResultsError
        If none has.
    """
    import pandas as pd

    out: dict[str, list[Any]] = defaultdict(list)
    differ = [row for p in shown for row in p.rows.values() if row.get("difference") is not None]
    by = only(every, {flat(column_of(row)) for row in differ})
    for panel in shown:
        rows = [row for row in panel.rows.values() if row.get("difference") is not None]
        if not rows:
            continue
        data = pd.DataFrame(
            [
                {"series": flat(column_of(row)), "layer": row["layer"], "mean": row["difference"]}
                | {end: row[f"difference_{end}"] for end in marks.ENDS}
                for row in rows
            ]
        )
        title = f"difference in {flat(panel.shown[2]).replace('_', ' ')}"
        ends = [*data["low"], *data["high"], 0.0]
        y = score_axis(data["mean"], "mean", score="difference", title=title, ends=ends)
        said: dict[str, Any] = {"title": panel.shown[0], "below": panel.subtitle}
        if data["layer"].notna().all() and data["layer"].nunique() > 1:
            zero = [marks.level(0.0, y)]
            x = layer_axis(data["layer"])
            drawn = marks.lines(data, x, y, by, behind=zero, **said, width=215, height=175)
        else:
            names = {r["layer"]: f"layer {r['layer']}" for r in rows} | {None: "all layers"}
            where = [names[row["layer"]] for row in rows]
            drawn = marks.dots(data.assign(layer=where), "layer", y, by, **said, width=215)
        out[panel.task].append(drawn)
    if not out:
        raise ResultsError(
            "no score has a difference to a baseline to draw",
            hint="name a baseline in the composition; differences need outcomes of both",
        )
    return out


def only(every: Series, names: set[str]) -> Series:
    """Return the look of those series that are drawn, as it was among all."""
    kept = [i for i, name in enumerate(every.names) if name in names]
    parts = (every.names, every.colours, every.shapes)
    drawn, colours, shapes = (tuple(part[i] for i in kept) for part in parts)
    return Series(every.column, drawn, colours, shapes, every.title)


def map_panels(shown: list[Panel]) -> dict[str, list[Any]]:
    """Return a map for each panel with layers, by task: a row an encoder, a column a layer.

    Colours go from the least to the greatest value of the panel, round numbers both.

    Raises
    ------
    ResultsError
        If no panel has layers.
    """
    out: dict[str, list[Any]] = defaultdict(list)
    for panel in shown:
        rows = [row for row in panel.rows.values() if row["layer"] is not None]
        if len({row["layer"] for row in rows}) > 1:
            out[panel.task].append(_map(panel, rows))
    if not out:
        raise ResultsError("no score belongs to single layers, so there is no map to draw")
    return out


def _map(panel: Panel, rows: list[dict[str, Any]]) -> alt.LayerChart:
    import altair as alt
    import pandas as pd

    data = pd.DataFrame(
        [{"layer": str(r["layer"]), "mean": r["mean"], "series": column_of(r)} for r in rows]
    )
    scale = score_axis(data["mean"], "mean", score=panel.score)
    layers = [str(n) for n in sorted({r["layer"] for r in rows})]
    names = [flat(name) for name in panel.encoders]
    numbered = len(layers) <= _NUMBERED
    low, high = scale.ends
    x = alt.X("layer:O", sort=layers, title="layer").axis(labelAngle=0, ticks=False, domain=False)
    y = alt.Y("series:N", sort=names, title=None).axis(ticks=False, domain=False)
    looks = ["#F3F6FA", *shades(6)]
    colour = alt.Color("mean:Q").scale(domain=[low, high], range=looks, clamp=True)
    legend = None if numbered else alt.Legend(title=scale.title, orient="bottom")
    base = alt.Chart(inline(data)).encode(x, y)
    parts = [base.mark_rect(stroke="white", strokeWidth=1).encode(colour.legend(legend))]
    if numbered:
        # A shade is dark from its middle on.
        dark = alt.condition(alt.datum.mean > (low + high) / 2, alt.value("white"), alt.value(INK))
        most = max(abs(row["mean"]) for row in rows)
        form = f".{0 if most >= 100 else 1 if most >= 10 else 2}f"
        number = alt.Text("mean:Q", format=form)
        parts.append(base.mark_text(fontSize=10).encode(number, color=dark))
    size: dict[str, Any] = {
        "width": (_WIDE if numbered else _WIDE // 3) * len(layers),
        "height": alt.Step(_HIGH),
    }
    whole: Any = alt.layer(*parts)
    score = flat(panel.shown[2]).replace("_", " ")
    title = heading(panel.shown[0], f"{panel.subtitle} · {score}")
    made: alt.LayerChart = whole.properties(**size, title=title)
    return made
