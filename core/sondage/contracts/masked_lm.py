"""What an encoder may offer beside vectors: predictions of subwords that are hidden from it."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sondage.data import Batch, Corpus, Ints


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
