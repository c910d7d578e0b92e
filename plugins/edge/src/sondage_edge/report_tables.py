"""Table 1 and appendix A: scores of each encoder, and how far from the pretrained one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sondage.report import Paper, dots, records, score_axis, series
from sondage_edge.report_read import MerchantResults, text_of

if TYPE_CHECKING:
    from pandas import DataFrame

_ORDER = ("pretrained", "lexical", "randomised", "tuned", "truncated", "frozen", "other")


def scores_by_role(
    results: MerchantResults, probes: Sequence[str], lexical: Sequence[str] = ()
) -> DataFrame:
    """Return one row per task, encoder and role, with micro-F1 and its distance to the base's.

    Of the first of `probes` and, on the pretrained encoder, of `lexical`.

    Columns ``task, role, encoder, component, micro_f1, low, high, n_seeds, delta, delta_low,
    delta_high, delta_interval``. The interval of a difference is ``paired`` (over the same
    test items) where the run's baseline is the pretrained encoder and the probe
    is the same, over ``trainings`` where an encoder has several; else it is made of the two
    scores' own intervals, as if they were independent, which is wider (``independent``).
    """
    import pandas as pd

    probed = results.scores[results.scores["score"] == "micro_f1"]
    probed = probed[(probed["kind"] == "probe") & probed["layer"].isna()]
    mine = probed[probed["component"].isin(probes[:1])]
    bare = probed["component"].isin(lexical[:1]) & (probed["encoder"] == results.roles.base)
    both = [mine.assign(role=[results.roles.of(e) for e in mine["encoder"]])]
    both.append(probed[bare].assign(role="lexical"))
    rows: list[dict[str, Any]] = []
    found = pd.concat([b for b in both if len(b)] or both[:1], ignore_index=True)
    for (task, view), part in found.groupby(["task", "view"], sort=False):
        base = part[part["role"] == "pretrained"]
        anchor = base.iloc[0] if len(base) else None
        for row in records(part):
            name = task if found["view"].nunique() < 2 else f"{task} ({view})"
            rows.append(_row(str(name), row, anchor))
    columns = ["task", "role", "encoder", "component", "micro_f1", "low", "high", "n_seeds",
               "delta", "delta_low", "delta_high", "delta_interval"]  # fmt: skip
    out = pd.DataFrame(rows, columns=columns)
    order = {"task": list(dict.fromkeys(out["task"])), "role": list(_ORDER)}
    return out.sort_values(["task", "role"], key=lambda c: c.map(order[str(c.name)].index),
                           kind="stable", ignore_index=True)  # fmt: skip


def _row(task: str, row: dict[str, Any], anchor: Any) -> dict[str, Any]:
    out = {c: row[c] for c in ("role", "encoder", "component", "low", "high", "n_seeds")}
    out |= {"task": task, "micro_f1": row["mean"], "delta": None, "delta_low": None,
            "delta_high": None, "delta_interval": ""}  # fmt: skip
    if anchor is None or row["role"] == "pretrained":
        return out
    out["delta"] = row["mean"] - anchor["mean"]
    # Only the run's baseline has no difference of its own.
    if _there(row["difference_low"]) and not _there(anchor["difference"]):
        how = "trainings" if row["interval"] == "trainings" else "paired"
        out |= {"delta_low": row["difference_low"], "delta_high": row["difference_high"],
                "delta_interval": how}  # fmt: skip
    elif all(_there(x[c]) for x in (row, anchor) for c in ("low", "high")):
        down = math.hypot(row["mean"] - row["low"], anchor["high"] - anchor["mean"])
        up = math.hypot(row["high"] - row["mean"], anchor["mean"] - anchor["low"])
        out |= {"delta_low": out["delta"] - down, "delta_high": out["delta"] + up,
                "delta_interval": "independent"}  # fmt: skip
    return out


def _there(value: Any) -> bool:
    import pandas as pd

    return value is not None and not pd.isna(value)


def table1(results: MerchantResults, paper: Paper) -> list[Path]:
    """Write table 1 as CSV and LaTeX, and as a figure of scores with intervals."""
    return _written(
        "table1", scores_by_role(results, results.mix, results.lexical), paper,
        "a mix of all layers", "Edge probes: micro-F1 by task and encoder",
    )  # fmt: skip


def appendix_a(results: MerchantResults, paper: Paper) -> list[Path]:
    """Write the same of edge probes on the top layer alone."""
    return _written(
        "top-layer", scores_by_role(results, results.top), paper,
        "the top layer", "Edge probes on the top layer: micro-F1 by task and encoder",
    )  # fmt: skip


def _written(name: str, data: DataFrame, paper: Paper, what: str, title: str) -> list[Path]:
    if not len(data):
        return []
    caption = (
        f"Micro-F1 of edge probes on {what} (percent), and differences to the pretrained "
        "encoder, with 95% intervals."
    )
    out = paper.table(name, data, shown=_shown(data), caption=caption)
    return [*out, *paper.figure(f"{name}-scores", [_dots(data)], data, title=title,
            note="bars: 95% intervals of the scores")]  # fmt: skip


def _shown(data: DataFrame) -> DataFrame:
    import pandas as pd

    heads = list(dict.fromkeys(_head(r) for r in records(data)))
    rows = []
    for task, part in data.groupby("task", sort=False):
        row = {"task": task} | dict.fromkeys(heads, "")
        for record in records(part):
            row[_head(record)] = _text(record)
        rows.append(row)
    return pd.DataFrame(rows, columns=["task", *heads])


def _head(row: dict[str, Any]) -> str:
    return "lexical" if row["role"] == "lexical" else str(row["encoder"])


def _text(row: dict[str, Any]) -> str:
    if _there(row["delta"]):
        return text_of(row, ("delta", "delta_low", "delta_high"), "+.1f", 100)
    return text_of(row, ("micro_f1", "low", "high"), ".1f", 100)


def _dots(data: DataFrame) -> Any:
    data = data.assign(name=[_head(r) for r in records(data)])
    x = score_axis(data["micro_f1"], "micro_f1", title="micro-F1",
                   ends=[*data["low"], *data["high"]])  # fmt: skip
    return dots(data, "task", x, series("name", data["name"]), sideways=True, width=460)
