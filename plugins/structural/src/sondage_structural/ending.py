"""What is kept of one cell's training, and when its rate falls and it ends."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sondage.errors import EncodingError

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
    name : str
        What messages call the cell.
    dev_loss : float
    epochs : int
        Epochs trained; the best one is earlier where the cell ended by itself.
    losses, rates : lists of float, one an epoch
        Dev loss, and the rate that the epoch was trained with.
    """

    projection: NDArray[np.float32]
    name: str = "the vectors"
    dev_loss: float = float("inf")
    epochs: int = 0
    losses: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    ended: bool = False
    _best: int = -1
    _cuts: int = 0
    _least: float = float("inf")

    def heard(self, epoch: int, loss: float, rate: float, patience: int) -> tuple[bool, float]:
        """Take an epoch's dev loss; return whether it is the best so far, and the next rate.

        Raises
        ------
        EncodingError
            If the loss is not finite.
        """
        if not np.isfinite(loss):
            raise EncodingError(
                f"{self.name}: the dev loss is not finite in epoch {epoch + 1}",
                hint="lower the learning rate, or scale the vectors",
            )
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
