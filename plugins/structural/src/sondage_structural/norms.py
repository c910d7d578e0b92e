"""Training of depths: each cell by itself, in plain arrays, on a thread of its own.

A cell's vectors, projection and moments fit into the processor's cache, and nothing that cells
have in common is worth more than that. What is left are two products of a batch's vectors, one
forth and one back, at the speed of numpy's BLAS.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sondage.data import Ints, offsets_of
from sondage.probing import ArrayAdam, on_threads
from sondage_structural.ending import Fitted
from sondage_structural.settings import StructuralSettings
from sondage_structural.trees import Forest

Floats32 = NDArray[np.float32]
#: Dev sentences that are read at a time.
_DEV_BATCH = 20


@dataclass(frozen=True)
class Words:
    """The words of some sentences in turn, batch after batch.

    Parameters
    ----------
    rows : int64 array, shape (r,)
        Flat indices of the words.
    gold, weight : float32 arrays, shape (r,)
        Depths, and how much each counts in the mean over its batch's sentences.
    bounds : int64 array
        Batch i owns words ``bounds[i]:bounds[i + 1]``.
    sentences : int64 array
        How many each batch has.
    """

    rows: Ints
    gold: Floats32
    weight: Floats32
    bounds: Ints
    sentences: Ints

    def __len__(self) -> int:
        return len(self.sentences)

    def batch(self, i: int) -> tuple[Ints, Floats32, Floats32]:
        """Return rows, gold values and weights of a batch."""
        own = slice(self.bounds[i], self.bounds[i + 1])
        return self.rows[own], self.gold[own], self.weight[own]


class DepthLoss:
    """Mean over sentences of the summed |squared norm - depth| / t.

    References
    ----------
    Hewitt and Manning 2019, section 2.3. Departs from it: none.
    """

    def __init__(self, forest: Forest) -> None:
        self.forest = forest

    def words(self, sentences: Ints, size: int) -> Words:
        """Return the words of sentences in this order, in batches of `size` sentences."""
        rows, lengths = self.forest.rows(sentences), self.forest.lengths[sentences]
        ends = np.append(np.arange(0, len(sentences), size), len(sentences))
        each = np.diff(ends)
        weight = np.repeat(1 / (lengths * np.repeat(each, each)), lengths).astype(np.float32)
        gold = self.forest.depths[rows].astype(np.float32)
        return Words(rows, gold, weight, offsets_of(lengths)[ends], each)

    @staticmethod
    def loss(Z: Floats32, gold: Floats32, weight: Floats32) -> float:
        """Return the loss of a batch whose words are projected to Z, shape (r, k)."""
        gap = np.einsum("rk,rk->r", Z, Z) - gold
        return float(np.abs(gap, out=gap).astype(np.float64) @ weight)

    @staticmethod
    def gradient(Z: Floats32, gold: Floats32, weight: Floats32) -> Floats32:
        """Overwrite Z with the derivative, and return it: 2 sᵢ zᵢ, s the weighted signs."""
        sign = np.einsum("rk,rk->r", Z, Z)
        sign -= gold
        np.sign(sign, out=sign)
        sign *= weight
        sign *= 2
        Z *= sign[:, None]
        return Z


class _Cell:
    """One projection in training."""

    def __init__(self, values: NDArray[np.floating], start: Floats32) -> None:
        self.values = np.asarray(values)
        self.projection = start.copy()
        self.adam = ArrayAdam(self.projection)
        self._derivative = np.empty_like(self.projection)
        self._X = np.empty((0, len(start)), np.float32)
        self._Z = np.empty((0, start.shape[1]), np.float32)

    def _project(self, rows: Ints) -> tuple[Floats32, Floats32]:
        """Return vectors and what they are projected to; both are valid until the next call."""
        n = len(rows)
        if len(self._X) < n:
            room = n + n // 4
            self._X = np.empty((room, self._X.shape[1]), np.float32)
            self._Z = np.empty((room, self._Z.shape[1]), np.float32)
        X = self._X[:n]
        take_rows(self.values, rows, X)
        return X, np.matmul(X, self.projection, out=self._Z[:n])

    def learn(self, words: Words, rate: float) -> None:
        """Take a step for every batch."""
        for i in range(len(words)):
            rows, gold, weight = words.batch(i)
            X, Z = self._project(rows)
            np.matmul(X.T, DepthLoss.gradient(Z, gold, weight), out=self._derivative)
            self.adam.step(self._derivative, rate)

    def loss(self, words: Words) -> float:
        """Return the mean loss over all sentences."""
        each = []
        for i in range(len(words)):
            rows, gold, weight = words.batch(i)
            each.append(DepthLoss.loss(self._project(rows)[1], gold, weight))
        return float(each @ (words.sentences / words.sentences.sum()))


def take_rows(values: NDArray[np.floating], rows: Ints, out: Floats32) -> None:
    """Copy rows of an array, which may be a memory map of another precision."""
    if values.dtype == np.float32:
        # Rows are in range; "clip" lets numpy write without a buffer in between.
        np.take(values, rows, axis=0, out=out, mode="clip")
    else:
        out[...] = values[rows]


def train_alone(
    objective: DepthLoss,
    layers: Sequence[NDArray[np.floating]],
    train: Ints,
    dev: Ints,
    fitted: Sequence[Fitted],
    order: np.random.Generator,
    settings: StructuralSettings,
) -> None:
    """Train the projection of each layer: see `sondage_structural.training.train`."""
    held = objective.words(dev, _DEV_BATCH)
    with on_threads() as run:

        @np.errstate(over="ignore", invalid="ignore")
        def one(cell: int) -> None:
            kept, rate = fitted[cell], settings.learning_rate
            state, own = _Cell(layers[cell], kept.projection), copy.deepcopy(order)
            for epoch in range(settings.epochs):
                # All cells see one order: each draws it again.
                shuffled = train[own.permutation(len(train))]
                state.learn(objective.words(shuffled, settings.batch), rate)
                better, rate = kept.heard(epoch, state.loss(held), rate, settings.patience)
                if better:
                    kept.projection = state.projection.copy()
                if kept.ended or run.failed:
                    return

        run(one, range(len(layers)))
