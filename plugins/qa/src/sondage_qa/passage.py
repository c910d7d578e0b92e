"""The words of a page without its HTML, and where each stands."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sondage.data import Ints, offsets_of

# What an HTML token looks like in the simplified form: <P>, </Table>, <Td_colspan="2">.
_HTML = re.compile(r"</?[A-Z][A-Za-z0-9]*(_[^>]*)?>")


def is_html(word: str) -> bool:
    """Whether a token of the simplified form is an HTML token, by how it is written."""
    return word[:1] == "<" and _HTML.fullmatch(word) is not None


@dataclass(frozen=True)
class Page:
    """A page in tokens, of which some are HTML.

    Parameters
    ----------
    words : sequence of str, length n
    html : sequence of bool, length n
    """

    words: Sequence[str]
    html: Sequence[bool]

    def __len__(self) -> int:
        return len(self.words)


@dataclass(frozen=True)
class Passage:
    """Some of a page's tokens as text: those that are words, parted by blanks.

    Parameters
    ----------
    text : str
    tokens : int64 array, shape (n,)
        The place in the page of each word of the text.
    starts : int64 array, shape (n,)
        The character at which each begins.
    """

    text: str
    tokens: Ints
    starts: Ints

    @classmethod
    def of(cls, page: Page, start: int, end: int) -> Passage:
        """Return the words among the tokens from `start` to before `end`."""
        kept = [i for i in range(start, end) if not page.html[i] and page.words[i].strip()]
        words = [page.words[i] for i in kept]
        starts = offsets_of(len(word) + 1 for word in words)[:-1]
        return cls(" ".join(words), np.array(kept, np.int64), starts)

    def characters(self, page: Page, start: int, end: int) -> tuple[int, int] | None:
        """Return the characters of the tokens from `start` to before `end`, half-open.

        None where one of them is HTML, none is a word, or one lies outside the passage.
        """
        first, behind = np.searchsorted(self.tokens, [start, end]).tolist()
        words = [i for i in range(start, end) if page.words[i].strip()]
        if any(page.html[i] for i in words) or not words or behind - first != len(words):
            return None
        last = behind - 1
        return int(self.starts[first]), int(self.starts[last]) + len(page.words[words[-1]])
