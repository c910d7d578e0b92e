"""Table 1 and figures 2 and 3 of `senteval.mosbach2020`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sondage.report import (
    Axis,
    Paper,
    count_axis,
    layer_axis,
    level,
    lines,
    score_axis,
    series,
    step_axis,
)
from sondage_senteval.report_tuning import PUT_BACK, TRAINING

if TYPE_CHECKING:
    from pandas import DataFrame

_MEASURES = {"entropy": "entropy (nats)", "emd": "earth mover's distance"}


def scores(data: DataFrame, paper: Paper) -> list[Path]:
    """Write table 1: the score of each fine-tuned encoder on the development part."""
    if not len(data):
        return []
    shown = {"encoder": "encoder", "tuned_on": "tuned on", "measure": "measure",
             "score": "score", "low": "from", "high": "to", "n_seeds": "trainings"}  # fmt: skip
    caption = (
        "Scores on the development part after fine-tuning, with 95% intervals over trainings, "
        "cut at the bounds of the score"
    )
    return paper.table("table1-tuning", data, caption=caption, shown=shown)


def attentions(data: DataFrame, paper: Paper) -> list[Path]:
    """Write figure 2: a panel for entropy and for each distance, a line per encoder."""
    if not len(data):
        return []
    by, x = series("encoder", data["encoder"]), layer_axis(data["layer"])
    panels = []
    # Entropy comes first, as in the paper.
    order = data["measure"].map({"entropy": 0, "emd": 1})
    data = data.assign(order=order).sort_values("order", kind="stable").drop(columns="order")
    for (measure, component, task), part in data.groupby(
        ["measure", "component", "task"], sort=False
    ):
        ends = [*part["low"], *part["high"]]
        y = score_axis([0.0, *part["value"]], "value", title=_MEASURES[str(measure)],
                       bounds=(0.0, None), ends=ends)  # fmt: skip
        panels.append(lines(part, x, y, by, title=str(component), below=str(task), width=260))
    return paper.figure(
        "figure2-attention", panels, data, title="Attention before and after fine-tuning",
        note=_note(data), across=2,
    )  # fmt: skip


def perplexity(data: DataFrame, paper: Paper, base: str) -> list[Path]:
    """Write figure 3: perplexity in the course of training, and with last layers put back."""
    moved = data[data["part"] != ""]
    if not len(moved):
        return []
    plain = data[(data["part"] == "") & (data["encoder"] == base)]
    by, panels = series("encoder", moved["encoder"]), []
    for (component, task), whole in moved.groupby(["component", "task"], sort=False):
        mine = plain[(plain["component"] == component) & (plain["task"] == task)]
        y = _axis(whole, mine)
        behind = [level(float(mine["perplexity"].iloc[0]), y)] if len(mine) else []
        for part, title in ((TRAINING, "fine-tuning"), (PUT_BACK, "last layers put back")):
            shown = whole[whole["part"] == part]
            if len(shown):
                panels.append(
                    lines(shown, _steps(shown, part), y, by, behind=behind, title=title,
                          below=f"{component} on {task}", width=260)
                )  # fmt: skip
    note = _note(moved)
    if len(plain):
        note += "; grey: before fine-tuning"
    return paper.figure(
        "figure3-perplexity", panels, data, title="Perplexity with the original's masked-LM head",
        note=note, across=2,
    )  # fmt: skip


def _steps(shown: DataFrame, part: str) -> Axis:
    if part == TRAINING and shown["epoch"].notna().all():
        return score_axis([0.0, *shown["epoch"]], "epoch", bounds=(0.0, None))
    if part == TRAINING:
        return step_axis(shown["step"], title="training step")
    return layer_axis(shown["step"], "step", title="number of last layers put back")


def _axis(whole: DataFrame, plain: DataFrame) -> Axis:
    """Return the axis of all values, and of ends that are not far beyond them."""
    values = [*whole["perplexity"], *plain["perplexity"]]
    ends: list[Any] = [*whole["low"], *whole["high"]]
    near = [e for e in ends if min(values) / 2 <= e <= 2 * max(values)]
    if max([*values, *near]) <= 3 * min([*values, *near]):
        return score_axis(values, "perplexity", bounds=(1.0, None), ends=near)
    return count_axis([*values, *near], "perplexity")


def _note(data: DataFrame) -> str:
    """Say what the intervals of a figure are over: of one training there are only its sentences."""
    several = data["n_seeds"] > 1
    trainings = "trainings, cut at the bounds of the score"
    if several.all():
        return f"bands and bars: 95% intervals over {trainings}"
    if several.any():
        return f"bands and bars: 95% intervals over {trainings}; of one training, over sentences"
    return "bands and bars: 95% intervals over sentences"
