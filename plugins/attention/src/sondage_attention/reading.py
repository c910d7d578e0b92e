"""Which rows of a batch's attention maps are measured, and over which positions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from sondage.errors import DataError
from sondage_attention.rows import BLOCK
from sondage_attention.shares import booleans, slices, tensor_of


@dataclass(frozen=True)
class Choice:
    """What of a map is read; see `sondage_attention.components.Attention`."""

    rows: Literal["all", "cls"]
    special: Literal["keep", "drop"]
    from_segment: Literal[0, 1] | None
    to_segment: Literal[0, 1] | None

    def queries(self, batch: Any) -> Tensor:
        """Return the rows to measure, shape (b, t)."""
        mask = booleans(batch.mask)
        if self.rows == "cls":
            return (mask.cumsum(1) == 1) & mask
        return mask & self._of(batch, self.from_segment)

    def keys(self, batch: Any) -> Tensor:
        """Return the positions that rows are over, shape (b, t)."""
        return booleans(batch.mask) & self._of(batch, self.to_segment)

    def _of(self, batch: Any, segment: int | None) -> Tensor:
        of = ~booleans(batch.special)
        if segment is not None:
            return of & booleans(batch.segment == segment)
        return of if self.special == "drop" else torch.ones_like(of)


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
            down, across = _extent(self.queries[some]), _extent(self.mask[some])
            if down.stop and across.stop:
                for heads in slices(n_heads, BLOCK // max(rows * t, 1)):
                    yield some, heads, down, across


def read(maps: tuple[Any, ...], batch: Any, choice: Choice, who: str) -> Reading:
    """Return what is read of a batch's maps, one a model."""
    sides, mask = [tensor_of(x, who) for x in maps], booleans(batch.mask)
    _check(sides, tuple(mask.shape), who)
    queries, keys = choice.queries(batch), choice.keys(batch)
    if choice.rows == "cls":
        first = queries.int().argmax(1)
        sides = [x[torch.arange(len(x)), :, first].unsqueeze(2) for x in sides]
        queries = queries.any(1, keepdim=True)
    return Reading(sides, queries, keys, mask)


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


def _extent(some: Tensor) -> slice:
    """Return from the first to the last column with anything in it."""
    (there,) = some.any(0).nonzero(as_tuple=True)
    return slice(int(there[0]), int(there[-1]) + 1) if len(there) else slice(0, 0)
