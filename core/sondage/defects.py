"""What readers do about defects: raise the first, or leave entries out and count them by reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Literal

from sondage.errors import DataError
from sondage.files import read_bytes, read_text

OnError = Literal["raise", "skip"]

#: The reason under which sentences without their words are counted.
WITHHELD = "withheld-sentences"


class Defects:
    """Follows a reader over its files.

    Parameters
    ----------
    on_error : {'raise', 'skip'}
        Whether an entry with a defect is an error, or left out and counted.
    reason : str
        The warning under which entries with a defect are counted: ``skipped-lines``.

    Attributes
    ----------
    counts : Counter of reason to number
        What was left out; a reader adds it to its warnings.
    first : DataError or None
        The first defect that was passed over since `start`.

    Examples
    --------
    >>> defects = Defects("skip", "skipped-lines")
    >>> for number in ["1", "x", "3"]:
    ...     with defects.entry():
    ...         if not number.isdigit():
    ...             raise DataError(f"{number} is no number")
    >>> dict(defects.counts)
    {'skipped-lines': 1}
    """

    def __init__(self, on_error: OnError = "raise", reason: str = "skipped-sentences") -> None:
        if on_error not in ("raise", "skip"):
            raise DataError(f"on_error is {on_error!r:.40}", near=("raise", "skip"))
        self.on_error, self.reason = on_error, reason
        self.counts: Counter[str] = Counter()
        self.first: DataError | None = None

    @contextmanager
    def entry(self) -> Iterator[None]:
        """Read one entry: its `DataError` goes on, or is counted and the entry left out."""
        try:
            yield
        except DataError as error:
            self.pass_over(error)

    def pass_over(self, error: DataError) -> None:
        """Raise a defect, or count it."""
        if self.on_error == "raise":
            raise error
        self.counts[WITHHELD if isinstance(error, WithheldError) else self.reason] += 1
        self.first = self.first or error

    def text(self, path: str) -> str:
        """Return a file's text, as `sondage.files.read_text`; where defects are passed over, bytes
        that are not UTF-8 are no error yet, but in `check_bytes`: lone surrogates stand for them.
        """
        if self.on_error == "raise":
            return read_text(path)
        return read_bytes(path).decode("utf-8", "surrogateescape")

    def lines(self, path: str) -> list[str]:
        """Return the lines of `text`, as `sondage.files.read_lines` does."""
        lines = self.text(path).split("\n")
        return lines[:-1] if lines[-1] == "" else lines

    def check_bytes(self, lines: str | Sequence[str], where: str) -> None:
        """Raise `DataError` if one of these `lines` held bytes that are not UTF-8."""
        if self.on_error == "raise":
            return
        for line in [lines] if isinstance(lines, str) else lines:
            bad = next((c for c in line if "\udc80" <= c <= "\udcff"), "")
            if bad:
                raise DataError(f"byte {ord(bad) - 0xDC00:#x} is not UTF-8", where=where)

    def start(self) -> None:
        """Begin with the next file: what `none_left` tells is of this one."""
        self.first = None

    def none_left(self, otherwise: DataError) -> DataError:
        """Return the error for a file that gave nothing: the first defect, or `otherwise`."""
        if self.first is None:
            return otherwise
        return DataError(
            f"every entry has a defect; of the first: {self.first.message}",
            where=self.first.where,
            near=self.first.near,
            hint=self.first.hint,
        )

    def added_to(self, warnings: Mapping[str, int]) -> dict[str, int]:
        """Return a reader's warnings with what was left out."""
        return dict(+(Counter(warnings) + self.counts))


class WithheldError(DataError):
    """The words of a sentence are not in the file: placeholders stand for them.

    Counted apart, as `WITHHELD`.
    """


_HINT = (
    "the text may not be passed on with the annotation: put it back as the corpus's own "
    "instructions say, or take another corpus"
)


def check_words(words: Sequence[str], where: str) -> None:
    """Raise `DataError` where a sentence's words are withheld, and placeholders stand for them.

    Some corpora are published without their text: every word is ``_``, or as many of them as
    it has letters, perhaps beside punctuation, numbers, or a word in ten that was left. A
    sentence of one such word is let through, since lines of them occur in real text, and so
    is a form to fill in.

    Parameters
    ----------
    words : sequence of str
        A sentence's.
    where : str
        ``file:line``.
    """
    if "_" not in "".join(words) or not any(word[:1] == "_" for word in words):
        return
    withheld, others = sum(map(_blank, words)), [*filter(_spoken, words)]
    left = sum(any(map(str.isalpha, word)) for word in others)
    if withheld > max(1, len(others) - left, 9 * left):
        raise WithheldError("the words are withheld: '_' stands for each", where=where, hint=_HINT)


def check_file(words: Sequence[str], path: str) -> None:
    """Raise `DataError` where more than half of a file's words are placeholders.

    As `check_words`, for files in which no single sentence tells; punctuation is no word.
    """
    withheld = sum(map(_blank, [word for word in words if "_" in word]))
    # No more of the others than decide: most files have few placeholders.
    others = [*islice(filter(_spoken, words), withheld)]
    if withheld > len(others):
        raise WithheldError(
            f"the words are withheld: '_' stands for {withheld} of {withheld + len(others)}",
            where=f"{path}:1",
            hint=_HINT,
        )


def _spoken(word: str) -> bool:
    return word.isalnum() or any(map(str.isalnum, word))


def _blank(word: str) -> bool:
    return word[:1] == "_" and not word.strip("_")
