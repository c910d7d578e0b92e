"""What mixes of layers say: their shares, mean layers, cumulative scores, expected layers."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sondage.report import Paper, layer_axis, over_seeds, records
from sondage_edge.report_panels import by_task, seeds_note, value_axis
from sondage_edge.report_read import MerchantResults, text_of

if TYPE_CHECKING:
    from pandas import DataFrame

#: A centre of gravity with less signal than this for its noise is left out.
LEAST = 3.0
_WANTED = {"centre_of_gravity": "centre of gravity", "expected_layer": "expected layer"}
_KEYS = ["task", "view", "encoder", "component", "score"]


def mean_layers(results: MerchantResults) -> DataFrame:
    """Return the mean layer of each mix, and the expected layer of cumulative scores.

    Returns
    -------
    DataFrame
        ``task, view, encoder, component, score, mean, low, high, n_seeds`` (of probes and
        of trainings), ``snr`` and ``note``. ``snr`` is the mean over seeds over their sample
        standard deviation: missing with one seed, infinite where all agree. A centre of
        gravity whose ``snr`` is below `LEAST` is left out: its ``mean``, ``low`` and ``high``
        are missing and ``note`` says so.
    """
    import pandas as pd

    # A cumulative probe's last mix is a mix of all layers: not told twice.
    first = {"centre_of_gravity": results.mix[:1], "expected_layer": results.cumulated[:1]}
    kept = [
        r
        for r in records(results.scores)
        if r["kind"] == "probe" and r["component"] in first.get(r["score"], ())
    ]
    cells = results.cells[results.cells["score"].isin(list(first))]
    found = {key: part["value"].astype(float) for key, part in cells.groupby(_KEYS, sort=False)}
    for row in kept:
        values = found[tuple(row[k] for k in _KEYS)]
        row |= {"snr": signal_to_noise(values.tolist()), "n_seeds": len(values), "note": ""}
        if row["score"] == "centre_of_gravity" and (row["snr"] or LEAST) < LEAST:
            row |= dict.fromkeys(("mean", "low", "high"))
            row["note"] = f"left out: signal-to-noise over seeds below {LEAST:g}"
    return pd.DataFrame(kept, columns=[*_KEYS, "mean", "low", "high", "n_seeds", "snr", "note"])


def signal_to_noise(values: list[float]) -> float | None:
    """Return the mean in size over the sample standard deviation; None of one value."""
    n = len(values)
    if n < 2:
        return None
    mean = math.fsum(values) / n
    noise = math.sqrt(math.fsum((v - mean) ** 2 for v in values) / (n - 1))
    if noise <= 1e-12 * abs(mean):
        return math.inf
    return abs(mean) / noise


def left_out(results: MerchantResults) -> list[str]:
    """Return a sentence on the centres of gravity that are left out, if there are any."""
    rows = [r for r in records(mean_layers(results)) if r["note"]]
    if not rows:
        return []
    listed = ", ".join(f"{r['task']}, {r['encoder']} ({r['snr']:.1f})" for r in rows)
    return [
        "Left out are centres of gravity whose mean over seeds is less than "
        f"{LEAST:g} of their standard deviations (how many, in brackets): {listed}."
    ]


def expected_layers(results: MerchantResults, paper: Paper) -> list[Path]:
    """Write the mean layer of each mix, and the expected layer of cumulative scores."""
    import pandas as pd

    data = mean_layers(results)
    if not len(data):
        return []
    rows = []
    for (task, encoder), part in data.groupby(["task", "encoder"], sort=False):
        row = {"task": f"{task}, {encoder}"} | dict.fromkeys(_WANTED.values(), "--")
        for record in records(part):
            row[_WANTED[record["score"]]] = _text(record)
        rows.append(row)
    shown = pd.DataFrame(rows, columns=["task", *_WANTED.values()])
    shown = shown.set_axis(["task, encoder", *_WANTED.values()], axis=1)
    caption = (
        "Mean layer of the learned mix, and expected layer of cumulative scores, with 95% "
        "intervals and (S/N) mean over standard deviation of the seeds."
    )
    return paper.table("expected-layers", data, shown=shown, caption=caption)


def _text(row: dict[str, Any]) -> str:
    snr = row["snr"]
    told = "" if snr is None or math.isnan(snr) else f" (S/N {snr:.1f})"
    return "left out" + told if row["note"] else text_of(row, ("mean", "low", "high")) + told


def mix_weights(results: MerchantResults, paper: Paper) -> list[Path]:
    """Write each layer's share of the learned mix, mean over seeds; a panel per task."""
    table = results.mixes[results.mixes["component"].isin(results.mix[:1])]
    if not len(table):
        return []
    keys = ["task", "encoder", "mixed_layer"]
    data = over_seeds(table, keys, "share")
    data["gamma"] = table.groupby(keys, sort=False)["gamma"].mean().to_numpy()
    x = layer_axis(data["mixed_layer"], "mixed_layer", title="layer")
    return paper.figure("mix-weights", by_task(data, x, value_axis(data, "share")), data,
                        title="Share of each layer in the mix",
                        note=seeds_note(data))  # fmt: skip


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
    panels = by_task(data, x, value_axis(data, "micro_f1", "micro-F1"))
    return paper.figure("cumulative-scores", panels, data,
                        title="Score of the mix of all layers up to one",
                        note=seeds_note(data))  # fmt: skip
