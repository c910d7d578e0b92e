"""Checks of what an encoder may offer beside vectors."""

from __future__ import annotations

from typing import Any

from sondage.contracts import Live, Releasable
from sondage.testing import toys
from sondage.testing.check import NotApplicable, promise_of
from sondage.testing.component import Component
from sondage.testing.encoded import gather, requests


@promise_of("encoder", since="0.1")
def check_notes_are_texts(component: Component) -> None:
    """What an encoder has to tell a plan's user is a tuple of texts, each of one line."""
    notes = getattr(component.make(), "notes", None)
    if notes is None:
        raise NotApplicable("has no notes")
    assert isinstance(notes, tuple), f"notes are {notes!r:.80}"
    for said in notes:
        assert isinstance(said, str), f"one of the notes is {said!r:.80}"
        assert said.strip(), "one of the notes is empty"
        assert len(said.splitlines()) == 1, f"a note has several lines: {said!r:.80}"


@promise_of("encoder", since="0.1")
def check_a_shown_model_is_at_rest(component: Component) -> None:
    """A shown model is always the same one, not in training mode, and moves no vector."""
    corpus, shown = toys.word_corpus(), component.encoder()
    if not isinstance(shown, Live):
        raise NotApplicable("shows no model")
    offered: Any = shown
    request = requests(offered, corpus)[0]
    before = gather(offered, corpus, request)
    model = offered.module()
    assert offered.module() is model, "another model is shown the second time"
    assert not getattr(model, "training", False), "the model shown is in training mode"
    for a, b in zip(before, gather(offered, corpus, request), strict=True):
        assert a.tobytes() == b.tobytes(), "an encoding differs once the model was shown"


@promise_of("encoder", since="0.1")
def check_a_shown_model_learns_nothing(component: Component) -> None:
    """No parameter of a shown model has a gradient, or would get one."""
    shown = component.encoder()
    if not isinstance(shown, Live):
        raise NotApplicable("shows no model")
    model = shown.module()
    if not hasattr(model, "named_parameters"):
        raise NotApplicable("the model shown names no parameters")
    for name, parameter in model.named_parameters():
        assert not getattr(parameter, "requires_grad", False), f"{name} would learn"
        assert getattr(parameter, "grad", None) is None, f"{name} has a gradient"


@promise_of("encoder", since="0.1")
def check_what_was_let_go_comes_back(component: Component) -> None:
    """After `release`, called any number of times, an encoder gives the same bits as before."""
    encoder, corpus = component.encoder(), toys.word_corpus()
    if not isinstance(encoder, Releasable):
        raise NotApplicable("has nothing to let go")
    offered: Any = encoder
    request = requests(offered, corpus)[0]
    offered.release()  # before there is anything
    before = gather(offered, corpus, request)
    offered.release()
    offered.release()
    for a, b in zip(before, gather(offered, corpus, request), strict=True):
        assert a.tobytes() == b.tobytes(), "an encoding differs once the model was let go"
