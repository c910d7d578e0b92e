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
from sondage.report import marks, theme
from sondage.report.axes import Axis, layer_axis, score_axis
from sondage.report.guides import Guides, best_rings, control_line, guides_of, level_lines
from sondage.report.kinds import difference_panels, map_panels
from sondage.report.marks import Series
from sondage.report.page import Shared, arranged, drawn, write_picture
from sondage.report.palette import series_colours, shapes
from sondage.report.pivot import Panel, column_of, panels
from sondage.report.theme import Size, size_of

if TYPE_CHECKING:
    import altair as alt

    from sondage.records.runs import Run

#: Kinds of a run's picture.
KINDS = ("lines", "difference", "map")

_ACROSS = 4


def plot(
    run: Run | Summary, path: Path | str, *, every_score: bool = False,
    size: str | Size = "screen", kind: str = "lines", font: float | None = None,
) -> None:  # fmt: skip
    """Draw a run's scores by layer, with their 95% intervals.

    Lines have what they are to be read against: what a probe called ``majority`` has, and the
    accuracy of guessing, as grey lines; the scores on a control task, dotted; each encoder's best
    layer, in a ring.

    Parameters
    ----------
    run : Run or Summary
        Of several runs, what `sondage.report.merged.merged` makes of their summaries.
    path : Path
        Ends in ``.svg``, ``.pdf`` or ``.png`` (twice the size in pixels, for dense screens).
    every_score : bool
        Not only the first score of each component.
    size : str or Size
        ``screen``, or as wide as a paper's ``column`` or ``page``, or a number of millimetres.
    kind : {'lines', 'difference', 'map'}
        Scores by layer; their differences to the baseline; or colours, a row an encoder and a
        column a layer.

    Raises
    ------
    ResultsError
        If there is nothing to draw, or the name ends otherwise, or there is no such kind.
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
    if kind not in KINDS:
        raise ResultsError(f"there is no kind '{flat(kind)}' of pictures", near=KINDS)
    wide = size_of(size, font)
    shown = _panels_of(run, every_score)
    groups, foot = _drawn_as(kind, run, shown)
    across = _ACROSS if kind != "map" else 2
    shared: Shared = () if kind == "map" else ("color", "shape")
    picture = drawn(groups, across=across, size=wide, foot=foot, shared=shared)
    write_picture(picture, path)


def _drawn_as(kind: str, run: Run | Summary, shown: list[Panel]) -> tuple[list[list[Any]], str]:
    """Return the panels of a kind of picture, by task, and what is said below it."""
    if kind == "map":
        return list(map_panels(shown).values()), "darker is more; each panel has its own shades"
    if kind == "difference":
        found = difference_panels(shown, _series(shown))
        return list(found.values()), "bands and bars: 95% intervals of the paired difference"
    summary = run if isinstance(run, Summary) else read_summary(run.folder)
    guides = guides_of(summary, () if isinstance(run, Summary) else run.folder.records())
    return list(by_task(shown, guides).values()), guides.said_below(shown)


def chart(
    run: Run | Summary | list[Panel], *, every_score: bool = False, across: int = 2
) -> alt.VConcatChart:
    """Return a run's scores by layer as an Altair chart, which a notebook shows.

    One row per task and one legend for all. Panels of one task and score have the same vertical
    axis, so that they can be compared. It is Altair's to change: ``chart(run).save("a.html")``.

    Parameters
    ----------
    run : Run, Summary or list of Panel
    every_score : bool
        Not only the first score of each component.
    across : int
        Panels beside each other, at most.

    Raises
    ------
    ResultsError
        If there is nothing to draw.
    DependencyError
        If what draws is not installed.
    """
    extras.need("figures", "a chart")
    import altair as alt

    shown = run if isinstance(run, list) else _panels_of(run, every_score)
    groups = list(by_task(shown).values())
    made = arranged(groups, across, ("color", "shape"))
    room = 260.0 * min(across, max(map(len, groups)))
    names = [flat(name) for panel in shown for name in panel.encoders]
    config = theme.config(theme.legend_columns(names, room), room)
    made.config = alt.Config.from_dict(config)
    return made


def _panels_of(run: Run | Summary, every_score: bool) -> list[Panel]:
    found = run if isinstance(run, Summary) else read_summary(run.folder)
    shown = panels(found, every_score=every_score)
    if not shown:
        raise ResultsError(f"run '{run.name}' has no finished cells to draw")
    return shown


def by_task(
    shown: Sequence[Panel], guides: Guides | None = None, among: Sequence[Panel] = ()
) -> dict[str, list[Any]]:
    """Return the charts of panels by task; encoders look as among those panels, or these."""
    by = _series(among or shown)
    axes = _axes(shown, guides or Guides())
    small = len(shown) > 1
    size: dict[str, Any] = {"width": 215 if small else 420, "height": 175 if small else 260}
    out: dict[str, list[Any]] = defaultdict(list)
    for panel in shown:
        out[panel.task].append(_panel(panel, by, axes[panel.task, panel.score], size, guides))
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


def _axes(shown: Iterable[Panel], guides: Guides) -> dict[tuple[str, str], Axis]:
    rows: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    reach: dict[tuple[str, str], list[float]] = defaultdict(list)
    for panel in shown:
        rows[panel.task, panel.score] += panel.rows.values()
        reach[panel.task, panel.score] += guides.reach(panel)
    # Without a label the axis writes the score's name in words.
    titles = {p.score: flat(p.shown[2]) for p in shown if p.shown[2] != p.score}
    return {
        key: score_axis(
            [r["mean"] for r in mine], "mean", score=key[1], title=titles.get(key[1], ""),
            ends=[*reach[key], *(r[end] for r in mine for end in marks.ENDS)],
        )
        for key, mine in rows.items()
    }  # fmt: skip


def _panel(
    panel: Panel, by: Series, y: Axis, size: dict[str, Any], guides: Guides | None
) -> alt.LayerChart:
    import pandas as pd

    columns = ["layer", "mean", *marks.ENDS]
    rows = [{c: r[c] for c in columns} | {"series": flat(column_of(r))}
            for r in panel.rows.values()]  # fmt: skip
    data = pd.DataFrame(rows).astype(dict.fromkeys(columns, float))
    below = panel.subtitle
    if guides is not None and (far := guides.far(panel)):
        below += f" ({far})"
    said: dict[str, Any] = {"title": panel.shown[0], "below": below}
    layered = data[data["layer"].notna()]
    if layered["layer"].nunique() < 2:
        # One value an encoder: beside each other, else the intervals would hide one another.
        where = ["all layers" if n != n else f"layer {int(n)}" for n in data["layer"]]
        return marks.dots(data.assign(layer=where), "layer", y, by, **said, **size)
    whole = data[data["layer"].isna()]
    # A probe that mixes all layers has one score: a dashed line across.
    behind = marks.across(whole, y, by) if len(whole) else []
    x = layer_axis(layered["layer"])
    front: list[Any] = []
    if guides is not None:
        levels = guides.near(panel)
        behind = [*behind, *(level_lines(levels, y) if levels else [])]
        behind += control_line(guides.control(panel), x, y, by)
        front = best_rings(layered, panel.score, x, y, by) if panel.kind == "probe" else []
    return marks.lines(layered, x, y, by, behind=behind, front=front, **said, **size)
