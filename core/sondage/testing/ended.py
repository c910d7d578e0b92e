"""Has the head that an encoder was trained with score items of its task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sondage.contracts import Headed
from sondage.data import Ints, Labels, Result, TaskData
from sondage.errors import EncodingError
from sondage.testing.check import NotApplicable
from sondage.testing.component import Component

#: Items that are scored.
_ITEMS = 24


@dataclass(frozen=True)
class Ended:
    """An encoder with a head, items of its task, and what it made of them."""

    encoder: Any
    data: TaskData
    items: Ints
    result: Result


def scored(encoder: Any) -> Ended:
    """Score some items; NotApplicable where there is no head, or no telling of which task."""
    if not isinstance(encoder, Headed):
        raise NotApplicable("the encoder has no head of a training")
    task = task_of(encoder, set())
    if task is None:
        raise NotApplicable("neither the encoder nor what it is made of has a task")
    data: TaskData = task.load()
    if data.target is None:
        raise NotApplicable("the task has no target")
    items = np.arange(min(len(data.target), _ITEMS), dtype=np.int64)
    try:
        return Ended(encoder, data, items, encoder.end_task(data, items))
    except EncodingError as refused:
        raise NotApplicable(f"the encoder has no head of a training: {refused}") from refused


def ended(component: Component) -> Ended:
    """Return what a component's head makes of labels, asked once for all checks."""
    if "ended" not in component.memory:
        component.memory["ended"] = scored(component.encoder())
    found: Ended = component.memory["ended"]
    if not isinstance(found.data.target, Labels):
        raise NotApplicable("the head predicts no labels")
    return found


def task_of(thing: Any, seen: set[int]) -> Any:
    """Return the task that something, or what it is made of, was made with; None if there is none.

    Parameters
    ----------
    thing : object
    seen : set of int
        Where the search has been.
    """
    if id(thing) in seen or not hasattr(thing, "__dict__"):
        return None
    seen.add(id(thing))
    if hasattr(thing, "corpus_fingerprint") and hasattr(thing, "load"):
        return thing
    parts = (part for part in vars(thing).values() if hasattr(type(part), "fingerprint"))
    return next((found for part in parts if (found := task_of(part, seen)) is not None), None)
