"""Axes: round marks, ends at a score's bounds, and room between what is drawn and the labels."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sondage.plain import flat

if TYPE_CHECKING:
    import altair as alt

Bounds = tuple[float | None, float | None]

_PARTS: Bounds = (0.0, 1.0)
_SIGNED: Bounds = (-1.0, 1.0)
_AMOUNTS: Bounds = (0.0, None)
# By the last word of a score's name: 'dev_accuracy', 'micro_f1', 'spatial_similarity'.
_BOUNDS: dict[str, Bounds] = (
    dict.fromkeys(("accuracy", "f1", "precision", "recall", "las", "uas", "uuas"), _PARTS)
    | dict.fromkeys(("share", "cka", "svcca", "pwcca", "auc"), _PARTS)
    | dict.fromkeys(("rsa", "dspr", "nspr", "correlation", "mcc", "matthews"), _SIGNED)
    | dict.fromkeys(("similarity", "selectivity"), _SIGNED)
    | dict.fromkeys(("loss", "std", "codelength", "bits", "nats", "compression"), _AMOUNTS)
    | dict.fromkeys(("distance", "entropy", "js", "emd"), _AMOUNTS)
)
#: How far rounding alone may put a value beyond a bound.
ROUNDING = 1e-9
#: Pixels between the axis line and the plot, so that a mark at its edge covers no label.
ROOM = 7


def bounds_of(score: str) -> Bounds:
    """Return the least and greatest value that a score can have, by its name; None if unknown.

    ``accuracy``, ``f1``, ``uuas`` and the like end at 0 and 1, correlations at -1 and 1,
    losses, lengths and distances begin at 0.
    """
    return _BOUNDS.get(score.rpartition("_")[2].lower(), (None, None))


@dataclass(frozen=True)
class Axis:
    """One axis of a panel; panels that share it can be compared.

    Attributes
    ----------
    column : str
        What is drawn along it.
    title : str
    marks : tuple of float
        Where labels stand.
    ends : (float, float)
    format : str
        Of the labels, as in d3; empty for the shortest.
    plane : bool
        Whether it is one of two of a kind: drawn as a line, without a grid, either way.
    log : bool
    """

    column: str
    title: str
    marks: tuple[float, ...]
    ends: tuple[float, float]
    format: str = ""
    plane: bool = False
    log: bool = False

    def x(self, column: str = "") -> alt.X:
        """Return the encoding along the panel; of another column on the same axis if given."""
        import altair as alt

        found = alt.X(f"{column or self.column}:Q", title=self.title)
        found = found.scale(padding=0 if self.plane else ROOM + 1, **self._scale())
        return found.axis(grid=False, offset=ROOM, **self._labels())

    def y(self, column: str = "") -> alt.Y:
        """Return the encoding up the panel; of another column on the same axis if given."""
        import altair as alt

        found = alt.Y(f"{column or self.column}:Q", title=self.title).scale(**self._scale())
        if self.plane:
            return found.axis(grid=False, offset=ROOM, **self._labels())
        return found.axis(domain=False, ticks=False, **self._labels())

    def _scale(self) -> dict[str, Any]:
        kind = {"type": "log"} if self.log else {"zero": False}
        return {"domain": list(self.ends), "nice": False} | kind

    def _labels(self) -> dict[str, Any]:
        shown = {"format": self.format} if self.format else {}
        return {"values": list(self.marks)} | shown


def score_axis(
    values: Iterable[float], column: str, *, score: str = "", title: str = "",
    bounds: Bounds | None = None, ends: Iterable[float] = (), format: str = "",
) -> Axis:  # fmt: skip
    """Return the axis of a score: round marks around all values, none beyond its bounds.

    Parameters
    ----------
    values : iterable of float
        Of the score; what is missing (NaN) does not count.
    column : str
    score : str
        Its name, which tells its bounds and is the title; without it, `column`.
    title : str
        Instead of the score's name.
    bounds : (float or None, float or None), optional
        Instead of `bounds_of` the score. A value beyond them says that they are not this
        score's: then there are none.
    ends : iterable of float
        Of intervals. Where one passes a bound, as one over few seeds can, it is cut there.
    """
    name = score or column
    seen = [float(v) for v in values if _there(v)]
    low, high = bounds_of(name) if bounds is None else bounds
    if low is not None and any(v < low - ROUNDING for v in seen):
        low = high = None
    if high is not None and any(v > high + ROUNDING for v in seen):
        low = high = None
    reach = [*seen, *(float(v) for v in ends if _there(v))] or [0.0, 1.0]
    first, last = min(reach), max(reach)
    first = first if low is None else max(first, low)
    last = last if high is None else min(last, high)
    marks = round_marks(first, last, low, high)
    said = title or flat(name).replace("_", " ")
    return Axis(column, said, tuple(marks), (marks[0], marks[-1]), format)


def count_axis(values: Iterable[float], column: str, *, title: str = "") -> Axis:
    """Return an axis of counts: logarithmic where the greatest is over three times the least."""
    seen = [float(v) for v in values if _there(v)] or [1.0]
    low, high = min(seen), max(seen)
    if low <= 0 or high <= 3 * low:
        return replace(score_axis(seen, column, title=title, bounds=(0, None)), format="~f")
    steps = [n * 10.0**k for k in range(math.floor(math.log10(low)), 20) for n in (1, 2, 5)]
    below, above = (max(s for s in steps if s <= low), min(s for s in steps if s >= high))
    marks = tuple(s for s in steps if below <= s <= above)
    # Ones, twos and fives of a few powers of ten; of more, the powers alone.
    few = marks if len(marks) <= 7 else tuple(s for s in marks if f"{s:e}"[0] == "1")
    return Axis(column, title or flat(column), few, (below, above), "~s", log=True)


def layer_axis(values: Iterable[float], column: str = "layer", *, title: str = "") -> Axis:
    """Return an axis of layers, or of what else is counted in small whole numbers."""
    seen = [int(v) for v in values if _there(v)] or [0]
    first, last = min(seen), max(seen)
    gaps = (1, 2, 4, 6, 8, 12, 24, 48, 10**6)
    step = next(s for s in gaps if (last - min(first, 0)) / s <= 12)
    marks = [n for n in range(min(first, 0), last + 1) if n >= first and n % step == 0]
    marks = marks or [first]
    ends = (float(first), float(max(last, first + 1)))
    return Axis(column, title or flat(column), tuple(map(float, marks)), ends, "d")


def step_axis(values: Iterable[float], column: str = "step", *, title: str = "") -> Axis:
    """Return an axis of training steps."""
    seen = [int(v) for v in values if _there(v)] or [0]
    first, last = min(seen), max(max(seen), min(seen) + 1)
    step = max(_round_step(last - first), 1)
    marks = [n * step for n in range(math.ceil(first / step), math.floor(last / step) + 1)]
    ends = (float(first), float(last))
    return Axis(column, title or flat(column), tuple(map(float, marks)), ends, "d")


def plane_axis(low: float, high: float, column: str, title: str) -> Axis:
    """Return one of a plane's two axes, from end to end, with round marks inside."""
    step = _round_step(0.8 * (high - low) or 1.0)
    marks = [n * step for n in range(math.ceil(low / step), math.floor(high / step) + 1)]
    return Axis(column, title, tuple(round(m, 12) for m in marks), (low, high), plane=True)


def round_marks(
    low: float, high: float, least: float | None = None, most: float | None = None
) -> list[float]:
    """Return round numbers, the first at most `low`, the last at least `high`.

    Those beyond `least` and `most` are left out; where that leaves one, a bound comes to it.
    """
    step = _round_step((high - low) or abs(high) or 1.0)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    marks = [round(n * step, 12) for n in range(first, max(last, first + 1) + 1)]
    if most is not None and marks[-1] > most + 1e-9:
        marks = [round((first - 1) * step, 12), *marks]
    kept = [m for m in marks if (least is None or m >= least - 1e-9)
            and (most is None or m <= most + 1e-9)]  # fmt: skip
    return kept if len(kept) > 1 else marks


def _round_step(room: float) -> float:
    rough = room / 4
    unit = 10.0 ** math.floor(math.log10(rough))
    return unit * next(n for n in (1, 2, 5, 10) if n * unit >= rough * 0.999)


def _there(value: float | None) -> bool:
    # pandas' NA compares to neither true nor false.
    return value is not None and type(value).__name__ != "NAType" and value == value
