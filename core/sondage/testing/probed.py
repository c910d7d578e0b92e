"""Runs a probe on toy problems of its kind, as the core would."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from sondage.contracts import Problem
from sondage.data import Labels, Result
from sondage.errors import EncodingError
from sondage.probing import dev_of
from sondage.scores import classification
from sondage.testing import toys, wishes
from sondage.testing.asking import asking_problem
from sondage.testing.check import NotApplicable
from sondage.testing.component import Component

Cells = dict[tuple[int | None, int], Result]

PROBLEMS: dict[str, Callable[..., toys.ToyProblem]] = {
    "vectors": toys.labelled_problem,
    "spans": lambda **how: toys.labelled_problem(longest=3, **how),
    "trees": toys.tree_problem,
    "rankings": toys.ranking_problem,
}

#: What a problem for a probe that asks an encoder may be made with; it has no vectors.
_OF_ASKING = ("seed", "seeds", "layers")


def takes_a_problem(probe: Any) -> None:
    """Raise `NotApplicable` for a probe that is measured in passing."""
    if not wishes.asks(probe) and getattr(probe, "units", "vectors") not in PROBLEMS:
        raise NotApplicable("the probe is measured in passing")


def toy_problem(component: Component, **how: Any) -> toys.ToyProblem:
    """Return a problem of the probe's kind, view and width whose arrays may be written to."""
    probe = component.make()
    takes_a_problem(probe)
    units, shape = getattr(probe, "units", "vectors"), wishes.shape_of(probe)
    if wishes.asks(probe):
        kept = {name: value for name, value in how.items() if name in _OF_ASKING}
        return asking_problem(units, encoder=component.asked(), **kept)
    wanted = getattr(probe, "wants_width", None)
    given = {"writeable": True, **how}
    if shape == "attention" and units in ("trees", "rankings"):
        return wishes.attended(PROBLEMS[units](**given), heads=wanted or 3)
    if wanted is not None:
        given["width"] = wanted
    if shape != "word":
        return wishes.sentence_problem(wishes.view_of(probe), **given)
    if units == "trees" and wanted is not None and wanted < 8:
        raise NotApplicable("toy trees take vectors of 8 columns or more")
    return PROBLEMS[units](**given)


def hard_problem(component: Component, **how: Any) -> toys.ToyProblem:
    """Return a problem on which no probe is always right."""
    labelled = getattr(component.make(), "units", "vectors") in ("vectors", "spans")
    harder = {"noise": 2.0} if labelled else {"shuffled": True}
    return toy_problem(component, **{**harder, **how})


def every_cell(make: Callable[[], Any], problem: Problem) -> list[tuple[int | None, int, Result]]:
    """Run a probe on a problem as the core does: simple probes one cell at a time."""
    probe = make()
    if hasattr(probe, "run_layers"):
        try:
            return list(probe.run_layers(problem))
        except EncodingError as refused:
            if not wishes.asks(probe):
                raise
            raise NotApplicable(
                f"the encoder that it asks refuses: {refused}; name another one by 'encoders'"
            ) from refused
    cells: list[tuple[int | None, int, Result]] = []
    labels = problem.data.target
    assert isinstance(labels, Labels)
    for layer, seed in itertools.product(problem.layers, problem.seeds):
        X, split = problem.vectors(layer), problem.splits[seed]
        train = X[split.train]
        train.setflags(write=X.flags.writeable)
        made = make()
        dev = dev_of(made, X, labels.y, split)
        fitted = made.fit(train, labels.y[split.train], rng=problem.rng(layer, seed), **dev)
        test = X[split.test]
        test.setflags(write=X.flags.writeable)
        predicted = np.asarray(fitted.predict(test))
        cells.append((layer, seed, classification(labels, predicted, split.test, split.train)))
    return cells


def cells(make: Callable[[], Any], problem: Problem) -> Cells:
    """Run a probe and return its results by (layer, seed)."""
    return {(layer, seed): result for layer, seed, result in every_cell(make, problem)}


def toy_cells(component: Component) -> Cells:
    """Return the results on the toy problem, computed once for all checks."""
    if "toy" not in component.memory:
        component.memory["toy"] = cells(component.make, toy_problem(component))
    found: Cells = component.memory["toy"]
    return found


def hard_cells(component: Component) -> Cells:
    """Return the results on the hard problem, computed once for all checks."""
    if "hard" not in component.memory:
        component.memory["hard"] = cells(component.make, hard_problem(component))
    found: Cells = component.memory["hard"]
    return found


def success(found: Cells) -> float:
    """Return the mean outcome over all cells; NotApplicable where there are none."""
    values = [r.outcomes.values for r in found.values() if r.outcomes is not None]
    if not values:
        raise NotApplicable("the probe reports no outcomes")
    return float(np.mean(np.concatenate([np.asarray(v, np.float64) for v in values])))
