"""Training of many projections at once: one Adam, each cell with its own rate and its own end."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sondage.data import Ints
from sondage.probing.adam import EPSILON, Adam
from sondage_structural.ending import Fitted
from sondage_structural.norms import DepthLoss, train_alone
from sondage_structural.objective import Batch, DistanceLoss
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


def train(
    objective: DistanceLoss | DepthLoss,
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
    objective : DistanceLoss or DepthLoss
        Distances of all layers are trained together, depths each by itself.
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
    named = names or [f"layer {k}" for k in range(len(layers))]
    fitted = [Fitted(s.copy(), name) for s, name in zip(start, named, strict=True)]
    how = _train_together if isinstance(objective, DistanceLoss) else train_alone
    how(objective, layers, train, dev, fitted, order, settings)
    return fitted


def _train_together(
    objective: DistanceLoss,
    layers: Sequence[NDArray[np.floating]],
    train: Ints,
    dev: Ints,
    fitted: Sequence[Fitted],
    order: np.random.Generator,
    settings: StructuralSettings,
) -> None:
    """Train the projection of each layer: see `train`."""
    start = [one.projection for one in fitted]
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
            steps = cells.steps[cell]
            better, steps.rate = fitted[cell].heard(epoch, value, steps.rate, settings.patience)
            if better:
                fitted[cell].projection = steps.weights[0].T.numpy().copy()
        live = [cell for cell in live if not fitted[cell].ended]
        if not live:
            break


class _Cells:
    """The projections in training."""

    def __init__(
        self, objective: DistanceLoss, products: Projector, start: Sequence[Floats32], rate: float
    ) -> None:
        self.objective, self.products = objective, products
        # Transposed, (k, d), as the products want them.
        self.steps = [Steps([torch.from_numpy(s.T.copy())], rate) for s in start]

    def _forth(self, live: Sequence[int], batch: Batch, *, keep: bool = True) -> Tensor:
        weights = [self.steps[cell].weights[0] for cell in live]
        return self.products.forth(live, batch.rows, weights, keep=keep)

    def learn(self, live: Sequence[int], batch: Batch) -> None:
        """Take a step with each of these cells."""
        self.objective.gradient(self._forth(live, batch), batch)
        for cell, gradient in zip(live, self.products.back(), strict=True):
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
