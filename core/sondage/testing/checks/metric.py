"""Checks of metrics: what is declared is what is observed, both ways."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np

from sondage.testing.check import NotApplicable, promise_of
from sondage.testing.compared import (
    accumulate,
    begun,
    compare,
    near,
    pairs,
    some_of,
    stimuli,
    value,
)
from sondage.testing.component import Component


def thirds(n: int) -> list[Any]:
    """Return n stimuli in three unequal parts."""
    return np.split(np.arange(n), [n // 3, n // 2])


def invariant(component: Component, change: Any) -> bool:
    """Tell whether the value stays when either side is changed."""
    metric = component.make()
    if metric.units == "attention":
        raise NotApplicable("attention maps have no directions to change")
    a, b = pairs(metric)
    plain = compare(metric, a, b)
    return near(plain, compare(metric, change(a), b)) and near(plain, compare(metric, a, change(b)))


def declared_is_observed(component: Component, name: str, change: Any) -> None:
    """Fail unless an invariance is declared exactly where it is observed."""
    observed, declared = invariant(component, change), name in component.make().invariances
    assert observed == declared, f"{name}: declared {declared}, observed {observed}"


@promise_of("metric", since="0.1")
def check_symmetry_is_as_declared(component: Component) -> None:
    """Swapping the sides keeps the value exactly where the metric says that it is symmetric."""
    metric = component.make()
    observed = all(
        near(compare(metric, a, b), compare(metric, b, a))
        for a, b in (pairs(metric, seed) for seed in range(3))
    )
    assert observed == metric.symmetric, f"declared {metric.symmetric}, observed {observed}"


@promise_of("metric", since="0.1")
def check_values_lie_within_bounds(component: Component) -> None:
    """No pair, related, unrelated, equal or opposite, leaves the declared bounds."""
    metric = component.make()
    low, high = metric.bounds
    a, b = pairs(metric)
    others = [b, a, pairs(metric, 1)[0]]
    if metric.units != "attention":
        others += [-np.asarray(a), 100 * np.asarray(b)]
    for other in others:
        found = compare(metric, a, other)
        assert low - 1e-5 <= found <= high + 1e-5, f"{found} outside [{low}, {high}]"


@promise_of("metric", since="0.1")
def check_self_value_is_as_declared(component: Component) -> None:
    """A representation compared with itself has the declared value."""
    metric = component.make()
    for seed in range(3):
        a, _ = pairs(metric, seed)
        found = compare(metric, a, a)
        assert near(found, metric.self_value), f"{found}, declared {metric.self_value}"


@promise_of("metric", since="0.1")
def check_orthogonal_invariance_is_as_declared(component: Component) -> None:
    """Turning either side keeps the value exactly where that is declared."""
    turn = np.linalg.qr(np.random.default_rng(1).standard_normal((6, 6)))[0].astype(np.float32)
    declared_is_observed(component, "orthogonal", lambda x: x @ turn)


@promise_of("metric", since="0.1")
def check_scaling_invariance_is_as_declared(component: Component) -> None:
    """Multiplying either side by a positive number keeps the value where that is declared."""
    declared_is_observed(component, "scaling", lambda x: np.float32(3) * x)


@promise_of("metric", since="0.1")
def check_translation_invariance_is_as_declared(component: Component) -> None:
    """Adding one vector to all rows of either side keeps the value where that is declared."""
    shift = np.random.default_rng(2).standard_normal(6).astype(np.float32)
    declared_is_observed(component, "translation", lambda x: x + shift)


@promise_of("metric", since="0.1")
def check_linear_invariance_is_as_declared(component: Component) -> None:
    """Any invertible map of either side keeps the value where that is declared."""
    rng = np.random.default_rng(3)
    left, right = (np.linalg.qr(rng.standard_normal((6, 6)))[0] for _ in range(2))
    change = (left * np.linspace(0.5, 2.0, 6) @ right).astype(np.float32)
    declared_is_observed(component, "linear", lambda x: x @ change)


@promise_of("metric", since="0.1")
def check_row_order_is_irrelevant(component: Component) -> None:
    """The stimuli may come in any order."""
    metric = component.make()
    a, b = pairs(metric)
    order = np.random.default_rng(0).permutation(len(a))
    plain, moved = compare(metric, a, b), compare(metric, a, b, [order])
    assert near(plain, moved), f"{plain} in order, {moved} out of it"


@promise_of("metric", since="0.1")
def check_chunking_is_irrelevant(component: Component) -> None:
    """The stimuli may come in chunks of any size."""
    metric = component.make()
    a, b = pairs(metric)
    plain = compare(metric, a, b)
    for parts in (thirds(len(a)), np.split(np.arange(len(a)), len(a))):
        chunked = compare(metric, a, b, parts)
        assert near(plain, chunked), f"{plain} at once, {chunked} in {len(parts)} chunks"


@promise_of("metric", since="0.1")
def check_merge_tree_is_irrelevant(component: Component) -> None:
    """However the work is divided and merged, the value is the same."""
    metric = component.make()
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
def check_merge_leaves_the_other_alone(component: Component) -> None:
    """An accumulator that was merged into another keeps its own value, whatever follows."""
    metric = component.make()
    a, b = pairs(metric)
    first, second, third = thirds(len(a))
    into, other = accumulate(metric, a, b, [first]), accumulate(metric, a, b, [third])
    before = compare(metric, a, b, [third])
    into.merge(other).update(some_of(a, second), some_of(b, second), second)
    assert near(before, value(other)), f"{before} became {value(other)}"


@promise_of("metric", since="0.1")
def check_merge_returns_self(component: Component) -> None:
    """``x.merge(y)`` is x."""
    metric = component.make()
    a, b = pairs(metric)
    x, y = (accumulate(metric, a, b, [part]) for part in thirds(len(a))[:2])
    assert x.merge(y) is x, "merge returns something else"


@promise_of("metric", since="0.1")
def check_compute_changes_nothing(component: Component) -> None:
    """Computing twice gives one value, and more stimuli may follow."""
    metric = component.make()
    a, b = pairs(metric)
    first, *rest = thirds(len(a))
    accumulator = accumulate(metric, a, b, [first])
    once, twice = value(accumulator), value(accumulator)
    assert once == twice, f"first {once}, then {twice}"
    for part in rest:
        accumulator.update(some_of(a, part), some_of(b, part), part)
    straight = compare(metric, a, b, [first, *rest])
    assert near(value(accumulator), straight), "computing early changes the end"


@promise_of("metric", since="0.1")
def check_accumulators_pickle(component: Component) -> None:
    """An accumulator can come back from a worker half-way."""
    metric = component.make()
    a, b = pairs(metric)
    first, *rest = thirds(len(a))
    accumulator = pickle.loads(pickle.dumps(accumulate(metric, a, b, [first])))
    for part in rest:
        accumulator.update(some_of(a, part), some_of(b, part), part)
    straight = compare(metric, a, b, [first, *rest])
    assert near(value(accumulator), straight), "the copy has another value"


#: Stimuli after which an accumulator has to have stopped growing.
MANY = {"vectors": 8192, "attention": 512}


@promise_of("metric", since="0.1")
def check_memory_is_bounded(component: Component) -> None:
    """An accumulator does not grow with the stimuli; one over labelled items may keep them."""
    metric = component.make()
    if metric.units not in MANY:
        raise NotApplicable("a metric over labelled items may keep them")
    n = MANY[metric.units]
    a, b = stimuli(metric, 2 * n)
    accumulator, sizes = begun(metric, 2 * n), []
    for half in np.split(np.arange(2 * n, dtype=np.int64), 2):
        for part in np.array_split(half, 8):
            accumulator.update(some_of(a, part), some_of(b, part), part)
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
    metric = component.make()
    a, b = pairs(metric)
    for array in (*a, *b) if isinstance(a, list) else (a, b):
        array.setflags(write=False)
    begun(metric, len(a)).update(a, b, np.arange(len(a)))


@promise_of("metric", since="0.1")
def check_seed_acts_only_if_declared(component: Component) -> None:
    """Where randomness is empty, every seed gives one value."""
    metric = component.make()
    if metric.randomness:
        raise NotApplicable(f"the seed draws: {', '.join(metric.randomness)}")
    a, b = pairs(metric)
    values = {compare(metric, a, b, seed=seed) for seed in range(4)}
    assert len(values) == 1, f"values {sorted(values)}"
