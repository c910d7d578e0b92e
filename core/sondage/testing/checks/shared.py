"""Checks of several kinds."""

from __future__ import annotations

from typing import Any

import numpy as np

from sondage.testing.check import NotApplicable, promise_of
from sondage.testing.compared import IN_PASSING, accumulate, pairs
from sondage.testing.component import Component
from sondage.testing.drive import exercise
from sondage.testing.probed import hard_cells


def identity(thing: Any) -> tuple[str, ...]:
    """Return all fingerprints of an instance: a task has a second one."""
    return thing.fingerprint, getattr(thing, "corpus_fingerprint", "")


@promise_of("encoder", since="0.1")
@promise_of("task", since="0.1")
def check_fingerprint_is_stable(component: Component) -> None:
    """Two instances with equal parameters have the same fingerprints, before and after use."""
    first, second = component.make(), component.make()
    before = identity(first)
    assert before == identity(second), "two instances differ"
    exercise(component, first)
    assert before == identity(first), "encoding or loading changes them"


@promise_of("encoder", since="0.1")
@promise_of("task", since="0.1")
def check_fingerprint_follows_parameters(component: Component) -> None:
    """Each variant of the parameters that the test names has a fingerprint of its own."""
    if not component.variants:
        raise NotApplicable("the test names no variants")
    found = [component.make(**v).fingerprint for v in ({}, *component.variants)]
    assert len(set(found)) == len(found), f"fingerprints of the variants: {found}"


@promise_of("probe", since="0.1")
@promise_of("metric", since="0.1")
def check_scores_are_finite(component: Component) -> None:
    """There are scores, of a probe in every cell, and none is NaN or infinite."""
    made = component.make()
    if component.spec.kind == "probe" and getattr(made, "units", "vectors") not in IN_PASSING:
        found = [(f"cell {key}: ", result) for key, result in hard_cells(component).items()]
    else:
        found = [("", accumulate(made, *pairs(made)).compute())]
    for where, result in found:
        assert result.scores, f"{where}no scores"
        for name, score in result.scores.items():
            assert np.isfinite(score), f"{where}{name} is {score}"
