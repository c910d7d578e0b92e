"""From a batch's states to the rows of a view, as metrics of vectors take them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sondage.data import VIEWS, Batch, Corpus, Ints

Rows = tuple[NDArray[Any], Ints]


def rows_of(view: str, states: Any, batch: Batch, corpus: Corpus, subword_rows: Ints) -> Rows:
    """Return the rows of a batch in a view, and the number that each has in the whole corpus.

    Parameters
    ----------
    view : str
        One of `sondage.data.VIEWS` but for ``attention``.
    states : float array, shape (b, t, width)
    batch : Batch
    corpus : Corpus
        Of which the batch is a part.
    subword_rows : int64 array, shape (n + 1,)
        Where the subwords of each sentence begin.

    Returns
    -------
    rows : float array, shape (r, width)
    numbers : int64 array, shape (r,)
    """
    values = np.asarray(states)
    if view == "subwords":
        place = np.arange(batch.mask.shape[1])[None, :] + subword_rows[batch.sentences][:, None]
        return values[batch.mask], place[batch.mask]
    if VIEWS[view] == "sentence":
        return _sentences(view, values, batch), batch.sentences
    assert corpus.offsets is not None
    own = batch.word >= 0
    numbers = (corpus.offsets[batch.sentences][:, None] + batch.word)[own]
    begins = np.flatnonzero(np.diff(numbers, prepend=-1))
    ends = np.append(begins[1:], len(numbers))
    flat = values[own]
    if view == "word-first":
        return flat[begins], numbers[begins]
    if view == "word-last":
        return flat[ends - 1], numbers[begins]
    sums = np.add.reduceat(flat, begins, axis=0) if len(begins) else flat
    return sums / (ends - begins)[:, None].astype(flat.dtype), numbers[begins]


def starts_of(view: str, corpus: Corpus, subword_rows: Ints) -> Ints:
    """Return where the rows of each sentence begin, as `rows_of` numbers them; shape (n + 1,)."""
    if view == "subwords":
        return subword_rows
    if VIEWS[view] == "sentence":
        return np.arange(len(corpus) + 1, dtype=np.int64)
    assert corpus.offsets is not None
    return corpus.offsets


def _sentences(view: str, values: NDArray[Any], batch: Batch) -> NDArray[Any]:
    if view == "cls":
        return values[:, 0]
    real = batch.mask & ~batch.special
    if view == "last":
        last = real.shape[1] - 1 - np.argmax(real[:, ::-1], axis=1)
        return np.asarray(values[np.arange(len(last)), last])
    if view == "max":
        return np.asarray(np.where(real[:, :, None], values, -np.inf).max(axis=1))
    # Padding may hold anything, NaN as well.
    sums = np.where(real[:, :, None], values, 0).sum(axis=1)
    return np.asarray(sums / real.sum(axis=1)[:, None].astype(values.dtype))
