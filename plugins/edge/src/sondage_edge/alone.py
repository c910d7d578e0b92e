"""Training of cells each by itself, on threads: those of all layers and seeds together."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sondage.data import Ints
from sondage.probing import ArrayAdam, Threads, on_threads
from sondage_edge import byhand, slopes
from sondage_edge.estimator import EdgeSettings
from sondage_edge.network import Floats, Shape
from sondage_edge.progress import FEW, Progress
from sondage_edge.ragged import Batch, Batches
from sondage_edge.reading import Reader

#: Sentences per batch where nothing is learned.
_WIDE = 64
#: Dropout's share is rounded to as many parts: two random bytes decide on a unit.
_PARTS = 1 << 16


@dataclass(frozen=True)
class Answers:
    """Labels: int64, shape (n,), or float32, shape (n, K).

    Parameters
    ----------
    y : array
    labels : int
        K.
    asked : bool array, shape (n, K), optional
        Which labels are known; all without it.
    """

    y: NDArray[Any]
    labels: int
    asked: NDArray[np.bool_] | None = None

    def of(self, items: Ints, loss: str) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
        """Return these items' labels as the loss takes them, and which of them are known."""
        found, known = self.y[items], None if self.asked is None else self.asked[items]
        if loss == "sigmoid" and found.ndim == 1:
            hot = np.zeros((len(found), self.labels), np.float32)
            hot[np.arange(len(found)), found] = 1
            found = hot
        return found, known


@dataclass(frozen=True)
class Work:
    """The cells of one seed, which see the same items in the same order.

    Parameters
    ----------
    shape : Shape
    reader : Reader
    settings : EdgeSettings
    start : float32 array, shape (cells, sum of sizes)
        Initial parameters.
    train, dev : Batches
    answers : Answers
    rng : numpy Generator
        Draws the order of sentences, and dropout.
    """

    shape: Shape
    reader: Reader
    settings: EdgeSettings
    start: Floats
    train: Batches
    dev: Batches
    answers: Answers
    rng: np.random.Generator


class Cell:
    """One cell in training.

    Parameters
    ----------
    work : Work
    number : int
        Which of its cells.
    noise : numpy Generator
        Draws what dropout drops.
    """

    def __init__(self, work: Work, number: int, noise: np.random.Generator) -> None:
        self.work, self.noise, self.number = work, noise, number
        self._own: Ints = np.array([number])
        self.values = work.start[number].copy()
        self._gradient = np.zeros_like(self.values)
        self._adam = ArrayAdam(self.values)
        self._w = byhand.split(work.shape, self.values)
        self._out = byhand.split(work.shape, self._gradient)

    def step(self, batch: Batch, rate: float, keep: Floats | None = None) -> float:
        """Learn from a batch; return its loss before that."""
        value = self.gradient(batch, self._kept(batch) if keep is None else keep)[0]
        norm = float(np.sqrt(self._gradient @ self._gradient))
        if norm > self.work.settings.clip:
            self._gradient *= self.work.settings.clip / norm
        self._adam.step(self._gradient, rate)
        return value

    def gradient(self, batch: Batch, keep: Floats | None) -> tuple[float, Floats]:
        """Return the loss of a batch and its gradient, which is valid until the next call."""
        loss, w, work = self.work.settings.loss, self._w, self.work
        X, H, shares = self._inputs(batch)
        scores, passed = byhand.forward(w, X, batch, keep)
        own, known = work.answers.of(batch.items, loss)
        value, slope = slopes.sloped(scores, own, loss, known)
        wanted = H is not None
        dX = byhand.backward(w, X, batch, passed, slope, self._out, wanted)
        if H is not None and shares is not None and dX is not None:
            slopes.mixed_back(w, H, shares, dX, self._out)
        return value, self._gradient

    def look(self) -> tuple[float, float, bool]:
        """Return loss (nats) and micro-F1 on dev; whether few labels are predicted."""
        name, work = self.work.settings.loss, self.work
        counts, total, n = np.zeros(3), 0.0, 0
        for batch in work.dev.deal(_WIDE):
            scores, _ = byhand.forward(self._w, self._inputs(batch)[0], batch, None)
            own, known = work.answers.of(batch.items, name)
            # Of items; or of decisions, where not all of an item's are known.
            weight = len(batch.items) if known is None else int(known.sum())
            total += slopes.sloped(scores, own, name, known)[0] * weight
            n += weight
            counts += _counts(scores, own, name, known)
        hit, predicted, gold = counts
        f1 = 2 * hit / max(predicted + gold, 1)
        return total / max(n, 1), float(f1), bool(predicted < FEW * gold)

    def _kept(self, batch: Batch) -> Floats | None:
        share = min(round(self.work.settings.dropout * _PARTS), _PARTS - 1)
        if not share:
            return None
        size = (len(batch.items), self.work.shape.hidden)
        drawn = np.frombuffer(self.noise.bytes(2 * size[0] * size[1]), np.uint16)
        keep = (drawn >= share).astype(np.float32).reshape(size)
        keep *= _PARTS / (_PARTS - share)
        return keep

    def _inputs(self, batch: Batch) -> tuple[Floats, Floats | None, Floats | None]:
        """Return the batch's inputs; where layers are mixed, these and their shares."""
        H = self.work.reader.gather(batch.rows, self._own)
        if self.work.reader.mixed:
            X, shares = slopes.mixed(self._w, H)
            return X, H, shares
        return (H[0] if len(H) == 1 else np.concatenate(list(H), axis=1)), None, None


def _counts(
    scores: Floats, own: NDArray[Any], loss: str, known: NDArray[np.bool_] | None
) -> NDArray[np.float64]:
    """Return right, predicted and true labels."""
    if loss == "softmax":
        n = len(scores)
        return np.array([(scores.argmax(axis=1) == own).sum(), n, n], np.float64)
    yes = scores > 0 if known is None else (scores > 0) & known
    gold = own > 0.5
    return np.array([(yes & gold).sum(), yes.sum(), gold.sum()], np.float64)


def train_all(works: Sequence[Work]) -> list[list[Progress]]:
    """Train all cells of all seeds; return how each went.

    Each cell is trained by itself, on one thread, so that its numbers are the same bits alone,
    beside others, and on any number of threads.

    Raises
    ------
    EncodingError
        If a loss is not finite.
    """
    jobs = []
    for work in works:
        key = int(work.rng.integers(2**62))
        jobs += [(work, number, key) for number in range(len(work.start))]

    with on_threads() as run:

        def one(job: tuple[Work, int, int]) -> Progress:
            work, number, key = job
            cell = Cell(work, number, np.random.default_rng([key, number]))
            # All cells of a seed see one order: each draws it again.
            return _train(cell, copy.deepcopy(work.rng), run)

        found = iter(run(one, jobs))
    return [[next(found) for _ in work.start] for work in works]


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def _train(cell: Cell, order: np.random.Generator, run: Threads) -> Progress:
    settings = cell.work.settings
    progress, rate = Progress(cell.values, settings), settings.rate
    every, seen = settings.validate_every, 0.0
    for step, batch in enumerate(_endless(cell.work.train, settings.batch, order), 1):
        seen += cell.step(batch, rate)
        if step % every:
            continue
        loss, f1, few = cell.look()
        rate = progress.note(step, (seen / every, loss), f1, few, rate, cell.values)
        if progress.ended or run.failed:
            break
        seen = 0.0
    return progress


def _endless(batches: Batches, size: int, order: np.random.Generator) -> Iterator[Batch]:
    while True:
        yield from batches.deal(size, order)
