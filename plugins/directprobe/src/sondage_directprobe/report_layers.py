"""Accuracy, clusters and least distances by layer, before and after fine-tuning."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sondage.report import Paper, Series, count_axis, layer_axis, lines, score_axis, series
from sondage.report.palette import GREY
from sondage_directprobe.report_read import ZhouResults

if TYPE_CHECKING:
    from pandas import DataFrame

_WANTED = {
    "accuracy": "accuracy",
    "clusters": "clusters",
    "mean_min_distance": "mean least distance",
}


def by_layer(results: ZhouResults, cells: DataFrame, paper: Paper) -> list[Path]:
    """Write accuracy, clusters and least distance by layer, before and after fine-tuning."""
    import pandas as pd

    parts = []
    for task in results.tasks:
        for encoder in results.series:
            mine = cells[(cells["task"] == task) & (cells["encoder"] == encoder)]
            mine = mine[mine["layer"].notna()]
            if mine["step"].nunique() < 2:
                continue
            after = mine[mine["step"] == mine["step"].max()].assign(state=encoder)
            before = mine[mine["step"] == mine["step"].min()].assign(state="original")
            parts += [before.assign(encoder=""), after]
    if not parts:
        return []
    data = pd.concat(parts, ignore_index=True)
    data = data.drop_duplicates(["task", "state", "layer"])
    states = sorted(dict.fromkeys(data["state"]), key=lambda state: state != "original")
    by = series("state", states, first=GREY)
    shown = [score for score in _WANTED if data[score].notna().any()]
    panels = [
        _panel(data[data["task"] == task], task, score, by)
        for task in dict.fromkeys(data["task"]) for score in shown
        if data[data["task"] == task][score].notna().any()
    ]  # fmt: skip
    columns = ["task", "state", "step", "layer", "accuracy", "accuracy_std", "accuracy_low",
               "accuracy_high", "clusters", "labels", "linear", "similarity",
               "mean_min_distance"]  # fmt: skip
    return paper.figure(
        "layers", panels, data[columns], across=max(len(shown), 1),
        title="Layers before and after fine-tuning",
        note="the original encoder, and each encoder at its last step; bands and bars: 95% "
        "intervals",
    )  # fmt: skip


def _panel(data: DataFrame, task: str, score: str, by: Series) -> Any:
    data = data[data[score].notna()]
    title, interval = _WANTED[score], ("accuracy_low", "accuracy_high")
    if score == "accuracy":
        ends = [value for end in interval for value in data[end]]
        y = score_axis(data[score], score, ends=ends)
    else:
        interval = ("", "")
        kind = count_axis if score == "clusters" else score_axis
        y = kind(data[score], score, title=title)
    return lines(data, layer_axis(data["layer"]), y, by, interval=interval, title=task,
                 below=title, width=230, height=180)  # fmt: skip
