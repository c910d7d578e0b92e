"""Averages of attention's rows over words, then sentences, then heads; they merge."""

from __future__ import annotations

import copy
from collections import Counter
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sondage.data import Batch, Result
from sondage.errors import DataError
from sondage_attention.measures import Measure
from sondage_attention.reading import measured, read
from sondage_attention.shares import check


class Averages:
    """Sums of sentences' averages, a head and score each.

    Hao et al. 2020, section 3: the mean over sentences of the mean over heads of the mean over
    the rows of a sentence. What is undefined is left out of the averages and counted.

    Parameters
    ----------
    measure : Measure
    """

    def __init__(self, measure: Measure) -> None:
        self.measure = measure
        self.sums: NDArray[np.float64] | None = None
        self.counts: NDArray[np.int64] | None = None
        self.warnings: Counter[str] = Counter()

    def take(self, maps: tuple[Any, ...], batch: Batch) -> None:
        """Take in the maps of a batch, one a model."""
        reading = read(maps, batch, self.measure.choice, self.measure.name)
        self._begin(reading.shape[1])
        if not reading.shape[0]:
            return
        found, wanted = measured(reading, self.measure), reading.wanted
        undefined = ~wanted
        if not found.is_plain(wanted):
            check(found.totals.where(wanted, 1), found.below, self.measure.name, wanted)
            nothing = (found.totals == 0).any(0)
            undefined = undefined | nothing
            self._note("attention-zero-rows", nothing & wanted)
            self._note("attention-unnormalised-rows", found.unnormalised() & wanted)
        values = found.values.masked_fill_(undefined, torch.nan)
        self._add(self.measure.scored(values, reading.keys))
        read_at_all = wanted.flatten(1).any(1)
        self._note("sentences-without-rows", ~read_at_all)
        if len(self.measure.scores) > 1:
            self._note("one-subword-sentences", read_at_all & (reading.keys.sum(1) == 1))

    def _begin(self, heads: int) -> None:
        if self.sums is None:
            shape = (len(self.measure.scores), heads)
            self.sums, self.counts = np.zeros(shape), np.zeros(shape, np.int64)
        elif self.sums.shape[1] != heads:
            raise DataError(
                f"{self.measure.name}: maps of {heads} heads after maps of {self.sums.shape[1]}"
            )

    def _add(self, found: list[Tensor]) -> None:
        assert self.sums is not None
        assert self.counts is not None
        values = torch.stack(found)
        defined = ~values.isnan()
        rows = defined.sum(-1)
        means = values.nan_to_num_(0.0).sum(-1) / rows.clamp_min(1)
        self.sums += means.sum(1).numpy()
        self.counts += (rows > 0).sum(1).numpy()

    def _note(self, slug: str, those: Tensor) -> None:
        n = int(those.sum())
        if n:
            self.warnings[slug] += n

    def merge(self, other: Self) -> Self:
        """Take in another accumulator's sentences, leave it as it is, return self."""
        name = self.measure.name
        if self.measure != other.measure:
            raise DataError(f"{name}: accumulators of other measures or settings cannot be merged")
        self.warnings += other.warnings
        if other.sums is not None and other.counts is not None:
            if self.sums is None or self.counts is None:
                self.sums, self.counts = copy.copy(other.sums), copy.copy(other.counts)
            else:
                self._begin(other.sums.shape[1])
                self.sums, self.counts = self.sums + other.sums, self.counts + other.counts
        return self

    def compute(self) -> Result:
        """Return the averages as scores; table ``heads`` has them by head.

        Raises
        ------
        DataError
            If no row was seen of which a score can be made.
        """
        names, name = self.measure.scores, self.measure.name
        if self.sums is None or self.counts is None or not self.counts.any(1).all():
            why = ", ".join(f"{slug}: {n}" for slug, n in sorted(self.warnings.items()))
            raise DataError(
                f"{name}: there is no row of attention to measure ({why or 'no sentences'})",
                hint="look at the parameters rows, special, from_segment and to_segment",
            )
        means = self.sums / np.maximum(self.counts, 1)
        heads = {
            score: [float(m) if n else None for m, n in zip(row, count, strict=True)]
            for score, row, count in zip(names, means, self.counts, strict=True)
        }
        number = list(range(means.shape[1]))
        return Result(
            scores={
                score: float(row[count > 0].mean())
                for score, row, count in zip(names, means, self.counts, strict=True)
            },
            tables={"heads": {"head": number, **heads, "sentences": self.counts[0].tolist()}},
            warnings=dict(self.warnings),
        )


class OfPair(Averages):
    """Averages of what two models' maps have between them."""

    def update(self, a: Any, b: Any, batch: Batch) -> None:
        """Take the maps of a batch, shape (b, heads, t, t) each, padding not removed."""
        self.take((a, b), batch)


class OfOne(Averages):
    """Averages of what one model's maps have in them."""

    def update(self, a: Any, batch: Batch) -> None:
        """Take the maps of a batch, shape (b, heads, t, t), padding not removed."""
        self.take((a,), batch)
