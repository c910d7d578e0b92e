"""Training of the classifier: all layers, seeds and grid points in one program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sondage.data import Ints
from sondage_senteval.networks import Networks, start
from sondage_senteval.settings import ClassifierSettings, Point

Floats = NDArray[np.float32]
#: Rows of an evaluation block.
_BLOCK = 2048


@dataclass(frozen=True)
class LayerData:
    """One classifier to train: a layer's rows, and a seed's parts and numbers.

    Parameters
    ----------
    X : float32 array, shape (n, d)
        Only the rows that `train` and `dev` name are read.
    y : int64 array, shape (n,)
    train, dev : int64 arrays
        Row indices.
    entropy : int
        Cells with the same number share first weights, the order of batches, and dropout.
    """

    X: Floats
    y: Ints
    train: Ints
    dev: Ints
    entropy: int


@dataclass(frozen=True)
class TrainedClassifier:
    """A trained cell.

    Parameters
    ----------
    point : Point
        The best on dev.
    weights : list of float32 arrays
        Weights (outputs × inputs) and biases of each layer, in turn, at the best dev accuracy.
    dev_accuracy : float
    trials : list of (Point, float, int)
        Every point with its best dev accuracy and the passes over the training part.
    exhausted : bool
        Whether the chosen point was stopped by `max_epoch`.
    """

    point: Point
    weights: list[Floats]
    dev_accuracy: float
    trials: list[tuple[Point, float, int]]
    exhausted: bool

    def logits(self, X: NDArray[Any]) -> Floats:
        """Return the outputs, shape (n, classes)."""
        W = self.weights
        Z = np.asarray(X, np.float32) @ W[0].T + W[1]
        if len(W) == 2:
            return Z
        # Not 1 / (1 + exp(-Z)), which overflows.
        return np.asarray((0.5 + 0.5 * np.tanh(0.5 * Z)) @ W[2].T + W[3], np.float32)

    def predict(self, X: NDArray[Any]) -> Ints:
        """Return class indices, shape (n,)."""
        parts = [self.logits(X[a : a + _BLOCK]).argmax(axis=1) for a in range(0, len(X), _BLOCK)]
        return np.concatenate([np.zeros(0, np.int64), *parts]).astype(np.int64)


def train(
    cells: Sequence[LayerData], classes: int, settings: ClassifierSettings
) -> Iterator[tuple[int, TrainedClassifier]]:
    """Train every cell on every grid point; yield (index, fit) as cells are done.

    Cells with training parts of one size go through one program: a batch is gathered once
    for all points, and weights of a hidden size are one tensor. A point leaves when its early
    stopping says so.

    Parameters
    ----------
    cells : sequence of LayerData
        Of one width.
    classes : int
    settings : ClassifierSettings
    """
    sizes: dict[tuple[int, int], list[int]] = {}
    for i, cell in enumerate(cells):
        sizes.setdefault((len(cell.train), len(cell.dev)), []).append(i)
    for members in sizes.values():
        training = _Training([cells[i] for i in members], classes, settings)
        for i, fit in training.run():
            yield members[i], fit


class _Training:
    def __init__(self, cells: list[LayerData], classes: int, settings: ClassifierSettings) -> None:
        self.cells, self.settings = cells, settings
        self.points = settings.points()
        self.width = cells[0].X.shape[1]
        self.best = np.full((len(cells), len(self.points)), -1.0)
        self.misses = np.zeros_like(self.best, dtype=np.int64)
        self.epochs = np.zeros_like(self.misses)
        self.kept: list[list[list[Floats]]] = [[[] for _ in self.points] for _ in cells]
        #: Cells that still train: places of the networks' rows.
        self.live = np.arange(len(cells))
        entropies = list(dict.fromkeys(c.entropy for c in cells))
        self.seed_of = [entropies.index(c.entropy) for c in cells]
        self.orders = [np.random.default_rng([e, 0]) for e in entropies]
        self.groups: list[Networks] = []
        self.dropping: list[list[np.random.Generator]] = []
        for hidden in dict.fromkeys(p.hidden for p in self.points):
            ids = [i for i, p in enumerate(self.points) if p.hidden == hidden]
            starts = [
                start(hidden, self.width, classes, np.random.default_rng([e, 1, hidden]))
                for e in entropies
            ]
            every = [starts[s] for s in self.seed_of]
            points, rate = [self.points[i] for i in ids], settings.learning_rate
            self.groups.append(Networks(hidden, points, ids, every, rate))
            self.dropping.append([np.random.default_rng([e, 2, hidden]) for e in entropies])

    def run(self) -> Iterator[tuple[int, TrainedClassifier]]:
        passes = 0
        while len(self.live) and passes <= self.settings.max_epoch:
            for _ in range(self.settings.epoch_size):
                self._one_pass()
            passes += self.settings.epoch_size
            before = self.live
            self._look(passes)
            for i in np.setdiff1d(before, self.live):
                yield int(i), self._fit(int(i), exhausted=False)
        for i in self.live:
            yield int(i), self._fit(int(i), exhausted=True)

    def _one_pass(self) -> None:
        n, size = len(self.cells[0].train), self.settings.batch_size
        orders = [rng.permutation(n) for rng in self.orders]
        index = [self.cells[i].train[orders[self.seed_of[i]]] for i in self.live]
        labels = torch.from_numpy(
            np.stack([self.cells[i].y[at] for i, at in zip(self.live, index, strict=True)])
        )
        rows = [self.cells[i].X for i in self.live]
        buffers = {
            b: np.empty((len(rows), b, self.width), np.float32) for b in {min(size, n), n % size}
        }
        for a in range(0, n, size):
            buffer = buffers[min(size, n - a)]
            for X, at, out in zip(rows, index, buffer, strict=True):
                np.take(X, at[a : a + size], axis=0, out=out, mode="clip")
            self._step(torch.from_numpy(buffer), labels[:, a : a + size])

    def _step(self, X: Tensor, y: Tensor) -> None:
        n = X.shape[1]
        scale = 1 / n if self.settings.loss == "mean" else 1.0
        for group, draws in zip(self.groups, self.dropping, strict=True):
            uniform = None
            if group.hidden and any(p.dropout for p in self.points):
                # All seeds draw, whoever still listens: nobody's numbers hang on another cell.
                drawn = [rng.random((group.hidden, n), dtype=np.float32) for rng in draws]
                uniform = torch.from_numpy(np.stack([drawn[self.seed_of[i]] for i in self.live]))
            if group.alive.any():
                group.step(X, y, scale, uniform)

    def _look(self, passes: int) -> None:
        """Score on dev, keep what is better, let go of what is done."""
        right = [np.zeros(g.slots.shape) for g in self.groups]
        n = len(self.cells[0].dev)
        for a in range(0, n, _BLOCK):
            at = [self.cells[i].dev[a : a + _BLOCK] for i in self.live]
            pairs = list(zip(self.live, at, strict=True))
            X = torch.from_numpy(np.stack([self.cells[i].X[rows] for i, rows in pairs]))
            y = torch.from_numpy(np.stack([self.cells[i].y[rows] for i, rows in pairs]))
            for group, hits in zip(self.groups, right, strict=True):
                if group.alive.any():
                    guess = group.logits(X).argmax(dim=1).view(*group.slots.shape, -1)
                    hits += (guess == y[:, None]).sum(dim=2).numpy()
        for group, hits in zip(self.groups, right, strict=True):
            self._decide(group, hits / n, passes)
        still = np.any([g.alive.any(axis=1) for g in self.groups], axis=0)
        if not still.all() or any(self._shrinks(g) for g in self.groups):
            rows = np.flatnonzero(still)
            for group in self.groups:
                group.keep(rows)
            self.live = self.live[rows]

    @staticmethod
    def _shrinks(group: Networks) -> bool:
        return bool(group.alive.sum(axis=1).max(initial=0) < group.alive.shape[1])

    def _decide(self, group: Networks, accuracy: NDArray[np.float64], passes: int) -> None:
        for row, place in zip(*np.nonzero(group.alive), strict=True):
            cell, point = self.live[row], group.slots[row, place]
            self.epochs[cell, point] = passes
            if accuracy[row, place] > self.best[cell, point]:
                self.best[cell, point] = accuracy[row, place]
                self.kept[cell][point] = [w[row, place].numpy().copy() for w in group.adam.weights]
                continue
            # The count is of all looks without a gain, and is compared before it grows.
            if self.misses[cell, point] >= self.settings.tenacity:
                group.alive[row, place] = False
            self.misses[cell, point] += 1

    def _fit(self, i: int, *, exhausted: bool) -> TrainedClassifier:
        # SentEval rounds percentages to two places before it looks for the first best.
        chosen = int(np.argmax(np.round(100 * self.best[i], 2)))
        trials = [
            (p, float(b), int(e))
            for p, b, e in zip(self.points, self.best[i], self.epochs[i], strict=True)
        ]
        ended = exhausted and self.misses[i, chosen] <= self.settings.tenacity
        weights = self.kept[i][chosen]
        self.kept[i] = []
        return TrainedClassifier(
            self.points[chosen], weights, float(self.best[i, chosen]), trials, ended
        )
