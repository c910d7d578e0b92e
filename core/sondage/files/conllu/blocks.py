"""A CoNLL-U file's sentences: lines checked and cut into columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from sondage.errors import DataError
from sondage.files.conllu.ids import Ids

#: The ten columns of CoNLL-U.
COLUMNS = ("ID", "FORM", "LEMMA", "UPOS", "XPOS", "FEATS", "HEAD", "DEPREL", "DEPS", "MISC")

# As most sentences' words are numbered.
_NUMBERED = tuple(str(i) for i in range(1, 512))


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
    _columns: list[tuple[str, ...]] | None = field(default=None, repr=False, compare=False)

    @property
    def columns(self) -> list[tuple[str, ...]]:
        """The columns of all words; made once."""
        if self._columns is None:
            self._columns = list(zip(*self.rows, strict=True))
        return self._columns

    def column(self, place: int) -> list[str]:
        """Return one column of all words."""
        return [*self.columns[place]]


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
    pieces = text.split("\n\n")
    del text
    first = 1
    for piece in pieces:
        lines = piece.split("\n")
        block = _as_most(piece, lines, first, len(columns))
        if block is not None:
            yield block
        else:
            yield from _one_by_one(lines, first, path, pass_over, columns)
        first += len(lines) + 1


def _as_most(piece: str, lines: list[str], first: int, width: int) -> Block | None:
    """Return a sentence as most are: comments, then sound lines of words; None of another."""
    if not (piece.isascii() or _is_sound(piece)):
        return None
    block, start = Block(first), 0
    while start < len(lines) and lines[start][:1] == "#":
        _note(block, lines[start])
        start += 1
    if start == len(lines) or lines[start].count("\t") != width - 1:
        return None
    rows = [line.split("\t") for line in lines[start:]]
    try:
        columns = list(zip(*rows, strict=True))
    except ValueError:  # not as many columns in each line
        return None
    if not all(map(all, columns)):
        return None
    if columns[0] == _NUMBERED[: len(rows)]:
        block.rows, block._columns = rows, columns
        block.lines = [*range(first + start, first + len(lines))]
        return block
    return _without_others(block, rows, columns[0], first + start)


def _without_others(
    block: Block, rows: list[list[str]], ids: Sequence[str], first: int
) -> Block | None:
    """Put the words of sound lines into a block, and ranges; None if ids are out of sequence."""
    words = [i for i, text in enumerate(ids) if text.isdecimal()]
    if not words or [ids[i] for i in words] != [*_NUMBERED[: len(words)]]:
        return None
    follow = Ids("")
    try:
        for before, i in enumerate(i for i, text in enumerate(ids) if not text.isdecimal()):
            follow.go_to(i - before)
            follow.word(i, ids[i])
            if "-" in ids[i]:
                block.multiword.append((follow.last, follow.range_end, rows[i][1]))
    except DataError:  # said where lines are looked at one by one
        return None
    if follow.range_end > len(words):
        return None
    block.rows, block.lines = [rows[i] for i in words], [first + i for i in words]
    return block


def _one_by_one(
    lines: list[str],
    first: int,
    path: str,
    pass_over: Callable[[DataError], None] | None,
    columns: Sequence[str],
) -> Iterator[Block]:
    """Yield the sentences of some lines, each of which is looked at."""
    for start, end in _runs(lines):
        block = None
        try:
            block = _parse(lines[start:end], first + start, path, columns)
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


def _is_sound(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _check_encoding(together: str, first: int, path: str) -> None:
    try:
        together.encode()
    except UnicodeEncodeError as error:
        number = first + together.count("\n", 0, error.start)
        raise DataError(
            f"byte {ord(together[error.start]) - 0xDC00:#x} is not UTF-8",
            where=f"{path}:{number}",
            hint="convert the file to UTF-8 (from latin-1: iconv -f latin1 -t utf-8)",
        ) from None


def _parse(lines: list[str], first: int, path: str, columns: Sequence[str]) -> Block | None:
    """Cut the lines between two blank lines into columns; None where there are only comments."""
    _check_encoding("\n".join(lines), first, path)
    block, ids = Block(first), Ids(path)
    for number, line in enumerate(lines, first):
        if line[0] == "#":
            _note(block, line)
            continue
        row = line.split("\t")
        if len(row) != len(columns) or "" in row:
            raise _bad_columns(f"{path}:{number}", line, row, columns)
        if not ids.word(number, row[0]):
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


def _note(block: Block, comment: str) -> None:
    key, _, value = comment[1:].partition("=")
    if (key := key.strip()) == "text":
        block.text = value.strip()
    elif key == "sent_id":
        block.sent_id = value.strip()


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
