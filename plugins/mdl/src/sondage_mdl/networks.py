"""Many small classifiers with two hidden layers, trained as one batched program in torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from annotated_types import Ge, Gt, MinLen
from numpy.typing import NDArray

from sondage.data import Ints
from sondage.errors import DataError, ParameterError
from sondage_mdl._rows import ROWS, Rows, Steps, groups_of, minibatches, row_losses
from sondage_mdl._rows import MLPJob as MLPJob

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class MLPFit:
    """What one network predicts.

    Parameters
    ----------
    predicted : int64 array, shape (len(test),)
    surprisal : float64 array, shape (len(test),)
        −log2 of the probability of each row's label.
    epochs : int
        Epochs run, the last ones, which did not help, included.
    dev_loss : float
        The best mean loss on dev, in bits per item.
    converged : bool
        Whether training ended by stalls and not by `max_epochs`.
    """

    predicted: Ints
    surprisal: NDArray[np.float64]
    epochs: int
    dev_loss: float
    converged: bool


@dataclass(kw_only=True, eq=False)
class MLPSettings:
    """A network, and how it is trained.

    Parameters
    ----------
    hidden : tuple of int
        Sizes of the hidden layers. The paper has two of 1,000, which give codes that are
        about as long and take some fifteen times as long to train.
    learning_rate : float
        Of Adam, halved whenever the dev loss stalls.
    batch : int
        Items in a minibatch.
    looks : int
        Steps between looks at dev, at least; never more often than once an epoch.
    patience : int
        Stalls in a row after which training ends.
    max_epochs : int
        After which training ends in any case.
    """

    hidden: Annotated[tuple[Annotated[int, Gt(0)], ...], MinLen(1)] = (128, 128)
    learning_rate: Annotated[float, Gt(0)] = 1e-3
    batch: Annotated[int, Ge(1)] = 128
    looks: Annotated[int, Ge(1)] = 5
    patience: Annotated[int, Ge(1)] = 4
    max_epochs: Annotated[int, Ge(1)] = 200


def fit_mlps(
    jobs: Sequence[MLPJob], *, n_labels: int, gain: float = 1e-3, **settings: Any
) -> list[MLPFit]:
    """Train a ReLU network per job, with early stopping on dev, many at a time.

    Adam on the mean cross-entropy of each minibatch. After every epoch, but not before
    `looks` steps were made since the last time, the dev loss is looked at. Where it is not
    lower than the best by `gain`, that is a stall: the learning rate is halved, and after
    `patience` stalls in a row the network of the best look is the result. A job that is done
    leaves the program; its neighbours go on.

    Parameters
    ----------
    jobs : sequence of MLPJob
        All of one width d. Jobs with the same number of steps per epoch share one batched
        program, as far as `BUDGET` allows.
    n_labels : int
        K: all K labels are in the softmax, whether they occur in training or not, so that
        every surprisal is finite.
    gain : float
        In nats an item.
    **settings
        Of `MLPSettings`.

    Returns
    -------
    list of MLPFit
        In the order of `jobs`.

    Raises
    ------
    DataError
        For an empty training or dev part.
    ParameterError
        For sizes or rates that are not positive.
    """
    how = MLPSettings(**settings)
    sizes = [*how.hidden, n_labels]
    least = min(*sizes, how.batch, how.looks, how.patience, how.max_epochs)
    if len(sizes) < 2 or least < 1 or how.learning_rate <= 0:
        raise ParameterError("fit_mlps wants positive sizes, batch, looks, patience and rate")
    for job in jobs:
        if not len(job.train) or not len(job.dev):
            raise DataError(
                f"a network cannot be trained on {len(job.train)} items with {len(job.dev)} dev "
                "items: both are needed",
                hint="look at the split and its 'ratios'",
            )
    found: dict[int, MLPFit] = {}
    for group in groups_of(jobs, how.batch):
        program = _Program([jobs[i] for i in group], sizes, gain, how)
        found |= dict(zip(group, program.run(), strict=True))
    return [found[i] for i in range(len(jobs))]


def _initial(jobs: Sequence[MLPJob], sizes: list[int]) -> list[Tensor]:
    """Draw weights and biases uniformly within 1 / sqrt(fan in), as torch's own layers."""
    import torch

    out: list[Tensor] = []
    fan = jobs[0].X.shape[1]
    for size in sizes:
        bound = fan**-0.5
        for shape in ((fan, size), (1, size)):
            draws = [job.rng.uniform(-bound, bound, shape).astype(np.float32) for job in jobs]
            out.append(torch.from_numpy(np.stack(draws)))
        fan = size
    return out


def _logits(X: Tensor, weights: list[Tensor]) -> Tensor:
    import torch

    for at in range(0, len(weights), 2):
        X = torch.baddbmm(weights[at + 1], X, weights[at])
        if at + 2 < len(weights):
            X = X.relu_()
    return X


def _mean_loss(rows: Rows, weights: list[Tensor]) -> Tensor:
    import torch

    total = torch.zeros(len(rows.X), dtype=torch.float64)
    for X, y, inside in rows.blocks():
        total += (row_losses(_logits(X, weights), y) * inside).sum(dim=1)
    return total / rows.n


class _Program:
    """The training of jobs that have equally many steps per epoch."""

    def __init__(self, jobs: list[MLPJob], sizes: list[int], gain: float, how: MLPSettings) -> None:
        import torch

        self.jobs, self.gain, self.how, C = jobs, gain, how, len(jobs)
        self.train, self.dev = Rows(jobs, "train"), Rows(jobs, "dev")
        weights = [w.requires_grad_() for w in _initial(jobs, sizes)]
        self.best = [w.detach().clone() for w in weights]
        self.adam = Steps(weights, torch.full((C,), how.learning_rate))
        #: Of the cells still in training, whose numbers are `alive`.
        self.least = torch.full((C,), torch.inf, dtype=torch.float64)
        self.stalls, self.alive = torch.zeros(C, dtype=torch.int64), np.arange(C)
        self.epochs, self.done = np.full(C, how.max_epochs), np.zeros(C, bool)
        self.losses = np.zeros(C)

    def run(self) -> list[MLPFit]:
        """Train; return what the best weights of each cell predict."""
        import torch

        since, steps = 0, -(-self.train.X.shape[1] // self.how.batch)
        for epoch in range(1, self.how.max_epochs + 1):
            rngs = [self.jobs[i].rng for i in self.alive]
            for X, y, weight in minibatches(self.train, rngs, self.how.batch):
                loss = (row_losses(_logits(X, self.adam.weights), y) * weight).sum()
                self.adam.step(torch.autograd.grad(loss, self.adam.weights))
            since += steps
            if since >= self.how.looks or epoch == self.how.max_epochs:
                since = 0
                self._look()
                self._end(epoch)
            if not len(self.alive):
                break
        return [self._predicted(cell) for cell in range(len(self.jobs))]

    def _look(self) -> None:
        """Keep what is better on dev, halve the rates of what is not."""
        import torch

        with torch.no_grad():
            mean = _mean_loss(self.dev, self.adam.weights)
            better = mean < self.least - self.gain
            self.least = torch.where(better, mean, self.least)
            places = torch.from_numpy(self.alive)[better]
            for kept, w in zip(self.best, self.adam.weights, strict=True):
                kept[places] = w[better]
            self.stalls = torch.where(better, 0, self.stalls + 1)
            self.adam.rate = torch.where(better, self.adam.rate, self.adam.rate / 2)
        self.losses[self.alive] = self.least.numpy()

    def _end(self, epoch: int) -> None:
        """Let go of the cells that have stalled too often."""
        live = self.stalls < self.how.patience
        if live.all():
            return
        ended = self.alive[~live.numpy()]
        self.epochs[ended], self.done[ended] = epoch, True
        self.alive = self.alive[live.numpy()]
        for part in (self.train, self.dev, self.adam):
            part.keep(live)
        self.least, self.stalls = self.least[live], self.stalls[live]

    def _predicted(self, cell: int) -> MLPFit:
        import torch

        job, weights = self.jobs[cell], [w[cell : cell + 1] for w in self.best]
        predicted = np.zeros(len(job.test), np.int64)
        bits = np.zeros(len(job.test))
        with torch.no_grad():
            for a in range(0, len(job.test), ROWS):
                rows = job.test[a : a + ROWS]
                X = torch.from_numpy(np.ascontiguousarray(job.X[rows], np.float32))[None]
                logits = _logits(X, weights)[0].double()
                predicted[a : a + ROWS] = logits.argmax(dim=1).numpy()
                nats = -torch.log_softmax(logits, dim=1)
                own = nats.gather(1, torch.from_numpy(job.y[rows])[:, None])[:, 0]
                bits[a : a + ROWS] = own.numpy() / np.log(2)
        loss = float(self.losses[cell]) / float(np.log(2))
        return MLPFit(predicted, bits, int(self.epochs[cell]), loss, bool(self.done[cell]))
