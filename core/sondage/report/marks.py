"""Panels: lines over an axis and dots beside each other, with intervals wherever there are any."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sondage.plain import flat
from sondage.report.axes import Axis
from sondage.report.palette import colours, shades, shapes
from sondage.report.tidy import inline

if TYPE_CHECKING:
    import altair as alt
    from pandas import DataFrame

#: Columns of the ends of an interval.
ENDS = ("low", "high")
_BAND = 0.16


@dataclass(frozen=True)
class Series:
    """What tells lines apart: a column, its values in order, and a look for each.

    Made once for all panels of a figure, so that a name looks the same in each.

    Attributes
    ----------
    column : str
    names : tuple
        Of the column's values, those that are drawn, in the legend's order.
    colours, shapes : tuple of str
    title : str
        Of the legend, where the names alone say too little.
    """

    column: str
    names: tuple[Any, ...]
    colours: tuple[str, ...]
    shapes: tuple[str, ...]
    title: str = ""

    def colour(self, **legend: Any) -> alt.Color:
        """Return the encoding of colours; what the legend is to have besides can be given."""
        import altair as alt

        found = alt.Color(f"{self.column}:N", sort=None)
        found = found.scale(domain=list(self.names), range=list(self.colours))
        return found.legend(title=self.title or None, **legend)

    def shape(self) -> alt.Shape:
        """Return the encoding of marks."""
        import altair as alt

        found = alt.Shape(f"{self.column}:N", sort=None)
        found = found.scale(domain=list(self.names), range=list(self.shapes))
        return found.legend(title=self.title or None)

    def dash(self) -> alt.StrokeDash:
        """Return an encoding of dashes: the first name's line is solid."""
        import altair as alt

        dashes = [[1, 0], [5, 3], *([2, 2 + i] for i in range(len(self.names)))]
        found = alt.StrokeDash(f"{self.column}:N", sort=None).legend(title=self.title or None)
        return found.scale(domain=list(self.names), range=dashes[: len(self.names)])


def series(
    column: str, values: Iterable[Any], *, first: str = "", ordered: bool = False, title: str = ""
) -> Series:
    """Return the look of a column's values.

    Parameters
    ----------
    column : str
    values : iterable
        With repetitions; the order is that in which they come.
    first : str
        A colour for the first value, such as grey for what the others are compared with.
    ordered : bool
        Shades from light to dark instead of colours: for layers and training steps.
    title : str
        Of the legend.
    """
    names = tuple(dict.fromkeys(flat(v) if isinstance(v, str) else v for v in values))
    n = len(names)
    looks = shades(n) if ordered else [first, *colours(n - 1)] if first and n else colours(n)
    return Series(column, names, tuple(looks), tuple(shapes(n)), title)


def heading(text: str, below: str = "") -> alt.TitleParams:
    """Return a panel's title, with a second line in grey if there is one."""
    import altair as alt

    more: dict[str, Any] = {"subtitle": flat(below)} if below else {}
    return alt.TitleParams(flat(text), **more)


def lines(
    data: DataFrame, x: Axis, y: Axis, by: Series, *, interval: tuple[str, str] = ENDS,
    dash: Series | None = None, behind: Sequence[Any] = (), front: Sequence[Any] = (),
    title: str = "", below: str = "", width: int = 250, height: int = 190,
) -> alt.LayerChart:  # fmt: skip
    """Return a panel of lines with marks, one a series, and the intervals there are.

    An interval that has a neighbour is drawn as part of a band, one alone as a bar.

    Parameters
    ----------
    data : DataFrame
        One row a point.
    x, y : Axis
    by : Series
        A colour and a mark each.
    interval : (str, str)
        Columns of the ends; nothing is drawn where they are not or are missing.
    dash : Series, optional
        A second column that tells lines apart, by dashes.
    behind, front : sequence of Altair charts
        Drawn with the lines, such as a `level`.
    title, below : str
    """
    import altair as alt

    told = [by, *([dash] if dash else [])]
    data = _in_order(data, x, told)
    base = alt.Chart(inline(_drawn(data, x, y, told, interval)))
    apart = [alt.Detail(f"{dash.column}:N")] if dash else []
    across, up, colour = x.x(), y.y(), by.colour()
    few = data[x.column].nunique() <= 13
    dots = base.mark_point(filled=True, size=52 if few else 24, opacity=1, stroke="white",
                           strokeWidth=1 if few else 0)  # fmt: skip
    marks = _intervals(data, base, x, y, told, interval)
    marks.append(base.mark_line().encode(across, up, colour, *([dash.dash()] if dash else [])))
    marks.append(dots.encode(across, up, colour, by.shape(), *apart))
    whole: Any = alt.layer(*behind, *marks, *front)
    made: alt.LayerChart
    made = whole.properties(width=width, height=height, title=heading(title, below))
    return made


def dots(
    data: DataFrame, category: str, y: Axis, by: Series, *, interval: tuple[str, str] = ENDS,
    sideways: bool = False, title: str = "", below: str = "", width: int = 250, height: int = 190,
) -> alt.LayerChart:  # fmt: skip
    """Return a panel of points beside each other, with their intervals as bars.

    Parameters
    ----------
    data : DataFrame
        One row a point.
    category : str
        Column whose values stand along the axis, in the order in which they come.
    y : Axis
        Of the value.
    by : Series
        Within a category, a colour, a mark and a place each.
    interval : (str, str)
    sideways : bool
        Categories are rows and values lie along the panel, which is as high as it must be.
    """
    import altair as alt

    names = [n for n in by.names if n in set(map(_plain, data[by.column]))]
    order = [flat(c) for c in dict.fromkeys(data[category])]
    place = f"{category}:N"
    where: list[Any] = (
        [alt.Y(place, title=None, sort=order).axis(domain=False, ticks=False, offset=4),
         alt.YOffset(f"{by.column}:N", sort=names)] if sideways else
        [alt.X(place, title=None, sort=order).scale(paddingInner=0.2, paddingOuter=0.05)
         .axis(labelAngle=0, ticks=False, offset=4),
         alt.XOffset(f"{by.column}:N", sort=names)]
    )  # fmt: skip
    kept = data.assign(**{category: [str(c) for c in data[category]]})
    base = alt.Chart(inline(_drawn(kept, None, y, [by], interval, category)))
    value = (lambda c="": y.x(c)) if sideways else (lambda c="": y.y(c))
    marks: list[Any] = []
    if "low" in base.data.values[0]:
        end = alt.X2("high:Q") if sideways else alt.Y2("high:Q")
        bars = base.mark_rule(strokeWidth=1.5)
        marks.append(bars.encode(value("low"), end, *where, by.colour()))
    point = base.mark_point(filled=True, size=60, opacity=1)
    marks.append(point.encode(value(), *where, by.colour(), by.shape()))
    size: dict[str, Any] = {"width": width, "height": alt.Step(14) if sideways else height}
    whole: Any = alt.layer(*marks)
    made: alt.LayerChart = whole.properties(**size, title=heading(title, below))
    return made


def across(
    data: DataFrame, y: Axis, by: Series, *, interval: tuple[str, str] = ENDS
) -> list[alt.Chart]:
    """Return dashed lines across a panel, with bands: what has a value and no place on its axis."""
    import altair as alt

    base = alt.Chart(inline(_drawn(data, None, y, [by], interval)))
    marks = [base.mark_rule(strokeDash=[6, 4], strokeWidth=2).encode(y.y(), by.colour())]
    if "low" in base.data.values[0]:
        band = base.mark_rect(opacity=_BAND)
        marks.insert(0, band.encode(y.y("low"), alt.Y2("high:Q"), by.colour()))
    return marks


def level(at: float, y: Axis) -> alt.Chart:
    """Return a thin line across a panel at one value, such as zero."""
    import altair as alt

    base = alt.Chart(alt.InlineData(values=[{y.column: at}]))
    made: alt.Chart = base.mark_rule(color="#999999").encode(y.y())
    return made


def _in_order(data: DataFrame, x: Axis, told: Sequence[Series]) -> DataFrame:
    """Return rows by the legend's order, along the axis: what comes later is drawn on top."""
    import numpy as np

    places = [data[s.column].map(_plain).map({n: i for i, n in enumerate(s.names)}) for s in told]
    keys = [data[x.column], *reversed(places)]
    return data.iloc[np.lexsort([k.to_numpy(float) for k in keys])]


def _drawn(
    data: DataFrame, x: Axis | None, y: Axis, told: Sequence[Series], interval: tuple[str, str],
    *more: str,
) -> DataFrame:  # fmt: skip
    """Return the columns that are drawn, the interval's as `ENDS`, cut at the axis' ends."""
    kept = [*(s.column for s in told), *([x.column] if x else []), *more, y.column]
    out = data[list(dict.fromkeys(kept))].copy()
    if all(c in data and data[c].notna().any() for c in interval):
        low, high = (data[c].astype(float) for c in interval)
        out[ENDS[0]], out[ENDS[1]] = low.clip(*y.ends), high.clip(*y.ends)
    return out


def _intervals(
    data: DataFrame, base: alt.Chart, x: Axis, y: Axis, told: Sequence[Series],
    interval: tuple[str, str],
) -> list[Any]:  # fmt: skip
    import altair as alt

    drawn = _drawn(data, x, y, told, interval)
    if ENDS[0] not in drawn:
        return []
    there = drawn[[*ENDS]].notna().all(axis=1)
    columns = [s.column for s in told]
    groups = there.groupby([drawn[c] for c in columns], sort=False, dropna=False)
    before, after = groups.shift(1, fill_value=False), groups.shift(-1, fill_value=False)
    alone = there & ~before & ~after
    apart = [alt.Detail(f"{s.column}:N") for s in told[1:]]
    ends = (x.x(), y.y(ENDS[0]), alt.Y2(f"{ENDS[1]}:Q"), told[0].colour(), *apart)
    marks: list[Any] = []
    if (there & ~alone).any():
        marks.append(base.mark_area(opacity=_BAND).encode(*ends))
    if alone.any():
        bars = alt.Chart(inline(drawn[alone])).mark_rule(strokeWidth=1.5)
        marks.append(bars.encode(*ends))
    return marks


def _plain(value: Any) -> Any:
    return flat(value) if isinstance(value, str) else value
