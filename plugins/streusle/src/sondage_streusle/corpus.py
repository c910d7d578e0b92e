"""What the reader returns: the columns of a STREUSLE corpus, flat, with sentence offsets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sondage.data import Ints
from sondage.parts import Sentences

#: Value of a column where a word has none, in both formats.
NONE = "_"


@dataclass(frozen=True, kw_only=True)
class Streusle(Sentences):
    """The syntactic words of one or several STREUSLE files, one flat column per field.

    The two formats of one annotation give equal columns, but for `lines`, which are 0 in JSON.
    Parameters are those of `sondage.parts.Sentences`, and:

    Parameters
    ----------
    lemmas, upos, xpos : sequences of str, length n_words
        As in the file, as `forms`; ``_`` where it leaves the field empty.
    lexcats, ss, ss2 : sequences of str, length n_words
        Lexical category, first and second supersense of the strong expression that begins
        at this word: for prepositions ``P``, role and function. ``_`` where there is none
        and within a multiword expression.
    strong : int64 array, shape (n_words,)
        Number, within the sentence, of the strong multiword expression that the word
        belongs to; 0 for a single-word expression.
    warnings : mapping of slug to count
        ``skipped-sentences`` and ``withheld-sentences``, left out for a defect or since ``_``
        stands for their words; ``words-without-lexcat``, which some corpora leave open;
        ``multiword-tokens``, in whose place the words are read, and the sentences with one.
    """

    called = "streusle"
    lemmas: Sequence[str]
    upos: Sequence[str]
    xpos: Sequence[str]
    lexcats: Sequence[str]
    ss: Sequence[str]
    ss2: Sequence[str]
    strong: Ints

    def where(self, i: int, word: int = 0) -> str:
        """Return ``file:line`` of a word, or in JSON the file, the sentence and the word."""
        if self.lines[self.offsets[i] + word]:
            return super().where(i, word)
        first = int((self.file_of < self.file_of[i]).sum())
        name = self.sent_ids[i] or i - first + 1
        return f"{self.files[self.file_of[i]]}, sentence {name}, word {word + 1}"
