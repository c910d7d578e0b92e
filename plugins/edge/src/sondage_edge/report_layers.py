"""Where in the layers: mixes, cumulative scores, expected layers, layers one by one, RSA."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sondage.report import (
    Axis,
    Paper,
    layer_axis,
    lines,
    over_seeds,
    records,
    score_axis,
    series,
)
from sondage_edge.report_read import MerchantResults, text_of

if TYPE_CHECKING:
    from pandas import DataFrame


def expected_layers(results: MerchantResults, paper: Paper) -> list[Path]:
    """Write the mean layer of each mix, and the expected layer of cumulative scores."""
    import pandas as pd

    scores = results.scores
    wanted = ["centre_of_gravity", "expected_layer"]
    found = scores[scores["score"].isin(wanted) & (scores["kind"] == "probe")]
    # A cumulative probe's last mix is a mix of all layers: not told twice.
    first = {"centre_of_gravity": results.mix[:1], "expected_layer": results.cumulated[:1]}
    kept = [r for r in records(found) if r["component"] in first[r["score"]]]
    if not kept:
        return []
    columns = ["task", "view", "encoder", "component", "score", "mean", "low", "high", "n_seeds"]
    data = pd.DataFrame(kept, columns=columns)
    rows = []
    for (task, encoder), part in data.groupby(["task", "encoder"], sort=False):
        row = {"task": f"{task}, {encoder}"} | dict.fromkeys(wanted, "--")
        for record in records(part):
            row[record["score"]] = text_of(record, ("mean", "low", "high"))
        rows.append(row)
    shown = pd.DataFrame(rows, columns=["task", *wanted])
    shown.columns = ["task, encoder", "centre of gravity", "expected layer"]
    caption = "Mean layer of the learned mix, and expected layer of cumulative scores."
    return paper.table("expected-layers", data, shown=shown, caption=caption)


def mix_weights(results: MerchantResults, paper: Paper) -> list[Path]:
    """Write each layer's share of the learned mix, mean over seeds; a panel per task."""
    table = results.mixes[results.mixes["component"].isin(results.mix[:1])]
    if not len(table):
        return []
    keys = ["task", "encoder", "mixed_layer"]
    data = over_seeds(table, keys, "share")
    data["gamma"] = table.groupby(keys, sort=False)["gamma"].mean().to_numpy()
    y = _scores(data, "share")
    panels = _panels(data, layer_axis(data["mixed_layer"], "mixed_layer", title="layer"), y)
    return paper.figure("mix-weights", panels, data, title="Share of each layer in the mix",
                        note=_seeds(data))  # fmt: skip


def cumulative(results: MerchantResults, paper: Paper) -> list[Path]:
    """Write the score of the mix of layers up to each one; a panel per task."""
    table = results.cumulative[results.cumulative["component"].isin(results.cumulated[:1])]
    if not len(table):
        return []
    keys = ["task", "encoder", "up_to_layer"]
    data = over_seeds(table, keys, "micro_f1")
    added = table.assign(added=table["added"].astype(float))
    data.insert(4, "added", added.groupby(keys, sort=False)["added"].mean().to_numpy())
    x = layer_axis(data["up_to_layer"], "up_to_layer", title="layers 0 to")
    panels = _panels(data, x, _scores(data, "micro_f1", "micro-F1"))
    return paper.figure("cumulative-scores", panels, data,
                        title="Score of the mix of all layers up to one",
                        note=_seeds(data))  # fmt: skip


def by_layer(results: MerchantResults, paper: Paper) -> list[Path]:
    """Write micro-F1 of probes on single layers; a panel per task."""
    scores = results.scores
    data = scores[
        (scores["kind"] == "probe")
        & (scores["score"] == "micro_f1")
        & scores["layer"].notna()
        & scores["component"].isin(results.layered[:1])
    ]
    if not len(data):
        return []
    data = data[["task", "encoder", "layer", "mean", "low", "high", "interval", "n_seeds"]]
    y = _scores(data, "mean", "micro-F1", score="micro_f1")
    return paper.figure("layers", _panels(data, layer_axis(data["layer"]), y), data,
                        title="Edge probes on single layers",
                        note="bands and bars: 95% intervals")  # fmt: skip


def similarity(results: MerchantResults, paper: Paper) -> list[Path]:
    """Write figures 2 and 5: RSA to the baseline by layer; a panel a corpus."""
    scores = results.scores
    data = scores[(scores["kind"] == "metric") & (scores["score"] == "rsa")]
    if not len(data):
        return []
    columns = ["task", "view", "encoder", "other", "layer", "mean", "low", "high", "interval"]
    data = data[columns].reset_index(drop=True)
    y = _scores(data, "mean", "RSA similarity", score="rsa")
    note = f"to {', '.join(dict.fromkeys(data['other']))}; bands and bars: 95% intervals"
    return paper.figure("rsa", _panels(data, layer_axis(data["layer"]), y), data,
                        title="Similarity to the original, by layer", note=note)  # fmt: skip


def ablations(results: MerchantResults, paper: Paper) -> list[Path]:
    """Write figures 3 and 4: the end task's score by layers frozen, and by blocks left."""
    out: list[Path] = []
    parts = {
        "freezing": (results.roles.frozen, "layers frozen (embeddings and bottom blocks)"),
        "truncation": (results.roles.cut, "blocks left"),
    }
    for name, (layers, title) in parts.items():
        data = results.ends[results.ends["encoder"].isin(list(layers))]
        if not len(data):
            continue
        data = data.assign(layers=[layers[e] for e in data["encoder"]])
        depths = {e: _whole(name, results, e) for e in results.roles.tuned}
        data = _with_whole(data, results, {e: n for e, n in depths.items() if n is not None})
        data = data.sort_values(["task", "score", "layers"], kind="stable", ignore_index=True)
        data["value"] = data["value"].astype(float)
        shown = over_seeds(data, ["task", "score", "layers"], "value")
        note = "-1: nothing frozen; " * (name == "freezing") + _seeds(shown, "encoders and seeds")
        out += paper.figure(name, _by_depth(shown, title), data, title=f"End task and {name}",
                            note=note)  # fmt: skip
    return out


def _seeds(data: DataFrame, what: str = "seeds") -> str:
    """Return what is drawn of values over seeds."""
    there = bool(data["low"].notna().any())
    return f"mean over {what}" + "; bands and bars: 95% intervals over them" * there


def _by_depth(shown: DataFrame, title: str) -> list[Any]:
    """Return a panel for each end task and score, by the layers frozen or left."""
    x, by = layer_axis(shown["layers"], "layers", title=title), series("task", shown["task"])
    return [
        lines(part, x, _scores(part, "value", score=str(score)), by, title=str(task))
        for (task, score), part in shown.groupby(["task", "score"], sort=False)
    ]


def _whole(name: str, results: MerchantResults, encoder: str) -> int | None:
    """Return where an encoder tuned as a whole is drawn: at -1 frozen, as in the paper's
    figure 3; as a cut at its number of blocks, where a result of a single layer tells it.
    """
    if name == "freezing":
        return -1
    layers = results.scores.loc[results.scores["encoder"] == encoder, "layer"].dropna()
    return int(layers.max()) if len(layers) else None


def _with_whole(data: DataFrame, results: MerchantResults, whole: dict[str, int]) -> DataFrame:
    """Add encoders tuned as a whole on the same tasks."""
    import pandas as pd

    ends = results.ends
    same = ends[ends["encoder"].isin(list(whole)) & ends["task"].isin(data["task"])]
    if not len(same):
        return data
    same = same.assign(layers=[whole[e] for e in same["encoder"]])
    return pd.concat([same, data], ignore_index=True)


def _scores(data: DataFrame, column: str, title: str = "", *, score: str = "") -> Axis:
    ends = [*data["low"], *data["high"]]
    return score_axis(data[column], column, score=score, title=title, ends=ends)


def _panels(data: DataFrame, x: Axis, y: Axis) -> list[Any]:
    by = series("encoder", data["encoder"])
    return [
        lines(part, x, y, by, title=str(task)) for task, part in data.groupby("task", sort=False)
    ]
