"""The summary as small tables: layers down, encoders across."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sondage.records.summary import Summary
from sondage.stats import FEW

SIGNIFICANT = 0.05
#: Sentences' worth of items below which right, or wrong, is rare.
RARE = 5
_SOURCES = {
    "seeds": "over seeds",
    "items": "over test sentences",
    "groups": "by jackknife over sentences",
}


@dataclass(frozen=True)
class Panel:
    """One score of one component on one task.

    Attributes
    ----------
    kind, task, component, view, score : str
        Names, as the registry has them.
    encoders : list of str
        Columns, by label; a metric's are ``encoder ~ baseline``.
    layers : list of int or None
        Rows; None for a probe that mixes all layers.
    rows : mapping of (layer, encoder) to the summary's row
    show_view : bool
        Whether the run has this component on several views.
    labels : (str, str, str), optional
        How task, component and score are printed.
    """

    kind: str
    task: str
    component: str
    view: str
    score: str
    encoders: list[str]
    layers: list[int | None]
    rows: Mapping[tuple[int | None, str], dict[str, Any]]
    show_view: bool
    labels: tuple[str, str, str] = ("", "", "")

    @property
    def shown(self) -> tuple[str, str, str]:
        """Task, component and score as they are printed."""
        names = (self.task, self.component, self.score)
        task, component, score = (a or b for a, b in zip(self.labels, names, strict=True))
        return task, component, score

    @property
    def title(self) -> str:
        """``task · component · score``, with the view where it tells something."""
        parts = [*self.shown]
        return " · ".join(parts + [self.view] * self.show_view)

    @property
    def subtitle(self) -> str:
        """``component``, with the view where it tells something: the task stands above it."""
        return self.shown[1] + (f" · {self.view}" if self.show_view else "")

    @property
    def decimals(self) -> int:
        """Digits after the point that suit the panel's largest value."""
        largest = max((abs(row["mean"]) for row in self.rows.values()), default=0.0)
        return 3 if largest < 10 else max(0, 4 - int(math.log10(largest)))

    def cell(self, layer: int | None, encoder: str, plus_minus: str = "±") -> str:
        """Return ``mean ± half-width`` with a star where it differs from the baseline."""
        row = self.rows.get((layer, encoder))
        if row is None:
            return ""
        text = f"{row['mean']:.{self.decimals}f}"
        half = half_width(row)
        if half is not None:
            text += f" {plus_minus} {half:.{self.decimals}f}"
        return text + "*" * is_significant(row)

    @property
    def notes(self) -> list[str]:
        """What the intervals and stars mean, and where they rest on too little."""
        out = []
        kinds = {row["interval"] for row in self.rows.values()} & set(_SOURCES)
        if kinds:
            how = " or ".join(text for kind, text in _SOURCES.items() if kind in kinds)
            out.append(f"± half of the 95% interval {how}")
        few = [n for n in map(few_sentences, self.rows.values()) if n]
        if few:
            out.append(
                f"intervals over test sentences are rough below {FEW} of them "
                f"(here {min(few)}); so are those of differences"
            )
        elif any(map(is_extreme, self.rows.values())):
            out.append(
                "of scores so near 0 or 1 intervals over so few test sentences may be too narrow"
            )
        if any(is_significant(row) for row in self.rows.values()):
            out.append("* differs from the baseline (paired test, Holm over layers, p < 0.05)")
        return out


def half_width(row: Mapping[str, Any]) -> float | None:
    """Return half the width of a summary row's 95% interval."""
    if row["low"] is None or row["high"] is None:
        return None
    return float(row["high"] - row["low"]) / 2


def few_sentences(row: Mapping[str, Any]) -> int | None:
    """Return how many test sentences a row's intervals rest on, if that is too few."""
    n = row.get("n_groups")
    return int(n) if n is not None and n < FEW else None


def is_extreme(row: Mapping[str, Any]) -> bool:
    """Return whether the rarer of right and wrong is less than five sentences' worth of items."""
    n, mean = row.get("n_groups"), row["mean"]
    return n is not None and 0 <= mean <= 1 and bool(n * min(mean, 1 - mean) < RARE)


def is_significant(row: Mapping[str, Any]) -> bool:
    """Return whether the row differs from the baseline after Holm's correction."""
    p = row.get("p_holm")
    return p is not None and p < SIGNIFICANT


def column_of(row: Mapping[str, Any]) -> str:
    """Return what heads a row's column: the encoder, its step, what it is compared with."""
    step = "" if row["step"] is None else f" @{row['step']}"
    name, other = (row.get(f"{c}_label") or row[c] for c in ("encoder", "other"))
    return f"{name}{step}" + (f" ~ {other}" if other else "")


def panels(found: Summary, *, every_score: bool = False) -> list[Panel]:
    """Return a run's panels in the composition's order.

    Parameters
    ----------
    found : Summary
    every_score : bool
        Not only the first score of each component.
    """
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    views: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in found.rows:
        views[row["task"], row["component"]].add(row["view"])
        if every_score or found.is_primary(row):
            key = ("kind", "task", "component", "view", "score")
            groups[tuple(row[name] for name in key)].append(row)
    encoders, tasks = found.order("encoder"), found.order("task")
    components = [*found.order("probe"), *found.order("metric")]

    def place(key: tuple[str, ...]) -> tuple[Any, ...]:
        _, task, component, view, score = key
        first = (component, score) in found.primary
        return _at(tasks, task), _at(components, component), view, not first, score

    return [
        Panel(
            kind=key[0],
            task=key[1],
            component=key[2],
            view=key[3],
            score=key[4],
            encoders=list(
                dict.fromkeys(
                    column_of(r)
                    for r in sorted(
                        rows, key=lambda r: (_at(encoders, r["encoder"]), r["step"] or 0)
                    )
                )
            ),
            layers=sorted({r["layer"] for r in rows}, key=lambda n: -1 if n is None else n),
            rows={(r["layer"], column_of(r)): r for r in rows},
            show_view=len(views[key[1], key[2]]) > 1,
            labels=(
                rows[0].get("task_label") or key[1],
                rows[0].get("component_label") or key[2],
                rows[0].get("score_label") or key[4],
            ),
        )
        for key, rows in sorted(groups.items(), key=lambda item: place(item[0]))
    ]


def _at(order: list[str], label: str) -> tuple[int, str]:
    return (order.index(label) if label in order else len(order), label)
