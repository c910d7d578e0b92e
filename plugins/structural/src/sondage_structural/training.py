"""Training of many projections at once: one Adam, each cell with its own rate and its own end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sondage.data import Ints
from sondage.errors import EncodingError
from sondage.probing.adam import EPSILON, Adam
from sondage_structural.objective import Batch, DepthLoss, DistanceLoss, Objective
from sondage_structural.predicting import depth_blocks, distance_blocks
from sondage_structural.projector import Projector
from sondage_structural.settings import StructuralSettings

Floats32 = NDArray[np.float32]
_DEV_BATCH = 100


#: What is trained for that which is predicted.
LOSSES: dict[object, type[DistanceLoss | DepthLoss]] = {
    distance_blocks: DistanceLoss,
    depth_blocks: DepthLoss,
}
#: A dev loss is better if it is less by this much (absolutely for what is kept and when to
#: end, relatively for the rate), as in the authors' code.
BETTER = 1e-4
#: A cell ends before its rate is cut for the fourth time: at a ten-thousandth of the first rate
#: an epoch no longer moves anything.
CUTS = 3


@dataclass
class Fitted:
    """One cell's projection, as it was after the epoch with the best dev loss.

    Parameters
    ----------
    projection : float32 array, shape (d, k)
    dev_loss : float
    epochs : int
        Epochs trained; the best one is earlier where the cell ended by itself.
    losses, rates : lists of float, one an epoch
        Dev loss, and the rate that the epoch was trained with.
    """

    projection: Floats32
    dev_loss: float = float("inf")
    epochs: int = 0
    losses: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    ended: bool = False
    _best: int = -1
    _cuts: int = 0
    _least: float = float("inf")

    def heard(self, epoch: int, loss: float, rate: float, patience: int) -> tuple[bool, float]:
        """Take an epoch's dev loss; return whether it is the best so far, and the next rate."""
        self.losses.append(loss)
        self.rates.append(rate)
        self.epochs = epoch + 1
        better = loss < self.dev_loss - BETTER
        if better:
            self.dev_loss, self._best = loss, epoch
        elif epoch - self._best >= patience:
            self.ended = True
        if loss < self._least * (1 - BETTER):
            self._least = loss
        elif self._cuts == CUTS:
            self.ended = True
        else:
            self._cuts += 1
            rate *= 0.1
        return better, rate


def train(
    objective: Objective,
    layers: Sequence[NDArray[np.floating]],
    train: Ints,
    dev: Ints,
    *,
    start: Floats32,
    order: np.random.Generator,
    settings: StructuralSettings,
    names: Sequence[str] = (),
) -> list[Fitted]:
    """Train a projection for each layer, all on the same batches.

    Parameters
    ----------
    objective : Objective
    layers : sequence of float arrays, shape (n_words, d), one a layer
        May be memory maps: only a batch's rows are read at a time.
    train, dev : int64 arrays
        Sentences of the objective's forest.
    start : float32 array, shape (len(layers), d, k)
        Where the projections start.
    order : numpy Generator
        Shuffles the training sentences before every epoch.
    settings : StructuralSettings
    names : sequence of str, optional
        What messages call each layer.

    Returns
    -------
    list of Fitted, one a layer

    Raises
    ------
    sondage.errors.EncodingError
        If a dev loss is not finite.

    References
    ----------
    Hewitt and Manning 2019, appendix, and the authors' code: Adam, rate × 0.1 after every
    epoch whose dev loss is not the least, the projection of the best epoch kept. Departs from
    it: a cell ends as well where the rate would be cut for the fourth time (`CUTS`).
    """
    fitted = [Fitted(projection=s.copy()) for s in start]
    cells = _Cells(objective, Projector(layers), start, settings.learning_rate)
    tests = [objective.batch(dev[i : i + _DEV_BATCH]) for i in range(0, len(dev), _DEV_BATCH)]
    shares = [min(_DEV_BATCH, len(dev) - i) / len(dev) for i in range(0, len(dev), _DEV_BATCH)]
    live = list(range(len(layers)))
    for epoch in range(settings.epochs):
        shuffled = train[order.permutation(len(train))]
        for i in range(0, len(shuffled), settings.batch):
            cells.learn(live, objective.batch(shuffled[i : i + settings.batch]))
        loss = torch.zeros(len(live), dtype=torch.float64)
        for test, share in zip(tests, shares, strict=True):
            loss += cells.loss(live, test).double() * share
        for cell, value in zip(live, loss.tolist(), strict=True):
            if not np.isfinite(value):
                raise EncodingError(
                    f"{names[cell] if names else f'layer {cell}'}: the dev loss is not finite in "
                    f"epoch {epoch + 1}",
                    hint="lower the learning rate, or scale the vectors",
                )
            steps = cells.steps[cell]
            better, steps.rate = fitted[cell].heard(epoch, value, steps.rate, settings.patience)
            if better:
                fitted[cell].projection = steps.weights[0].T.numpy().copy()
        live = [cell for cell in live if not fitted[cell].ended]
        if not live:
            break
    return fitted


class _Cells:
    """The projections in training."""

    def __init__(
        self, objective: Objective, products: Projector, start: Floats32, rate: float
    ) -> None:
        self.objective, self.products = objective, products
        # Transposed, (k, d), as the products want them.
        self.steps = [Steps([torch.from_numpy(s.T.copy())], rate) for s in start]

    def _forth(self, live: Sequence[int], batch: Batch, *, keep: bool = True) -> Tensor:
        weights = [self.steps[cell].weights[0] for cell in live]
        return self.products.forth(live, batch.rows, weights, keep=keep)

    def learn(self, live: Sequence[int], batch: Batch) -> None:
        """Take a step with each of these cells."""
        for some in [live] if self.objective.together else [[cell] for cell in live]:
            self.objective.gradient(self._forth(some, batch), batch)
            for cell, gradient in zip(some, self.products.back(), strict=True):
                self.steps[cell].step([gradient])

    def loss(self, live: Sequence[int], batch: Batch) -> Tensor:
        """Return the loss of each of these cells."""
        return self.objective.loss(self._forth(live, batch, keep=False), batch)


class Steps(Adam):
    """Adam on one cell, as the cells' gradients come one by one.

    The second moment's correction goes into the rate and epsilon: a pass less over the values.
    """

    def move(self, weight: Tensor, first: Tensor, second: Tensor) -> None:
        """Move the projection by its moments."""
        unbiased = self.bias[1] ** 0.5
        root = second.sqrt().add_(EPSILON * unbiased)
        weight.addcdiv_(first, root, value=-(self.rate * unbiased / self.bias[0]))
