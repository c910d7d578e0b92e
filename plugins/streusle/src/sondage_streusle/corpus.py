"""What the reader returns: the columns of a STREUSLE corpus, flat, with sentence offsets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sondage.data import Ints
from sondage.parts import Sentences

#: Value of a column where a word has none, in both formats.
NONE = "_"


@dataclass(frozen=True)
class Streusle(Sentences):
    """The syntactic words of one or several STREUSLE files, one flat column per field.

    The two formats of one annotation give equal columns, but for `lines`.

    Parameters
    ----------
    forms, lemmas, upos, xpos : sequences of str, length n_words
        As in the file; ``_`` where it leaves the field empty.
    lexcats, ss, ss2 : sequences of str, length n_words
        Lexical category, first and second supersense of the strong expression that begins
        at this word: for prepositions ``P``, role and function. ``_`` where there is none
        and within a multiword expression.
    strong : int64 array, shape (n_words,)
        Number, within the sentence, of the strong multiword expression that the word
        belongs to; 0 for a single-word expression.
    offsets : int64 array, shape (n + 1,)
        Sentence i owns words ``offsets[i]:offsets[i + 1]``.
    sent_ids, texts : sequences of str or None, length n
        As given.
    files : tuple of str
        The files read, as they were named.
    file_of : int64 array, shape (n,)
        Index into `files` of each sentence.
    lines : int64 array, shape (n_words,)
        Line of each word in its file, from 1; 0 in JSON, which keeps no lines.
    warnings : mapping of slug to count
        ``skipped-sentences`` and ``withheld-sentences``, left out for a defect or since ``_``
        stands for their words; ``words-without-lexcat``, which some corpora leave open;
        ``multiword-tokens``, in whose place the words are read, and the sentences with one.
    """

    called = "streusle"
    forms: Sequence[str]
    lemmas: Sequence[str]
    upos: Sequence[str]
    xpos: Sequence[str]
    lexcats: Sequence[str]
    ss: Sequence[str]
    ss2: Sequence[str]
    strong: Ints
    offsets: Ints
    sent_ids: Sequence[str | None]
    texts: Sequence[str | None]
    files: tuple[str, ...]
    file_of: Ints
    lines: Ints
    warnings: Mapping[str, int] = field(default_factory=dict)

    def where(self, i: int, word: int = 0) -> str:
        """Return ``file:line`` of a word, or in JSON the file, the sentence and the word."""
        if self.lines[self.offsets[i] + word]:
            return super().where(i, word)
        first = int((self.file_of < self.file_of[i]).sum())
        name = self.sent_ids[i] or i - first + 1
        return f"{self.files[self.file_of[i]]}, sentence {name}, word {word + 1}"
