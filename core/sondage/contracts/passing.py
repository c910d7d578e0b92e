"""What is measured while models read, so that neither states nor attention maps are stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, Protocol, Self, runtime_checkable

from sondage.data import Batch, Corpus, Ints, Result

#: Called with a layer and what it gave, once a layer and batch.
Sink = Callable[[int, Mapping[str, Any]], None]


@runtime_checkable
class Passable(Protocol):
    """An encoder that hands out a batch's layers while it reads.

    Attributes
    ----------
    heads : int
        Attention heads of a block; 0 where it has no attention maps to show.
    batch_tokens : int
        Subwords of a batch, padding included, that suit the device. Must not hang on what else
        is at work: batches decide the last digits of numbers.
    """

    @property
    def heads(self) -> int: ...
    @property
    def batch_tokens(self) -> int: ...

    def lay_out(self, corpus: Corpus, sentences: Ints) -> Batch:
        """Return these sentences of a corpus as one batch, in this order."""
        ...

    def pass_through(
        self, batch: Batch, layers: tuple[int, ...], wants: frozenset[str], sink: Sink
    ) -> None:
        """Read a batch and hand its layers over, ascending, each as soon as it exists.

        Parameters
        ----------
        batch : Batch
            Of this encoder's `lay_out`, perhaps with other `ids`.
        layers : ints, ascending, 0 to L
        wants : subset of {'states', 'attention'}
        sink : callable
            Gets the layer and a mapping with what was wanted: ``states`` of shape (b, t, width),
            ``attention`` of shape (b, heads, t, t), rows being queries, for layers from 1.
            Float32 arrays that `numpy.asarray` takes as they are; what they hold where padding
            is means nothing. They are not kept by the encoder, nor written to afterwards.
        """
        ...


class PassingAccumulator(Protocol):
    """The state of a probe that is measured in passing, over some sentences and at one layer."""

    def update(self, a: Any, batch: Batch) -> None:
        """Take one layer of a batch: ``attention`` or ``states`` of `Passable.pass_through`."""
        ...

    def merge(self, other: Self) -> Self:
        """Take in another accumulator's sentences; returns self."""
        ...

    def compute(self) -> Result:
        """Return the scores of what was seen so far; changes nothing."""
        ...


class PassingProbe(Protocol):
    """A probe without labels that is measured in passing: what one encoder does with texts.

    It runs on every task's texts, whatever their targets; of tasks that share their texts on
    the first. The core gives intervals by leaving out groups of sentences.

    Attributes
    ----------
    units : {'attention', 'states'}
        What of a layer it gets: maps, or the states of all subwords.
    randomness : tuple of str
        As of a metric: ``("resample",)`` or empty.
    bounds : (float, float), optional
        Least and greatest value possible of the first score.
    """

    @property
    def units(self) -> Literal["attention", "states"]: ...
    @property
    def randomness(self) -> tuple[str, ...]: ...

    def begin(self, seed: int) -> PassingAccumulator:
        """Return an empty accumulator."""
        ...
