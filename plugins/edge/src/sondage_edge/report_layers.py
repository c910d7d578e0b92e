"""By layer: edge probes on single ones, structural probes, codelengths, RSA on each domain."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sondage.report import (
    Paper,
    across,
    layer_axis,
    level,
    lines,
    over_seeds,
    records,
    score_axis,
    series,
)
from sondage_edge.report_panels import by_task, intervals_note, joined, value_axis
from sondage_edge.report_read import MerchantResults

if TYPE_CHECKING:
    from pandas import DataFrame

#: Figure 1's correlations come first, then what the probes were made for.
_STRUCTURAL = {
    "dspr": "distances: Spearman correlation",
    "nspr": "depths: Spearman correlation",
    "uuas": "distances: UUAS",
    "root_accuracy": "depths: roots found",
}
_SHOWN = ["task", "view", "encoder", "component", "layer", "score", "mean", "low", "high",
          "interval", "n_seeds"]  # fmt: skip


def structural(results: MerchantResults, paper: Paper) -> list[Path]:
    """Write figure 1: structural probes by layer; what has no layer is a dashed line."""
    scores = results.scores
    data = scores[(scores["kind"] == "probe") & scores["score"].isin(list(_STRUCTURAL))]
    if not data["layer"].notna().any():
        return []
    data = _with_own_intervals(data[_SHOWN].reset_index(drop=True), results)
    rank = {name: i for i, name in enumerate(_STRUCTURAL)}
    data = data.sort_values("score", key=lambda c: c.map(rank), kind="stable", ignore_index=True)
    layered = data["layer"].notna()
    names = [e if by else f"{c} ({e})" for e, c, by in
             zip(data["encoder"], data["component"], layered, strict=True)]  # fmt: skip
    data["line"] = names
    by = series("line", data["line"][layered].tolist() + data["line"][~layered].tolist())
    x, panels = layer_axis(data["layer"]), []
    for (task, score), part in data.groupby(["task", "score"], sort=False):
        inside, whole = part[part["layer"].notna()], part[part["layer"].isna()]
        if len(inside):
            y = value_axis(part, "mean", _STRUCTURAL[str(score)], score=str(score))
            behind = across(whole, y, by) if len(whole) else []
            panels.append(lines(inside, x, y, by, behind=behind, title=str(task)))
    return paper.figure("structural", panels, data, across=2, title="Structural probes by layer",
                        note=intervals_note(data["interval"]))  # fmt: skip


def _with_own_intervals(data: DataFrame, results: MerchantResults) -> DataFrame:
    """Add the intervals that cells tell of themselves, where a score has no other."""
    keys = ["task", "view", "encoder", "component", "layer"]
    own: dict[tuple[Any, ...], list[tuple[Any, Any]]] = {}
    for r in records(results.intervals) if "name" in results.intervals else []:
        key = (*(_plain(r[k]) for k in keys), r["name"])
        own.setdefault(key, []).append((r["low"], r["high"]))
    for i, r in enumerate(records(data)):
        found = own.get((*(_plain(r[k]) for k in keys), r["score"]), [])
        if math.isnan(r["low"]) and len(found) == 1 and None not in found[0]:
            data.loc[i, ["low", "high"]] = found[0]
            data.loc[i, "interval"] = "items"
    return data


def _plain(value: Any) -> Any:
    import pandas as pd

    return None if pd.isna(value) else value


def codelengths(results: MerchantResults, paper: Paper) -> list[Path]:
    """Write appendix B: compression by layer of minimum description length probes."""
    scores = results.scores
    probed = scores[(scores["kind"] == "probe") & scores["layer"].notna()]
    data = probed[probed["score"] == "compression"][_SHOWN].reset_index(drop=True)
    if not len(data):
        return []
    keys = ["task", "view", "encoder", "component", "layer"]
    bits = probed[probed["score"] == "codelength"].set_index(keys)["mean"].to_dict()
    data["codelength"] = [bits.get(tuple(r[k] for k in keys)) for r in records(data)]
    several = data["component"].nunique() > 1
    data["panel"] = [f"{t}, {c}" if several else t for t, c in
                     zip(data["task"], data["component"], strict=True)]  # fmt: skip
    y = value_axis(data, "mean", "compression (uniform / codelength)", score="compression")
    panels = by_task(data, layer_axis(data["layer"]), y, "panel")
    return paper.figure("codelengths", panels, data.drop(columns="panel"),
                        title="Codes of the labels, by layer",
                        note=intervals_note(data["interval"]))  # fmt: skip


def single_layers(results: MerchantResults, paper: Paper) -> list[Path]:
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
    y = value_axis(data, "mean", "micro-F1", score="micro_f1")
    return paper.figure("layers", by_task(data, layer_axis(data["layer"]), y), data,
                        title="Edge probes on single layers",
                        note=intervals_note(data["interval"]))  # fmt: skip


def _rsa(results: MerchantResults) -> DataFrame:
    scores = results.scores
    data = scores[(scores["kind"] == "metric") & (scores["score"] == "rsa")]
    columns = ["task", "view", "encoder", "other", "layer", "mean", "low", "high", "interval",
               "n_seeds"]  # fmt: skip
    data = data[columns].reset_index(drop=True)
    own = {e: str(t) for e, t in zip(results.ends["encoder"], results.ends["task"], strict=True)}
    # Of an encoder that was not trained no text is the domain.
    kind = [(own.get(e), results.domains.get(t)) for e, t in
            zip(data["encoder"], data["task"], strict=True)]  # fmt: skip
    return data.assign(domain=["" if of is None else "in" if of == text else "out"
                               for of, text in kind])  # fmt: skip


def similarity(results: MerchantResults, paper: Paper) -> list[Path]:
    """Write figure 2: RSA to the baseline by layer; a panel a corpus."""
    data = _rsa(results)
    if not len(data):
        return []
    y = value_axis(data, "mean", "RSA similarity", score="rsa")
    note = joined([f"to {', '.join(dict.fromkeys(data['other']))}",
                   intervals_note(data["interval"])])  # fmt: skip
    return paper.figure("rsa", by_task(data, layer_axis(data["layer"]), y), data,
                        title="Similarity to the original, by layer", note=note)  # fmt: skip


def domains(results: MerchantResults, paper: Paper) -> list[Path]:
    """Write figure 5: the same with a panel an encoder, and how much less its own text is alike."""
    data = _rsa(results)
    data = data[data["encoder"].isin(data["encoder"][data["domain"] == "in"])]
    if not (data["domain"] == "out").any():
        return []
    x, y = layer_axis(data["layer"]), value_axis(data, "mean", "RSA similarity", score="rsa")
    by, dash = series("task", data["task"]), series("domain", ["in", "out"], title="domain")
    panels = [
        lines(part, x, y, by, dash=dash, title=str(encoder))
        for encoder, part in data.groupby("encoder", sort=False)
    ]
    note = joined([f"to {', '.join(dict.fromkeys(data['other']))}",
                   intervals_note(data["interval"])])  # fmt: skip
    out = paper.figure("rsa-domains", panels, data, shared=("color", "shape", "strokeDash"),
                       title="Similarity on texts of the training's kind (in), and of others",
                       note=note)  # fmt: skip
    return [*out, *_gaps(domain_gaps(results), paper)]


def domain_gaps(results: MerchantResults) -> DataFrame:
    """Return by layer how much more alike text of another domain stays than text of its own.

    Returns
    -------
    DataFrame
        ``encoder, inside, outside`` (the tasks read), ``layer, gap`` (similarity outside minus
        inside, mean over trainings), its 95% interval ``low, high``, how that was made
        (``interval``: ``trainings``, or of a single one ``independent``, made of both
        similarities' own, which is wider than need be) and ``n_trainings``.
    """
    import pandas as pd

    means = _rsa(results)
    ends = {(r["encoder"], r["task"], r["layer"]): r for r in records(means)}
    cells = results.cells
    cells = cells[(cells["kind"] == "metric") & (cells["score"] == "rsa")]
    keys = ["encoder", "encoder_seed", "task", "layer"]
    each = cells.assign(value=cells["value"].astype(float))
    each = each.groupby(keys, sort=False, dropna=False)["value"].mean().reset_index()
    rows = []
    for encoder, part in means[means["domain"] != ""].groupby("encoder", sort=False):
        mine = each[each["encoder"] == encoder]
        for inside in dict.fromkeys(part["task"][part["domain"] == "in"]):
            for outside in dict.fromkeys(part["task"][part["domain"] == "out"]):
                both = [mine[mine["task"] == t] for t in (inside, outside)]
                pairs = both[0].merge(both[1], on=["layer", "encoder_seed"])
                pairs["gap"] = pairs["value_y"] - pairs["value_x"]
                for r in records(over_seeds(pairs, ["layer"], "gap")):
                    two = [ends[encoder, t, r["layer"]] for t in (inside, outside)]
                    rows.append(_gap(encoder, inside, outside, r, two))
    columns = ["encoder", "inside", "outside", "layer", "gap", "low", "high", "interval",
               "n_trainings"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns).astype({"low": float, "high": float})


def _gap(
    encoder: Any, inside: str, outside: str, row: dict[str, Any], two: list[dict[str, Any]]
) -> dict[str, Any]:
    out = {"encoder": encoder, "inside": inside, "outside": outside, "layer": int(row["layer"]),
           "gap": row["gap"], "low": row["low"], "high": row["high"],
           "interval": "trainings", "n_trainings": row["n_seeds"]}  # fmt: skip
    if row["n_seeds"] > 1:
        return out
    (a, b) = two
    down = math.hypot(a["high"] - a["mean"], b["mean"] - b["low"])
    up = math.hypot(a["mean"] - a["low"], b["high"] - b["mean"])
    known = not math.isnan(down + up)
    out |= {"low": out["gap"] - down, "high": out["gap"] + up} if known else {}
    return out | {"interval": "independent" if known else ""}


def _gaps(data: DataFrame, paper: Paper) -> list[Path]:
    x = layer_axis(data["layer"])
    y = score_axis([0.0, *data["gap"]], "gap", title="similarity outside minus inside",
                   bounds=(None, None), ends=[*data["low"], *data["high"]])  # fmt: skip
    by = series("outside", data["outside"])
    panels = [
        lines(part, x, y, by, behind=[level(0.0, y)], title=str(encoder), below=f"less {inside}")
        for (encoder, inside), part in data.groupby(["encoder", "inside"], sort=False)
    ]
    return paper.figure("domain-gaps", panels, data,
                        title="How much less text of the training's kind stays alike",
                        note=intervals_note(data["interval"]))  # fmt: skip
