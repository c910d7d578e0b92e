"""Asks an encoder for subwords that are hidden from it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sondage.data import Batch, Ints
from sondage.errors import EncodingError
from sondage.testing import toys
from sondage.testing.check import NotApplicable
from sondage.testing.component import Component

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Question:
    """What `masked_nats` is asked.

    Parameters
    ----------
    batch : Batch
    ids : int64 array, shape (b, t)
    rows, places, targets : int64 arrays, shape (k,)
    """

    batch: Batch
    ids: Ints
    rows: Ints
    places: Ints
    targets: Ints

    def nats(self, encoder: Any) -> Floats:
        """Ask."""
        found: Floats = encoder.masked_nats(
            self.batch, self.ids, self.rows, self.places, self.targets
        )
        return found

    def about(self, index: Ints) -> Question:
        """Return the question about some of the targets, in this order."""
        some = {name: getattr(self, name)[index] for name in ("rows", "places", "targets")}
        return replace(self, **some)

    def reading(self, ids: Ints) -> Question:
        """Return the question with other ids to be read."""
        return replace(self, ids=ids)

    def of_rows(self, chosen: Ints) -> tuple[Question, Ints]:
        """Return the question about some rows of the batch, and which targets it has."""
        width = int(self.batch.lengths[chosen].max())
        parts = [np.flatnonzero(self.rows == row) for row in chosen]
        index = np.concatenate(parts)
        rows = np.repeat(np.arange(len(chosen)), [len(part) for part in parts])
        cut = ("ids", "mask", "special", "segment", "word")
        batch = replace(
            self.batch,
            sentences=self.batch.sentences[chosen],
            **{name: getattr(self.batch, name)[chosen, :width] for name in cut},
        )
        asked = Question(
            batch, self.ids[chosen, :width], rows, self.places[index], self.targets[index]
        )
        return asked, index


@dataclass(frozen=True)
class Asked:
    """An encoder with a question that it was asked, and its answer."""

    encoder: Any
    question: Question
    nats: Floats


def question_for(encoder: Any) -> Question:
    """Return a question about every third subword of pairs of texts, all of these hidden."""
    corpus = toys.pair_corpus()
    batch = encoder.lay_out(corpus, np.arange(len(corpus), dtype=np.int64))
    rows, places = (found[::3] for found in np.nonzero(batch.mask & ~batch.special))
    ids = batch.ids.copy()
    ids[rows, places] = encoder.mask_id
    return Question(batch, ids, rows, places, batch.ids[rows, places])


def encoder_nats(encoder: Any) -> tuple[Question, Floats]:
    """Ask an encoder once; NotApplicable where it predicts nothing."""
    if not hasattr(encoder, "masked_nats"):
        raise NotApplicable("the encoder predicts no hidden subwords")
    try:
        question = question_for(encoder)
        return question, question.nats(encoder)
    except EncodingError as refused:
        raise NotApplicable(f"the encoder predicts no hidden subwords: {refused}") from refused


def asked(component: Component) -> Asked:
    """Return a component's answer, asked for once for all checks."""
    if "asked" not in component.memory:
        encoder = component.encoder()
        component.memory["asked"] = Asked(encoder, *encoder_nats(encoder))
    found: Asked = component.memory["asked"]
    return found


def alike(a: Floats, b: Floats) -> bool:
    """Tell whether nats agree but for rounding (1e-4, relative above 1)."""
    return a.shape == b.shape and bool((np.abs(a - b) <= 1e-4 * np.maximum(1.0, np.abs(a))).all())
