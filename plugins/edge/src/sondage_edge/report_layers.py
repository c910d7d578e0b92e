"""Where in the layers: mixes, cumulative scores, expected layers, layers one by one, RSA."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sondage_edge.report_read import Material
from sondage_edge.report_style import lines, records, save_figure, save_table

if TYPE_CHECKING:
    from pandas import DataFrame


def expected_layers(material: Material, folder: Path) -> list[Path]:
    """Write the mean layer of each mix, and the expected layer of cumulative scores."""
    import pandas as pd

    scores = material.scores
    wanted = ["centre_of_gravity", "expected_layer"]
    found = scores[scores["score"].isin(wanted) & (scores["kind"] == "probe")]
    # A cumulative probe's last mix is a mix of all layers: not told twice.
    first = {"centre_of_gravity": material.mix[:1], "expected_layer": material.cumulated[:1]}
    kept = [r for r in records(found) if r["component"] in first[r["score"]]]
    if not kept:
        return []
    columns = ["task", "view", "encoder", "component", "score", "mean", "low", "high", "n_seeds"]
    data = pd.DataFrame(kept, columns=columns)
    rows = []
    for (task, encoder), part in data.groupby(["task", "encoder"], sort=False):
        row = {"task": f"{task}, {encoder}"} | dict.fromkeys(wanted, "--")
        for record in records(part):
            row[record["score"]] = _interval(record)
        rows.append(row)
    shown = pd.DataFrame(rows, columns=["task", *wanted])
    shown.columns = ["task, encoder", "centre of gravity", "expected layer"]
    caption = "Mean layer of the learned mix, and expected layer of cumulative scores."
    return save_table(data, shown, folder / "expected-layers", caption)


def _interval(row: dict[str, Any]) -> str:
    import pandas as pd

    text = f"{row['mean']:.2f}"
    if not pd.isna(row["low"]):
        text += f" [{row['low']:.2f}, {row['high']:.2f}]"
    return text


def mix_weights(material: Material, folder: Path) -> list[Path]:
    """Write each layer's share of the learned mix, mean over seeds; a panel a task."""
    table = material.mixes[material.mixes["component"].isin(material.mix[:1])]
    if not len(table):
        return []
    keys = ["task", "encoder", "mixed_layer"]
    data = table.groupby(keys, sort=False)[["share", "gamma"]].mean().reset_index()
    panels = _panels(data, "mixed_layer", "share", ("layer", "share"))
    return save_figure(panels, data, folder / "mix-weights", title="Share of each layer in the mix",
                       note="mean over seeds")  # fmt: skip


def cumulative(material: Material, folder: Path) -> list[Path]:
    """Write the score of the mix of layers up to each one; a panel a task."""
    table = material.cumulative[material.cumulative["component"].isin(material.cumulated[:1])]
    if not len(table):
        return []
    keys = ["task", "encoder", "up_to_layer"]
    data = table.assign(added=table["added"].astype(float))
    data = data.groupby(keys, sort=False)[["micro_f1", "added"]].mean().reset_index()
    panels = _panels(data, "up_to_layer", "micro_f1", ("layers 0 to", "micro-F1"))
    return save_figure(panels, data, folder / "cumulative-scores",
                       title="Score of the mix of all layers up to one",
                       note="mean over seeds")  # fmt: skip


def by_layer(material: Material, folder: Path) -> list[Path]:
    """Write micro-F1 of probes on single layers; a panel a task."""
    scores = material.scores
    data = scores[
        (scores["kind"] == "probe")
        & (scores["score"] == "micro_f1")
        & scores["layer"].notna()
        & scores["component"].isin(material.layered[:1])
    ]
    if not len(data):
        return []
    data = data[["task", "encoder", "layer", "mean", "low", "high", "interval", "n_seeds"]]
    panels = _panels(data, "layer", "mean", ("layer", "micro-F1"), ("low", "high"))
    return save_figure(panels, data, folder / "layers", title="Edge probes on single layers",
                       note="bands: 95% intervals")  # fmt: skip


def similarity(material: Material, folder: Path) -> list[Path]:
    """Write figures 2 and 5: RSA to the baseline by layer; a panel a corpus."""
    scores = material.scores
    data = scores[(scores["kind"] == "metric") & (scores["score"] == "rsa")]
    if not len(data):
        return []
    columns = ["task", "view", "encoder", "other", "layer", "mean", "low", "high", "interval"]
    data = data[columns].reset_index(drop=True)
    panels = _panels(data, "layer", "mean", ("layer", "RSA similarity"), ("low", "high"))
    note = f"to {', '.join(dict.fromkeys(data['other']))}; bands: 95% intervals"
    return save_figure(panels, data, folder / "rsa", title="Similarity to the original, by layer",
                       note=note)  # fmt: skip


def ablations(material: Material, folder: Path) -> list[Path]:
    """Write figures 3 and 4: the end task's score by layers frozen, and by blocks left."""
    out: list[Path] = []
    parts = {
        "freezing": (material.roles.frozen, "layers frozen (embeddings and bottom blocks)"),
        "truncation": (material.roles.cut, "blocks left"),
    }
    for name, (layers, title) in parts.items():
        data = material.ends[material.ends["encoder"].isin(list(layers))]
        if not len(data):
            continue
        data = data.assign(layers=[layers[e] for e in data["encoder"]])
        depths = {e: _whole(name, material, e) for e in material.roles.tuned}
        data = _with_whole(data, material, {e: n for e, n in depths.items() if n is not None})
        data = data.sort_values(["task", "score", "layers"], kind="stable", ignore_index=True)
        data["value"] = data["value"].astype(float)
        keys = ["task", "score", "layers"]
        shown = data.groupby(keys, sort=False)["value"].mean().reset_index()
        panels = [
            lines(part, "layers", "value", "task", titles=(title, str(score)), heading=str(task),
                  names=list(dict.fromkeys(shown["task"])))
            for (task, score), part in shown.groupby(["task", "score"], sort=False)
        ]  # fmt: skip
        note = "-1: nothing frozen; mean over encoders" if name == "freezing" else ""
        out += save_figure(panels, data, folder / name, title=f"End task and {name}", note=note)
    return out


def _whole(name: str, material: Material, encoder: str) -> int | None:
    """Return where an encoder tuned as a whole is drawn: at -1 frozen, as in the paper's
    figure 3; as a cut at its number of blocks, where a result of a single layer tells it.
    """
    if name == "freezing":
        return -1
    layers = material.scores.loc[material.scores["encoder"] == encoder, "layer"].dropna()
    return int(layers.max()) if len(layers) else None


def _with_whole(data: DataFrame, material: Material, whole: dict[str, int]) -> DataFrame:
    """Add encoders tuned as a whole on the same tasks."""
    import pandas as pd

    ends = material.ends
    same = ends[ends["encoder"].isin(list(whole)) & ends["task"].isin(data["task"])]
    if not len(same):
        return data
    same = same.assign(layers=[whole[e] for e in same["encoder"]])
    return pd.concat([same, data], ignore_index=True)


def _panels(
    data: DataFrame, x: str, y: str, titles: tuple[str, str], band: tuple[str, str] | None = None
) -> list[Any]:
    names = list(dict.fromkeys(data["encoder"]))
    return [
        lines(part, x, y, "encoder", titles=titles, heading=str(task), names=names, band=band)
        for task, part in data.groupby("task", sort=False)
    ]
