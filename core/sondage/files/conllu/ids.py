"""The first column of CoNLL-U: numbers of words, ranges of words, empty nodes."""

from __future__ import annotations

import re

from sondage.errors import DataError

# Numbers met all the time; everything else goes through the pattern, which keeps out what
# int() would take: other scripts' digits, signs, underscores, thousands of digits.
_SMALL = {str(i): i for i in range(512)}
_NUMBER = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)


class Ids:
    """Follows the first column: words 1, 2, ..., ranges ``5-6``, empty nodes ``8.1``."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.last = self.empty = self.range_end = 0

    def go_to(self, last: int) -> None:
        """Take the words up to one as read."""
        if last != self.last:
            self.last, self.empty = last, 0

    def word(self, line: int, text: str) -> bool:
        """Take the next id; return whether it is a word's. Raises `DataError` out of sequence."""
        due = self.last + 1
        if _SMALL.get(text) == due or (number := integer(text)) == due:
            self.last, self.empty = due, 0
            return True
        where = f"{self.path}:{line}"
        if number is not None:
            hint = "a blank line ends a sentence" if number == 1 else "number words 1, 2, ..."
            raise DataError(f"id {number} where {due} is due", where=where, hint=hint)
        kind = "-" if "-" in text else "."
        start, _, end = text.partition(kind)
        a, b = integer(start), integer(end)
        if a is None or b is None:
            hint = "ids look like 5, 5-6 or 5.1"
            raise DataError(f"the id {quoted(text)} is not a number", where=where, hint=hint)
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


def quoted(text: str) -> str:
    """Return a value as messages quote it."""
    return repr(text if len(text) <= 20 else text[:19] + "…")
