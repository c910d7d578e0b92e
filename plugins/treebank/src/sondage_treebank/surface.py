"""Multiword tokens: how many there are, and a treebank's corpus as it is written."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sondage.data import Corpus, Ints, Labels, Units, offsets_of
from sondage_treebank.columns import Treebank


def count(treebank: Treebank) -> dict[str, int]:
    """Count the multiword tokens, and the sentences that have one.

    An encoder that is given the syntactic words reads other text than was written: *in dem*
    for *im*, *do n't* for *don't*.

    Returns
    -------
    dict of slug to count
        ``multiword-tokens`` and ``sentences-with-multiword-tokens``; empty without any.
    """
    if not len(treebank.multiword):
        return {}
    sentences = np.searchsorted(treebank.offsets, treebank.multiword[:, 0], side="right")
    return {
        "multiword-tokens": len(treebank.multiword),
        "sentences-with-multiword-tokens": len(np.unique(sentences)),
    }


def shared(treebank: Treebank) -> dict[str, int]:
    """Count the words that share the vector of a multiword token, as ``words-in-one-token``.

    Tokens without a form are read as words even so, and counted as `count` does.
    """
    n = sum(end - start for start, end, _ in _known(treebank))
    bare = [form == "_" for form in treebank.written]
    left = count(replace(treebank, multiword=treebank.multiword[bare])) if any(bare) else {}
    return {**left, **({"words-in-one-token": n} if n else {})}


def _known(treebank: Treebank) -> list[tuple[int, int, str]]:
    """Return start, end and form of the multiword tokens whose form is in the file."""
    ranges = zip(treebank.multiword.tolist(), treebank.written, strict=True)
    return [(start, end, form) for (start, end), form in ranges if form != "_"]


def written(treebank: Treebank, name: str = "treebank") -> tuple[Corpus, Ints]:
    """Return the sentences as a corpus of the tokens that stand in the text.

    Parameters
    ----------
    treebank : Treebank
    name : str
        What messages call the corpus.

    Returns
    -------
    corpus : Corpus
        Its words are the multiword tokens, and the words that are part of none. A token for
        which ``_`` stands in the file is left as its words.
    token : int64 array, shape (n_words,)
        For each syntactic word the index, within its sentence, of the token it is part of.
    """
    starts = np.ones(treebank.n_words, bool)
    forms = list(treebank.forms)
    for start, end, form in _known(treebank):
        starts[start + 1 : end] = False
        forms[start] = form
    token = np.cumsum(starts) - 1
    first = np.concatenate([[0], np.cumsum(starts)])[treebank.offsets]
    kept = treebank.corpus(name)
    corpus = Corpus(
        texts=kept.texts,
        words=tuple(form for form, start in zip(forms, starts.tolist(), strict=True) if start),
        offsets=offsets_of(np.diff(first)),
        name=name,
    )
    return corpus, token - np.repeat(first[:-1], np.diff(treebank.offsets))


def on_tokens(labels: Labels, treebank: Treebank, token: Ints) -> Labels:
    """Move labels from syntactic words to the tokens that they are part of.

    The words of one multiword token thereby share its vector: that of all its subwords.

    Parameters
    ----------
    labels : Labels
        Over single words of `treebank`, or tuples of such.
    treebank : Treebank
    token : int64 array, shape (n_words,)
        As `written` returns it.
    """
    begin = treebank.offsets[labels.units.sentence]
    words = labels.units.spans[:, :, 0] + begin[:, None]
    places = token[words]
    units = Units(labels.units.sentence, np.stack([places, places + 1], axis=2))
    return replace(labels, units=units)
