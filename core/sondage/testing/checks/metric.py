"""Checks of metrics: what is declared is what is observed, both ways."""

from __future__ import annotations

from typing import Any

import numpy as np

from sondage.errors import SondageError
from sondage.testing.check import NotApplicable, promise_of
from sondage.testing.compared import Rows, compare, near, pairs, same_for_every_seed
from sondage.testing.component import Component


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
def check_unlike_sides_are_compared_or_refused(component: Component) -> None:
    """Sides of unlike width, or unlike numbers of heads, have a value or an error of sondage's."""
    metric = component.make()
    a, b = pairs(metric)
    two = refused(metric, narrowed(a, 2), b)
    refused(metric, b, narrowed(a, 2))
    # A single column or head is repeated by numpy, which gives a value that nobody meant.
    if two:
        assert refused(metric, narrowed(a, 1), b), "2 columns or heads are refused, but 1 is taken"


def narrowed(side: Rows, n: int) -> Rows:
    """Return vectors with n columns, or maps with n heads."""
    return [maps[:n] for maps in side] if isinstance(side, list) else side[:, :n]


def refused(metric: Any, a: Rows, b: Rows) -> bool:
    """Tell whether two sides are not compared; fail where the error is none of sondage's."""
    try:
        found = compare(metric, a, b)
    except SondageError:
        return True
    except Exception as error:
        raise AssertionError(
            f"{type(error).__name__}: {error}; where the sides have to be alike, look at their "
            "shapes and raise a DataError"
        ) from error
    assert np.isfinite(found), f"{found} for sides of unlike shape"
    return False


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
def check_seed_acts_only_if_declared(component: Component) -> None:
    """Where randomness is empty, every seed gives one value."""
    metric = component.make()
    if metric.randomness:
        raise NotApplicable(f"the seed draws: {', '.join(metric.randomness)}")
    same_for_every_seed(metric)


@promise_of("metric", since="0.1")
def check_null_is_asking_anew(component: Component) -> None:
    """``null(a, b, orders)`` is the first score for each order of the rows of b, asked anew."""
    metric: Any = component.make()
    if not hasattr(metric, "null"):
        raise NotApplicable("the metric has no null of its own")
    a, b = (np.asarray(side) for side in pairs(metric))
    rng = np.random.default_rng(5)
    orders = np.stack([rng.permutation(len(a)) for _ in range(4)]).astype(np.int64)
    found = metric.null(a, b, orders)
    if found is NotImplemented:
        raise NotApplicable("the metric has no null of its own for these stimuli")
    assert np.shape(found) == (len(orders),), f"shape {np.shape(found)} for {len(orders)} orders"
    for k, order in enumerate(orders):
        anew = compare(metric, a, b[order])
        assert near(anew, float(found[k])), f"order {k}: null gives {found[k]}, asking anew {anew}"
