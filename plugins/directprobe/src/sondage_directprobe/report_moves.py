"""Where each label went: its mean after fine-tuning minus before, by layer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sondage.report import Paper, heading, inline
from sondage.report.palette import COLOURS, INK, PALE
from sondage_directprobe.geometry import principal_plane
from sondage_directprobe.report_motion import SIDE, plane_axes, planes
from sondage_directprobe.report_read import Means, ZhouResults

if TYPE_CHECKING:
    from pandas import DataFrame

#: Labels whose difference is named in a panel: of those that moved farthest.
NAMED = 4


def differences(results: ZhouResults, paper: Paper) -> list[Path]:
    """Write figures 5 and 7 to 10: each label's mean after minus before, in 2-D PCA by layer."""
    note = (
        "a point a label: its mean after fine-tuning minus before; "
        "named: some that moved farthest; each layer has its own plane and scale"
    )
    return planes(results, paper, lambda layers: map(_difference, layers), _difference_panel,
                  "figure5-moves", "Where labels moved", note)  # fmt: skip


def _difference(part: list[Means]) -> DataFrame | None:
    import pandas as pd

    if len(part) < 2 or part[0].step != 0:
        return None
    before, after = part[0], part[-1]
    common = [label for label in before.labels if label in after.labels]
    if len(common) < 2:
        return None
    moved = np.stack(
        [
            after.values[after.labels.index(c)] - before.values[before.labels.index(c)]
            for c in common
        ]
    )
    plane = principal_plane(moved)
    # About the origin, not the mean: a shift common to all labels is a move, too.
    flat = moved @ plane.axes.T
    return pd.DataFrame(
        {"layer": before.layer, "label": common, "step": after.step, "pc1": flat[:, 0],
         "pc2": flat[:, 1], "length": np.linalg.norm(moved, axis=1),
         "share1": plane.share[0], "share2": plane.share[1]}
    )  # fmt: skip


def _named(data: DataFrame) -> set[str]:
    """Return the labels that moved farthest, without those whose names would overlap."""
    width, height = (float(np.ptp(data[c].to_numpy(float))) or 1.0 for c in ("pc1", "pc2"))
    kept: list[tuple[str, float, float]] = []
    for row in data.sort_values("length", ascending=False).to_dict("records"):
        near = any(
            abs(row["pc1"] - x) < 0.45 * width and abs(row["pc2"] - y) < 0.1 * height
            for _, x, y in kept
        )
        if not near:
            kept.append((row["label"], row["pc1"], row["pc2"]))
    return {label for label, _, _ in kept[:NAMED]}


def _difference_panel(data: DataFrame) -> Any:
    import altair as alt

    axes = plane_axes(data, origin=True)
    x, y = axes[0].x(), axes[1].y()
    far = _named(data)
    base = alt.Chart(inline(data.assign(x0=0.0, y0=0.0, named=data["label"].isin(far))))
    marks = [
        base.mark_rule(strokeWidth=0.7, color=PALE).encode(x, y, alt.X2("x0:Q"), alt.Y2("y0:Q")),
        base.transform_filter("!datum.named")
        .mark_point(filled=True, size=34, opacity=0.9, color=COLOURS[0])
        .encode(x, y),
        base.transform_filter("datum.named")
        .mark_point(filled=True, size=44, opacity=1, color=COLOURS[1], shape="diamond")
        .encode(x, y),
        base.transform_filter("datum.named")
        .mark_text(dy=-8, fontSize=10, color=INK)
        .encode(x, y, alt.Text("label:N")),
    ]
    longest = float(data["length"].max())
    title = heading(f"layer {data['layer'].iloc[0]}", f"up to {longest:.3g} far")
    return alt.layer(*marks).properties(width=SIDE, height=SIDE, title=title)
