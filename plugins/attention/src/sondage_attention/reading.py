"""Which rows of a batch's attention maps are measured, and over which positions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from sondage.data import Batch
from sondage.errors import DataError
from sondage_attention.options import Choice
from sondage_attention.rows import BLOCK, extent
from sondage_attention.shares import booleans, slices, tensor_of


@dataclass(frozen=True)
class Reading:
    """A batch's maps and what of them is read.

    Parameters
    ----------
    maps : list of tensors, shape (b, heads, rows, t)
        One a model.
    queries : bool tensor, shape (b, rows)
        Rows to measure.
    keys, mask : bool tensors, shape (b, t)
        Positions that count; positions that are no padding.
    """

    maps: list[Tensor]
    queries: Tensor
    keys: Tensor
    mask: Tensor

    @property
    def shape(self) -> tuple[int, int, int]:
        """Sentences, heads and rows."""
        b, heads, rows, _ = self.maps[0].shape
        return b, heads, rows

    def blocks(self) -> Iterator[tuple[slice, slice, slice, slice]]:
        """Yield some sentences and heads at a time, about `BLOCK` values.

        Rows and positions are cut to those that the sentences need.
        """
        b, n_heads, rows, t = self.maps[0].shape
        for some in slices(b, BLOCK // max(n_heads * rows * t, 1)):
            down, across = extent(self.queries[some]), extent(self.mask[some])
            for heads in slices(n_heads, BLOCK // max(rows * t, 1)):
                yield some, heads, down, across


def read(maps: tuple[Any, ...], batch: Batch, choice: Choice, who: str) -> Reading:
    """Return what is read of a batch's maps, one a model."""
    sides, mask = [tensor_of(x, who) for x in maps], booleans(batch.mask)
    _check(sides, tuple(mask.shape), who)
    queries, keys = _queries(choice, batch), mask & _counted(choice, batch, choice.to_segment)
    if choice.rows == "cls":
        first = queries.int().argmax(1)
        sides = [x[torch.arange(len(x)), :, first].unsqueeze(2) for x in sides]
        queries = queries.any(1, keepdim=True)
    return Reading(sides, queries, keys, mask)


def _queries(choice: Choice, batch: Batch) -> Tensor:
    mask = booleans(batch.mask)
    if choice.rows == "cls":
        return (mask.cumsum(1) == 1) & mask
    return mask & _counted(choice, batch, choice.from_segment)


def _counted(choice: Choice, batch: Batch, segment: int | None) -> Tensor:
    """Return the positions of a segment, or all, with or without special ones."""
    text = ~booleans(batch.special)
    if segment is not None:
        return text & booleans(batch.segment == segment)
    return text if choice.special == "drop" else torch.ones_like(text)


def _check(sides: list[Tensor], padded: tuple[int, ...], who: str) -> None:
    b, t = padded
    for x in sides:
        if x.ndim != 4 or (x.shape[0], x.shape[2], x.shape[3]) != (b, t, t):
            raise DataError(
                f"{who} needs maps of shape (sentences, heads, t, t) for a batch of {b} sentences "
                f"padded to {t} subwords, and was given {tuple(x.shape)}",
                hint="two encoders must cut the texts into the same subwords",
            )
    heads = [x.shape[1] for x in sides]
    if len(set(heads)) > 1:
        raise DataError(
            f"{who} compares head with head, but the models have {heads[0]} and {heads[1]}"
        )
