"""Gather what an encoder streams into one array."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sondage.contracts import Encoder
from sondage.data import VIEWS, Corpus, Ints, Request, offsets_of, ranges


def collect(
    encoder: Encoder, corpus: Corpus, layers: Sequence[int], view: str
) -> tuple[NDArray[np.float32], Ints]:
    """Return the rows of one view, in the order of the corpus.

    Parameters
    ----------
    encoder : Encoder
    corpus : Corpus
    layers : ints
    view : str

    Returns
    -------
    values : float32 array, shape (len(layers), rows, width)
        For ``attention``, the number of heads stands for the width.
    offsets : int64 array, shape (n + 1,)
        Sentence i owns ``values[:, offsets[i]:offsets[i + 1]]``.

    Raises
    ------
    EncodingError
        As `encoder.encode`.
    """
    unit = VIEWS.get(view, "sentence")
    if unit == "sentence":
        offsets = np.arange(len(corpus) + 1, dtype=np.int64)
    elif unit == "word":
        offsets = corpus.offsets if corpus.offsets is not None else np.zeros(1, np.int64)
    else:
        offsets = offsets_of(encoder.row_counts(corpus, view))
    lengths = np.diff(offsets)
    values: NDArray[np.float32] | None = None
    for chunk in encoder.encode(corpus, Request(tuple(layers), (view,))):
        part = chunk.rows[view]
        if values is None:
            values = np.empty((len(layers), int(offsets[-1]), part.shape[2]), np.float32)
        values[:, ranges(offsets[chunk.sentences], lengths[chunk.sentences])] = part
    if values is None:
        values = np.empty((len(layers), 0, encoder.width), np.float32)
    return values, offsets
