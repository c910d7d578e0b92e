"""Many small networks with one hidden size, trained side by side: forward, backward, Adam."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sondage.probing import Adam
from sondage_senteval.settings import Point


def start(hidden: int, width: int, classes: int, rng: np.random.Generator) -> list[Tensor]:
    """Return a network's first weights: uniform within 1 / sqrt(inputs), as `nn.Linear`'s.

    Returns
    -------
    list of float32 tensors
        Weights (outputs × inputs) and biases of each layer, in turn.
    """
    sizes = [width, hidden, classes] if hidden else [width, classes]
    out = []
    for n_in, n_out in itertools.pairwise(sizes):
        bound = 1 / math.sqrt(n_in)
        for shape in ((n_out, n_in), (n_out,)):
            values = rng.uniform(-bound, bound, shape).astype(np.float32)
            out.append(torch.from_numpy(values))
    return out


class Networks:
    """The networks of one hidden size: a row per cell (layer and seed), a column per grid point.

    Parameters
    ----------
    hidden : int
        0 for a single linear layer.
    points : sequence of Point
    ids : sequence of int
        What the caller calls the points.
    starts : sequence of lists of tensors, a cell each
        Every point of a cell starts from the same weights.
    rate : float
        Adam's.

    Attributes
    ----------
    slots : int64 array, shape (cells, columns)
        The id of the network in each place.
    alive : bool array, shape (cells, columns)
        Places whose network still trains; the others only fill up the rectangle.
    adam : Adam
        Its ``weights`` are of shape (cells, columns, ...).
    """

    def __init__(
        self, hidden: int, points: Sequence[Point], ids: Sequence[int],
        starts: list[list[Tensor]], rate: float,
    ) -> None:  # fmt: skip
        cells = len(starts)
        self.hidden = hidden
        self.slots = np.tile(np.asarray(ids, np.int64), (cells, 1))
        self.alive = np.ones_like(self.slots, dtype=bool)
        self.dropout = torch.tensor([p.dropout for p in points]).repeat(cells, 1)
        weights = [
            torch.stack([s[k] for s in starts]).unsqueeze(1).repeat_interleave(len(points), 1)
            for k in range(len(starts[0]))
        ]
        self.adam = Adam(weights, rate, torch.tensor([p.l2 for p in points]).repeat(cells, 1))
        self.drops = bool((self.dropout > 0).any())

    def keep(self, cells: NDArray[np.int64]) -> None:
        """Keep these rows, and as few columns as their living networks need."""
        alive = self.alive[cells]
        columns = int(alive.sum(axis=1).max(initial=0))
        # Living ones first, in their order; dead ones pad.
        order = np.argsort(~alive, axis=1, kind="stable")[:, :columns]
        rows = torch.from_numpy(cells)[:, None]
        places = torch.from_numpy(order)
        self.adam.keep((rows, places))
        self.dropout = self.dropout[rows, places]
        self.slots = np.take_along_axis(self.slots[cells], order, axis=1)
        self.alive = np.take_along_axis(alive, order, axis=1)
        self.drops = bool((self.dropout > 0).any())

    def logits(self, X: Tensor) -> Tensor:
        """Return the outputs without dropout, shape (cells × columns, classes, n).

        Parameters
        ----------
        X : float32 tensor, shape (cells, n, d)
        """
        return self._forward(X, None)[-1]

    def _forward(self, X: Tensor, mask: Tensor | None) -> list[Tensor]:
        cells, n, width = X.shape
        weight, bias = self.adam.weights[0], self.adam.weights[1]
        columns, units = weight.shape[1], weight.shape[2]
        Z = torch.baddbmm(
            bias.view(cells, columns * units, 1),
            weight.view(cells, columns * units, width),
            X.transpose(1, 2),
        ).view(cells * columns, units, n)
        if not self.hidden:
            return [Z]
        if mask is not None:
            Z *= mask
        A = Z.sigmoid_()
        out = torch.baddbmm(self.adam.weights[3].flatten(0, 1)[:, :, None],
                            self.adam.weights[2].flatten(0, 1), A)  # fmt: skip
        return [A, out]

    def step(self, X: Tensor, y: Tensor, scale: float, uniform: Tensor | None) -> None:
        """Take one step of Adam on a batch.

        Parameters
        ----------
        X : float32 tensor, shape (cells, n, d)
        y : int64 tensor, shape (cells, n)
        scale : float
            Factor of the summed loss.
        uniform : float32 tensor, shape (cells, hidden, n), optional
            Numbers in [0, 1): hidden units below a network's dropout rate are dropped.
        """
        cells, n, _ = X.shape
        columns = self.adam.weights[0].shape[1]
        mask = None
        if uniform is not None and self.drops:
            kept = uniform[:, None] >= self.dropout[:, :, None, None]
            mask = (kept / (1 - self.dropout[:, :, None, None])).flatten(0, 1)
        found = self._forward(X, mask)
        G = found[-1].softmax(dim=1)
        at = y[:, None, None, :].expand(cells, columns, 1, n).reshape(cells * columns, 1, n)
        G.scatter_add_(1, at, G.new_full((1, 1, 1), -1.0).expand_as(at))
        if scale != 1:
            G *= scale
        gradients: list[Tensor] = []
        if self.hidden:
            A = found[0]
            gradients = [G @ A.transpose(1, 2), G.sum(dim=2)]
            G = self.adam.weights[2].flatten(0, 1).transpose(1, 2) @ G
            G *= A
            G *= 1 - A
            if mask is not None:
                G *= mask
        units = self.adam.weights[0].shape[2]
        inner = torch.bmm(G.view(cells, columns * units, n), X)
        gradients = [inner, G.sum(dim=2), *gradients]
        self.adam.step([g.view_as(w) for g, w in zip(gradients, self.adam.weights, strict=True)])
