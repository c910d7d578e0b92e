"""A CoNLL-U file's sentences: lines checked and cut into columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from sondage.errors import DataError

#: The ten columns of CoNLL-U.
COLUMNS = ("ID", "FORM", "LEMMA", "UPOS", "XPOS", "FEATS", "HEAD", "DEPREL", "DEPS", "MISC")

# Numbers met all the time; everything else goes through the pattern, which keeps out what
# int() would take: other scripts' digits, signs, underscores, thousands of digits.
_SMALL = {str(i): i for i in range(512)}
_NUMBERED = [str(i) for i in range(1, 512)]
_NUMBER = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)


@dataclass(slots=True)
class Block:
    """A sentence's word lines cut into columns.

    Parameters
    ----------
    first : int
        Line of its first line, comments too, from 1.
    rows : list of lists of str
        The columns of each syntactic word.
    lines : list of int
        Line of each word.
    sent_id, text : str or None
        The comments of these names.
    multiword : list of (start, end, form)
        The multiword tokens: written as `form`, read as the words ``start..end - 1``.
    """

    first: int
    rows: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    sent_id: str | None = None
    text: str | None = None
    multiword: list[tuple[int, int, str]] = field(default_factory=list)

    def column(self, place: int) -> list[str]:
        """Return one column of all words."""
        return [row[place] for row in self.rows]


def read_blocks(
    text: str,
    path: str,
    pass_over: Callable[[DataError], None] | None = None,
    columns: Sequence[str] = COLUMNS,
) -> Iterator[Block]:
    """Yield the sentences of a CoNLL-U file.

    Parameters
    ----------
    text : str
        The file's contents, lines ending in LF: ``Defects.text(path)``. Bytes that were not
        UTF-8 stand in it as lone surrogates.
    path : str
        For messages.
    pass_over : callable, optional
        What is done about a defect: ``Defects.pass_over``. Without, it is raised.
    columns : sequence of str
        The format's columns; formats on top of CoNLL-U have more.

    Raises
    ------
    sondage.errors.DataError
        At the first defect, with ``file:line``.
    """
    lines = text.split("\n")
    del text
    for start, end in _runs(lines):
        block = None
        try:
            block = _parse(lines[start:end], start + 1, path, columns)
        except DataError as error:
            if pass_over is None:
                raise
            pass_over(error)
        if block is not None:
            yield block


def _runs(lines: list[str]) -> Iterator[tuple[int, int]]:
    """Yield start and end (exclusive) of each run of lines that are not blank."""
    start = -1
    for i, line in enumerate(lines):
        if not line or line.isspace():
            if start >= 0:
                yield start, i
            start = -1
        elif start < 0:
            start = i
    if start >= 0:
        yield start, len(lines)


def _check_encoding(together: str, first: int, path: str) -> None:
    try:
        together.encode()
    except UnicodeEncodeError as error:
        number = first + together.count("\n", 1, error.start)
        raise DataError(
            f"byte {ord(together[error.start]) - 0xDC00:#x} is not UTF-8",
            where=f"{path}:{number}",
            hint="convert the file to UTF-8 (from latin-1: iconv -f latin1 -t utf-8)",
        ) from None


def _parse(lines: list[str], first: int, path: str, columns: Sequence[str]) -> Block | None:
    """Cut the lines between two blank lines into columns; None where there are only comments."""
    block = Block(first)
    together = "\n".join(["", *lines, ""])
    _check_encoding(together, first, path)
    start = 0
    while start < len(lines) and lines[start][0] == "#":
        _note(block, lines[start])
        start += 1
    lines, first_word = lines[start:], first + start
    rows = [line.split("\t") for line in lines]
    whole = _are_whole(together, rows, len(columns))
    if whole and [row[0] for row in rows] == _NUMBERED[: len(rows)]:
        # As most sentences are: words and nothing else.
        block.rows, block.lines = rows, [*range(first_word, first_word + len(rows))]
        return block
    ids = _Ids(path)
    for number, row in enumerate(rows, first_word):
        if row[0][:1] == "#":
            _note(block, lines[number - first_word])
            continue
        if not whole and (len(row) != len(columns) or "" in row):
            raise _bad_columns(f"{path}:{number}", lines[number - first_word], row, columns)
        if _SMALL.get(row[0]) == ids.last + 1:
            ids.last, ids.empty = ids.last + 1, 0
        elif not ids.word(number, row[0]):
            if "-" in row[0]:
                block.multiword.append((ids.last, ids.range_end, row[1]))
            continue
        block.rows.append(row)
        block.lines.append(number)
    if not block.rows:
        if ids.empty or ids.range_end:
            hint = "give it word lines 1, 2, ..."
            raise DataError("the sentence has no word", where=f"{path}:{first}", hint=hint)
        return None
    if ids.range_end > ids.last:
        raise DataError(
            f"the sentence ends at word {ids.last}, within a range that ends at {ids.range_end}",
            where=f"{path}:{block.lines[-1]}",
            hint="give the range's words, or mend the range",
        )
    return block


def _are_whole(together: str, rows: list[list[str]], width: int) -> bool:
    """Return whether all lines have this many columns, none of them empty; False of no line."""
    empty = "\t\t" in together or "\t\n" in together or "\n\t" in together
    return not empty and set(map(len, rows)) == {width}


def _note(block: Block, comment: str) -> None:
    key, _, value = comment[1:].partition("=")
    if (key := key.strip()) == "text":
        block.text = value.strip()
    elif key == "sent_id":
        block.sent_id = value.strip()


class _Ids:
    """Follows the first column: words 1, 2, ..., ranges ``5-6``, empty nodes ``8.1``."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.last = self.empty = self.range_end = 0

    def word(self, line: int, text: str) -> bool:
        """Take the next id; return whether it is a word's. Raises `DataError` out of sequence."""
        where = f"{self.path}:{line}"
        if (number := integer(text)) is not None:
            if number != self.last + 1:
                hint = "a blank line ends a sentence" if number == 1 else "number words 1, 2, ..."
                raise DataError(f"id {number} where {self.last + 1} is due", where=where, hint=hint)
            self.last, self.empty = number, 0
            return True
        kind = "-" if "-" in text else "."
        start, _, end = text.partition(kind)
        a, b = integer(start), integer(end)
        if a is None or b is None:
            hint = "ids look like 5, 5-6 or 5.1"
            raise DataError(f"the id {shown(text)} is not a number", where=where, hint=hint)
        if kind == "-":
            # Of one word, too: Universal Dependencies' validator passes those.
            if a != self.last + 1 or b < a or a <= self.range_end:
                raise DataError(
                    f"range {text} after word {self.last}",
                    where=where,
                    hint="a range stands before its first word, ends there or later, and "
                    "overlaps none",
                )
            self.range_end = b
        else:
            if a != self.last or b != self.empty + 1:
                raise DataError(
                    f"empty node {text} where {self.last}.{self.empty + 1} is due",
                    where=where,
                    hint="empty nodes after word 8 are 8.1, 8.2, ...",
                )
            self.empty = b
        return False


def integer(text: str) -> int | None:
    """Return the number that these plain decimal digits are, or None."""
    if (number := _SMALL.get(text)) is not None:
        return number
    return int(text) if _NUMBER.fullmatch(text) else None


def _bad_columns(where: str, text: str, row: list[str], columns: Sequence[str]) -> DataError:
    if len(row) == len(columns):
        empty = columns[row.index("")]
        return DataError(f"the column {empty} is empty", where=where, hint="write _ instead")
    by_blanks = len(text.split())
    if len(row) == 1 and by_blanks > 1:
        return DataError(
            f"no tab in the line, but {by_blanks} parts between spaces",
            where=where,
            hint=f"separate the {len(columns)} columns by single tabs, not by spaces",
        )
    hint = f"a line has the columns {', '.join(columns)}, separated by single tabs"
    if len(row) == len(COLUMNS):
        hint += "; this looks like plain CoNLL-U, which lacks the last of them"
    plural = "s" * (len(row) != 1)
    return DataError(f"{len(row)} column{plural}, wanted {len(columns)}", where=where, hint=hint)


def shown(text: str) -> str:
    """Return a value as messages quote it."""
    return repr(text if len(text) <= 20 else text[:19] + "…")
