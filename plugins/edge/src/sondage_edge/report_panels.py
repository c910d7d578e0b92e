"""What the report's figures share: axes, panels by task, notes on intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sondage.report import Axis, lines, score_axis, series

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pandas import DataFrame

_SAID = {
    "trainings": "over trainings",
    "encoders": "over trainings",
    "seeds": "over seeds",
    "items": "over sentences",
    "groups": "over sentences",
    "independent": "made of those of both",
}


def value_axis(data: DataFrame, column: str, title: str = "", *, score: str = "") -> Axis:
    """Return the axis of a column and of the ends of its intervals."""
    ends = [*data["low"], *data["high"]]
    return score_axis(data[column], column, score=score, title=title, ends=ends)


def by_task(data: DataFrame, x: Axis, y: Axis, column: str = "task") -> list[Any]:
    """Return a panel for each task, a line an encoder; or for each value of another column."""
    by = series("encoder", data["encoder"])
    return [
        lines(part, x, y, by, title=str(name)) for name, part in data.groupby(column, sort=False)
    ]


def intervals_note(kinds: Iterable[str]) -> str:
    """Return what the drawn intervals are over, from how they were made."""
    said = dict.fromkeys(_SAID[kind] for kind in kinds if kind in _SAID)
    return f"bands and bars: 95% intervals {' or '.join(said)}" if said else ""


def seeds_note(data: DataFrame) -> str:
    """Return what is drawn of values over seeds."""
    there = bool(data["low"].notna().any())
    return "mean over seeds" + "; bands and bars: 95% intervals over them" * there


def joined(parts: Sequence[str]) -> str:
    """Return what there is of a note's parts."""
    return "; ".join(part for part in parts if part)
