"""Paths of label means over the steps of fine-tuning, by layer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sondage.report import Axis, Paper, file_name, heading, inline, plane_axis, series
from sondage_directprobe.geometry import closest_labels, principal_plane
from sondage_directprobe.report_read import Means, ZhouResults

if TYPE_CHECKING:
    from pandas import DataFrame

#: Side of a panel, in pixels.
SIDE = 200


def paths(results: ZhouResults, paper: Paper) -> list[Path]:
    """Write figure 3: paths of the three labels that lie closest at first, in 2-D PCA by layer.

    The labels are chosen in the last layer, by the distances of their means before fine-tuning.
    """
    note = (
        "means of the three labels that lie closest before fine-tuning; "
        "from the open circle to the filled mark; each layer has its own plane and scale"
    )
    return planes(results, paper, _paths, _path_panel, "figure3-paths",
                  "Paths during fine-tuning", note)  # fmt: skip


def planes(
    results: ZhouResults, paper: Paper,
    drawn: Callable[[list[list[Means]]], Iterable[DataFrame | None]],
    panel: Callable[[DataFrame], Any], name: str, title: str, note: str,
) -> list[Path]:  # fmt: skip
    """Write a figure of a plane a layer for each task and each encoder trained on it.

    `drawn` takes the label means of each layer, in the order of steps, and returns a table for
    each plane, None where there is none.
    """
    import pandas as pd

    out: list[Path] = []
    for task, encoder in [(t, e) for t in results.tasks for e in results.own(t)]:
        found = [m for m in results.means if m.task == task and m.encoder == encoder]
        layers = [[m for m in found if m.layer == k] for k in sorted({m.layer for m in found})]
        made = drawn([sorted(part, key=lambda m: m.step) for part in layers])
        tables = [t for t in made if t is not None]
        if not tables:
            continue
        data = pd.concat(tables, ignore_index=True)
        data.insert(0, "task", task)
        data.insert(1, "encoder", encoder)
        names = results.labelled.name("task", task), results.labelled.name("encoder", encoder)
        out += paper.figure(
            file_name(name, *names), [panel(t) for t in tables], data, across=4, note=note,
            title=f"{title}: {task} ({encoder})",
        )  # fmt: skip
    return out


def _paths(layers: list[list[Means]]) -> list[DataFrame | None]:
    """Return the paths in each layer, if the last one has a start and a way."""
    deepest = layers[-1] if layers else []
    if len({m.step for m in deepest}) < 2 or deepest[0].step != 0:
        return []
    chosen = [deepest[0].labels[i] for i in closest_labels(deepest[0].values)]
    return [_path(part, chosen) for part in layers]


def _path(part: list[Means], chosen: list[str]) -> DataFrame | None:
    import pandas as pd

    part = [m for m in part if set(chosen) <= set(m.labels)]
    if len(part) < 2:
        return None
    rows = np.array([[m.labels.index(label) for label in chosen] for m in part])
    values = np.stack([m.values[r] for m, r in zip(part, rows, strict=True)])
    plane = principal_plane(values.reshape(-1, values.shape[-1]))
    flat = plane.project(values.reshape(-1, values.shape[-1])).reshape(len(part), -1, 2)
    return pd.DataFrame(
        [
            {"layer": m.layer, "label": label, "step": m.step, "pc1": xy[0], "pc2": xy[1],
             "share1": plane.share[0], "share2": plane.share[1]}
            for m, points in zip(part, flat, strict=True)
            for label, xy in zip(chosen, points, strict=True)
        ]
    )  # fmt: skip


def plane_axes(data: DataFrame, *, origin: bool) -> tuple[Axis, Axis]:
    """Return both axes with one scale, so that lengths and angles are true."""
    values = data[["pc1", "pc2"]].to_numpy(float)
    if origin:
        values = np.vstack([values, np.zeros((1, 2))])
    middle = (values.max(axis=0) + values.min(axis=0)) / 2
    half = float(np.ptp(values, axis=0).max()) * 0.6 or 1.0

    def axis(column: str, at: int) -> Axis:
        low, high = float(middle[at]) - half, float(middle[at]) + half
        share = 100 * float(data[f"share{at + 1}"].iloc[0])
        return plane_axis(low, high, column, f"component {at + 1} ({share:.0f}%)")

    return axis("pc1", 0), axis("pc2", 1)


def _path_panel(data: DataFrame) -> Any:
    import altair as alt

    by = series("label", data["label"])
    axes = plane_axes(data, origin=False)
    x, y, colour, shape = axes[0].x(), axes[1].y(), by.colour(), by.shape()
    last = int(data["step"].max())
    base = alt.Chart(inline(data))
    marks = [
        base.mark_line().encode(x, y, colour, alt.Order("step:Q")),
        base.transform_filter("datum.step == 0")
        .mark_point(filled=False, fill="white", opacity=1, size=60, strokeWidth=2)
        .encode(x, y, colour),
        base.transform_filter(f"datum.step == {last}")
        .mark_point(filled=True, size=90, opacity=1)
        .encode(x, y, colour, shape),
    ]
    title = heading(f"layer {data['layer'].iloc[0]}")
    return alt.layer(*marks).properties(width=SIDE, height=SIDE, title=title)
