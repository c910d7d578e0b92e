"""The reader: plain text in, texts out, and where each stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sondage.data import Corpus, Ints
from sondage.defects import Defects, OnError, check_words
from sondage.files import Paths, named
from sondage.parts import Rows, read_rows

#: A line that is a heading: `= Title =`, `= = Section = =`.
_HEADING = re.compile(r"((?:= ?)+)(.*?)((?: ?=)+)")
_ENDS = (".", "!", "?")
#: What belongs to the sentence before it.
_CLOSING = ("''", "”", "’", ")", "]")


@dataclass(frozen=True)
class Lines(Rows):
    """The texts of one or several files.

    Parameters
    ----------
    texts : sequence of str, length n
        Without surrounding blanks.
    files : tuple of str
    file_of, lines : int64 arrays, shape (n,)
        Where each text stands; lines count from 1.
    warnings : mapping of slug to count
        ``skipped-lines``, left out for a defect.
    """

    texts: Sequence[str]
    files: tuple[str, ...]
    file_of: Ints
    lines: Ints
    warnings: Mapping[str, int] = field(default_factory=dict)

    def corpus(self, name: str = "text", *, words: bool = True) -> Corpus:
        """Return the texts as a corpus; with `words`, what stands between blanks is a word."""
        if not words:
            return Corpus(tuple(self.texts), name=name)
        return Corpus.of_words([t.split() for t in self.texts], texts=self.texts, name=name)


def read_text(
    path: Paths,
    *,
    headings: bool = True,
    sentences: bool = False,
    min_words: int = 1,
    on_error: OnError = "raise",
) -> Lines:
    """Read text files, plain or gzipped: a text a line, empty lines left out.

    Parameters
    ----------
    path : path or sequence of paths
        Several files make one list of texts, in the order given.
    headings : bool
        Whether lines such as ``= Title =`` or ``= = Section = =`` are texts.
    sentences : bool
        Cut lines into sentences: behind a word that is ``.``, ``!`` or ``?``, as in text whose
        words and marks are parted by blanks; what closes a bracket or quotation goes with it.
    min_words : int
        Texts of fewer words, which are what stands between blanks, are left out.
    on_error : {'raise', 'skip'}
        Whether a line with a defect is an error, or left out and counted.

    Raises
    ------
    DataError
        With file and line: bytes that are not UTF-8, or words that are withheld. With the file:
        nothing is left of it.
    """
    names = named(path, "text file")
    defects = Defects(on_error, "skipped-lines")

    def rows_of(name: str) -> Iterator[tuple[int, str]]:
        for number, line in enumerate(defects.lines(name), 1):
            text = line.strip()
            if not text or (not headings and is_heading(text)):
                continue
            with defects.entry():
                defects.check_bytes(line, f"{name}:{number}")
                check_words(text.split(), f"{name}:{number}")
                for one in in_sentences(text) if sentences else [text]:
                    if len(one.split()) >= min_words:
                        yield number, one

    nothing = f"no line has a text of {min_words} words"
    texts, file_of, lines = read_rows(names, rows_of, defects, nothing)
    return Lines(texts, names, file_of, lines, defects.added_to({}))


def is_heading(line: str) -> bool:
    """Tell whether a line is a heading: the same number of = before it and behind.

    Examples
    --------
    >>> is_heading("= = Life cycle = ="), is_heading("a = b")
    (True, False)
    """
    found = _HEADING.fullmatch(line.strip())
    if found is None or not found[2].strip():
        return False
    before, behind = found[1].count("="), found[3].count("=")
    return before == behind


def in_sentences(text: str) -> list[str]:
    """Cut a text whose words are parted by blanks behind ``.``, ``!`` and ``?``.

    A straight quotation mark closes if it is the second, fourth and so on of the text.

    Examples
    --------
    >>> in_sentences('He said " no . " Then ( at noon . ) he left')
    ['He said " no . "', 'Then ( at noon . )', 'he left']
    """
    out: list[list[str]] = [[]]
    open_quotation, ended = False, False
    for word in text.split():
        closes = word in _CLOSING or (word == '"' and open_quotation)
        open_quotation ^= word == '"'
        if ended and not closes and word not in _ENDS:
            out.append([])
        out[-1].append(word)
        ended = word in _ENDS or (ended and closes)
    return [" ".join(words) for words in out if words]
