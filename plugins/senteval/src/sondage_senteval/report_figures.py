"""The files of `senteval.mosbach2020`: pictures with their data, tables as CSV and LaTeX."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sondage.report import (
    Axis,
    Paper,
    Series,
    inline,
    layer_axis,
    level,
    lines,
    score_axis,
    series,
)

if TYPE_CHECKING:
    from pandas import DataFrame

#: What the intervals of a change are over, by how they were made.
_OVER = {
    "trainings": "over trainings",
    "paired": "over test sentences, paired",
    "seeds": "over seeds",
    "independent": "of both accuracies, as if they were independent",
}


def accuracies(scores: DataFrame, paper: Paper) -> list[Path]:
    """Write figure 1: accuracy by layer, a panel per task, a line per encoder and pooling."""
    if not len(scores):
        return []
    data = scores[["encoder", "task", "view", "layer", "accuracy", "low", "high"]]
    data = data.sort_values(["task", "encoder", "view", "layer"], kind="stable", ignore_index=True)
    # The paper's dashes: mean pooling solid, CLS dashed.
    views = sorted(set(data["view"]), key=lambda v: (v != "mean", v != "cls", v))
    by, dash = series("encoder", data["encoder"]), series("view", views)
    ends = [*data["low"], *data["high"]]
    y = score_axis(data["accuracy"], "accuracy", ends=ends, format="%")
    panels = [
        lines(part, layer_axis(data["layer"]), y, by, dash=dash, title=str(task), width=230)
        for task, part in data.groupby("task", sort=False)
    ]
    return paper.figure(
        "figure1-accuracy", panels, data, title="Probing accuracy by layer and pooling",
        note="bands and bars: 95% intervals, over test sentences where there are outcomes, else "
        "over seeds",
        shared=("color", "shape", "strokeDash"),
    )  # fmt: skip


def pooling(data: DataFrame, paper: Paper) -> list[Path]:
    """Write the table of mean pooling against CLS."""
    if not len(data):
        return []
    shown = {"encoder": "encoder", "task": "task", "layer": "layer", "accuracy_cls": "CLS",
             "accuracy_mean": "mean", "difference": "mean - CLS"}  # fmt: skip
    caption = "Accuracy under CLS and mean pooling, by layer"
    return paper.table("pooling", data, caption=caption, shown=shown)


def halves(data: DataFrame, tuned_on: Mapping[str, str], paper: Paper) -> list[Path]:
    """Write tables 2 and 5: changes averaged over the lower and the upper layers."""
    if not len(data):
        return []
    data = data.copy()
    data.insert(1, "tuned_on", [tuned_on.get(e, "") for e in data["encoder"]])
    shown = {"encoder": "encoder", "tuned_on": "tuned on", "task": "probing task",
             "view": "pooling", "half": "layers", "change": "change", "std": "std"}  # fmt: skip
    caption = (
        "Change in probing accuracy (percentage points) after fine-tuning, averaged over layers"
    )
    return paper.table("table2-changes", data, caption=caption, shown=shown, digits=2)


def differences(data: DataFrame, paper: Paper) -> list[Path]:
    """Write figures 4 and 5: the change in every layer, a panel a pooling and task."""
    if not len(data):
        return []
    order = ["encoder", "view", "task", "layer"]
    data = data.sort_values(order, kind="stable", ignore_index=True)
    by, x = series("encoder", data["encoder"]), layer_axis(data["layer"])
    values = [0.0, *data["change"], *data["against_mean"]]
    y = score_axis(values, "change", title="change (points)", ends=[*data["low"], *data["high"]])
    panels = [_changes(part, x, y, by) for _, part in data.groupby(["view", "task"])]
    over = [_OVER[kind] for kind in _OVER if kind in set(data["interval"])]
    note = "bands and bars: 95% intervals " + ", or ".join(over) if over else ""
    if data["against_mean"].notna().any():
        note += "; " if note else ""
        note += "crosses: CLS pooling after fine-tuning, against mean pooling before it"
    return paper.figure(
        "figure4-changes", panels, data, across=max(data["task"].nunique(), 1), note=note,
        title="Change in probing accuracy after fine-tuning",
    )  # fmt: skip


def _changes(part: DataFrame, x: Axis, y: Axis, by: Series) -> Any:
    import altair as alt

    stars = part[part["against_mean"].notna()]
    front = []
    if len(stars):
        base = alt.Chart(inline(stars)).mark_point(shape="cross", size=40)
        front.append(base.encode(x.x(), y.y("against_mean"), by.colour()))
    said = {"title": part["task"].iloc[0], "below": f"{part['view'].iloc[0]} pooling"}
    return lines(part, x, y, by, behind=[level(0.0, y)], front=front, width=230, height=170,
                 **said)  # fmt: skip
