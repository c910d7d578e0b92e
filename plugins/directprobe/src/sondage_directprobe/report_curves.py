"""Curves over steps: least distances of labels, and similarity to the original."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sondage.report import (
    Paper,
    heading,
    inline,
    lines,
    score_axis,
    series,
    step_axis,
)
from sondage.report.palette import PALE
from sondage_directprobe.report_read import ZhouResults

if TYPE_CHECKING:
    from pandas import DataFrame

#: Labels named in a panel of least distances: those that gained most, and those that gained least.
NAMED = 3


def least_distances(results: ZhouResults, paper: Paper) -> list[Path]:
    """Write figures 2 and 6: each label's least distance over the steps, last layer."""
    import pandas as pd

    panels, parts = [], []
    for task in results.tasks:
        for encoder in results.own(task):
            data = _least_distances(results, task, encoder)
            if data["step"].nunique() > 1:
                panels.append(_lines(data, task, encoder))
                parts.append(data)
    if not parts:
        return []
    note = (
        "distance of each label to the nearest other label, last layer; named: the three labels "
        "that gain most (solid) and least (dashed); grey: all others"
    )
    return paper.figure(
        "figure6-distances", panels, pd.concat(parts, ignore_index=True), note=note, shared=(),
        title="Least distance of each label during fine-tuning",
    )  # fmt: skip


def _least_distances(results: ZhouResults, task: str, encoder: str) -> DataFrame:
    data = results.labels
    data = data[(data["task"] == task) & (data["encoder"] == encoder)]
    data = data[data["layer"] == data["layer"].max()].sort_values(["label", "step"])
    data = data[["task", "encoder", "layer", "label", "step", "min_distance"]].copy()
    wide = data.pivot_table(index="label", columns="step", values="min_distance").dropna()
    gain = (wide.iloc[:, -1] - wide.iloc[:, 0]).sort_values(kind="stable") if len(wide) else {}
    names = list(gain.index) if len(wide) else []
    most = names[-NAMED:][::-1]
    least = [n for n in names[:NAMED] if n not in most]
    group = {**dict.fromkeys(most, "gains most"), **dict.fromkeys(least, "gains least")}
    data["group"] = [group.get(label, "") for label in data["label"]]
    data["gain"] = [float(gain[label]) if label in names else None for label in data["label"]]
    return data.reset_index(drop=True)


def _lines(data: DataFrame, task: str, encoder: str) -> Any:
    import altair as alt

    order = data[data["group"] != ""].drop_duplicates("label")
    named = series("label", order.sort_values("gain", ascending=False)["label"])
    x = step_axis(data["step"]).x()
    values = data["min_distance"]
    y = score_axis(values, "min_distance", score="least distance", bounds=(0, None)).y()
    colour = named.colour(columns=2, symbolType="stroke", labelFontSize=11)
    dash = alt.StrokeDash("group:N", legend=None)
    dash = dash.scale(domain=["gains most", "gains least"], range=[[1, 0], [5, 3]])
    rest, shown = (alt.Chart(inline(data[(data["group"] != "") == told])) for told in (False, True))
    marks = [
        rest.mark_line(color=PALE, strokeWidth=0.8).encode(x, y, alt.Detail("label:N")),
        shown.mark_line().encode(x, y, colour, dash),
    ]
    title = heading(task, f"{encoder}, layer {data['layer'].iloc[0]}")
    return alt.layer(*marks).properties(width=270, height=200, title=title)


def similarities(results: ZhouResults, paper: Paper) -> list[Path]:
    """Write figure 4: spatial similarity of each layer to the original, by step.

    From the metric's cells; without them, from the probes' tables of distances.
    """
    import pandas as pd

    scores = results.scores
    measured = scores[(scores["kind"] == "metric") & (scores["score"] == "spatial_similarity")]
    columns = ["task", "encoder", "layer", "step"]
    shown = [*columns, "similarity", "low", "high"]
    data = measured.rename(columns={"mean": "similarity"})[shown]
    if not len(data):
        data = pd.DataFrame(_from_pairs(results), columns=shown)
    data = data[data["encoder"].isin(results.series)].copy()
    starts = data.drop_duplicates(["task", "encoder", "layer"])
    starts = starts.assign(step=0, similarity=1.0, low=None, high=None)
    data = pd.concat([starts.astype(data.dtypes), data]).drop_duplicates(columns, keep="last")
    data = data.sort_values(columns, kind="stable", ignore_index=True)
    y = score_axis(data["similarity"], "similarity", bounds=(-1, 1), ends=[0, 1])
    # The darker the line, the higher the layer: an order, so shades of one colour.
    layers = sorted(int(v) for v in data["layer"].unique())
    by = series("layer", layers, ordered=True, title="layer")
    panels = [
        lines(part, step_axis(part["step"]), y, by, title=str(task), below=str(encoder),
              width=270, height=200)
        for (task, encoder), part in data.groupby(["task", "encoder"], sort=False)
        if encoder in results.own(task) and part["step"].nunique() > 1
    ]  # fmt: skip
    if not panels:
        return []
    note = (
        "Pearson correlation of the distances between labels with those before fine-tuning; "
        "only where labels are separable; the darker, the higher the layer"
    )
    return paper.figure(
        "figure4-similarity", panels, data, title="Similarity to the original, by layer", note=note
    )


def _from_pairs(results: ZhouResults) -> list[dict[str, Any]]:
    import numpy as np

    out = []
    place = ["task", "encoder", "layer"]
    clusters = results.scores[results.scores["score"].isin(["n_clusters", "labels"])]
    counts = clusters.pivot_table(index=[*place, "step"], columns="score", values="mean")
    for key, part in results.pairs.groupby(place, sort=False):
        wide = part.pivot_table(index=["label_a", "label_b"], columns="step", values="distance")
        separable = [
            s for s in wide
            if (*key, s) in counts.index
            and counts.loc[(*key, s), "n_clusters"] == counts.loc[(*key, s), "labels"]
        ]  # fmt: skip
        if 0 not in separable or len(wide) < 3:
            continue
        for step in separable:
            value = float(np.corrcoef(wide[0], wide[step])[0, 1])
            out.append(dict(zip(place, key, strict=True)) | {"step": step, "similarity": value})
    return out
