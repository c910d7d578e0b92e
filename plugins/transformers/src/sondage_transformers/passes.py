"""Batches cut into passes where texts may not share one, and put together again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sondage_transformers.trials import Company

if TYPE_CHECKING:
    import torch

    Tensors = dict[str, torch.Tensor]


def mixed(inputs: Any) -> bool:
    """Whether the texts of a batch are of more than one length."""
    return not bool(inputs["attention_mask"].all())


def passes_of(inputs: Any, company: Company) -> list[tuple[torch.Tensor, Tensors]]:
    """Return passes without padding: which rows of the batch, and their inputs.

    Parameters
    ----------
    inputs : mapping of str to tensor, shape (b, t), padded at the right
    company : {'equal', 'none'}
    """
    import torch

    lengths = inputs["attention_mask"].sum(1)
    found = []
    for length in torch.unique(lengths).tolist():
        rows = torch.nonzero(lengths == length)[:, 0]
        for some in rows if company == "none" else [rows]:
            index = some.reshape(-1)
            found.append((index, {k: v[index, :length] for k, v in inputs.items()}))
    return found


def together(
    parts: Sequence[tuple[torch.Tensor, torch.Tensor]], shape: tuple[int, ...]
) -> torch.Tensor:
    """Return the batch of what the passes gave, zeros where padding was.

    Parameters
    ----------
    parts : sequence of (rows, values)
        Values have the batch first; every other axis is at most as long as the batch's.
    shape : tuple of int
        Of the batch.
    """
    out = parts[0][1].new_zeros(shape)
    for rows, values in parts:
        place: Any = (rows, *(slice(0, n) for n in values.shape[1:]))
        out[place] = values
    return out
