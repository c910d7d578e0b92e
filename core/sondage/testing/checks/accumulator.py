"""Checks of what accumulates: metrics, and probes that are measured in passing."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np

from sondage.testing.check import NotApplicable, promise_of
from sondage.testing.compared import (
    IN_PASSING,
    accumulate,
    batch_of,
    begun,
    compare,
    fed,
    near,
    padded,
    pairs,
    stimuli,
    two_sided,
    value,
)
from sondage.testing.component import Component


def accumulating(component: Component) -> Any:
    """Return an instance; NotApplicable for a probe that is not measured in passing."""
    made = component.make()
    if component.spec.kind == "probe" and getattr(made, "units", "vectors") not in IN_PASSING:
        raise NotApplicable("the probe is not measured in passing")
    return made


def thirds(n: int) -> list[Any]:
    """Return n stimuli in three unequal parts."""
    return np.split(np.arange(n), [n // 3, n // 2])


@promise_of("metric", since="0.1")
@promise_of("probe", since="0.1")
def check_row_order_is_irrelevant(component: Component) -> None:
    """The stimuli may come in any order."""
    metric = accumulating(component)
    a, b = pairs(metric)
    order = np.random.default_rng(0).permutation(len(a))
    plain, moved = compare(metric, a, b), compare(metric, a, b, [order])
    assert near(plain, moved), f"{plain} in order, {moved} out of it"


@promise_of("metric", since="0.1")
@promise_of("probe", since="0.1")
def check_chunking_is_irrelevant(component: Component) -> None:
    """The stimuli may come in chunks of any size."""
    metric = accumulating(component)
    a, b = pairs(metric)
    plain = compare(metric, a, b)
    for parts in (thirds(len(a)), np.split(np.arange(len(a)), len(a))):
        chunked = compare(metric, a, b, parts)
        assert near(plain, chunked), f"{plain} at once, {chunked} in {len(parts)} chunks"


@promise_of("metric", since="0.1")
@promise_of("probe", since="0.1")
def check_merge_tree_is_irrelevant(component: Component) -> None:
    """However the work is divided and merged, the value is the same."""
    metric = accumulating(component)
    a, b = pairs(metric)
    plain = compare(metric, a, b)
    for order in ((0, 1, 2), (2, 0, 1), (1, 2, 0)):
        shares = [accumulate(metric, a, b, [thirds(len(a))[i]]) for i in order]
        x, y, z = copy.deepcopy(shares)
        left = value(x.merge(y).merge(z))
        x, y, z = copy.deepcopy(shares)
        right = value(x.merge(y.merge(z)))
        assert near(plain, left), f"{plain} at once, {left} as (x + y) + z, order {order}"
        assert near(plain, right), f"{plain} at once, {right} as x + (y + z), order {order}"


@promise_of("metric", since="0.1")
@promise_of("probe", since="0.1")
def check_merge_leaves_the_other_alone(component: Component) -> None:
    """An accumulator that was merged into another keeps its own value, whatever follows."""
    metric = accumulating(component)
    a, b = pairs(metric)
    first, second, third = thirds(len(a))
    into, other = accumulate(metric, a, b, [first]), accumulate(metric, a, b, [third])
    before = compare(metric, a, b, [third])
    fed(metric, into.merge(other), a, b, second)
    assert near(before, value(other)), f"{before} became {value(other)}"


@promise_of("metric", since="0.1")
@promise_of("probe", since="0.1")
def check_merge_returns_self(component: Component) -> None:
    """``x.merge(y)`` is x."""
    metric = accumulating(component)
    a, b = pairs(metric)
    x, y = (accumulate(metric, a, b, [part]) for part in thirds(len(a))[:2])
    assert x.merge(y) is x, "merge returns something else"


@promise_of("metric", since="0.1")
@promise_of("probe", since="0.1")
def check_compute_changes_nothing(component: Component) -> None:
    """Computing twice gives one value, and more stimuli may follow."""
    metric = accumulating(component)
    a, b = pairs(metric)
    first, *rest = thirds(len(a))
    accumulator = accumulate(metric, a, b, [first])
    once, twice = value(accumulator), value(accumulator)
    assert once == twice, f"first {once}, then {twice}"
    for part in rest:
        fed(metric, accumulator, a, b, part)
    straight = compare(metric, a, b, [first, *rest])
    assert near(value(accumulator), straight), "computing early changes the end"


@promise_of("metric", since="0.1")
@promise_of("probe", since="0.1")
def check_accumulators_pickle(component: Component) -> None:
    """An accumulator can come back from a worker half-way."""
    metric = accumulating(component)
    a, b = pairs(metric)
    first, *rest = thirds(len(a))
    accumulator = pickle.loads(pickle.dumps(accumulate(metric, a, b, [first])))
    for part in rest:
        fed(metric, accumulator, a, b, part)
    straight = compare(metric, a, b, [first, *rest])
    assert near(value(accumulator), straight), "the copy has another value"


#: Stimuli after which an accumulator has to have stopped growing.
MANY = {"vectors": 8192, "attention": 512, "states": 512}


@promise_of("metric", since="0.1")
@promise_of("probe", since="0.1")
def check_memory_is_bounded(component: Component) -> None:
    """An accumulator does not grow with the stimuli; one over labelled items may keep them."""
    metric = accumulating(component)
    if metric.units not in MANY:
        raise NotApplicable("a metric over labelled items may keep them")
    n = MANY[metric.units]
    a, b = stimuli(metric, 2 * n)
    accumulator, sizes = begun(metric, 2 * n), []
    for half in np.split(np.arange(2 * n, dtype=np.int64), 2):
        for part in np.array_split(half, 8):
            fed(metric, accumulator, a, b, part)
        sizes.append(bytes_of(accumulator))
    # A number kept of every stimulus would take eight bytes.
    grown = sizes[1] - sizes[0]
    assert grown < 2 * n, f"{n} more stimuli after the first {n} took {grown} bytes more"


def bytes_of(accumulator: Any) -> int:
    """Return how many bytes an accumulator is; NotApplicable where it cannot be sent."""
    try:
        return len(pickle.dumps(accumulator))
    except Exception as error:
        raise NotApplicable("it does not pickle: see check_accumulators_pickle") from error


@promise_of("metric", since="0.1")
def check_inputs_may_be_read_only(component: Component) -> None:
    """The metric works on arrays that it may not write to: the store's files are such."""
    metric = accumulating(component)
    a, b = pairs(metric)
    index = np.arange(len(a), dtype=np.int64)
    sides: list[Any] = [a, b][: 1 + two_sided(metric)]
    if metric.units in IN_PASSING:
        sides = [padded(side, index) for side in sides]
    for side in sides:
        side.setflags(write=False)
    about = batch_of(a, index) if isinstance(a, list) else index
    begun(metric, len(a)).update(*sides, about)


@promise_of("metric", since="0.1")
@promise_of("probe", since="0.1")
def check_padding_means_nothing(component: Component) -> None:
    """What maps or states hold where padding is changes nothing."""
    metric = accumulating(component)
    if metric.units not in IN_PASSING:
        raise NotApplicable("rows of vectors have no padding")
    a, b = pairs(metric)
    index = np.arange(len(a), dtype=np.int64)
    values = [
        value(fed(metric, begun(metric, len(a)), a, b, index, fill)) for fill in (0.0, 0.5, 9.0)
    ]
    assert all(near(values[0], other) for other in values), f"{values} with other padding"


@promise_of("probe", since="0.1")
def check_values_lie_within_bounds(component: Component) -> None:
    """No texts take the first score of a probe measured in passing out of the declared bounds."""
    probe = accumulating(component)
    if not hasattr(probe, "bounds"):
        raise NotApplicable("the probe declares no bounds")
    low, high = probe.bounds
    for side in (*pairs(probe), *pairs(probe, 1)):
        found = compare(probe, side, side)
        assert low - 1e-5 <= found <= high + 1e-5, f"{found} outside [{low}, {high}]"
