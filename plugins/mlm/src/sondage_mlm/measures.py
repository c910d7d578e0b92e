"""Perplexity and pseudo-log-likelihood of a corpus, as functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sondage.data import Corpus, Ints
from sondage.errors import DataError
from sondage_mlm.copies import Copies, nats_of, one_by_one, partition
from sondage_mlm.sheet import Sheet, sheet_of

#: What hides beside the subword that is predicted.
Hide = Literal["within_word_l2r", "original"]


@dataclass(frozen=True)
class Scored:
    """How well each subword of a corpus was predicted while it was hidden.

    Parameters
    ----------
    nats : float64 array, shape (k,)
        Minus its log probability, sentence after sentence.
    sentence : int64 array, shape (k,), ascending
        The sentence of each.
    words : int64 array, shape (n,)
        Words of each sentence: the corpus' own, or what blanks part in a text.
    whole : bool array, shape (n,)
        False for sentences of which the model read only a part, or nothing.
    warnings : mapping of slug to count
    """

    nats: NDArray[np.float64]
    sentence: Ints
    words: Ints
    whole: NDArray[np.bool_]
    warnings: Mapping[str, int] = field(default_factory=dict)

    @property
    def subwords(self) -> Ints:
        """Predicted subwords of each sentence, shape (n,)."""
        return np.bincount(self.sentence, minlength=len(self.words)).astype(np.int64)

    @property
    def sentence_nats(self) -> NDArray[np.float64]:
        """Sum over each sentence, shape (n,)."""
        out = np.zeros(len(self.words))
        np.add.at(out, self.sentence, self.nats)
        return out

    @property
    def mean_nats(self) -> float:
        """Nats a subword, every subword of the corpus counting once."""
        return float(self.nats.mean())

    @property
    def word_nats(self) -> float | None:
        """Nats a word over the sentences that were read whole; None if there are none."""
        words = int(self.words[self.whole].sum())
        return float(self.sentence_nats[self.whole].sum()) / words if words else None


def perplexity(encoder: Any, corpus: Corpus, *, folds: int = 7, seed: int = 0) -> Scored:
    """Predict every subword once, hidden together with one in `folds` of its sentence.

    Parameters
    ----------
    encoder : an encoder that is a `sondage.contracts.MaskedLM`, and has `lay_out`
    corpus : Corpus
    folds : int
        Each sentence is read this many times, each time with 1 / folds of its subwords hidden,
        all of them by the mask token; together the masks cover every subword exactly once.
    seed : int
        Draws which subwords are hidden together.

    Returns
    -------
    Scored
        ``exp(scored.mean_nats)`` is the perplexity.

    Raises
    ------
    EncodingError
        If the encoder is no masked language model, or its scores are no numbers.
    DataError
        If the corpus has no subword.
    """
    sheet, inverse = _read(encoder, corpus)
    return _score(encoder, corpus, sheet, inverse, partition(sheet, folds, seed))


def pseudo_log_likelihood(
    encoder: Any, corpus: Corpus, *, hide: Hide = "within_word_l2r"
) -> Scored:
    """Predict every subword in a copy of its sentence of its own.

    Parameters
    ----------
    encoder, corpus
        As of `perplexity`.
    hide : {'within_word_l2r', 'original'}
        Hide the subword alone, or with it the subwords that follow in its word, so that a word's
        end does not give its beginning away. Words are the corpus' own where it has words, else
        what the tokenizer takes for words.

    Returns
    -------
    Scored
        ``-scored.sentence_nats`` are the sentences' pseudo-log-likelihoods.

    Raises
    ------
    EncodingError, DataError
        As `perplexity`.
    """
    sheet, inverse = _read(encoder, corpus)
    copies = one_by_one(sheet, rest_of_word=hide == "within_word_l2r")
    return _score(encoder, corpus, sheet, inverse, copies)


def _read(encoder: Any, corpus: Corpus) -> tuple[Sheet, Ints]:
    if not len(corpus):
        raise DataError(f"{corpus.name} has no sentences")
    first, inverse = corpus.unique
    return sheet_of(encoder, corpus.take(first)), inverse


def _score(encoder: Any, corpus: Corpus, sheet: Sheet, inverse: Ints, copies: Copies) -> Scored:
    if not len(copies.target):
        raise DataError(f"{corpus.name} has no subword to hide")
    nats = nats_of(encoder, sheet, copies)
    # Targets of copies come as the copies do; results by sentence and place.
    owner = np.repeat(copies.sentence, np.diff(copies.targets))
    order = np.lexsort((copies.target, owner))
    nats, owner = nats[order], owner[order]
    count = np.bincount(owner, minlength=len(sheet))
    begin = np.cumsum(count) - count
    sizes = count[inverse]
    sentence = np.repeat(np.arange(len(corpus)), sizes)
    within = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    source = np.repeat(begin[inverse], sizes) + within
    counts = {
        **sheet.warnings,
        "lone-subwords": int((sizes == 1).sum()),
        "empty-sentences": int(sheet.empty[inverse].sum()),
        "truncated-sentences": int(sheet.cut[inverse].sum()),
    }
    return Scored(
        nats=nats[source],
        sentence=sentence,
        words=_words(corpus),
        whole=~(sheet.cut | sheet.empty)[inverse],
        warnings={slug: n for slug, n in counts.items() if n},
    )


def _words(corpus: Corpus) -> Ints:
    if corpus.offsets is not None:
        return np.diff(corpus.offsets)
    second = corpus.second if corpus.second is not None else [""] * len(corpus)
    pairs = zip(corpus.texts, second, strict=True)
    return np.asarray([len(a.split()) + len(b.split()) for a, b in pairs], np.int64)
