"""Uses a component of any kind once, and tells whether two things are the same bits."""

from __future__ import annotations

import contextlib
import dataclasses
import random
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from sondage.data import Result, TaskData
from sondage.testing import toys
from sondage.testing.check import NotApplicable
from sondage.testing.compared import IN_PASSING, compare, pairs
from sondage.testing.component import Component
from sondage.testing.encoded import requests
from sondage.testing.ended import scored
from sondage.testing.hidden import encoder_nats
from sondage.testing.probed import every_cell, toy_problem
from sondage.testing.tracked import track


def exercise(component: Component, thing: Any = None) -> None:
    """Use an instance, a new one by default, as its kind is used, once."""
    fresh, thing = thing is None, component.make() if thing is None else thing
    kind = component.spec.kind
    if kind == "encoder":
        corpus, encoder = toys.word_corpus(), component.ready(thing, fresh=fresh)
        for request in requests(encoder, corpus):
            for _ in encoder.encode(corpus, request):
                pass
        offered(encoder)
    elif kind == "task":
        data: TaskData = thing.load()
        if data.target is not None:
            data.split(0)
    elif kind == "probe" and getattr(thing, "units", "vectors") not in IN_PASSING:
        every_cell(component.make, toy_problem(component, seeds=(0,)))
    elif kind == "report":
        with tempfile.TemporaryDirectory(prefix="sondage-check-") as folder:
            thing.write(toys.findings(), Path(folder))
    elif kind == "tracker":
        track(thing)
    else:
        compare(thing, *pairs(thing))


def offered(encoder: Any) -> None:
    """Use what an encoder may offer beside vectors, where it does."""
    with contextlib.suppress(NotApplicable):
        encoder_nats(encoder)
    with contextlib.suppress(NotApplicable):
        scored(encoder)


def global_state() -> tuple[object, ...]:
    """Return the state of every global generator that is loaded, comparable."""
    torch = sys.modules.get("torch")
    found = None if torch is None else torch.get_rng_state().numpy().tobytes()
    return (random.getstate(), frozen(np.random.get_state()), found)  # noqa: NPY002


@contextlib.contextmanager
def known_global_state() -> Iterator[None]:
    """Seed the global generators to a state that nobody sets by chance; restore them after."""
    torch = sys.modules.get("torch")
    before = (random.getstate(), np.random.get_state())  # noqa: NPY002
    torch_before = None if torch is None else torch.get_rng_state()
    random.seed(761_943)
    np.random.seed(761_943)  # noqa: NPY002 - the global generator is what is watched
    if torch is not None:
        torch.manual_seed(761_943)
    try:
        yield
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])  # noqa: NPY002
        if torch is not None:
            torch.set_rng_state(torch_before)


def frozen(value: Any) -> Any:
    """Return nested results in a form that compares bit for bit."""
    if isinstance(value, Result):
        outcomes = value.outcomes
        parts = () if outcomes is None else (outcomes.items, outcomes.groups, outcomes.values)
        return frozen([value.scores, parts, value.tables, value.arrays, value.warnings])
    if isinstance(value, np.ndarray):
        return (value.shape, value.dtype.str, value.tobytes())
    if dataclasses.is_dataclass(value):
        return frozen(vars(value))
    if hasattr(value, "items"):
        return {key: frozen(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [frozen(part) for part in value]
    return repr(value)
