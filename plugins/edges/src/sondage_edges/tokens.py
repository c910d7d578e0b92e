"""From running text to words, where marks or character offsets name spans."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from itertools import pairwise

import regex

# Unicode's word segmentation (UAX #29) says what belongs to the character before it: combining
# signs, joiners and non-joiners, soft hyphens, direction marks.
_JOINED = r"[\p{WB=Extend}\p{WB=Format}\p{WB=ZWJ}]"
# A letter or digit with what belongs to it.
_L = rf"[\w\p{{N}}]{_JOINED}*+"
_AFTER = r"(?![\w\p{N}])"
# A word goes on over one inner mark: 'U.S', 'e-mail', '3.5', "don't", '12:30', 'col·lecció';
# over double quotes only in Hebrew abbreviations. The English endings 's 'll ... are words of
# their own; of other characters, with what belongs to each, a run of equal ones is a word:
# '...', '--'.
_ENDING = rf"['’](?i:s|m|d|ll|re|ve){_AFTER}(?!{_JOINED})"
_INNER = (
    rf"(?:[-./,:&@\p{{WB=MidLetter}}\u2024\uff0e]|(?!{_ENDING})['’]"
    r'|(?<=\p{WB=Hebrew_Letter}\p{M}*)"(?=\p{WB=Hebrew_Letter}))'
)
_JOINERS = regex.compile(rf"{_JOINED}+")
_WORD = regex.compile(
    rf"{_ENDING}|(?:{_L})+(?:{_INNER}(?:{_L})+)*|(?P<mark>(?=[^\w\p{{N}}\s\u200b])\X)(?P=mark)*"
)


class Words:
    """The words of a text, and where they lie in it.

    Parameters
    ----------
    text : str
        The running text.
    cuts : iterable of int
        Places between characters where no word may lie across: the ends of marked spans.

    Attributes
    ----------
    words : list of str
    starts, ends : list of int
        Characters ``text[starts[i]:ends[i]]`` are word i.

    Notes
    -----
    The rule, in this order: ``'s 'm 'd 'll 're 've`` at the end of a word are words; so is
    a run of letters and digits, which may go on over a single one of ``- . / , : & @ '`` and
    Unicode's other marks inside words (``·`` in Catalan) between two of them; so is a run of
    one and the same other character. What Unicode's word segmentation joins to the character
    before it stays there in every script: vowel signs and accents, joiners and non-joiners,
    soft hyphens, direction marks. Nothing is dropped but blanks and zero-width spaces.
    Scripts written without blanks come in runs: no dictionary is asked. A span that ends, or
    begins, before such a sign ends, or begins, behind it.
    """

    def __init__(self, text: str, cuts: Iterable[int] = ()) -> None:
        self.text = text
        self.words: list[str] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        places = sorted({0, len(text), *map(self._behind, cuts)})
        for a, b in pairwise(places):
            for found in _WORD.finditer(text, a, b):
                self.words.append(found[0])
                self.starts.append(found.start())
                self.ends.append(found.end())

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the words, half-open, that lie within characters [start, end)."""
        first, last = self._behind(start), self._behind(end)
        return bisect_left(self.starts, first), bisect_right(self.ends, last)

    def _behind(self, place: int) -> int:
        """Return the place behind the signs that belong to the character before this place."""
        before = self.text[place - 1 : place]
        found = _JOINERS.match(self.text, place) if before and not before.isspace() else None
        return found.end() if found else place


def occurrences(text: str, part: str, *, ignore_case: bool = False) -> list[tuple[int, int]]:
    """Return the character spans at which `part` stands in `text` as whole words."""
    # Nor may it end before a sign that belongs to its last character.
    pattern = rf"(?<![\w\p{{N}}]{_JOINED}*){regex.escape(part)}{_AFTER}(?!{_JOINED})"
    found = regex.finditer(pattern, text, regex.IGNORECASE if ignore_case else 0)
    return [m.span() for m in found]
