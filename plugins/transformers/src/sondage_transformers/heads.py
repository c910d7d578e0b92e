"""What is put on an encoder's last layer while it is trained, and how it is scored."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from sondage.data import Ints
from sondage_transformers.examples import Portion

#: Before the head; BERT's own rate.
DROPOUT = 0.1
#: Standard deviation of a head's first weights; BERT's own.
SPREAD = 0.02

Outputs = dict[str, torch.Tensor]


def picked(rows: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
    """Return ``rows[index]``, for rows that are read more than once and are to learn.

    The gradient of plain indexing is added up by threads in any order, that of an embedding
    row by row.
    """
    return torch.nn.functional.embedding(index, rows)


class Head(torch.nn.Module):
    """Predicts what a portion holds from the rows of its words or sentences.

    Attributes
    ----------
    scores : tuple of str
        What `tally` counts, the most telling first; which items are right is of the first.
    """

    scores: ClassVar[tuple[str, ...]]

    def forward(self, rows: torch.Tensor, portion: Any) -> Outputs:
        """Return ``loss`` (nats, a mean) and what `tally` needs, for rows (n_rows, width)."""
        raise NotImplementedError

    def tally(self, out: Outputs, portion: Any) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return sums over a portion, and whether each of its items is right.

        Returns
        -------
        sums : float64 array
            Loss, what it is a mean over, what scores are means over, and scores.
        right : bool array
            In the order of `Examples.items_of`.
        """
        raise NotImplementedError

    def summary(self, sums: NDArray[np.float64]) -> dict[str, float]:
        """Return scores and ``loss`` from added up tallies."""
        found = {name: float(n / sums[2]) for name, n in zip(self.scores, sums[3:], strict=True)}
        return found | {"loss": float(sums[0] / sums[1])}


def guesses(out: Outputs) -> Ints:
    """Return the label with the highest logit of each item."""
    found: Ints = out["logits"].argmax(1).cpu().numpy()
    return found


class LinearHead(Head):
    """One linear layer over the runs of rows that an item reads, behind dropout.

    Parameters
    ----------
    width : int
    arity : int
        Runs of rows that an item reads; at least 1.
    n_labels, seed : int
        The seed draws the first weights, on the CPU.
    dropout : float
    dense : bool
        Whether a layer with tanh, as wide as what it reads, comes before the dropout.
    """

    scores = ("accuracy",)

    def __init__(
        self,
        width: int,
        arity: int,
        n_labels: int,
        seed: int,
        *,
        dropout: float = DROPOUT,
        dense: bool = False,
    ) -> None:
        super().__init__()
        self.dropout = torch.nn.Dropout(dropout)
        self.linear = torch.nn.Linear(arity * width, n_labels)
        self.dense = torch.nn.Linear(arity * width, arity * width) if dense else None
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for layer in (self.linear, self.dense):
                if layer is not None:
                    layer.weight.normal_(0.0, SPREAD, generator=generator)
                    layer.bias.zero_()

    def forward(self, rows: torch.Tensor, portion: Portion) -> Outputs:
        """Return the mean cross-entropy (nats) and ``logits``, shape (n, n_labels)."""
        first = torch.from_numpy(portion.first).to(rows.device)
        length = torch.from_numpy(portion.length).to(rows.device)
        vectors = picked(rows, first)
        for k in range(1, int(portion.length.max())):
            more = picked(rows, torch.where(length > k, first + k, first))
            vectors = vectors + more * (length > k)[:, :, None]
        vectors = (vectors / length[:, :, None]).flatten(1)
        if self.dense is not None:
            vectors = torch.tanh(self.dense(vectors))
        logits = self.linear(self.dropout(vectors))
        y = torch.from_numpy(portion.y).to(rows.device)
        return {"loss": torch.nn.functional.cross_entropy(logits, y), "logits": logits}

    def tally(
        self, out: Outputs, portion: Portion
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return sums over the items (loss, items, items, right ones), and which are right."""
        n, right = len(portion.y), guesses(out) == portion.y
        return np.array([float(out["loss"]) * n, n, n, right.sum()], np.float64), right


class TwoClassHead(LinearHead):
    """A linear head of two labels, scored by Matthews correlation as well.

    Parameters
    ----------
    width, arity, seed, dropout, dense
        As `LinearHead`.
    """

    scores = ("accuracy", "matthews")

    def __init__(self, width: int, arity: int, seed: int, **more: Any) -> None:
        super().__init__(width, arity, 2, seed, **more)

    def tally(
        self, out: Outputs, portion: Portion
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return the same as `LinearHead`, and among the sums items by label and guess."""
        sums, right = super().tally(out, portion)
        table = np.bincount(2 * portion.y + guesses(out), minlength=4)
        return np.concatenate([sums, table.astype(np.float64)]), right

    def summary(self, sums: NDArray[np.float64]) -> dict[str, float]:
        """Return ``accuracy``, ``matthews`` and ``loss`` from added up tallies."""
        values = (float(sums[3] / sums[2]), matthews(sums[4:].reshape(2, 2)))
        return dict(zip(self.scores, values, strict=True)) | {"loss": float(sums[0] / sums[1])}


def matthews(table: NDArray[np.float64]) -> float:
    """Return Matthews correlation of two classes.

    Parameters
    ----------
    table : array, shape (2, 2)
        Items by label and by guess.

    Returns
    -------
    float
        From -1 to 1; 0 where all items have one label or one guess, of which it is not defined.

    References
    ----------
    Matthews 1975, Biochimica et Biophysica Acta 405(2), 442-451: the correlation of label and
    guess as numbers 0 and 1. Departs from it: 0 where it is not defined.
    """
    spread = math.prod(np.sqrt([*table.sum(0), *table.sum(1)]).tolist())
    product = float(table[0, 0] * table[1, 1] - table[0, 1] * table[1, 0])
    return product / spread if spread else 0.0
