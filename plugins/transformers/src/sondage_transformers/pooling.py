"""From hidden states to rows: vectorised, and with the order of sums fixed.

Every index of a batch is made once and serves all its layers. Sums over a word's subwords
are taken in the order of the subwords, in float32, and never by atomic addition, so that
they are the same on every device and in every batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sondage.data import Ints, ranges

if TYPE_CHECKING:
    import torch

SENTENCE_VIEWS = ("cls", "mean", "max", "last")
WORD_VIEWS = ("word", "word-first", "word-last")


@dataclass(frozen=True)
class Batch:
    """Sequences that go through the model together.

    Parameters
    ----------
    ids, types, unit : int64 arrays, shape (b, t)
        Padded at the right; see `Windows`.
    mask, real : bool arrays, shape (b, t)
        What is no padding, and of that what is no special token.
    word_row : int64 array, shape (b,)
        Row of the first word of the sequence's sentence.
    subword_row : int64 array, shape (b,)
        Row of the sequence's first subword.
    first : bool
        Whether these are the first windows of the chunk's sentences, in order.
    """

    ids: Ints
    types: Ints
    unit: Ints
    mask: NDArray[np.bool_]
    real: NDArray[np.bool_]
    word_row: Ints
    subword_row: Ints
    first: bool


class Pooler:
    """Writes the rows of one batch, layer by layer.

    Parameters
    ----------
    batch : Batch
    out : mapping of view to float32 tensor, shape (n_layers, rows, width)
        Where the chunk's rows go.
    """

    def __init__(self, batch: Batch, out: Mapping[str, torch.Tensor]) -> None:
        self.out = out
        self.first = batch.first
        self.device = next(iter(out.values())).device
        if any(view in out for view in WORD_VIEWS):
            self._index_words(batch)
        if "subwords" in out:
            lengths = batch.mask.sum(1)
            self.sub_from = self._tensor(np.flatnonzero(batch.mask))
            self.sub_to = self._tensor(ranges(batch.subword_row, lengths))
        if batch.first and any(view in out for view in SENTENCE_VIEWS):
            last = batch.real.shape[1] - 1 - np.argmax(batch.real[:, ::-1], axis=1)
            self.rows = self._tensor(np.arange(len(last)))
            self.last = self._tensor(last)
            self.gap = self._tensor(~batch.real)[:, :, None]
            self.count = self._tensor(batch.real.sum(1).astype(np.float32))[:, None]

    def _tensor(self, values: NDArray[Any]) -> torch.Tensor:
        import torch

        return torch.from_numpy(np.ascontiguousarray(values)).to(self.device, non_blocking=True)

    def _index_words(self, batch: Batch) -> None:
        place = np.flatnonzero(batch.unit >= 0)
        rows = (batch.word_row[:, None] + batch.unit).ravel()[place]
        begins = np.flatnonzero(np.diff(rows, prepend=-1))
        lengths = np.diff(np.append(begins, len(rows)))
        goal = rows[begins]
        self.goal = self._tensor(goal)
        self.head = self._tensor(place[begins])
        self.tail = self._tensor(place[begins + lengths - 1])
        # The k-th further subword of all words that have one: no row twice, so the order of
        # sums is fixed; a few steps, since words rarely have more than five subwords.
        self.further = []
        for k in range(1, int(lengths.max(initial=1))):
            has = lengths > k
            self.further.append((self._tensor(goal[has]), self._tensor(place[begins[has] + k])))
        many = lengths > 1
        self.many = self._tensor(goal[many])
        self.share = self._tensor(1.0 / lengths[many].astype(np.float32))[:, None]

    def take(self, slot: int, hidden: torch.Tensor) -> None:
        """Write one layer's rows.

        Parameters
        ----------
        slot : int
            Place of the layer among those asked for.
        hidden : tensor, shape (b, t, width), of any floating dtype
        """
        # What a part of a block gives may lie on another device.
        hidden = hidden.to(self.device).float()
        flat = hidden.reshape(-1, hidden.shape[-1])
        for view, buffer in self.out.items():
            out = buffer[slot]
            if view == "word":
                self._word_means(flat, out)
            elif view == "word-first":
                out.index_copy_(0, self.goal, flat[self.head])
            elif view == "word-last":
                out.index_copy_(0, self.goal, flat[self.tail])
            elif view == "subwords":
                out.index_copy_(0, self.sub_to, flat[self.sub_from])
            elif self.first:
                out.copy_(self._sentence(view, hidden))

    def _word_means(self, flat: torch.Tensor, out: torch.Tensor) -> None:
        out.index_copy_(0, self.goal, flat[self.head])
        for goal, place in self.further:
            out[goal] += flat[place]
        if len(self.many):
            out[self.many] *= self.share

    def _sentence(self, view: str, hidden: torch.Tensor) -> torch.Tensor:
        if view == "cls":
            return hidden[:, 0]
        if view == "last":
            return hidden[self.rows, self.last]
        if view == "max":
            return hidden.masked_fill(self.gap, -float("inf")).amax(1)
        return hidden.masked_fill(self.gap, 0.0).sum(1) / self.count
