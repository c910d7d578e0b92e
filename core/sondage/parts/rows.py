"""What readers return: rows or words of several files, and where each of them stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, TypeVar

import numpy as np

from sondage.data import Corpus, Ints, Labels, Units
from sondage.defects import Defects
from sondage.errors import DataError


class Rows:
    """Of the rows of one or several files, where each stands; a reader's columns derive from it.

    Attributes
    ----------
    files : tuple of str
        The files read, as they were named.
    file_of, lines : int64 arrays, shape (n,)
        Index into `files` of each row, and its line there, from 1.
    warnings : mapping of slug to count
        What was left out, by reason.
    """

    files: tuple[str, ...]
    file_of: Ints
    lines: Ints
    warnings: Mapping[str, int]

    def __len__(self) -> int:
        return len(self.file_of)

    def where(self, i: int) -> str:
        """Return ``file:line`` of a row."""
        return f"{self.files[self.file_of[i]]}:{self.lines[i]}"


@dataclass(frozen=True, kw_only=True)
class Sentences(Rows):
    """Rows that are sentences in words; a reader's columns of words are such a dataclass, too.

    Parameters
    ----------
    forms : sequence of str, length n_words
    offsets : int64 array, shape (n + 1,)
        Sentence i owns words ``offsets[i]:offsets[i + 1]``.
    sent_ids, texts : sequences of str or None, length n
        Name and running text, where given.
    files : tuple of str
        The files read, as they were named.
    file_of : int64 array, shape (n,)
        Index into `files` of each sentence.
    lines : int64 array, shape (n_words,)
        Line of each word in its file, from 1.
    warnings : mapping of slug to count
        What was left out, by reason.

    Attributes
    ----------
    called : str
        What messages call the corpus, if nothing else is said.
    """

    called: ClassVar[str] = "corpus"
    forms: Sequence[str]
    offsets: Ints
    sent_ids: Sequence[str | None]
    texts: Sequence[str | None]
    files: tuple[str, ...]
    file_of: Ints
    lines: Ints
    warnings: Mapping[str, int] = field(default_factory=dict)

    @property
    def n_words(self) -> int:
        """Number of words over all sentences."""
        return len(self.forms)

    def words_of(self, sentence: int) -> Sequence[str]:
        """Return the forms of one sentence."""
        return self.forms[self.offsets[sentence] : self.offsets[sentence + 1]]

    def where(self, i: int, word: int = 0) -> str:
        """Return ``file:line`` of a sentence's word (counted within the sentence)."""
        return f"{self.files[self.file_of[i]]}:{self.lines[self.offsets[i] + word]}"

    def corpus(self, name: str | None = None) -> Corpus:
        """Return the sentences as a corpus of words; without a text, words joined by blanks."""
        texts = tuple(
            text if text is not None else " ".join(self.words_of(i))
            for i, text in enumerate(self.texts)
        )
        words = tuple(self.forms)
        return Corpus(texts, words=words, offsets=self.offsets, name=name or self.called)


Row = TypeVar("Row")


def read_rows(
    files: Sequence[str],
    rows_of: Callable[[str], Iterable[tuple[int, Row]]],
    defects: Defects,
    nothing: str = "the file has no rows",
) -> tuple[list[Row], Ints, Ints]:
    """Read the rows of several files, one after the other.

    Parameters
    ----------
    files : sequence of str
    rows_of : callable
        Yields line and row of each row of a file.
    defects : Defects
    nothing : str
        What is wrong with a file that has none.

    Returns
    -------
    rows : list
    file_of, lines : int64 arrays
        As `Rows` has them.

    Raises
    ------
    DataError
        For a file that gives no row: the first defect passed over, or else `nothing`.
    """
    rows: list[Row] = []
    file_of: list[int] = []
    lines: list[int] = []
    for place, name in enumerate(files):
        defects.start()
        before = len(rows)
        for line, row in rows_of(name):
            rows.append(row)
            lines.append(line)
        file_of += [place] * (len(rows) - before)
        if len(rows) == before:
            error = DataError(nothing, where=f"{name}:1", hint="fetch it again")
            raise defects.none_left(error)
    return rows, np.array(file_of, np.int64), np.array(lines, np.int64)


def numbered(
    values: Sequence[str], names: Sequence[str] | None = None
) -> tuple[Ints, tuple[str, ...]]:
    """Return the place of each value among the names, and the names: those that occur, sorted."""
    known = tuple(sorted(set(values)) if names is None else names)
    index = {name: k for k, name in enumerate(known)}
    return np.array([index[value] for value in values], np.int64), known


def sentence_labels(values: Sequence[str], names: Sequence[str] | None = None) -> Labels:
    """Return a label per sentence; names as `numbered` takes them."""
    return Labels(Units.of_sentences(len(values)), *numbered(values, names))
