"""Which rows of a batch's attention maps are measured, over which positions, and what is found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from sondage.data import Batch
from sondage.errors import DataError
from sondage_attention.measures import Measure
from sondage_attention.options import Choice
from sondage_attention.rows import BLOCK, alike, extent
from sondage_attention.shares import booleans, shares, slices, summed, tensor_of, tolerance


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
    def wanted(self) -> Tensor:
        """Rows to measure that have a position that counts, shape (b, 1, rows)."""
        return (self.queries & self.keys.any(1, keepdim=True))[:, None]

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


@dataclass
class Measured:
    """What was found of each row that was read.

    Parameters
    ----------
    values : float64 tensor, shape (b, heads, rows)
    totals, wholes : float32 tensors, shape (models, b, heads, rows)
        What a row gives to the positions that count, and to all but padding.
    below : bool tensor of that shape, optional
        Rows with a value below 0; None where there is none.
    dtypes : list of torch.dtype
        What each model's values came in.
    """

    values: Tensor
    totals: Tensor
    wholes: Tensor
    below: Tensor | None
    dtypes: list[torch.dtype]

    def is_plain(self, wanted: Tensor) -> bool:
        """Tell whether all rows that are wanted are a softmax's, and none is empty."""
        low, high = (float(x) for x in self.wholes.where(wanted, 1).aminmax())
        off = min(tolerance(dtype) for dtype in self.dtypes)
        there = self.totals is self.wholes or float(self.totals.where(wanted, 1).amin()) > 0
        return self.below is None and there and 1 - off < low and high < 1 + off

    def unnormalised(self) -> Tensor:
        """Return rows that sum to neither 1 nor 0 in a model, shape (b, heads, rows)."""
        off = torch.tensor([tolerance(dtype) for dtype in self.dtypes])[:, None, None, None]
        return (((self.wholes - 1).abs() > off) & (self.wholes != 0)).any(0)


def measured(reading: Reading, measure: Measure) -> Measured:
    """Return what is measured of each row, block by block."""
    sides, below = len(reading.maps), None
    values = torch.zeros(reading.shape, dtype=torch.float64)
    totals = torch.zeros((sides, *reading.shape))
    wholes = totals if torch.equal(reading.keys, reading.mask) else totals.clone()
    for some, heads, down, across in reading.blocks():
        at = (some, heads, down)
        keys, mask = (_partial(x[some, across]) for x in (reading.keys, reading.mask))
        maps = [x[some, heads, down, across] for x in reading.maps]
        parts = [shares(x, keys) for x in maps]
        for i, part in enumerate(parts):
            totals[i][at] = part.total
            if wholes is not totals:
                wholes[i][at] = summed(maps[i], mask)[1].squeeze(-1)
            if part.below is not None:
                below = torch.zeros_like(totals, dtype=torch.bool) if below is None else below
                below[i][at] = part.below
        values[at] = measure.of_rows(*alike(*parts))
    return Measured(values, totals, wholes, below, [x.dtype for x in reading.maps])


def _partial(there: Tensor) -> Tensor | None:
    """Return which positions count, of a shape that broadcasts to maps; None where all do."""
    return None if bool(there.all()) else there[:, None, None, :]


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
