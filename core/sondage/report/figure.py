"""The picture of a run: one panel per task and component, one line per encoder, by layer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sondage.errors import ResultsError
from sondage.host import extras
from sondage.plain import flat
from sondage.records.summary import Summary, read_summary
from sondage.report import marks
from sondage.report.axes import Axis, layer_axis, score_axis
from sondage.report.marks import Series
from sondage.report.page import arranged, drawn, write_picture
from sondage.report.palette import series_colours, shapes
from sondage.report.pivot import Panel, column_of, panels
from sondage.report.theme import Size, size_of

if TYPE_CHECKING:
    import altair as alt

    from sondage.records.runs import Run

_ACROSS = 4


def plot(
    run: Run | Summary, path: Path | str, *, every_score: bool = False, size: str | Size = "screen"
) -> None:
    """Draw a run's scores by layer, with their 95% intervals.

    Parameters
    ----------
    run : Run or Summary
        Of several runs, what `sondage.report.merged.merged` makes of their summaries.
    path : Path
        Ends in ``.svg``, ``.pdf`` or ``.png`` (twice the size in pixels, for dense screens).
    every_score : bool
        Not only the first score of each component.
    size : str or Size
        ``screen``, or as wide as a paper's ``column`` or ``page``.

    Raises
    ------
    ResultsError
        If there is nothing to draw, or the name ends otherwise.
    DependencyError
        If what draws is not installed.
    """
    extras.need("figures", "a figure")
    path = Path(path)
    if path.suffix not in (".svg", ".png", ".pdf"):
        raise ResultsError(
            f"'{path}' ends in neither .svg, .pdf nor .png",
            hint=f"--plot {path.stem or 'figure'}.svg",
        )
    found = run if isinstance(run, Summary) else read_summary(run.folder)
    shown = panels(found, every_score=every_score)
    if not shown:
        raise ResultsError(f"run '{run.name}' has no finished cells to draw")
    notes = [note for panel in shown for note in panel.notes if note.startswith("±")]
    bars = "; ".join(dict.fromkeys(note.removeprefix("± half of the ") for note in notes))
    picture = drawn(
        list(by_task(shown).values()), across=_ACROSS, size=size_of(size),
        foot=f"bands and bars: {bars}" if bars else "",
    )  # fmt: skip
    write_picture(picture, path)


def chart(shown: list[Panel]) -> alt.VConcatChart:
    """Return panels as an Altair chart: one row per task, one legend for all.

    Panels of one task and score have the same vertical axis, so that they can be compared.
    """
    return arranged(list(by_task(shown).values()), _ACROSS, ("color", "shape"))


def by_task(shown: Sequence[Panel], among: Sequence[Panel] = ()) -> dict[str, list[Any]]:
    """Return the charts of panels by task; encoders look as among those panels, or these."""
    by = _series(among or shown)
    axes = _axes(shown)
    small = len(shown) > 1
    size: dict[str, Any] = {"width": 215 if small else 420, "height": 175 if small else 260}
    out: dict[str, list[Any]] = defaultdict(list)
    for panel in shown:
        out[panel.task].append(_panel(panel, by, axes[panel.task, panel.score], size))
    return out


def _series(shown: Iterable[Panel]) -> Series:
    """Return every encoder's look: a colour each, shades of it for its training steps."""
    names: dict[str, tuple[str, int | None]] = {}
    for panel in shown:
        first = {column_of(row): row for row in panel.rows.values()}
        for name in panel.encoders:
            row = first[name]
            names.setdefault(flat(name), (column_of({**row, "step": None}), row["step"]))
    bases = list(dict.fromkeys(names.values()))
    marks_of = dict(zip(dict.fromkeys(b for b, _ in bases), shapes(len(bases)), strict=False))
    looks = series_colours(list(names.values()))
    kinds = tuple(marks_of[base] for base, _ in names.values())
    return Series("series", tuple(names), tuple(looks), kinds)


def _axes(shown: Iterable[Panel]) -> dict[tuple[str, str], Axis]:
    rows: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for panel in shown:
        rows[panel.task, panel.score] += panel.rows.values()
    # Without a label the axis writes the score's name in words.
    titles = {p.score: flat(p.shown[2]) for p in shown if p.shown[2] != p.score}
    return {
        key: score_axis(
            [r["mean"] for r in mine], "mean", score=key[1], title=titles.get(key[1], ""),
            ends=[r[end] for r in mine for end in marks.ENDS],
        )
        for key, mine in rows.items()
    }  # fmt: skip


def _panel(panel: Panel, by: Series, y: Axis, size: dict[str, Any]) -> alt.LayerChart:
    import pandas as pd

    columns = ["layer", "mean", *marks.ENDS]
    rows = [{c: r[c] for c in columns} | {"series": flat(column_of(r))}
            for r in panel.rows.values()]  # fmt: skip
    data = pd.DataFrame(rows).astype(dict.fromkeys(columns, float))
    task, component, _ = panel.shown
    below = component + (f" · {panel.view}" if panel.show_view else "")
    said: dict[str, Any] = {"title": task, "below": below}
    layered = data[data["layer"].notna()]
    if layered["layer"].nunique() < 2:
        # One value an encoder: beside each other, else the intervals would hide one another.
        where = ["all layers" if n != n else f"layer {int(n)}" for n in data["layer"]]
        return marks.dots(data.assign(layer=where), "layer", y, by, **said, **size)
    whole = data[data["layer"].isna()]
    # A probe that mixes all layers has one score: a dashed line across.
    behind = marks.across(whole, y, by) if len(whole) else []
    x = layer_axis(layered["layer"])
    return marks.lines(layered, x, y, by, behind=behind, **said, **size)
