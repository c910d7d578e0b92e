"""One sentence of a CoNLL-U file: its lines checked and cut into columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from sondage.errors import DataError
from sondage_treebank.bank import NO_HEAD

COLUMNS = ("ID", "FORM", "LEMMA", "UPOS", "XPOS", "FEATS", "HEAD", "DEPREL", "DEPS", "MISC")

# Numbers met all the time; everything else goes through the pattern, which keeps out what
# int() would take: other scripts' digits, signs, underscores, thousands of digits.
_SMALL = {str(i): i for i in range(512)}
_NUMBER = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)


@dataclass
class Block:
    """A sentence's word lines cut into columns.

    Parameters
    ----------
    rows : list of lists of str
        The ten columns of each syntactic word.
    heads : list of int
        Index within the sentence, -1 at a root, `NO_HEAD` throughout where none is given.
    lines : list of int
        Line of each word.
    sent_id, text : str or None
    multiword : list of (start, end, form)
        The multiword tokens: written as `form`, read as the words ``start..end - 1``.
    """

    rows: list[list[str]]
    heads: list[int]
    lines: list[int]
    sent_id: str | None
    text: str | None
    multiword: list[tuple[int, int, str]] = field(default_factory=list)


class BadLine(Exception):  # noqa: N818 - never leaves the reader
    """A defect, at a line; the reader knows the file."""

    def __init__(self, line: int, message: str, hint: str) -> None:
        super().__init__(message)
        self.line, self.message, self.hint = line, message, hint

    def at(self, path: str) -> DataError:
        """Return the error for the user."""
        return DataError(self.message, where=f"{path}:{self.line}", hint=self.hint)


def parse_block(lines: Sequence[str], first: int) -> Block | None:
    """Cut the lines between two blank lines into columns, and check them.

    Parameters
    ----------
    lines : sequence of str
        Comments and word lines of one sentence; none is blank.
    first : int
        Line of ``lines[0]`` in the file.

    Returns
    -------
    Block or None
        None where there are only comments.

    Raises
    ------
    BadLine
        At the first defect of the lines, or else of the tree.
    """
    block = Block([], [], [], None, None)
    ids = _Ids()
    for number, line in enumerate(lines, first):
        if line[0] == "#":
            key, _, value = line[1:].partition("=")
            if (key := key.strip()) == "text":
                block.text = value.strip()
            elif key == "sent_id":
                block.sent_id = value.strip()
            continue
        row = line.split("\t")
        if len(row) != 10 or "" in row:
            raise _bad_columns(number, line, row)
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
            raise BadLine(first, "the sentence has no word", "give it word lines 1, 2, ...")
        return None
    if ids.range_end > ids.last:
        raise BadLine(
            block.lines[-1],
            f"the sentence ends at word {ids.last}, within a range that ends at {ids.range_end}",
            "give the range's words, or mend the range",
        )
    block.heads = _heads(block)
    problem = tree_problem(block.heads)
    if problem is not None:
        raise BadLine(block.lines[problem[0]], problem[1], "mend the HEAD column")
    return block


class _Ids:
    """Follows the first column: words 1, 2, ..., ranges ``5-6``, empty nodes ``8.1``."""

    def __init__(self) -> None:
        self.last = self.empty = self.range_end = 0

    def word(self, line: int, text: str) -> bool:
        """Take the next id; return whether it is a word's. Raises BadLine out of sequence."""
        if (number := integer(text)) is not None:
            if number != self.last + 1:
                hint = "a blank line ends a sentence" if number == 1 else "number words 1, 2, ..."
                raise BadLine(line, f"id {number} where {self.last + 1} is due", hint)
            self.last, self.empty = number, 0
            return True
        start, dash, end = text.partition("-")
        a, b = integer(start), integer(end)
        if dash and a is not None and b is not None:
            # Of one word, too: Universal Dependencies' validator passes those.
            if a != self.last + 1 or b < a or a <= self.range_end:
                raise BadLine(
                    line,
                    f"range {text} after word {self.last}",
                    "a range stands before its first word, ends there or later, and overlaps none",
                )
            self.range_end = b
            return False
        start, dot, end = text.partition(".")
        a, b = integer(start), integer(end)
        if dot and a is not None and b is not None:
            if a != self.last or b != self.empty + 1:
                raise BadLine(
                    line,
                    f"empty node {text} where {self.last}.{self.empty + 1} is due",
                    "empty nodes after word 8 are 8.1, 8.2, ...",
                )
            self.empty = b
            return False
        raise BadLine(line, f"the id {_short(text)} is not a number", "ids look like 5, 5-6 or 5.1")


def integer(text: str) -> int | None:
    """Return the number that these plain decimal digits are, or None."""
    if (number := _SMALL.get(text)) is not None:
        return number
    return int(text) if _NUMBER.fullmatch(text) else None


def _heads(block: Block) -> list[int]:
    n = len(block.rows)
    heads = [_SMALL.get(row[6], -1) - 1 for row in block.rows]
    if min(heads) >= -1 and max(heads) < n:
        return heads
    if all(row[6] == "_" for row in block.rows):
        return [NO_HEAD] * n
    for i, row in enumerate(block.rows):
        number = integer(row[6])
        if number is None:
            missing = "no head" if row[6] == "_" else f"the head {_short(row[6])}, not a number"
            raise BadLine(
                block.lines[i],
                f"word {i + 1} has {missing}",
                "HEAD is 0 for the root or the id of a word; _ only if no word has one",
            )
        if number > n:
            raise BadLine(
                block.lines[i],
                f"word {i + 1} has head {_short(row[6])}, in a sentence of {n} words",
                "HEAD is 0 for the root or the id of a word of the same sentence",
            )
        heads[i] = number - 1
    return heads


def tree_problem(heads: Sequence[int]) -> tuple[int, str] | None:
    """Return the word concerned and what is wrong, or None if every word reaches a root.

    Parameters
    ----------
    heads : sequence of int, length n, values in -2..n-1
        -1 at a root; a sentence without heads (-2) has no problem.
    """
    if heads[0] == NO_HEAD:
        return None
    if -1 not in heads:
        return 0, "the sentence has no root (no HEAD is 0)"
    # 0 unseen, otherwise the number of the walk that met the word: one pass, linear time.
    met = [0] * len(heads)
    for start in range(len(heads)):
        word = start
        while word >= 0 and not met[word]:
            met[word] = start + 1
            word = heads[word]
        if word >= 0 and met[word] == start + 1:
            return word, f"the heads run in a cycle through word {word + 1}"
    return None


def _bad_columns(line: int, text: str, row: list[str]) -> BadLine:
    if len(row) == 10:
        return BadLine(line, f"the column {COLUMNS[row.index('')]} is empty", "write _ instead")
    by_blanks = len(text.split())
    if len(row) == 1 and by_blanks > 1:
        return BadLine(
            line,
            f"no tab in the line, but {by_blanks} parts between spaces",
            "separate the ten columns by single tabs, not by spaces",
        )
    return BadLine(
        line,
        f"{len(row)} column{'s' * (len(row) != 1)}, wanted 10",
        f"a CoNLL-U line has {', '.join(COLUMNS)}, separated by single tabs",
    )


def _short(text: str) -> str:
    return repr(text if len(text) <= 20 else text[:19] + "…")
