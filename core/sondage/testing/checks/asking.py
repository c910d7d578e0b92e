"""Checks of probes that ask the encoder itself."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np

from sondage.contracts import Live
from sondage.data import Request
from sondage.errors import SondageError
from sondage.testing import toys
from sondage.testing.asking import AskingProblem, asking_problem
from sondage.testing.check import NotApplicable, promise_of
from sondage.testing.component import Component
from sondage.testing.drive import frozen
from sondage.testing.encoded import requests
from sondage.testing.hidden import encoder_nats
from sondage.testing.passable import ToyPassable
from sondage.testing.probed import cells, every_cell, toy_cells, toy_problem
from sondage.testing.wishes import asks


def asking(component: Component, **how: Any) -> AskingProblem:
    """Return the probe's problem; NotApplicable where it reads vectors."""
    if not asks(component.make()):
        raise NotApplicable("the probe reads what is stored, not the encoder")
    problem = toy_problem(component, **how)
    assert isinstance(problem, AskingProblem)
    return problem


@promise_of("probe", since="0.1")
def check_the_encoder_stays_as_it_is(component: Component) -> None:
    """What a probe asked encodes and predicts as before, its parameters the same bits."""
    problem = asking(component)
    before = all_of(problem.encoder)
    cells(component.make, problem)
    for what, bits in all_of(problem.encoder).items():
        assert bits == before[what], f"the probe changed the encoder: {what} differ"


def all_of(encoder: Any) -> dict[str, Any]:
    """Return what can be seen of an encoder, in a form that compares bit for bit."""
    corpus, found = toys.word_corpus(), {"fingerprints": [encoder.fingerprint]}
    found["vectors"] = [
        frozen(chunk.rows)
        for request in requests(encoder, corpus)
        for chunk in encoder.encode(corpus, Request(request.layers, request.views))
    ]
    with contextlib.suppress(NotApplicable):
        found["nats of hidden subwords"] = [frozen(encoder_nats(encoder)[1])]
    if isinstance(encoder, Live):
        named = encoder.module().named_parameters()
        found["parameters"] = [(name, bits_of(values)) for name, values in named]
    return found


def bits_of(values: Any) -> bytes:
    """Return a parameter's bytes: of an array, or of a tensor of torch."""
    return np.asarray(values.double() if hasattr(values, "double") else values).tobytes()


@promise_of("probe", since="0.1")
def check_another_encoder_scores_otherwise(component: Component) -> None:
    """A probe that asks an encoder gives other scores for another one."""
    if component.encoder_given is not None:
        raise NotApplicable("the test names the encoder, and no other")
    other = cells(component.make, asking(component, seed=1))
    moved = [
        not np.isclose(score, other[key].scores[name], rtol=1e-9, atol=1e-12)
        for key, result in toy_cells(component).items()
        for name, score in result.scores.items()
    ]
    assert any(moved), "every score stays when the encoder is another"


@promise_of("probe", since="0.1")
def check_an_encoder_that_lacks_something_is_refused(component: Component) -> None:
    """Of an encoder without a model or head to read, it says so by an error of sondage's."""
    if not asks(component.make()):
        raise NotApplicable("the probe reads vectors, which every encoder has")
    units = getattr(component.make(), "units", "vectors")
    for encoder in (toys.ToyEncoder(), ToyPassable()):
        try:
            every_cell(component.make, asking_problem(units, encoder=encoder))
        except (NotApplicable, SondageError):
            continue
        except Exception as error:
            raise AssertionError(
                f"{type(error).__name__}: {error}; find out what an encoder offers beside "
                "`sondage.contracts.Encoder`, as by hasattr, and raise an EncodingError"
            ) from error
