"""Train all cells in one program: Adam, a learning rate and a stopping rule for each cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sondage.data import Ints
from sondage.errors import EncodingError
from sondage.probing.adam import EPSILON, Adam
from sondage_edge.estimator import EdgeSettings
from sondage_edge.network import Floats, Shape, logits, losses, named
from sondage_edge.ragged import Batch, Batches
from sondage_edge.reading import Reader

if TYPE_CHECKING:
    import torch

#: Gain in dev micro-F1 that counts as progress.
PROGRESS = 1e-4
#: Share by which dev loss has to fall to count as progress while few labels are predicted.
FALL = 1e-3
#: Labels predicted, as a share of those that there are, below which they are few.
FEW = 0.5
#: Sentences per batch where nothing is learned.
WIDE = 256


@dataclass(frozen=True)
class Target:
    """Labels on the device: int64, shape (n,), or float, shape (n, K).

    Parameters
    ----------
    y : tensor
    labels : int
        K.
    asked : bool tensor, shape (n, K), optional
        Which labels are known; all without it.
    """

    y: torch.Tensor
    labels: int
    asked: torch.Tensor | None = None

    def of(self, items: Ints, loss: str) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return these items' labels as the loss takes them, and which of them are known."""
        import torch

        at = torch.from_numpy(items).to(self.y.device)
        found, known = self.y[at], None if self.asked is None else self.asked[at]
        if loss == "sigmoid" and found.ndim == 1:
            found = torch.nn.functional.one_hot(found, self.labels).float()
        return found, known


class Trainer:
    """Trains cells and evaluates them."""

    def __init__(self, shape: Shape, reader: Reader, settings: EdgeSettings) -> None:
        self.shape, self.reader, self.settings = shape, reader, settings

    def scores(self, values: torch.Tensor, cells: Ints, batch: Batch) -> torch.Tensor:
        """Return the scores of a batch without dropout, shape (cells, items, labels)."""
        import torch

        with torch.no_grad():
            weights = named(self.shape, values)
            return logits(weights, self.reader.take(batch.rows, cells, weights), batch)

    def validate(
        self, values: torch.Tensor, cells: Ints, dev: Batches, target: Target
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
        """Return each cell's micro-F1 and mean loss (nats) on dev; whether it predicts few."""
        import torch

        counts = torch.zeros((len(cells), 3), dtype=torch.float64)
        loss, n = torch.zeros(len(cells), dtype=torch.float64), 0.0
        for batch in dev.deal(WIDE):
            found = self.scores(values, cells, batch)
            own, known = target.of(batch.items, self.settings.loss)
            # Of items; or of decisions, where not all of an item's are known.
            weight = len(batch.items) if known is None else int(known.sum())
            loss += losses(found, own, self.settings.loss, known=known).double().cpu() * weight
            n += weight
            counts += _counts(found, own, self.settings.loss, known).cpu()
        hit, predicted, gold = counts.numpy().T
        f1 = 2 * hit / np.maximum(predicted + gold, 1)
        return f1, loss.numpy() / max(n, 1), predicted < FEW * gold

    def train(
        self,
        start: Floats,
        train: Batches,
        dev: Batches,
        target: Target,
        rng: np.random.Generator,
    ) -> tuple[Floats, dict[str, list[Any]], NDArray[np.bool_]]:
        """Return each cell's best parameters on dev, the history, and which cells stopped.

        The history has one line per validation and cell still in training.

        Parameters
        ----------
        start : float32 array, shape (cells, sum of sizes)
            Initial parameters.
        train, dev : Batches
        target : Target
        rng : numpy Generator
            Draws the order of sentences, and dropout.

        Raises
        ------
        EncodingError
            If the loss is not finite.
        """
        import torch

        settings, device = self.settings, self.reader.device
        noise = torch.Generator(device).manual_seed(int(rng.integers(2**62)))
        cells: Ints = np.arange(len(start))
        progress = Progress(start, settings)
        state = Steps(torch.from_numpy(start.copy()).to(device), settings)
        step, seen = 0, torch.zeros(len(cells), dtype=torch.float64)
        while True:
            for batch in train.deal(settings.batch, rng):
                seen += self._step(state, cells, batch, target, noise)
                step += 1
                if step % settings.validate_every:
                    continue
                f1, loss, few = self.validate(state.weights[0], cells, dev, target)
                mean = (seen / settings.validate_every).numpy()
                if not np.isfinite(mean).all() or not np.isfinite(loss).all():
                    raise EncodingError(
                        f"the loss of the edge probe is no longer a number at step {step}",
                        hint="look for NaN or huge values in the vectors; lower 'rate'",
                    )
                going = progress.note(cells, step, mean, loss, f1, few, state)
                if not going.any() or step >= settings.validate_every * settings.max_validations:
                    stopped = np.ones(len(start), bool)
                    stopped[cells[going]] = False
                    return progress.best, progress.history, stopped
                cells = cells[going]
                if not going.all():
                    state.keep(torch.from_numpy(going).to(device))
                seen = torch.zeros(len(cells), dtype=torch.float64)

    def _step(
        self, state: Steps, cells: Ints, batch: Batch, target: Target, noise: torch.Generator
    ) -> torch.Tensor:
        import torch

        values = state.weights[0].detach().requires_grad_()
        weights = named(self.shape, values)
        X = self.reader.take(batch.rows, cells, weights)
        keep = None
        if self.settings.dropout:
            kept = 1 - self.settings.dropout
            size = (len(cells), len(batch.items), self.shape.hidden)
            keep = torch.empty(size, device=X.device).bernoulli_(kept, generator=noise) / kept
        found = logits(weights, X, batch, keep)
        own, known = target.of(batch.items, self.settings.loss)
        loss = losses(found, own, self.settings.loss, known=known)
        (gradient,) = torch.autograd.grad(loss.sum(), values)
        state.step([gradient])
        return loss.detach().double().cpu()


def _counts(
    found: torch.Tensor, own: torch.Tensor, loss: str, known: torch.Tensor | None = None
) -> torch.Tensor:
    """Return right, predicted and true labels of each cell, shape (cells, 3)."""
    import torch

    if loss == "softmax":
        right = (found.argmax(dim=2) == own).sum(dim=1).double()
        all_ = torch.full_like(right, found.shape[1])
        return torch.stack([right, all_, all_], dim=1)
    yes = found > 0 if known is None else (found > 0) & known
    gold = own > 0.5
    parts = [(yes & gold).sum(dim=(1, 2)), yes.sum(dim=(1, 2)), gold.sum().expand(len(found))]
    return torch.stack(parts, dim=1).double()


class Steps(Adam):
    """Adam on a row of parameters per cell, whose gradients are clipped by their norm.

    The second moment is corrected before the root is taken, as it always was here.
    """

    def __init__(self, values: torch.Tensor, settings: EdgeSettings) -> None:
        super().__init__([values], values.new_full((len(values),), settings.rate))
        self.clip = settings.clip

    def step(self, gradients: Sequence[torch.Tensor]) -> None:
        """Move the values."""
        (gradient,) = gradients
        norm = gradient.norm(dim=1, keepdim=True)
        super().step([gradient * (self.clip / norm.clamp(min=self.clip))])

    def root(self, second: torch.Tensor) -> torch.Tensor:
        """Return the corrected root of the second moment, epsilon added."""
        return (second / self.bias[1]).sqrt_().add_(EPSILON)


class Progress:
    """Remembers each cell's best parameters and says when to halve its rate and when to stop."""

    def __init__(self, start: Floats, settings: EdgeSettings) -> None:
        n = len(start)
        self.settings, self.best = settings, start.copy()
        columns = ("cell", "step", "train_loss", "dev_loss", "dev_micro_f1", "rate")
        self.history: dict[str, list[Any]] = {name: [] for name in columns}
        self.top = np.full((n, 2), -np.inf)
        self.mark = np.full(n, -np.inf)
        self.low = np.full(n, np.inf)
        self.stale, self.slow = np.zeros(n, int), np.zeros(n, int)

    def note(
        self,
        cells: Ints,
        step: int,
        train_loss: NDArray[np.float64],
        dev_loss: NDArray[np.float64],
        f1: NDArray[np.float64],
        few: NDArray[np.bool_],
        state: Steps,
    ) -> NDArray[np.bool_]:
        """Take in a validation of these cells; return which of them go on."""
        going = np.ones(len(cells), bool)
        for i, c in enumerate(cells):
            now = (f1[i], -dev_loss[i])
            if now > tuple(self.top[c]):
                self.top[c] = now
                self.best[c] = state.weights[0][i].cpu().numpy()
            # Rare labels stay below 1/2 for long: then micro-F1 is near 0 and says little.
            falls = few[i] and dev_loss[i] < self.low[c] * (1 - FALL)
            if falls or f1[i] > self.mark[c] + PROGRESS:
                self.mark[c], self.stale[c], self.slow[c] = max(f1[i], self.mark[c]), 0, 0
                self.low[c] = dev_loss[i]
            else:
                self.stale[c] += 1
                self.slow[c] += 1
            line = (int(c), step, train_loss[i], dev_loss[i], f1[i], float(state.rate[i]))
            for column, value in zip(self.history.values(), line, strict=True):
                column.append(value if isinstance(value, int) else float(value))
            if self.slow[c] >= self.settings.halve_after:
                state.rate[i] /= 2
                self.slow[c] = 0
            going[i] = self.stale[c] < self.settings.stop_after
        return going
