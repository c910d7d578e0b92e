"""What the reader returns: the columns of a STREUSLE corpus, flat, with sentence offsets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sondage.data import Corpus, Ints

#: Value of a column where a word has none, in both formats.
NONE = "_"


@dataclass(frozen=True)
class Streusle:
    """The syntactic words of one or several STREUSLE files, one flat column a field.

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

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def n_words(self) -> int:
        """Number of syntactic words over all sentences."""
        return len(self.forms)

    def words_of(self, sentence: int) -> Sequence[str]:
        """Return the forms of one sentence."""
        return self.forms[self.offsets[sentence] : self.offsets[sentence + 1]]

    def where(self, sentence: int, word: int = 0) -> str:
        """Return ``file:line`` of a word, or in JSON the file, the sentence and the word."""
        path = self.files[self.file_of[sentence]]
        line = self.lines[self.offsets[sentence] + word]
        if line:
            return f"{path}:{line}"
        name = self.sent_ids[sentence]
        first = int((self.file_of < self.file_of[sentence]).sum())
        return f"{path}, sentence {name or sentence - first + 1}, word {word + 1}"

    def corpus(self, name: str = "streusle") -> Corpus:
        """Return the sentences as a corpus of words.

        The running text is the file's, or else the forms joined by blanks.
        """
        texts = tuple(
            text if text is not None else " ".join(self.words_of(i))
            for i, text in enumerate(self.texts)
        )
        return Corpus(texts=texts, words=tuple(self.forms), offsets=self.offsets, name=name)
