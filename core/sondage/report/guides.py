"""What scores are to be read against: chance, the largest class, a control task, the best layer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sondage.records.glance import best_of
from sondage.records.lines import Record
from sondage.records.summary import Summary
from sondage.report.axes import Axis
from sondage.report.marks import Series
from sondage.report.palette import GREY
from sondage.report.pivot import Panel, column_of
from sondage.report.tidy import inline

if TYPE_CHECKING:
    import altair as alt
    from pandas import DataFrame

#: Last words of scores that say how well a probe does.
_GRADED = frozenset(
    ("accuracy", "f1", "precision", "recall", "las", "uas", "uuas", "auc", "dspr", "nspr", "mcc",
     "matthews", "selectivity", "compression", "loss", "codelength", "bits", "nats", "perplexity")
)  # fmt: skip
_MAJORITY, _CONTROL = ".majority", "control_"
#: Pixels between two words at the end of lines.
_APART = 11.0

_SummaryRow = dict[str, Any]


@dataclass(frozen=True)
class Guides:
    """Levels and lines of a run, by where they are drawn.

    Attributes
    ----------
    majority : dict of (task, score) to float
        What a probe called ``majority`` has.
    chance : dict of (task, component) to float
        One over the number of classes: the accuracy of a uniform guess.
    controls : dict of (task, component, view, score) to rows
        The same score of the control task.
    """

    majority: Mapping[tuple[str, str], float] = field(default_factory=dict)
    chance: Mapping[tuple[str, str], float] = field(default_factory=dict)
    controls: Mapping[tuple[str, str, str, str], list[_SummaryRow]] = field(default_factory=dict)

    def levels(self, panel: Panel) -> dict[str, float]:
        """Return the levels across a panel, by what they are called."""
        out = {}
        level = self.majority.get((panel.task, panel.score))
        if level is not None and not _is_flat(panel):
            out["majority"] = level
        level = self.chance.get((panel.task, panel.component))
        if level is not None and panel.score == "accuracy":
            out["chance"] = level
        return out

    def control(self, panel: Panel) -> list[_SummaryRow]:
        """Return the rows of a panel's control task; none where it has none."""
        place = (panel.task, panel.component, panel.view, panel.score)
        return self.controls.get(place, []) if panel.kind == "probe" else []

    def reach(self, panel: Panel) -> list[float]:
        """Return the values that a panel's axis has to reach besides its own."""
        return [*self.near(panel).values(), *(row["mean"] for row in self.control(panel))]

    def near(self, panel: Panel) -> dict[str, float]:
        """Return the levels that a panel has room for: they make it at most twice as high."""
        rows = panel.rows.values()
        ends = [row[end] for row in rows for end in ("mean", "low", "high") if row[end] is not None]
        # An interval over two seeds may reach anywhere.
        ends += [row["mean"] for row in self.control(panel)]
        low, high = min(ends), max(ends)
        levels, room = self.levels(panel).items(), high - low
        return {name: at for name, at in levels if low - room <= at <= high + room}

    def far(self, panel: Panel) -> str:
        """Return the other levels in words."""
        near = self.near(panel)
        far = [f"{name} {at:.2f}" for name, at in self.levels(panel).items() if name not in near]
        return ", ".join(far)

    def said_below(self, shown: Sequence[Panel]) -> str:
        """Return what a picture of panels has to explain below it."""
        notes = [note for panel in shown for note in panel.notes if note.startswith("±")]
        bars = "; ".join(dict.fromkeys(note.removeprefix("± half of the ") for note in notes))
        said = [f"bands and bars: {bars}"] if bars else []
        said += ["dotted: control task"] if any(self.control(panel) for panel in shown) else []
        if any(_is_ringed(panel) for panel in shown):
            said.append("ring: best layer, chosen on test")
        return "; ".join(said)


def _is_ringed(panel: Panel) -> bool:
    """Whether any of a panel's series has a best layer."""
    if panel.kind != "probe" or not _is_graded(panel.score):
        return False
    layered = [(who, row) for (layer, who), row in panel.rows.items() if layer is not None]
    return any(_has_best([row for who, row in layered if who == name]) for name in panel.encoders)


def _has_best(rows: list[_SummaryRow]) -> bool:
    """Whether one is better than another: of what is the same everywhere, none is the best."""
    return len({row["mean"] for row in rows}) > 1


def _is_flat(panel: Panel) -> bool:
    """Whether all that is in a panel is one value, such as the majority's own."""
    return len({row["mean"] for row in panel.rows.values()}) == 1


def guides_of(found: Summary, records: Iterable[Record] = ()) -> Guides:
    """Return what a run has of them; without its records, chance is not known."""
    keys = {c.get("label"): c.get("key") for c in found.header.get("components", [])
            if c.get("kind") == "probe"}  # fmt: skip
    names = {n for n, key in keys.items() if str((key or {}).get("use", "")).endswith(_MAJORITY)}
    levels: dict[tuple[str, str], set[float]] = {}
    controls: dict[tuple[str, str, str, str], list[_SummaryRow]] = {}
    for row in found.rows:
        if row["kind"] == "probe" and row["component"] in names:
            levels.setdefault((row["task"], row["score"]), set()).add(round(row["mean"], 9))
        if row["kind"] == "probe" and row["score"].startswith(_CONTROL):
            score = row["score"].removeprefix(_CONTROL)
            place = (row["task"], row["component"], row["view"], score)
            controls.setdefault(place, []).append(row)
    # One that differs from encoder to encoder is no level of the task.
    majority = {place: min(values) for place, values in levels.items() if len(values) == 1}
    return Guides(majority, _chance(records), controls)


def _chance(records: Iterable[_SummaryRow]) -> dict[tuple[str, str], float]:
    out: dict[tuple[str, str], float] = {}
    for record in records:
        place = (record["task"], record["component"])
        labels = record.get("tables", {}).get("per_class", {}).get("label")
        if place not in out and isinstance(labels, list) and len(set(map(str, labels))) > 1:
            out[place] = 1 / len(set(map(str, labels)))
    return out


def level_lines(levels: Mapping[str, float], y: Axis) -> list[alt.Chart]:
    """Return grey lines across a panel with their names at the left, near ones together."""
    import altair as alt

    shown: list[tuple[str, float]] = []
    near = (y.ends[1] - y.ends[0]) * _APART / 190
    for name, at in sorted(levels.items(), key=lambda pair: -pair[1]):
        if shown and shown[-1][1] - at < near:
            shown[-1] = (f"{shown[-1][0]}, {name}", shown[-1][1])
        else:
            shown.append((name, at))
    lines = alt.Chart(alt.InlineData(values=[{y.column: at} for at in levels.values()]))
    words = alt.Chart(alt.InlineData(values=[{y.column: at, "name": n} for n, at in shown]))
    text = words.mark_text(align="left", baseline="bottom", dx=2, dy=-2, fontSize=10, color=GREY)
    return [
        lines.mark_rule(color=GREY, strokeDash=[3, 3], strokeWidth=1).encode(y.y()),
        text.encode(y.y(), text="name:N", x=alt.value(0)),
    ]


def control_line(rows: list[_SummaryRow], x: Axis, y: Axis, by: Series) -> list[alt.Chart]:
    """Return a dotted line for each encoder: its scores on the control task."""
    import altair as alt
    import pandas as pd

    data = pd.DataFrame(
        [{"layer": r["layer"], y.column: r["mean"], by.column: column_of(r)} for r in rows
         if r["layer"] is not None]
    )  # fmt: skip
    if not len(data):
        return []
    base = alt.Chart(inline(data)).mark_line(strokeDash=[1, 3], strokeWidth=1.5)
    return [base.encode(x.x(), y.y(), by.colour())]


def _is_graded(score: str) -> bool:
    return score.rpartition("_")[2].lower() in _GRADED


def best_rings(data: DataFrame, score: str, x: Axis, y: Axis, by: Series) -> list[alt.Chart]:
    """Return a ring around each series' best point; none where none is better than another."""
    if not _is_graded(score):
        return []
    import altair as alt
    import pandas as pd

    rows: dict[Any, list[_SummaryRow]] = {}
    for found in data.to_dict("records"):
        row = {str(k): v for k, v in found.items()} | {"score": score}
        rows.setdefault(row[by.column], []).append(row)
    best = [best_of(mine) for mine in rows.values() if _has_best(mine)]
    if not best:
        return []
    kept = pd.DataFrame([{c: row[c] for c in (x.column, y.column, by.column)} for row in best])
    ring = alt.Chart(inline(kept)).mark_point(
        filled=False, shape="circle", size=190, strokeWidth=1.5, opacity=1
    )
    return [ring.encode(x.x(), y.y(), by.colour())]
