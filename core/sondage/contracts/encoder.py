"""What an encoder is, alone, as a series of checkpoints, or trained first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, runtime_checkable

from sondage.data import Chunk, Corpus, Ints, Request, Result


@runtime_checkable
class Encoder(Protocol):
    """Text in, one vector per subword per layer out.

    Attributes
    ----------
    fingerprint : str
        Identifies weights, tokenizer, dtype and all else that changes a number. Must not
        need the weights in memory.
    n_layers : int
        Number of blocks L; layers are 0 (embedding output) to L.
    width : int
        Columns of a row; an attention view has one column per head instead.
    views : tuple of str
        The views offered, names of `sondage.data.VIEWS` or the encoder's own.
    """

    @property
    def fingerprint(self) -> str: ...
    @property
    def n_layers(self) -> int: ...
    @property
    def width(self) -> int: ...
    @property
    def views(self) -> tuple[str, ...]: ...

    def encode(self, corpus: Corpus, request: Request) -> Iterator[Chunk]:
        """Stream the requested layers and views; each sentence comes exactly once."""
        ...

    def row_counts(self, corpus: Corpus, view: str) -> Ints:
        """Return how many rows each sentence has in a ragged view (subword, attention)."""
        ...


@runtime_checkable
class Series(Protocol):
    """An encoder at several training steps; each step is an encoder of its own.

    A composition that names a series gets all its steps; ``name@step`` and ``name@last`` are
    one of them.

    Attributes
    ----------
    steps : tuple of int
        The training steps, ascending.
    """

    @property
    def steps(self) -> tuple[int, ...]: ...
    def at(self, step: int) -> Encoder:
        """Return the encoder of one step, with a fingerprint of its own."""
        ...


@runtime_checkable
class Trained(Protocol):
    """What has to be trained before it can encode; often a series as well.

    Attributes
    ----------
    fingerprint : str
        Identifies the recipe: all that determines the weights.
    split_seed : int, optional
        The seed whose split was trained on: others, on the same texts, test on sentences
        seen in training, and the plan says so.
    """

    @property
    def fingerprint(self) -> str: ...

    def place(self, folder: Path) -> None:
        """Say where the weights are, or will be; called before `train` and `encode`."""
        ...

    def train(self) -> Result:
        """Train, or go on where a killed training stopped; leave all weights in the folder.

        Raises
        ------
        SondageError
            For instance if the loss is no longer a number, with the step.
        """
        ...
