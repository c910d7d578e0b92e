"""The network of an edge probe, for several cells at once: parameters, forward pass, loss.

A cell is one probe of its own: one layer, or one mix of layers. All parameters of all cells
lie in one array, a row per cell, so that an optimiser step is a handful of operations.

Between the projection and the first layer of the perceptron nothing is non-linear, and the
weights of a pool sum to 1. So pool(X A + b) U = pool(X A U) + b U, and both products are taken
before pooling, on each distinct row once; where a batch has more rows than the states are
wide, A U is formed first. A span of one word needs no attention: its softmax is 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sondage_edge.ragged import Batch, Bucket, Pool

if TYPE_CHECKING:
    import torch

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Shape:
    """The sizes of a cell's network.

    Parameters
    ----------
    width : int
        Of the states (twice that of a layer where two are concatenated).
    roles : int
        Spans an item: 1 or 2.
    labels : int
    projection, hidden : int
    mixed : int
        Layers in the learned mix; 0 where nothing is mixed.
    """

    width: int
    roles: int
    labels: int
    projection: int = 256
    hidden: int = 256
    mixed: int = 0

    @cached_property
    def parts(self) -> dict[str, tuple[int, ...]]:
        """The shape of each parameter of one cell, in the order in which they are stored."""
        d, p, h = self.width, self.projection, self.hidden
        out: dict[str, tuple[int, ...]] = {}
        if self.mixed:
            out |= {"scalars": (self.mixed,), "gamma": (1,)}
        for k in range(self.roles):
            out |= {f"A{k}": (d, p), f"b{k}": (p,), f"att{k}": (p,), f"U{k}": (p, h)}
        out |= {"c": (h,), "scale": (h,), "shift": (h,), "V": (h, self.labels), "o": (self.labels,)}
        return out

    @cached_property
    def sizes(self) -> list[int]:
        """Number of values of each parameter."""
        return [math.prod(s) for s in self.parts.values()]


def initial(shape: Shape, rng: np.random.Generator) -> Floats:
    """Return one cell's parameters before training, float32, shape (sum of sizes,).

    Linear maps are uniform on ±1/√(inputs), as torch's; the last one is 0, so that no label
    is told from another before training. Scalars are 0 (equal shares), gamma is 1.
    """
    fan = {"A": shape.width, "b": shape.width, "att": shape.projection,
           "U": shape.roles * shape.projection, "c": shape.roles * shape.projection}  # fmt: skip
    out = []
    for name, size in shape.parts.items():
        bound = fan.get(name.rstrip("01"))
        if bound is not None:
            edge = 1 / math.sqrt(bound)
            out.append(rng.uniform(-edge, edge, math.prod(size)))
        else:
            out.append(np.full(math.prod(size), float(name in ("gamma", "scale"))))
    return np.concatenate(out).astype(np.float32)


def named(shape: Shape, values: torch.Tensor) -> dict[str, torch.Tensor]:
    """Return the parameters by name, each of shape (cells, ...), as views of `values`."""
    import torch

    cells = values.shape[0]
    parts = torch.split(values, shape.sizes, dim=1)
    return {
        name: part.view(cells, *size)
        for (name, size), part in zip(shape.parts.items(), parts, strict=True)
    }


def mix(
    scalars: torch.Tensor, gamma: torch.Tensor, stacked: torch.Tensor, allowed: torch.Tensor
) -> torch.Tensor:
    """Return each cell's weighted sum of layers, shape (cells, rows, width).

    Parameters
    ----------
    scalars : tensor, shape (cells, L)
    gamma : tensor, shape (cells, 1)
    stacked : tensor, shape (L, rows, width)
    allowed : bool tensor, shape (cells, L)
        The layers that a cell may use; the others get no share.
    """
    shares = scalars.masked_fill(~allowed, -math.inf).softmax(dim=1) * gamma
    layers, rows, width = stacked.shape
    return (shares @ stacked.view(layers, rows * width)).view(-1, rows, width)


def logits(
    weights: dict[str, torch.Tensor],
    X: torch.Tensor,
    batch: Batch,
    keep: torch.Tensor | None = None,
) -> torch.Tensor:
    """Return the scores of all labels, shape (cells, items, labels).

    Parameters
    ----------
    weights : mapping of name to tensor, shape (cells, ...)
        From `named`.
    X : tensor, shape (cells, rows, width)
        The batch's rows.
    batch : Batch
    keep : tensor, shape (cells, items, hidden), optional
        What dropout multiplies the hidden units with.
    """
    import torch

    hidden = weights["c"][:, None]
    for k, pool in enumerate(batch.pools):
        A, U = weights[f"A{k}"], weights[f"U{k}"]
        own = X if pool.rows is None else _rows(X, pool.rows)
        if pool.n_rows > X.shape[2]:
            Q = own @ (A @ U)
            projected = None
        else:
            projected = own @ A
            Q = projected @ U
        scores = None
        if any(b.words.shape[1] > 1 for b in pool.buckets):
            v = weights[f"att{k}"][:, :, None]
            scores = (own @ (A @ v) if projected is None else projected @ v)[:, :, 0]
        hidden = hidden + pooled(Q, scores, pool) + weights[f"b{k}"][:, None] @ U
    hidden = torch.nn.functional.layer_norm(hidden.tanh(), hidden.shape[-1:])
    hidden = hidden * weights["scale"][:, None] + weights["shift"][:, None]
    if keep is not None:
        hidden = hidden * keep
    return hidden @ weights["V"] + weights["o"][:, None]


def pooled(Q: torch.Tensor, scores: torch.Tensor | None, pool: Pool) -> torch.Tensor:
    """Return the weighted mean of each span's rows, shape (cells, items, hidden).

    Parameters
    ----------
    Q : tensor, shape (cells, rows, hidden)
    scores : tensor, shape (cells, rows), or None where all spans are single words
        The weights are the softmax of these over each span.
    pool : Pool
    """
    import torch

    parts = [_bucket(Q, scores, bucket) for bucket in pool.buckets]
    whole = parts[0] if len(parts) == 1 else torch.cat(parts, dim=1)
    return whole if pool.order is None else _rows(whole, pool.order)


def _bucket(Q: torch.Tensor, scores: torch.Tensor | None, bucket: Bucket) -> torch.Tensor:
    spans, width = bucket.words.shape
    values = _rows(Q, bucket.words.reshape(-1))
    if width == 1:
        return values
    assert scores is not None
    of = _rows(scores[:, :, None], bucket.words.reshape(-1)).view(-1, spans, width)
    if bucket.real is not None:
        of = of.masked_fill(~_index(bucket.real, Q), -math.inf)
    shares = of.softmax(dim=2)
    return (shares[..., None] * values.view(-1, spans, width, Q.shape[2])).sum(dim=2)


def _rows(values: torch.Tensor, rows: NDArray[np.int64]) -> torch.Tensor:
    """Return rows of each cell. As an embedding: its gradient adds in a fixed order."""
    import torch

    cells, n, width = values.shape
    at = _index(rows, values)
    if cells > 1:
        at = (at + n * torch.arange(cells, device=at.device)[:, None]).reshape(-1)
    found = torch.nn.functional.embedding(at, values.reshape(cells * n, width))
    return found.view(cells, len(rows), width)


def _index(values: NDArray[np.int64] | NDArray[np.bool_], like: torch.Tensor) -> torch.Tensor:
    import torch

    return torch.from_numpy(np.ascontiguousarray(values)).to(like.device)


def losses(
    scores: torch.Tensor, target: torch.Tensor, loss: str, *, known: torch.Tensor | None = None
) -> torch.Tensor:
    """Return each cell's loss in nats, shape (cells,).

    Parameters
    ----------
    scores : tensor, shape (cells, items, labels)
    target : int64 tensor, shape (items,), or float tensor, shape (items, labels)
    loss : {'sigmoid', 'softmax'}
        Binary cross-entropy, mean over items and labels; or cross-entropy of the one label.
    known : bool tensor, shape (items, labels), optional
        The decisions that count: the sigmoid's mean is over these.
    """
    import torch.nn.functional as F  # noqa: N812

    cells, items, labels = scores.shape
    if loss == "softmax":
        flat = F.cross_entropy(scores.reshape(-1, labels), target.repeat(cells), reduction="none")
        return flat.view(cells, items).mean(dim=1)
    each = F.binary_cross_entropy_with_logits(
        scores, target.expand(cells, items, labels), reduction="none"
    )
    if known is None:
        return each.mean(dim=(1, 2))
    return (each * known).sum(dim=(1, 2)) / known.sum().clamp(min=1)
