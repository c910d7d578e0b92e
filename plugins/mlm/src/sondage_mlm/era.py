"""Masked-LM loss as transformers' example script `run_mlm.py` evaluated it in 2020."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sondage.data import Batch, Corpus, Ints
from sondage.errors import DataError, ParameterError
from sondage_mlm.copies import check_finite
from sondage_mlm.sheet import Sheet, longest, sheet_of

#: Texts that were joined at a time; what is left over of them is thrown away.
_JOINED = 1000
_MOST = 1024


@dataclass(frozen=True)
class RunMLM:
    """What came of one evaluation.

    Parameters
    ----------
    losses : float64 array, shape (b,)
        Mean over the chosen subwords of each batch, in nats.
    blocks : int64 array, shape (b,)
        Blocks of each batch.
    chosen : int
        Subwords predicted.
    dropped : int
        Subwords thrown away, special ones included.
    without : int
        Batches in which none was chosen: they have no loss, and are left out.
    truncated : int
        Texts longer than the model reads, cut to what it does.
    """

    losses: NDArray[np.float64]
    blocks: Ints
    chosen: int
    dropped: int
    without: int
    truncated: int

    @property
    def nats(self) -> float:
        """The evaluation loss: mean over blocks of the loss of the batch that each is in."""
        return float((self.losses * self.blocks).sum() / self.blocks.sum())


def run_mlm_loss(
    encoder: Any, corpus: Corpus, *, block: int | None = None, batch_size: int = 8, seed: int = 0
) -> RunMLM:
    """Return the loss that the script would have printed, for masks of one's own seed.

    Each text with its special tokens is laid end to end with the others, 1,000 texts at a time,
    and cut into blocks of equal length; the rest of each 1,000 is thrown away. 15% of the subwords
    that are not special are chosen, each for itself; of these 80% are replaced by the mask token,
    10% by any of the vocabulary, 10% are left as they are, and all are predicted. The loss is the
    mean within each batch, and of that the mean over blocks.

    Parameters
    ----------
    encoder, corpus
        As of `perplexity`.
    block : int, optional
        Subwords of a block; without it as many as the model reads, at most 1,024.
    batch_size : int
        Blocks of a batch.
    seed : int
        Draws what is chosen and what replaces it. The script drew with torch, unseeded.

    Raises
    ------
    EncodingError
        If the encoder is no masked language model, or its scores are no numbers.
    ParameterError
        If blocks are longer than the model reads.
    DataError
        If the corpus does not fill a single block, or no subword was chosen.
    """
    sheet = sheet_of(encoder, corpus)
    most = longest(encoder, corpus)
    block = min(most, _MOST) if block is None else block
    if block > most:
        raise ParameterError(f"blocks of {block} subwords, but the model reads at most {most}")
    starts, dropped = _blocks(sheet, block)
    if not len(starts):
        raise DataError(
            f"{corpus.name} has fewer than the {block} subwords of a block",
            hint="a smaller block, or more texts",
        )
    rng = np.random.default_rng(seed)
    losses, sizes, chosen = [], [], 0
    for a in range(0, len(starts), batch_size):
        nats = _batch_nats(encoder, sheet, starts[a : a + batch_size], block, rng)
        chosen += len(nats)
        if len(nats):
            losses.append(float(nats.mean()))
            sizes.append(len(starts[a : a + batch_size]))
    if not losses:
        raise DataError(f"no subword of {corpus.name} was chosen to be predicted: it is too small")
    batches = -(-len(starts) // batch_size)
    return RunMLM(
        losses=np.asarray(losses),
        blocks=np.asarray(sizes, np.int64),
        chosen=chosen,
        dropped=dropped,
        without=batches - len(losses),
        truncated=int(sheet.cut.sum()),
    )


def _blocks(sheet: Sheet, block: int) -> tuple[Ints, int]:
    """Return where each block begins in the flat arrays, and how many subwords are in none."""
    starts: list[int] = []
    for a in range(0, len(sheet), _JOINED):
        begin, end = (int(sheet.offsets[min(i, len(sheet))]) for i in (a, a + _JOINED))
        starts += range(begin, end - block + 1, block)
    return np.asarray(starts, np.int64), int(sheet.offsets[-1]) - block * len(starts)


def _batch_nats(
    encoder: Any, sheet: Sheet, starts: Ints, block: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    source = starts[:, None] + np.arange(block)
    ids, special = sheet.ids[source], sheet.special[source]
    chosen = (rng.random(ids.shape) < 0.15) & ~special
    kind = rng.random(ids.shape)
    read = ids.copy()
    read[chosen & (kind < 0.8)] = encoder.mask_id
    other = chosen & (kind >= 0.8) & (kind < 0.9)
    read[other] = rng.integers(0, encoder.vocabulary, int(other.sum()))
    rows, places = np.nonzero(chosen)
    if not len(rows):
        return np.zeros(0)
    batch = Batch(
        sentences=np.zeros(len(starts), np.int64),
        ids=ids,
        mask=np.ones(ids.shape, bool),
        special=special,
        segment=sheet.segment[source],
        word=sheet.word[source],
    )
    nats: NDArray[np.float64] = encoder.masked_nats(batch, read, rows, places, ids[rows, places])
    check_finite(nats)
    return nats
