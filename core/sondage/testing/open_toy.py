"""A toy encoder that offers all that an encoder may offer beside vectors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sondage.data import Batch, Corpus, Ints, Labels, Result, TaskData, digest
from sondage.errors import DataError
from sondage.scores import classification
from sondage.testing.passable import ToyPassable
from sondage.testing.toys import ToyTask

Floats = NDArray[np.float64]


class ToyModel:
    """A model of one parameter: how much a subword speaks for another one near to it.

    Parameters
    ----------
    vocabulary, seed : int
    """

    training = False

    def __init__(self, vocabulary: int, seed: int) -> None:
        drawn = np.random.default_rng(seed % 2**32).standard_normal((vocabulary, vocabulary))
        drawn[0] = 0  # what stands where padding is
        self.table: Floats = drawn

    def named_parameters(self) -> Iterator[tuple[str, Floats]]:
        """Yield the parameter with its name, as a `torch.nn.Module` does."""
        yield "table", self.table

    def parameters(self) -> Iterator[Floats]:
        """Yield the parameter."""
        yield self.table


@dataclass(kw_only=True, eq=False)
class ToyOpen(ToyPassable):
    """As `ToyPassable`, and it is a `MaskedLM`, `Live`, `Headed` and `Releasable`.

    It predicts a subword by those beside it, the nearer the more; and its head says of a word
    how long it is, as in `ToyTask`, but takes each with a certain letter for a short one.
    """

    mask_id: ClassVar[int] = 1
    vocabulary: ClassVar[int] = 97

    task: ToyTask = field(default_factory=ToyTask, init=False, repr=False)

    @cached_property
    def _model(self) -> ToyModel:
        return ToyModel(self.vocabulary, self.seed)

    def module(self) -> ToyModel:
        """Return the model."""
        return self._model

    def release(self) -> None:
        """Forget the model."""
        self.__dict__.pop("_model", None)

    def number_of(self, piece: str) -> int:
        """Return the number that stands for a piece: from 2, and the same for several."""
        return 2 + super().number_of(piece) % (self.vocabulary - 2)

    def masked_nats(
        self, batch: Batch, ids: Ints, rows: Ints, places: Ints, targets: Ints
    ) -> Floats:
        """Return minus the log probability of each target at its place."""
        found = np.empty(len(rows))
        for k, (row, place, target) in enumerate(zip(rows, places, targets, strict=True)):
            logits = self.logits(batch, ids, int(row), int(place))
            top = logits.max()
            found[k] = top + np.log(np.exp(logits - top).sum()) - logits[target]
        return found

    def logits(self, batch: Batch, ids: Ints, row: int, place: int) -> Floats:
        """Return what the subwords of a row say of a place, shape (vocabulary,)."""
        near = 0.5 ** np.abs(np.arange(ids.shape[1]) - place) * batch.mask[row]
        said: Floats = near @ self._model.table[ids[row]]
        return said

    def word_numbers(self, corpus: Corpus, batch: Batch) -> Ints:
        """Return the word of each subword; of texts, what blanks part."""
        if corpus.words is not None:
            return batch.word
        out = np.full(batch.mask.shape, -1, np.int64)
        for row, sentence in enumerate(batch.sentences):
            sizes = [len(word) for word in self._pieces(corpus, int(sentence))]
            out[row, : sum(sizes)] = np.repeat(np.arange(len(sizes)), sizes)
        return out

    def end_task(self, data: TaskData, items: Ints) -> Result:
        """Return what the head makes of items of `ToyTask`."""
        labels = data.target
        if not isinstance(labels, Labels) or labels.names != ("short", "middling", "long"):
            raise DataError(f"{data.corpus.name}: the toy head says of words how long they are")
        if not len(items):
            raise DataError(f"{data.corpus.name}: there are no items to score")
        units = labels.units
        words = [
            data.corpus.words_of(int(units.sentence[i]))[int(units.spans[i, 0, 0])] for i in items
        ]
        letter = "eoasn"[self.seed % 5]
        said = np.array([0 if letter in w else int(np.digitize(len(w), (3, 6))) for w in words])
        found = classification(labels, said, items)
        wrong = float((said != labels.y[items]).mean())
        return replace(found, scores={**found.scores, "loss": 0.1 + 2.0 * wrong})

    @property
    def fingerprint(self) -> str:
        """Over the parameters, which determine every number."""
        return digest("toy open", self.n_layers, self.width, self.seed)
