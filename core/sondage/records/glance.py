"""A run at a glance, as a notebook shows it: how far it is, and each encoder's best layer."""

from __future__ import annotations

from typing import Any

from sondage.plain import html_table
from sondage.records.printed import models_of
from sondage.records.summary import Summary

#: By the last word of a score's name: of all others more is better.
LESS_IS_BETTER = frozenset(
    {"loss", "codelength", "bits", "perplexity", "distance", "error", "surprisal"}
)


def less_is_better(score: str) -> bool:
    """Return whether a lower value of a score is the better one, by its name."""
    return score.rpartition("_")[2].lower() in LESS_IS_BETTER


def best_of(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the row with the best mean; of equals, the first."""
    sign = -1 if less_is_better(rows[0]["score"]) else 1
    return max(rows, key=lambda row: sign * row["mean"])


def in_html(found: Summary) -> str:
    """Return a run's state, its first scores at each encoder's best layer, and its models."""
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in found.rows:
        if found.is_primary(row):
            who = row["encoder_label"] + ("" if row["step"] is None else f"@{row['step']}")
            who += f" ~ {row['other_label']}" if row["other"] else ""
            place = (row["task_label"], row["component_label"], row["view"], row["score_label"])
            groups.setdefault((*place, who), []).append(row)
    rows = [[*names, *_cells(best_of(part), len(part))] for names, part in groups.items()]
    heads = ["task", "component", "view", "score", "encoder", "best layer's", "layer"]
    done = found.n_cells - len(found.failed)
    state = found.lacking or f"{done} cells"
    table = html_table(heads, rows, f"{found.name}: {state}, {len(found.failed)} failed")
    return table + html_table(["encoder", "model"], models_of(found.header))


def _cells(row: dict[str, Any], layers: int) -> list[str]:
    half = "" if row["low"] is None else f" ± {(row['high'] - row['low']) / 2:.3f}"
    layer = "all" if row["layer"] is None else str(row["layer"])
    return [f"{row['mean']:.3f}{half}", f"{layer} of {layers}" if layers > 1 else layer]
