"""The subwords of a corpus as a masked language model reads them, sentence after sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sondage.data import Batch, Corpus, Ints, offsets_of
from sondage.errors import EncodingError

Bools = NDArray[np.bool_]

_EMPTY, _CUT = "empty-sentences", "truncated-sentences"
#: Sentences laid out at once.
_TOGETHER = 64
#: Words of a text that is surely longer than a model reads.
_LONG = 1_100


@dataclass(frozen=True)
class Sheet:
    """Distinct sentences in flat arrays; sentence i owns ``ids[offsets[i]:offsets[i + 1]]``.

    Parameters
    ----------
    offsets : int64 array, shape (s + 1,)
    ids, word : int64 arrays
        Subwords, special ones among them, and the word that each belongs to; -1 for none.
    special : bool array
    segment : int8 array
        As of a `sondage.data.Batch`.
    empty, cut : bool arrays, shape (s,)
        Sentences without a subword of their own, and those longer than the model reads.
    warnings : mapping of slug to count
        What else the encoder counted.
    """

    offsets: Ints
    ids: Ints
    word: Ints
    special: Bools
    segment: NDArray[np.int8]
    empty: Bools
    cut: Bools
    warnings: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.empty)

    @property
    def lengths(self) -> Ints:
        """Subwords of each sentence, special ones included, shape (s,)."""
        return np.diff(self.offsets)

    def places(self, sentence: int) -> Ints:
        """Return where a sentence's own subwords are, counted from its first subword."""
        if self.empty[sentence]:
            return np.zeros(0, np.int64)
        return np.flatnonzero(~self.special[self.offsets[sentence] : self.offsets[sentence + 1]])

    def batch(self, sentences: Ints) -> Batch:
        """Return a batch with a row for each of these, which may repeat."""
        lengths = self.lengths[sentences]
        place = np.arange(lengths.max())
        mask = place < lengths[:, None]
        source = np.where(mask, self.offsets[sentences][:, None] + place, 0)
        return Batch(
            sentences=sentences,
            # The first subword of all stands where padding is: any will do there.
            ids=self.ids[source],
            mask=mask,
            special=self.special[source] & mask,
            segment=np.where(mask, self.segment[source], np.int8(-1)),
            word=np.where(mask, self.word[source], -1),
        )


def sheet_of(encoder: Any, corpus: Corpus) -> Sheet:
    """Lay out all sentences of a corpus.

    Parameters
    ----------
    encoder : an encoder that is a `sondage.contracts.MaskedLM`, and has `lay_out`

    Raises
    ------
    EncodingError
        If the encoder is no masked language model.
    """
    check_encoder(encoder)
    batches: list[tuple[Batch, Ints]] = []
    for a in range(0, len(corpus), _TOGETHER):
        some = np.arange(a, min(a + _TOGETHER, len(corpus)), dtype=np.int64)
        for part in _parts(encoder.lay_out(corpus, some), encoder, corpus):
            batches.append((part, encoder.word_numbers(corpus, part)))

    def flat(name: str) -> Any:
        return np.concatenate([getattr(b, name)[b.mask] for b, _ in batches])

    def told(slug: str) -> Bools:
        # A batch with such a warning is of one sentence.
        return np.concatenate([np.full(len(b), bool(b.warnings.get(slug))) for b, _ in batches])

    counted: Counter[str] = Counter()
    for batch, _ in batches:
        counted.update(batch.warnings)
    return Sheet(
        offsets=offsets_of(np.concatenate([b.lengths for b, _ in batches])),
        ids=flat("ids"),
        word=np.concatenate([word[b.mask] for b, word in batches]),
        special=flat("special"),
        segment=flat("segment"),
        empty=told(_EMPTY),
        cut=told(_CUT),
        warnings={slug: n for slug, n in counted.items() if slug not in (_EMPTY, _CUT)},
    )


def _parts(batch: Batch, encoder: Any, corpus: Corpus) -> list[Batch]:
    """Return a batch, or each sentence by itself where warnings are about some of them."""
    if len(batch) == 1 or not any(batch.warnings.get(slug) for slug in (_EMPTY, _CUT)):
        return [batch]
    return [encoder.lay_out(corpus, batch.sentences[i : i + 1]) for i in range(len(batch))]


def check_encoder(encoder: Any) -> None:
    """Raise `EncodingError` for an encoder that predicts no hidden subwords."""
    lacks = [name for name in ("masked_nats", "lay_out") if not hasattr(encoder, name)]
    if lacks:
        raise EncodingError(
            f"{type(encoder).__name__} is no masked language model: it has no {lacks[0]}",
            hint="an encoder that offers sondage.contracts.MaskedLM, as transformers.pretrained of "
            "a BERT with its head does",
        )


def longest(encoder: Any, corpus: Corpus) -> int:
    """Return how many subwords an encoder reads at most, or more than 1,024 without a limit."""
    words = " ".join(corpus.texts).split()[:_LONG]
    text = " ".join(words * (_LONG // max(1, len(words)) + 1))
    long = Corpus(texts=(text,), name=f"{corpus.name}, in one")
    return int(encoder.lay_out(long, np.zeros(1, np.int64)).lengths[0])
