"""What a cell's looks at dev say: what to keep, when to halve the rate, when to stop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sondage.errors import EncodingError
from sondage_edge.estimator import EdgeSettings
from sondage_edge.network import Floats

#: Gain in dev micro-F1 that counts as progress.
PROGRESS = 1e-4
#: Share by which dev loss has to fall to count as progress while few labels are predicted.
FALL = 1e-3
#: Labels predicted, as a share of those that there are, below which they are few.
FEW = 0.5

COLUMNS = ("step", "train_loss", "dev_loss", "dev_micro_f1", "rate")


class Progress:
    """Remembers a cell's best parameters, and its looks at dev.

    Parameters
    ----------
    start : float32 array, shape (sum of sizes,)
    settings : EdgeSettings
    """

    def __init__(self, start: Floats, settings: EdgeSettings) -> None:
        self.settings, self.best = settings, start.copy()
        self.looks: list[tuple[int, float, float, float, float]] = []
        self.stopped = False
        self._top = (-np.inf, -np.inf)
        self._mark, self._low = -np.inf, np.inf
        self._stale = self._slow = 0

    def note(
        self,
        step: int,
        losses: tuple[float, float],
        f1: float,
        few: bool,
        rate: float,
        values: Floats,
    ) -> float:
        """Take in a look; return the next rate, and set `stopped` where this was the last.

        Parameters
        ----------
        step : int
        losses : (float, float)
            Means in training since the last look, and on dev.
        f1 : float
        few : bool
            Whether few labels are predicted.
        rate : float
        values : float32 array
            The parameters now.

        Raises
        ------
        EncodingError
            If a loss is not finite.
        """
        if not np.isfinite(losses).all():
            raise EncodingError(
                f"the loss of the edge probe is no longer a number at step {step}",
                hint="look for NaN or huge values in the vectors; lower 'rate'",
            )
        loss = losses[1]
        if (f1, -loss) > self._top:
            self._top = (f1, -loss)
            self.best = values.copy()
        # Rare labels stay below 1/2 for long: then micro-F1 is near 0 and says little.
        falls = few and loss < self._low * (1 - FALL)
        if falls or f1 > self._mark + PROGRESS:
            self._mark, self._low = max(f1, self._mark), loss
            self._stale = self._slow = 0
        else:
            self._stale += 1
            self._slow += 1
        self.looks.append((step, losses[0], loss, f1, rate))
        if self._slow >= self.settings.halve_after:
            rate /= 2
            self._slow = 0
        self.stopped = self._stale >= self.settings.stop_after
        return rate

    @property
    def ended(self) -> bool:
        """Whether nothing follows: it has stopped, or has had all looks that it may have."""
        return self.stopped or len(self.looks) >= self.settings.max_validations


def histories(cells: Sequence[Progress]) -> dict[str, list[Any]]:
    """Return the looks of all cells as columns, cell by cell."""
    lines = [(c, *look) for c, one in enumerate(cells) for look in one.looks]
    names = ("cell", *COLUMNS)
    return {name: [line[i] for line in lines] for i, name in enumerate(names)}
