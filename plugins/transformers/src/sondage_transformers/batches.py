"""Windows of sentences as batches, padded to one length."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sondage.data import Ints, Request, ranges
from sondage_transformers.pooling import SENTENCE_VIEWS, Batch
from sondage_transformers.ragged import by_budget, starts_of
from sondage_transformers.windows import Windows


def batches_of(
    windows: Windows, members: Ints, budget: int, ragged: bool, pad: int
) -> Iterator[tuple[Batch, Ints]]:
    """Yield the members' first windows as one batch, then their other windows in batches."""
    word_row, subword_row = np.zeros((2, len(windows.first) - 1), np.int64)
    word_row[members] = starts_of(windows.content.n_words[members])
    subword_row[members] = starts_of(windows.subwords[members])
    yield batch_of(windows, windows.first[members], word_row, subword_row, pad, first=True)
    more = windows.first[members + 1] - windows.first[members] - 1
    if not ragged or not more.any():
        return
    others = ranges(windows.first[members] + 1, more)
    others = others[np.argsort(-windows.lengths[others], kind="stable")]
    for a, b in by_budget(windows.lengths[others], budget):
        yield batch_of(windows, others[a:b], word_row, subword_row, pad, first=False)


def batch_of(
    windows: Windows, index: Ints, word_row: Ints, subword_row: Ints, pad: int, *, first: bool
) -> tuple[Batch, Ints]:
    """Return some windows as a batch, and which they are.

    Parameters
    ----------
    windows : Windows
    index : int64 array
        Which of the windows.
    word_row, subword_row : int64 arrays
        Of each sentence, the first of its rows.
    pad : int
        Token of padding.
    first : bool
        Whether these are the first windows of their sentences.
    """
    mask, (ids, types, unit, real) = windows.padded(
        index, (windows.ids, pad), (windows.types, 0), (windows.unit, -1), (windows.real, False)
    )
    sentence = windows.sentence[index]
    before = windows.offsets[index] - windows.offsets[windows.first[sentence]]
    batch = Batch(
        ids=ids,
        types=types,
        unit=unit,
        mask=mask,
        real=real,
        word_row=word_row[sentence],
        subword_row=subword_row[sentence] + before,
        first=first,
    )
    return batch, index


def warnings_of(windows: Windows, members: Ints, request: Request) -> dict[str, int]:
    """Count what of some sentences is mended or cut, where these layers and views are read."""
    split = int((np.diff(windows.first)[members] > 1).sum())
    sentence = any(v in SENTENCE_VIEWS for v in request.views)
    ragged = any(v not in SENTENCE_VIEWS for v in request.views)
    counts = windows.content.warnings(members) | {
        "truncated-words": int(windows.cut_words[members].sum()),
        "windowed-sentences": split if ragged else 0,
        "truncated-sentences": split if sentence else 0,
    }
    return {slug: n for slug, n in counts.items() if n}
