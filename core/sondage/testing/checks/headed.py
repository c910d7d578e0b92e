"""Checks of encoders that have the head of a training."""

from __future__ import annotations

import dataclasses

import numpy as np

from sondage.data import Labels
from sondage.errors import DataError
from sondage.testing.check import promise_of
from sondage.testing.component import Component
from sondage.testing.drive import frozen
from sondage.testing.ended import ended


@promise_of("encoder", since="0.1")
def check_the_end_task_has_scores_and_outcomes(component: Component) -> None:
    """A head gives finite scores, the last being ``loss``, and an outcome for each item."""
    found = ended(component)
    scores, outcomes = found.result.scores, found.result.outcomes
    assert len(scores) > 1, f"the scores are {dict(scores)}"
    assert list(scores)[-1] == "loss", f"the last of the scores {list(scores)} is not loss"
    assert np.isfinite(list(scores.values())).all(), f"not all finite: {dict(scores)}"
    assert outcomes is not None, "there are no outcomes"
    assert np.array_equal(np.sort(outcomes.items), found.items), "outcomes of other items"
    target = found.data.target
    assert target is not None
    assert np.array_equal(outcomes.groups, target.sentence[outcomes.items]), "sentences"
    name = outcomes.score or next(iter(scores))
    mean = float(np.mean(outcomes.values))
    assert np.isclose(mean, scores[name], atol=1e-6), f"mean {mean}, {name} {scores[name]}"


@promise_of("encoder", since="0.1")
def check_the_end_task_is_of_each_item_alone(component: Component) -> None:
    """An item's outcome is the same, bit for bit, whichever others are scored, and again."""
    found = ended(component)
    again = found.encoder.end_task(found.data, found.items)
    assert frozen(again) == frozen(found.result), "two answers to one question differ"
    assert found.result.outcomes is not None
    whole = dict(zip(found.result.outcomes.items, found.result.outcomes.values, strict=True))
    for items in (found.items[::-1], found.items[::2], found.items[:1]):
        some = found.encoder.end_task(found.data, items).outcomes
        for item, value in zip(some.items, some.values, strict=True):
            assert value == whole[item], f"item {item} among {len(items)}: {value}"


@promise_of("encoder", since="0.1")
def check_the_end_task_refuses_what_is_not_its_own(component: Component) -> None:
    """Labels that the head was not trained on are a DataError, and so is no item at all."""
    found = ended(component)
    target = found.data.target
    assert isinstance(target, Labels)
    renamed = dataclasses.replace(target, names=tuple(f"other {name}" for name in target.names))
    other = dataclasses.replace(found.data, target=renamed)
    for what, data, items in (
        ("labels of another task", other, found.items),
        ("no items", found.data, found.items[:0]),
    ):
        try:
            found.encoder.end_task(data, items)
        except DataError:
            continue
        raise AssertionError(f"{what}: no DataError is raised")
