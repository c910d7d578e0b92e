"""Train the cells of a seed in one program on a device: a rate and an end for each cell.

On a processor `sondage_edge.alone` trains each cell by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sondage.data import Ints
from sondage.probing.adam import EPSILON, Adam
from sondage_edge.estimator import EdgeSettings
from sondage_edge.network import Floats, Shape, logits, losses, named
from sondage_edge.progress import FEW, Progress
from sondage_edge.ragged import Batch, Batches
from sondage_edge.reading import Reader

if TYPE_CHECKING:
    import torch

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
    ) -> list[Progress]:
        """Train all cells; return how each went.

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
        progress = [Progress(own, settings) for own in start]
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
                for i, c in enumerate(cells):
                    state.rate[i] = progress[c].note(
                        step, (float(mean[i]), float(loss[i])), float(f1[i]), bool(few[i]),
                        float(state.rate[i]), state.weights[0][i].cpu().numpy(),
                    )  # fmt: skip
                going = np.array([not progress[c].ended for c in cells])
                if not going.any():
                    return progress
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
