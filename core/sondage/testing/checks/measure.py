"""Checks of what a probe says of itself beside its units: what it wants, and that it measures."""

from __future__ import annotations

from typing import Any

import numpy as np

from sondage.testing.check import NotApplicable, promise_of
from sondage.testing.component import Component
from sondage.testing.drive import frozen
from sondage.testing.probed import cells, hard_problem, toy_cells, toy_problem
from sondage.testing.wishes import asks, without_training


def measuring(component: Component) -> Any:
    """Return an instance; NotApplicable where it does not say that it measures."""
    probe = component.make()
    if getattr(probe, "measures", False) is not True:
        raise NotApplicable("the probe does not say that it measures")
    if asks(probe):
        raise NotApplicable("the probe asks an encoder, and reads no vectors")
    return probe


@promise_of("probe", since="0.1")
def check_wishes_are_said_as_data(component: Component) -> None:
    """``wants_views`` is a tuple of names, ``wants_width`` a number; so with what else it wants."""
    probe = component.make()
    views, width = getattr(probe, "wants_views", ()), getattr(probe, "wants_width", None)
    measures = getattr(probe, "measures", False)
    named = isinstance(views, tuple) and all(isinstance(v, str) and v for v in views)
    assert named, f"wants_views is {views!r}, which is no tuple of names"
    counted = isinstance(width, int) and not isinstance(width, bool) and width > 0
    assert width is None or counted, f"wants_width is {width!r}, which is no number of columns"
    assert isinstance(measures, bool), f"measures is {measures!r}, which is no bool"
    reads = getattr(probe, "reads", "vectors")
    assert reads in ("vectors", "encoder"), f"reads is {reads!r}, neither 'vectors' nor 'encoder'"


@promise_of("probe", since="0.1")
def check_a_measure_needs_no_training_items(component: Component) -> None:
    """A probe that measures gives the same bits where the split has test items alone."""
    measuring(component)
    problem = toy_problem(component)
    alone = cells(component.make, without_training(problem))
    for key, result in toy_cells(component).items():
        same = frozen(alone[key]) == frozen(result)
        assert same, f"cell {key} differs without training items, so the probe fits something"


@promise_of("probe", since="0.1")
def check_a_measure_follows_the_vectors(component: Component) -> None:
    """A probe that measures gives other scores for other vectors."""
    measuring(component)
    other = cells(component.make, hard_problem(component))
    moved = [
        not np.isclose(score, other[key].scores[name], rtol=1e-9, atol=1e-12)
        for key, result in toy_cells(component).items()
        for name, score in result.scores.items()
    ]
    assert any(moved), "every score stays when the vectors change"
