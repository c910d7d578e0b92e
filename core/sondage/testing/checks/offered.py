"""Checks of what an encoder may offer beside vectors."""

from __future__ import annotations

from typing import Any

from sondage.contracts import Live
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
    encoder, corpus = component.encoder(), toys.word_corpus()
    shown: Any = encoder
    if not isinstance(shown, Live):
        raise NotApplicable("shows no model")
    request = requests(encoder, corpus)[0]
    before = gather(encoder, corpus, request)
    model = shown.module()
    assert shown.module() is model, "another model is shown the second time"
    assert not getattr(model, "training", False), "the model shown is in training mode"
    for a, b in zip(before, gather(encoder, corpus, request), strict=True):
        assert a.tobytes() == b.tobytes(), "an encoding differs once the model was shown"
