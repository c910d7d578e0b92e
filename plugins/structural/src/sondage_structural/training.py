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
from sondage_structural.objective import Objective
from sondage_structural.products import Products
from sondage_structural.settings import Settings

Floats32 = NDArray[np.float32]
_DEV_BATCH = 100


#: A dev loss is better if it is less by this much (absolutely for what is kept and when to
#: end, relatively for the rate), as in the authors' code.
BETTER = 1e-4
#: A cell ends before its rate is cut for the fourth time: at a ten-thousandth of the first rate
#: an epoch no longer moves anything.
CUTS = 3
_BETA1, _BETA2, _EPS = 0.9, 0.999, 1e-8


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
    settings: Settings,
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
    settings : Settings
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
    live = list(range(len(layers)))
    # Transposed, (k, d), as the products want them.
    cells = [_Adam(torch.from_numpy(s.T.copy()), settings.learning_rate) for s in start]
    products = Products(layers)
    tests = [objective.batch(dev[i : i + _DEV_BATCH]) for i in range(0, len(dev), _DEV_BATCH)]
    shares = [min(_DEV_BATCH, len(dev) - i) / len(dev) for i in range(0, len(dev), _DEV_BATCH)]
    for epoch in range(settings.epochs):
        shuffled = train[order.permutation(len(train))]
        for i in range(0, len(shuffled), settings.batch):
            batch = objective.batch(shuffled[i : i + settings.batch])
            for some in [live] if objective.together else [[cell] for cell in live]:
                Z = products.forth(some, batch.rows, [cells[cell].value for cell in some])
                objective.gradient(Z, batch)
                for cell, gradient in zip(some, products.back(), strict=True):
                    cells[cell].step(gradient)
        loss = torch.zeros(len(live), dtype=torch.float64)
        for batch, share in zip(tests, shares, strict=True):
            Z = products.forth(live, batch.rows, [cells[cell].value for cell in live], keep=False)
            loss += objective.loss(Z, batch).double() * share
        if not bool(torch.isfinite(loss).all()):
            at = live[int(torch.isfinite(loss).int().argmin())]
            raise EncodingError(
                f"{names[at] if names else f'layer {at}'}: the dev loss is not finite in epoch "
                f"{epoch + 1}",
                hint="lower the learning rate, or scale the vectors",
            )
        for place, cell in enumerate(live):
            better, cells[cell].rate = fitted[cell].heard(
                epoch, float(loss[place]), cells[cell].rate, settings.patience
            )
            if better:
                fitted[cell].projection = cells[cell].value.T.numpy().copy()
        live = [cell for cell in live if not fitted[cell].ended]
        if not live:
            break
    return fitted


class _Adam:
    """A cell's Adam; Kingma and Ba 2015, algorithm 1."""

    def __init__(self, value: Tensor, rate: float) -> None:
        self.value, self.rate, self.steps = value, rate, 0
        self._first, self._second = torch.zeros_like(value), torch.zeros_like(value)
        self._scale = torch.empty_like(value)

    def step(self, gradient: Tensor) -> None:
        self.steps += 1
        unbiased = (1 - _BETA2**self.steps) ** 0.5
        self._first.lerp_(gradient, 1 - _BETA1)
        self._second.mul_(_BETA2).addcmul_(gradient, gradient, value=1 - _BETA2)
        torch.sqrt(self._second, out=self._scale).add_(_EPS * unbiased)
        rate = self.rate * unbiased / (1 - _BETA1**self.steps)
        self.value.addcdiv_(self._first, self._scale, value=-rate)
