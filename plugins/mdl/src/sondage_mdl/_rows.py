"""Rows, minibatches and Adam for many small networks that are trained as one program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sondage.data import Ints
from sondage.probing import Adam, SeedTask

if TYPE_CHECKING:
    from torch import Tensor

#: What to do about a target with several labels an item.
SEVERAL = "for several labels an item, mdl.online with an edge probe"
#: Bytes of gathered vectors that one batched program may hold.
BUDGET = 1 << 28
#: Rows of one cell in one product where nothing is trained.
ROWS = 4096


@dataclass(frozen=True)
class MLPJob:
    """One network to train.

    Parameters
    ----------
    X : float32 array, shape (n, d)
    y : int64 array, shape (n,)
    train, dev, test : int64 arrays
        Rows. Early stopping looks at `dev`; `test` is predicted.
    rng : numpy Generator
        Of initial weights and of the order of minibatches.
    """

    X: NDArray[np.float32]
    y: Ints
    train: Ints
    dev: Ints
    test: Ints
    rng: np.random.Generator

    @classmethod
    def of(cls, X: NDArray[np.float32], task: SeedTask, rng: np.random.Generator) -> MLPJob:
        """Return the job of a layer's vectors and a seed's task."""
        split = task.split
        return cls(X, task.labels.y, split.train, split.dev, split.test, rng)


def groups_of(jobs: Sequence[MLPJob], batch: int) -> list[list[int]]:
    """Put jobs with equally many steps per epoch together, within the budget of memory."""
    out: dict[int, list[list[int]]] = {}
    for i, job in enumerate(jobs):
        steps = -(-len(job.train) // batch)
        parts = out.setdefault(steps, [[]])
        rows = max(len(jobs[j].train) + len(jobs[j].dev) for j in [*parts[-1], i])
        if parts[-1] and 4 * rows * job.X.shape[1] * (len(parts[-1]) + 1) > BUDGET:
            parts.append([])
        parts[-1].append(i)
    return [group for parts in out.values() for group in parts]


class Rows:
    """The rows of one part of several jobs, padded to equal numbers; padding has no weight."""

    def __init__(self, jobs: Sequence[MLPJob], part: str) -> None:
        import torch

        rows = [getattr(job, part) for job in jobs]
        self.n = torch.tensor([len(r) for r in rows])
        most = int(self.n.max())
        self.X = torch.zeros(len(jobs), most, jobs[0].X.shape[1])
        self.y = torch.zeros(len(jobs), most, dtype=torch.int64)
        for c, (job, r) in enumerate(zip(jobs, rows, strict=True)):
            self.X[c, : len(r)] = torch.from_numpy(np.ascontiguousarray(job.X[r], np.float32))
            self.y[c, : len(r)] = torch.from_numpy(job.y[r])

    def blocks(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Yield vectors and labels of `ROWS` rows at a time, and which of them are no padding."""
        import torch

        place = torch.arange(self.X.shape[1])
        for a in range(0, len(place), ROWS):
            at = slice(a, a + ROWS)
            yield self.X[:, at], self.y[:, at], place[at] < self.n[:, None]

    def keep(self, live: Tensor) -> None:
        """Drop the cells that are done."""
        self.X, self.y, self.n = self.X[live], self.y[live], self.n[live]


def minibatches(
    rows: Rows, rngs: Sequence[np.random.Generator], batch: int
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Yield minibatches of an epoch: vectors, labels, and weights that sum to 1 a cell.

    Every cell's rows are shuffled by its own generator and cut into equally many batches,
    of sizes equal but for one row: there is no last batch of a few.
    """
    import torch

    most = int(rows.n.max())
    steps = -(-most // batch)
    order = torch.zeros(len(rngs), most, dtype=torch.int64)
    for c, rng in enumerate(rngs):
        n = int(rows.n[c])
        order[c, :n] = torch.from_numpy(rng.permutation(n))
    cells = torch.arange(len(rngs))[:, None]
    cuts = (rows.n[:, None] * torch.arange(steps + 1)) // steps
    for s in range(steps):
        size = cuts[:, s + 1] - cuts[:, s]
        within = torch.arange(int(size.max()))
        inside = within < size[:, None]
        at = order[cells, (cuts[:, s, None] + within).clamp_(max=most - 1)]
        yield rows.X[cells, at], rows.y[cells, at], inside / size[:, None]


def row_losses(logits: Tensor, y: Tensor) -> Tensor:
    """Return the loss of every row in nats, shape (cells, rows)."""
    from torch.nn import functional

    flat = functional.cross_entropy(logits.flatten(0, 1), y.flatten(), reduction="none")
    return flat.view(y.shape)


class Steps(Adam):
    """Adam that multiplies by the rates last, as it always did here."""

    def move(self, weight: Tensor, first: Tensor, second: Tensor) -> None:
        """Move one tensor of weights by its moments."""
        weight.sub_(first / self.root(second) * self.scale(weight))
