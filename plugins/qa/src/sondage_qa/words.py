"""From running text to words, with the characters that each stands on."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import cached_property

import regex

# A word goes on over one of these between two letters or digits: 'U.S', 'e-mail', '3.5', '12:30'.
_INNER = r"[-./,:&@'’·]"
# The English endings are words of their own, where a word ends with them.
_ENDING = r"['’](?i:s|m|d|ll|re|ve)(?!\w)"
_WORD = regex.compile(
    rf"{_ENDING}|\w+(?:(?!{_ENDING}){_INNER}\w+)*|(?P<mark>(?=[^\w\s])\X)(?P=mark)*"
)


class Words:
    """The words of a text, and where they stand in it.

    Parameters
    ----------
    text : str

    Attributes
    ----------
    forms : tuple of str
    starts, ends : tuples of int
        Word i stands on ``text[starts[i]:ends[i]]``.

    Notes
    -----
    The rule, in this order: ``'s 'm 'd 'll 're 've`` at the end of a word are words; so is a run of
    letters, digits and the signs that belong to them, which goes on over a single one of
    ``- . / , : & @ ' ·`` between two of them; so is a run of one and the same other character.
    Nothing is dropped but blanks. Of scripts written without blanks a run is one word.
    """

    def __init__(self, text: str) -> None:
        found = [m.span() for m in _WORD.finditer(text)]
        self.text = text
        self.starts = tuple(start for start, _ in found)
        self.ends = tuple(end for _, end in found)
        self.forms = tuple(text[start:end] for start, end in found)

    def __len__(self) -> int:
        return len(self.forms)

    @cached_property
    def folded(self) -> tuple[str, ...]:
        """The words without regard to case."""
        return tuple(form.casefold() for form in self.forms)

    @cached_property
    def lettered(self) -> tuple[bool, ...]:
        """Whether each word has a letter or digit; the others are punctuation."""
        return tuple(any(map(str.isalnum, form)) for form in self.forms)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the words, half-open, that characters [start, end) touch."""
        return bisect_right(self.ends, start), bisect_left(self.starts, end)

    def fits(self, start: int, end: int) -> bool:
        """Return whether words begin and end where these characters do."""
        first, last = self.span(start, end)
        return first < last and self.starts[first] >= start and self.ends[last - 1] <= end


def endings_off(form: str) -> str:
    """Return a word without regard to case and without a final ``'s``, ``es``, ``s`` or ``ed``."""
    word = form.casefold()
    for ending in ("'s", "’s", "es", "ed", "s"):
        if word.endswith(ending) and len(word) > len(ending) + 1:
            return word[: -len(ending)]
    return word
