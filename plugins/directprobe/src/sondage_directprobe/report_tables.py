"""Tables 2, 3, 4, 5 and 7: before and after, and what training on one task does to another."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sondage.report import Paper
from sondage_directprobe.geometry import change
from sondage_directprobe.report_read import ZhouResults

if TYPE_CHECKING:
    from pandas import DataFrame

#: Scores of `directprobe.clusters`, and the names that they have in the tables.
CLUSTER_SCORES = {
    "n_clusters": "clusters",
    "labels": "labels",
    "is_linear": "linear",
    "spatial_similarity": "similarity",
    "mean_min_distance": "mean_min_distance",
}


#: What is told of the classifier's accuracy.
_ACCURACY = ("accuracy", "accuracy_std", "accuracy_low", "accuracy_high")
#: Its difference to the baseline, as `Findings.summary` calls it too.
_DIFFERENCE = ("difference", "difference_low", "difference_high")


def classifier_of(results: ZhouResults, wanted: str = "") -> str:
    """Return the classifier whose accuracy the tables show; empty if there is none.

    That is `wanted`; else the first with restarts, as the paper's; else the first that is not
    DirectProbe itself.
    """
    scores = results.scores[results.scores["kind"] == "probe"]
    by_probe = {c: set(part["score"]) for c, part in scores.groupby("component", sort=False)}
    able = [c for c, has in by_probe.items() if "accuracy" in has and "n_clusters" not in has]
    if wanted:
        return wanted if wanted in able else ""
    return next((c for c in able if "accuracy_std" in by_probe[c]), able[0] if able else "")


def cells(results: ZhouResults, classifier: str) -> DataFrame:
    """Return one row for each ``task, encoder, step, layer``, a column for each quantity.

    Columns: ``accuracy`` with ``accuracy_std`` (over restarts) and its 95% interval
    ``accuracy_low``, ``accuracy_high`` (over test sentences), ``difference`` of accuracy to the
    baseline with its interval, and what `directprobe.clusters` says.
    """
    import pandas as pd

    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    probed = results.scores[results.scores["kind"] == "probe"]
    clustered = set(probed[probed["score"] == "n_clusters"]["component"])
    for row in probed.to_dict("records"):
        place = (row["task"], row["encoder"], row["step"], row["layer"])
        into = rows.setdefault(place, {})
        score = row["score"]
        if row["component"] == classifier and score == "accuracy":
            into |= {"accuracy": row["mean"], "accuracy_low": row["low"],
                     "accuracy_high": row["high"]} | {c: row[c] for c in _DIFFERENCE}  # fmt: skip
        elif row["component"] == classifier and score == "accuracy_std":
            into[score] = row["mean"]
        elif row["component"] in clustered and score in CLUSTER_SCORES:
            into[CLUSTER_SCORES[score]] = row["mean"]
    keys = ["task", "encoder", "step", "layer"]
    wanted = [*_ACCURACY, *CLUSTER_SCORES.values(), *_DIFFERENCE]
    data = [dict(zip(keys, place, strict=True)) | values for place, values in rows.items()]
    out = pd.DataFrame(data, columns=[*keys, *wanted])
    return out.sort_values(keys, kind="stable", ignore_index=True)


def ends(results: ZhouResults, found: DataFrame, *, own: bool = True) -> DataFrame:
    """Return the last layer's rows before (step 0) and after (last step) training.

    Parameters
    ----------
    own : bool
        Only encoders trained on the very task.
    """
    import pandas as pd

    parts = []
    for task in results.tasks:
        here = found[(found["task"] == task) & found["layer"].notna()]
        here = here[here["layer"] == here["layer"].max()]
        for encoder in results.own(task) if own else results.series:
            mine = here[here["encoder"] == encoder].sort_values("step")
            if mine["step"].nunique() > 1:
                both = mine.iloc[[0, -1]].assign(state=["original", "tuned"])
                both.insert(2, "tuned_on", results.tuned_on.get(encoder, ""))
                parts.append(both)
    columns = ["task", "encoder", "state"]
    if not parts:
        return pd.DataFrame(columns=[*columns, *found.columns[2:]])
    out = pd.concat(parts, ignore_index=True)
    return out[[*columns, *(c for c in out if c not in columns)]]


def before_and_after(results: ZhouResults, found: DataFrame, paper: Paper) -> list[Path]:
    """Write tables 7, 2, 3 and 4: all, and the paper's selections from it."""
    table = ends(results, found)
    if not len(table):
        return []
    heads = {"task": "task", "encoder": "encoder", "state": "state", "accuracy": "accuracy",
             "accuracy_std": "std", "clusters": "clusters", "labels": "labels",
             "linear": "linear", "similarity": "similarity"}  # fmt: skip

    def write(name: str, rows: DataFrame, caption: str, *columns: str) -> list[Path]:
        shown = {c: heads[c] for c in ("task", "encoder", "state", *columns)}
        return paper.table(name, rows, caption=caption, shown=shown)

    caption = "Probing before and after fine-tuning, last layer."
    out = write("table7", table, caption, *(c for c in heads if c not in table.columns[:3]))
    apart = table[table["similarity"].notna()]
    if len(apart):
        out += write("table2", apart, "Similarity of training and test items, last layer.",
                     "accuracy", "accuracy_std", "similarity")  # fmt: skip
    if table["clusters"].notna().any():
        out += write("table3", table, "Linearity before and after fine-tuning, last layer.",
                     "clusters", "labels", "linear", "accuracy")  # fmt: skip
        tangled = table.groupby(["task", "encoder"])["linear"].transform("min") == 0
        if tangled.any():
            out += write("table4", table[tangled], "Clusters where labels are not separable.",
                         "clusters", "labels")  # fmt: skip
    return out


def across_tasks(results: ZhouResults, found: DataFrame, paper: Paper) -> list[Path]:
    """Write table 5: how training on each task moves the labels of each other one."""
    import pandas as pd

    table = ends(results, found, own=False)
    rows = []
    tuned = table[table["state"] == "tuned"] if len(table) else table
    for row in tuned.to_dict("records"):
        steps = [_least(results, row, step) for step in (0, row["step"])]
        if not all(steps):
            continue
        place = {c: row[c] for c in ("task", "encoder", "tuned_on")}
        told = {c: row[c] for c in (*_ACCURACY, *_DIFFERENCE)}
        rows.append(place | change(*steps) | told)
    if not rows:
        return []
    plain = table[table["state"] == "original"].drop_duplicates("task")
    first = [
        {"task": r["task"], "encoder": results.base, "tuned_on": "nothing"}
        | {c: r[c] for c in _ACCURACY}
        for r in plain.to_dict("records") if any(r["task"] == x["task"] for x in rows)
    ]  # fmt: skip
    data = pd.DataFrame([*first, *rows], columns=list(rows[0]))
    data = data.sort_values("task", kind="stable", ignore_index=True)
    shown = {"task": "task", "tuned_on": "tuned on", "up": "up", "down": "down", "same": "same"}
    shown |= {"mean_change": "mean change", "accuracy": "accuracy", "accuracy_std": "std"}
    caption = "Labels whose least distance grew and shrank by fine-tuning, last layer."
    return paper.table("table5", data, caption=caption, shown=shown)


def _least(results: ZhouResults, row: dict[str, Any], step: int) -> dict[str, float]:
    labels = results.labels
    here = labels[
        (labels["task"] == row["task"])
        & (labels["encoder"] == row["encoder"])
        & (labels["layer"] == row["layer"])
        & (labels["step"] == step)
    ]
    return dict(zip(here["label"], here["min_distance"].astype(float), strict=True))
