"""The check of probes whose items may carry several labels."""

from __future__ import annotations

import dataclasses

import numpy as np

from sondage.data import Labels
from sondage.testing.check import NotApplicable, promise_of
from sondage.testing.checks.probe import labelled, learner
from sondage.testing.component import Component
from sondage.testing.probed import cells, success, takes_a_problem, toy_problem
from sondage.testing.problems import ToyProblem

#: The share of labels that an item is asked for, of those that it carries and of the others.
ASKED = (0.3, 0.5)


@promise_of("probe", since="0.1")
def check_what_was_not_asked_counts_for_nothing(component: Component) -> None:
    """Labels that an item was not asked for (`Labels.asked`) are neither trained nor scored."""
    probe = learner(component)
    takes_a_problem(probe)
    if not hasattr(probe, "run_layers"):
        raise NotApplicable("a probe with fit and predict takes one label per item")
    problem = toy_problem(component, n=100, n_layers=1, seeds=(0,))
    labelled(problem)
    try:
        found = cells(component.make, of_several(problem, (1, 1)))
    except Exception as refused:
        raise NotApplicable(f"the probe takes one label per item: {refused}") from None
    whole = success(found)
    part = success(cells(component.make, of_several(problem, ASKED)))
    assert part >= whole - 0.1, (
        f"mean outcome {part:.3f}, but {whole:.3f} where everything is asked: where asked is "
        "False, False in y means nothing, and is neither trained nor scored"
    )


def of_several(problem: ToyProblem, asked: tuple[float, float], seed: int = 0) -> ToyProblem:
    """Return a problem of one label per item as one whose items may carry several.

    Parameters
    ----------
    problem : ToyProblem
    asked : (float, float)
        How often an item is asked for a label that it carries, and for one that it does not.
        So a probe that takes what was not asked for an answer finds that hardly any holds.
        No item is asked for nothing at all.
    seed : int
        Draws what is asked.
    """
    target = problem.data.target
    assert isinstance(target, Labels)
    rng = np.random.default_rng(seed)
    carries = target.y[:, None] == np.arange(len(target.names))
    known = rng.random(carries.shape) < np.where(carries, *asked)
    known |= ~carries & ~known.any(axis=1, keepdims=True)
    labels = Labels(target.units, carries & known, target.names, known)
    data = dataclasses.replace(problem.data, target=labels)
    return problem.only(data=data, splits=problem.splits)
