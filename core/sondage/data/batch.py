"""Some sentences as a model reads them: what each row and column of its states and maps is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sondage.data.corpus import Ints


@dataclass(frozen=True)
class Batch:
    """Sentences that pass through a model together, padded at the right to t subwords.

    Parameters
    ----------
    sentences : int64 array, shape (b,)
        Their places in the corpus.
    ids : int64 array, shape (b, t)
        Numbers of the subwords in the model's vocabulary; any where padding is.
    mask : bool array, shape (b, t)
        False for padding.
    special : bool array, shape (b, t)
        True for the subwords that the model puts around and between texts, such as [CLS] and
        [SEP]; False for padding.
    segment : int8 array, shape (b, t)
        0 for the first text of a pair and for a text alone, 1 for the second; -1 for special
        subwords and padding.
    word : int64 array, shape (b, t)
        The word within its sentence, both segments numbered through; -1 for what belongs to
        none: special subwords, padding, and all subwords of texts without words.
    warnings : mapping of slug to count
        ``truncated-sentences`` (longer than the model reads at once: the rest is left out), ...
    """

    sentences: Ints
    ids: Ints
    mask: NDArray[np.bool_]
    special: NDArray[np.bool_]
    segment: NDArray[np.int8]
    word: Ints
    warnings: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.sentences)

    @property
    def lengths(self) -> Ints:
        """Subwords of each sentence, special ones included, shape (b,)."""
        found: Ints = self.mask.sum(axis=1, dtype=np.int64)
        return found
