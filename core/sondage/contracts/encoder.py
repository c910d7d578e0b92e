"""What an encoder is, alone, as a series of checkpoints, or trained first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from sondage.data import Batch, Chunk, Corpus, Ints, Request, Result


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


class MaskedLM(Protocol):
    """What an encoder may also offer: how well it predicts subwords that are hidden from it.

    Ask ``hasattr(encoder, "masked_nats")`` whether it does: `mask_id` may need the tokenizer.

    Attributes
    ----------
    mask_id : int
        The subword that hides another. Raises `EncodingError` where there is none.
    vocabulary : int
        Number of subwords known: their ids are below it.
    """

    @property
    def mask_id(self) -> int: ...
    @property
    def vocabulary(self) -> int: ...

    def masked_nats(
        self, batch: Batch, ids: Ints, rows: Ints, places: Ints, targets: Ints
    ) -> NDArray[np.float64]:
        """Return minus the log probability, in nats, of each target at its place, shape (k,).

        Parameters
        ----------
        batch : Batch
            Of `Passable.lay_out`, its rows repeated or left out as is wanted.
        ids : int64 array, shape (b, t)
            What the model reads instead of ``batch.ids``.
        rows, places, targets : int64 arrays, shape (k,)
            Row of the batch, place in it, and the subword whose probability is wanted. The
            projection onto the vocabulary is computed for these places alone.

        Raises
        ------
        EncodingError
            If the model has no head for it.
        """
        ...

    def word_numbers(self, corpus: Corpus, batch: Batch) -> Ints:
        """Return the word of each subword within its sentence, shape (b, t); -1 for none.

        Those of the corpus where it has words, else what the tokenizer takes for words.
        """
        ...
