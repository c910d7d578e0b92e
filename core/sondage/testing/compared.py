"""Accumulates over toy stimuli what a metric, or a probe measured in passing, makes of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sondage.data import Batch, Ints
from sondage.testing import toys

Rows = NDArray[Any] | list[NDArray[Any]]
#: What is measured in passing, by what of a layer it takes.
IN_PASSING = ("attention", "states")


def pairs(metric: Any, seed: int = 0) -> tuple[Rows, Rows]:
    """Return toy stimuli of the metric's kind; of a probe's both sides are the same."""
    if metric.units == "labelled":
        return toys.labelled_pairs(seed=seed)
    return stimuli(metric, 12 if metric.units in IN_PASSING else 48, seed)


def stimuli(metric: Any, n: int, seed: int = 0) -> tuple[Rows, Rows]:
    """Return n toy stimuli of what takes no labels."""
    if metric.units == "attention":
        return toys.attention_maps(n, seed=seed)
    if metric.units == "states":
        rows, _ = toys.vector_pairs(7 * n, seed=seed)
        cut = [rows[7 * i : 7 * i + i % 6 + 2] for i in range(n)]
        return list(cut), list(cut)
    return toys.vector_pairs(n, seed=seed)


def begun(metric: Any, n: int, seed: int = 0) -> Any:
    """Return an empty accumulator; one over labelled items hears the labels of n toy ones."""
    if metric.units == "labelled":
        return metric.begin(seed, toys.stimulus_labels(n))
    return metric.begin(seed)


def some_of(values: Rows, index: Ints) -> Rows:
    """Return some stimuli, copied."""
    if isinstance(values, list):
        return [values[int(i)].copy() for i in index]
    return values[index]


def batch_of(values: Sequence[NDArray[Any]], index: Ints) -> Batch:
    """Return what a batch of sentences is; longer ones begin and end with special subwords."""
    lengths = np.array([values[int(i)].shape[-2] for i in index], np.int64)
    place = np.arange(lengths.max(initial=1))[None, :]
    mask = place < lengths[:, None]
    ends = (place == 0) | (place == lengths[:, None] - 1)
    special = mask & ends & (lengths[:, None] > 3)
    real = mask & ~special
    segment = np.where(real, place >= lengths[:, None] // 2, -1).astype(np.int8)
    word = np.where(real, np.cumsum(real, axis=1) - 1, -1)
    return Batch(np.asarray(index), np.where(mask, place + 5, 0), mask, special, segment, word)


def padded(values: Sequence[NDArray[Any]], index: Ints, fill: float = 0.5) -> NDArray[Any]:
    """Return the maps or states of some sentences as one array, with `fill` where padding is."""
    some = [values[int(i)] for i in index]
    t = max((one.shape[-2] for one in some), default=1)
    square = some[0].ndim == 3
    shape = (some[0].shape[0], t, t) if square else (t, some[0].shape[1])
    out = np.full((len(some), *shape), fill, some[0].dtype)
    for row, one in zip(out, some, strict=True):
        row[tuple(slice(0, n) for n in one.shape)] = one
    return out


def fed(metric: Any, accumulator: Any, a: Rows, b: Rows, part: Ints, fill: float = 0.5) -> Any:
    """Have an accumulator take some of the stimuli; return it."""
    if metric.units not in IN_PASSING:
        accumulator.update(some_of(a, part), some_of(b, part), part)
        return accumulator
    assert isinstance(a, list)
    assert isinstance(b, list)
    if len(part):
        sides = [padded(side, part, fill) for side in ((a, b) if two_sided(metric) else (a,))]
        accumulator.update(*sides, batch_of(a, part))
    return accumulator


def two_sided(metric: Any) -> bool:
    """Tell a metric from a probe: one compares, and so can be symmetric."""
    return hasattr(metric, "symmetric")


def accumulate(metric: Any, a: Rows, b: Rows, parts: Iterable[Ints] = (), seed: int = 0) -> Any:
    """Return an accumulator that has seen these parts, all in one chunk by default."""
    accumulator = begun(metric, len(a), seed)
    for part in parts or [np.arange(len(a), dtype=np.int64)]:
        fed(metric, accumulator, a, b, part)
    return accumulator


def value(accumulator: Any) -> float:
    """Return the first score."""
    scores: dict[str, float] = accumulator.compute().scores
    return float(next(iter(scores.values())))


def compare(metric: Any, a: Rows, b: Rows, parts: Sequence[Ints] = (), seed: int = 0) -> float:
    """Return the metric's value on these stimuli."""
    return value(accumulate(metric, a, b, parts, seed))


def same_for_every_seed(metric: Any) -> None:
    """Fail unless every seed gives one value."""
    a, b = pairs(metric)
    values = {compare(metric, a, b, seed=seed) for seed in range(4)}
    assert len(values) == 1, f"values {sorted(values)}"


def near(a: float, b: float) -> bool:
    """Tell whether two values of a metric agree but for rounding (1e-4, relative above 1)."""
    return bool(abs(a - b) <= 1e-4 * max(1.0, abs(a), abs(b)))
