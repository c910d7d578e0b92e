"""Copies of sentences with subwords hidden: which, and what is to be predicted in each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sondage.data import Ints, offsets_of, ranges
from sondage.errors import EncodingError
from sondage_mlm.sheet import Sheet


@dataclass(frozen=True)
class Copies:
    """Copies of sentences; copy c hides ``hidden[hides[c]:hides[c + 1]]`` of its sentence.

    Parameters
    ----------
    sentence : int64 array, shape (c,)
    hidden, hides : int64 arrays, shapes (h,) and (c + 1,)
        Places within the sentence.
    target, targets : int64 arrays, shapes (k,) and (c + 1,)
        Places among those hidden whose subwords are predicted, in the same form.
    """

    sentence: Ints
    hidden: Ints
    hides: Ints
    target: Ints
    targets: Ints


def partition(sheet: Sheet, folds: int, seed: int) -> Copies:
    """Hide each subword in exactly one of `folds` copies of its sentence.

    Sentence i of n subwords gets min(n, folds) copies that hide n / folds of them each, rounded
    up or down. Which go together is drawn from the seed and the sentence's own subwords, so that
    a sentence is treated alike whatever stands beside it.
    """
    sentence, groups = [], []
    for i in range(len(sheet)):
        places = sheet.places(i)
        own = sheet.ids[sheet.offsets[i] : sheet.offsets[i + 1]]
        order = np.random.default_rng([seed, *own.tolist()]).permutation(places)
        parts = [np.sort(order[k::folds]) for k in range(min(folds, len(order)))]
        groups += parts
        sentence += [i] * len(parts)
    hides = offsets_of(len(g) for g in groups)
    hidden = np.concatenate(groups) if groups else np.zeros(0, np.int64)
    return Copies(np.asarray(sentence, np.int64), hidden, hides, hidden, hides)


def one_by_one(sheet: Sheet, *, rest_of_word: bool) -> Copies:
    """Predict each subword in a copy that hides it and, if asked, what follows of its word."""
    count = np.asarray([len(sheet.places(i)) for i in range(len(sheet))], np.int64)
    sentence = np.repeat(np.arange(len(sheet)), count)
    parts = [sheet.places(i) for i in range(len(sheet))]
    target = np.concatenate(parts) if parts else np.zeros(0, np.int64)
    behind = np.ones(len(target), np.int64)
    if rest_of_word:
        behind += _behind(sheet, sentence, target)
    hidden = ranges(target, behind)
    return Copies(sentence, hidden, offsets_of(behind), target, np.arange(len(target) + 1))


def _behind(sheet: Sheet, sentence: Ints, target: Ints) -> Ints:
    """Return how many subwords of the same word follow each target without a break."""
    at = sheet.offsets[sentence] + target
    word = sheet.word[at]
    following = np.zeros(len(at), np.int64)
    joined = (
        (word[1:] == word[:-1])
        & (word[1:] >= 0)
        & (at[1:] == at[:-1] + 1)
        & (sentence[1:] == sentence[:-1])
    )
    # Runs from the back: a subword has one more behind it than the next of its word.
    for k in np.flatnonzero(joined)[::-1].tolist():
        following[k] = following[k + 1] + 1
    return following


def nats_of(encoder: Any, sheet: Sheet, copies: Copies) -> NDArray[np.float64]:
    """Return minus the log probability of each target, in nats, shape (k,).

    Copies of all sentences share batches of at most ``encoder.batch_tokens`` subwords, padding
    included, the longest first.

    Raises
    ------
    EncodingError
        As `MaskedLM.masked_nats`, and for a score that is NaN or infinite.
    """
    out = np.empty(len(copies.target))
    mask = encoder.mask_id if len(copies.sentence) else 0
    for members in _batches(sheet.lengths[copies.sentence], encoder.batch_tokens):
        batch = sheet.batch(copies.sentence[members])
        ids = batch.ids.copy()
        rows, source = _members_of(copies.hides, members)
        ids[rows, copies.hidden[source]] = mask
        rows, source = _members_of(copies.targets, members)
        places = copies.target[source]
        out[source] = encoder.masked_nats(batch, ids, rows, places, batch.ids[rows, places])
    check_finite(out)
    return out


def check_finite(nats: NDArray[np.float64]) -> None:
    """Raise `EncodingError` if a score is no number."""
    bad = int((~np.isfinite(nats)).sum())
    if bad:
        raise EncodingError(
            f"the log probabilities of {bad} of {len(nats)} hidden subwords are NaN or infinite",
            hint="weights that are not finite, or dtype: float32 where float16 overflows",
        )


def _batches(lengths: Ints, budget: int) -> Iterator[Ints]:
    order = np.argsort(-lengths, kind="stable")
    start = 0
    while start < len(order):
        size = max(1, budget // int(lengths[order[start]]))
        yield order[start : start + size]
        start += size


def _members_of(offsets: Ints, members: Ints) -> tuple[Ints, Ints]:
    """Return the row within the batch, and the place in the flat array, of what members own."""
    counts = offsets[members + 1] - offsets[members]
    return np.repeat(np.arange(len(members)), counts), ranges(offsets[members], counts)
