"""The end tasks themselves: scores of the trainings, with layers frozen, with blocks cut."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sondage.contracts import Findings
from sondage.plain import flat
from sondage.registry.naming import parted
from sondage.report import Axis, Paper, layer_axis, lines, over_seeds, records, series
from sondage_edge.report_panels import intervals_note, joined, value_axis
from sondage_edge.report_read import MerchantResults

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pandas import DataFrame

#: Items, their sentences, and how each fared; by encoder, seed and task.
Fared = Mapping[tuple[str, str, str], tuple["NDArray[Any]", "NDArray[Any]", "NDArray[Any]"]]
_GAP = ["difference", "difference_low", "difference_high", "p"]


def fared(findings: Findings) -> Fared:
    """Return how each item of dev fared at the last step of each training that tells it."""
    out = {}
    for record, arrays in findings.arrays():
        if record["kind"] == "training" and "dev_outcomes" in arrays:
            family, seed, _ = parted(flat(record["encoder"]))
            last = arrays["dev_outcomes"][int(np.argmax(arrays["dev_steps"]))]
            key = (family, seed, flat(record["task"]))
            out[key] = (arrays["dev_items"], arrays["dev_groups"], last)
    return out


def end_tasks(results: MerchantResults, paper: Paper) -> list[Path]:
    """Write the end task's score of each encoder tuned as a whole (section 3)."""
    ends = results.ends[results.ends["encoder"].isin(list(results.roles.tuned))]
    if not len(ends):
        return []
    columns = {"encoder": "encoder", "task": "task", "score": "score", "mean": "value", "std":
               "std", "low": "low", "high": "high", "interval": "interval",
               "n_seeds": "n_trainings"}  # fmt: skip
    data = ends[list(columns)].set_axis(list(columns.values()), axis=1)
    data["score"] = data["score"].map(lambda score: results.called.get(score, score))
    shown = {"encoder": "encoder", "task": "task", "score": "score", "value": "value",
             "low": "from", "high": "to", "n_trainings": "trainings"}  # fmt: skip
    caption = "Scores of the end tasks on their development part, with 95% intervals."
    return paper.table("end-tasks", data.reset_index(drop=True), shown=shown, caption=caption)


def ablations(results: MerchantResults, paper: Paper) -> list[Path]:
    """Write figures 3 and 4: the end task's score by layers frozen, and by blocks left."""
    out: list[Path] = []
    parts = {
        "freezing": (results.roles.frozen, "layers frozen (embeddings and bottom blocks)"),
        "truncation": (results.roles.cut, "blocks left"),
    }
    for name, (layers, title) in parts.items():
        data = by_depth(name, layers, results)
        if not len(data):
            continue
        x, by = layer_axis(data["layers"], "layers", title=title), series("task", data["task"])
        panels = [
            lines(part, x, _axis(part, str(score), results), by, title=str(task))
            for (task, score), part in data.groupby(["task", "score"], sort=False)
        ]
        note = joined(["-1: nothing frozen" * (name == "freezing"),
                       intervals_note(data["interval"])])  # fmt: skip
        out += paper.figure(name, panels, data, title=f"End task and {name}", note=note)
    return out


def _axis(part: DataFrame, score: str, results: MerchantResults) -> Axis:
    called = results.called.get(score, score)
    return value_axis(part, "value", called if called != score else "", score=score)


def by_depth(name: str, layers: Mapping[str, int], results: MerchantResults) -> DataFrame:
    """Return the end task's scores by the layers frozen or left, whole ones among them.

    Returns
    -------
    DataFrame
        ``task, score, layers, value, low, high, interval, n_seeds, encoder``; and against the
        encoder of the same task and seed that was tuned as a whole, by item of dev, paired:
        ``difference``, its interval and ``p``, where both tell their outcomes.
    """
    import pandas as pd

    cut = results.ends[results.ends["encoder"].isin(list(layers))]
    depth = dict(layers)
    for encoder in results.roles.tuned:
        at = _whole(name, results, encoder)
        depth |= {} if at is None else {encoder: at}
    mine = results.ends["encoder"].isin(list(depth)) & results.ends["task"].isin(cut["task"])
    data = results.ends[mine].rename(columns={"mean": "value"})
    data = data.assign(layers=[depth[e] for e in data["encoder"]])
    keys, columns = ["task", "score", "layers"], ["value", "low", "high", "interval", "n_seeds"]
    rows = []
    for key, part in data.groupby(keys, sort=False):
        # Encoders of one depth and task, declared one by one, are as many trainings.
        one = records(over_seeds(part, keys, "value"))[0] | {"interval": "encoders"}
        row = records(part[columns])[0] if len(part) == 1 else {c: one[c] for c in columns}
        whole = [e for e in results.roles.tuned if e not in set(part["encoder"])]
        gap = against_whole(part["encoder"].tolist(), whole, str(key[0]), results.fared)
        rows.append(dict(zip(keys, key, strict=True)) | row
                    | {"encoder": ", ".join(part["encoder"])} | gap)  # fmt: skip
    out = pd.DataFrame(rows, columns=[*keys, *columns, "encoder", *_GAP])
    out = out.astype(dict.fromkeys(("value", "low", "high", *_GAP), float))
    return out.sort_values(keys, kind="stable", ignore_index=True)


def _whole(name: str, results: MerchantResults, encoder: str) -> int | None:
    """Return where an encoder tuned as a whole is drawn: at -1 frozen, as in the paper's
    figure 3; as a cut at its number of blocks, where a result of a single layer tells it.
    """
    if name == "freezing":
        return -1
    layers = results.scores.loc[results.scores["encoder"] == encoder, "layer"].dropna()
    return int(layers.max()) if len(layers) else None


def against_whole(
    encoders: list[str], whole: list[str], task: str, found: Fared
) -> dict[str, float | None]:
    """Return the paired difference of encoders' outcomes to those of the whole ones.

    Encoders with a seed are compared with the whole one of that seed, others with the
    one without, or of seed 0.
    """
    from sondage.stats import paired_difference

    theirs = {seed: value for (e, seed, t), value in found.items() if e in whole and t == task}
    parts = []
    for (encoder, seed, on), (items, groups, values) in found.items():
        if encoder in encoders and on == task:
            other = theirs.get(seed) or ({} if seed else theirs).get("0")
            if other is not None and np.array_equal(other[0], items):
                parts.append((values, other[2], groups))
    if not parts:
        return dict.fromkeys(_GAP)
    mine, his, groups = (np.concatenate(column) for column in zip(*parts, strict=True))
    gap = paired_difference(mine.astype(float), his.astype(float), groups)
    return dict(zip(_GAP, (gap.difference, gap.low, gap.high, gap.p_value), strict=True))
