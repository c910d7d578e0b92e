"""Has a metric compare toy stimuli of its kind, in any chunks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sondage.contracts import Metric
from sondage.data import Ints
from sondage.testing import toys

Rows = NDArray[Any] | list[NDArray[Any]]


def pairs(metric: Metric, seed: int = 0) -> tuple[Rows, Rows]:
    """Return toy stimuli of the metric's kind."""
    if metric.units == "attention":
        return toys.attention_maps(seed=seed)
    if metric.units == "labelled":
        return toys.labelled_pairs(seed=seed)
    return toys.vector_pairs(seed=seed)


def stimuli(metric: Metric, n: int) -> tuple[Rows, Rows]:
    """Return n toy stimuli of a metric that takes no labels."""
    return toys.attention_maps(n) if metric.units == "attention" else toys.vector_pairs(n)


def begun(metric: Metric, n: int, seed: int = 0) -> Any:
    """Return an empty accumulator; one over labelled items hears the labels of n toy ones."""
    if metric.units == "labelled":
        return metric.begin(seed, toys.stimulus_labels(n))
    return metric.begin(seed)


def some_of(values: Rows, index: Ints) -> Rows:
    """Return some stimuli, copied."""
    if isinstance(values, list):
        return [values[int(i)].copy() for i in index]
    return values[index]


def accumulate(metric: Metric, a: Rows, b: Rows, parts: Iterable[Ints] = (), seed: int = 0) -> Any:
    """Return an accumulator that has seen these parts, all in one chunk by default."""
    accumulator = begun(metric, len(a), seed)
    for part in parts or [np.arange(len(a), dtype=np.int64)]:
        accumulator.update(some_of(a, part), some_of(b, part), part)
    return accumulator


def value(accumulator: Any) -> float:
    """Return the first score."""
    scores: dict[str, float] = accumulator.compute().scores
    return float(next(iter(scores.values())))


def compare(metric: Metric, a: Rows, b: Rows, parts: Sequence[Ints] = (), seed: int = 0) -> float:
    """Return the metric's value on these stimuli."""
    return value(accumulate(metric, a, b, parts, seed))


def near(a: float, b: float) -> bool:
    """Tell whether two values of a metric agree but for rounding (1e-4, relative above 1)."""
    return bool(abs(a - b) <= 1e-4 * max(1.0, abs(a), abs(b)))
