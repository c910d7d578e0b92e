"""The reader: ``COARSE:fine question`` lines in, columns out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from sondage.data import Corpus, Ints
from sondage.defects import Defects, OnError, check_words
from sondage.errors import DataError
from sondage.files import Paths, named, read_bytes
from sondage.parts import Rows, read_rows

Encoding = Literal["utf-8", "latin-1"]

# One colon, something on either side: LOC:city.
_LABEL = re.compile(r"[^\s:]+:[^\s:]+")


@dataclass(frozen=True)
class Questions(Rows):
    """The questions of one or several files, a column per field.

    Parameters
    ----------
    questions : sequence of str, length n
        Without surrounding blanks.
    labels : sequence of str, length n
        ``COARSE:fine``, as in the file.
    files, file_of, lines
        As in `sondage.parts.Rows`.
    warnings : mapping of slug to count
        ``lines-like-utf-8``: lines read as latin-1 whose accented letters would be sound
        UTF-8, which real latin-1 hardly ever is. ``skipped-lines``: left out for a defect.
    """

    questions: Sequence[str]
    labels: Sequence[str]
    files: tuple[str, ...]
    file_of: Ints
    lines: Ints
    warnings: Mapping[str, int] = field(default_factory=dict)

    def corpus(self, name: str = "trec") -> Corpus:
        """Return the questions as a corpus; words are what stands between blanks."""
        words = [q.split() for q in self.questions]
        return Corpus.of_words(words, texts=self.questions, name=name)


def read_trec(
    path: Paths, *, encoding: Encoding = "utf-8", on_error: OnError = "raise"
) -> Questions:
    """Read TREC question files, plain or gzipped.

    A line is ``COARSE:fine question``, such as ``LOC:city Where is the Louvre ?``. Lines end
    in LF or CRLF; blank lines are passed over; a byte order mark is dropped.

    Parameters
    ----------
    path : path or sequence of paths
        Several files make one list of questions, in the order given.
    encoding : {'utf-8', 'latin-1'}
        How the file writes letters beyond ASCII. Never guessed: the first distribution is
        latin-1, with one such letter (line 66 of its training file); many copies are ASCII
        or UTF-8.
    on_error : {'raise', 'skip'}
        Whether a line with a defect is an error, or left out and counted.

    Returns
    -------
    Questions

    Raises
    ------
    sondage.errors.DataError
        With file and line: bytes that are not UTF-8 (the hint names `encoding`), a line
        without label or without question. A file that cannot be read or unpacked, or is
        empty.

    References
    ----------
    Li and Roth 2002, section 2 and its data. Departs from it: none; that there are 6 coarse
    and 50 fine labels is not enforced.
    """
    names = named(path, "TREC file")
    defects = Defects(on_error, "skipped-lines")
    suspicious = 0

    def rows_of(name: str) -> Iterator[tuple[int, tuple[str, str]]]:
        nonlocal suspicious
        raw = read_bytes(name)
        if encoding == "latin-1":
            suspicious += sum(map(_like_utf8, raw.split(b"\n")))
        for number, line in enumerate(_decode(raw, name, encoding, on_error).split("\n"), 1):
            if not line or line.isspace():
                continue
            with defects.entry():
                defects.check_bytes(line, f"{name}:{number}")
                row = _parse(line, f"{name}:{number}")
                check_words(row[1].split(), f"{name}:{number}")
                yield number, row

    rows, file_of, lines = read_rows(names, rows_of, defects, "the file is empty")
    labels, questions = zip(*rows, strict=True)
    warnings = defects.added_to({"lines-like-utf-8": suspicious})
    return Questions(questions, labels, names, file_of, lines, warnings)


def _decode(raw: bytes, path: str, encoding: Encoding, on_error: OnError) -> str:
    try:
        return raw.decode(encoding, "strict" if on_error == "raise" else "surrogateescape")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"byte {raw[error.start]:#x} is not UTF-8",
            where=f"{path}:{line}",
            hint="if the file is in latin-1, as its first distribution, say encoding: latin-1",
        ) from None


def _like_utf8(line: bytes) -> bool:
    return not line.isascii() and line.decode("utf-8", "ignore").encode() == line


def _parse(line: str, where: str) -> tuple[str, str]:
    label, *rest = line.split(maxsplit=1)
    hint = "a line is COARSE:fine question, such as LOC:city Where is the Louvre ?"
    if not _LABEL.fullmatch(label):
        shown = label if len(label) <= 30 else label[:29] + "…"
        raise DataError(
            f"the line begins with {shown!r}, which is no label", where=where, hint=hint
        )
    if not rest:
        raise DataError(f"the label {label[:30]!r} has no question", where=where, hint=hint)
    return label, rest[0].rstrip()
