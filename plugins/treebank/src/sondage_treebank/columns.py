"""The columns of a treebank, flat, with sentence offsets: what the reader returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from sondage.data import Ints
from sondage.files.conllu import NO_HEAD as NO_HEAD
from sondage.parts import Sentences


@dataclass(frozen=True, kw_only=True)
class Treebank(Sentences):
    """The syntactic words of one or several CoNLL-U files, one flat column per field.

    Parameters are those of `sondage.parts.Sentences`, and:

    Parameters
    ----------
    lemmas, upos, xpos, feats, deprel : sequences of str, length n_words
        As in the file, as `forms`; ``_`` where the file leaves the field empty.
    heads : int64 array, shape (n_words,)
        Index within the sentence of each word's head; -1 at a root, `NO_HEAD` for every
        word of a sentence that annotates no heads.
    multiword : int64 array, shape (m, 2)
        The multiword tokens, such as *im* for *in dem*: token k is read as the words
        ``multiword[k, 0]:multiword[k, 1]``, counted over all sentences.
    written : sequence of str, length m
        The form of each multiword token, as it stands in the text.
    warnings : mapping of slug to count
        ``several-roots``, ``skipped-sentences`` and ``withheld-sentences``, where there were any.
    """

    called = "treebank"
    lemmas: Sequence[str]
    upos: Sequence[str]
    xpos: Sequence[str]
    feats: Sequence[str]
    heads: Ints
    deprel: Sequence[str]
    multiword: Ints = field(default_factory=lambda: np.zeros((0, 2), np.int64))
    written: Sequence[str] = ()
