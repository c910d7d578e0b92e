"""A sentence being written, and the dice that write it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeVar

T = TypeVar("T")
Kind = Literal["noun-phrase", "verb-phrase"]


class Coordinated(NamedTuple):
    """One coordination: its kind, and the head word of each conjunct (index in sentence)."""

    kind: Kind
    first: int
    second: int


class Sentence(NamedTuple):
    """A sentence with its annotation.

    Parameters
    ----------
    words, upos, relations : tuples of str, length n
    heads : tuple of int, length n
        Index within the sentence of each word's head; -1 at the root.
    coordinations : tuple of Coordinated
    """

    words: tuple[str, ...]
    upos: tuple[str, ...]
    heads: tuple[int, ...]
    relations: tuple[str, ...]
    coordinations: tuple[Coordinated, ...]

    @property
    def text(self) -> str:
        """The words joined by blanks, punctuation attached."""
        return " ".join(self.words).replace(" ,", ",").replace(" .", ".")


class Dice:
    """Random choices from a seed, the same on every platform and Python version.

    Only ``random.Random.random`` is used: Python promises its stream not to change, and
    promises that of no other method.
    """

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed).random

    def pick(self, options: Sequence[T]) -> T:
        """Return one of the options, all as likely."""
        return options[int(self.random() * len(options))]

    def chance(self, share: float) -> bool:
        """Return True with this probability."""
        return self.random() < share


class SentenceDraft:
    """The words so far; heads are filled in when they are known."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.upos: list[str] = []
        self.heads: list[int] = []
        self.relations: list[str] = []
        self.coordinations: list[Coordinated] = []
        self.open_end = -1

    def add(self, word: str, upos: str, relation: str = "", head: int = -1) -> int:
        """Append a word; return its index."""
        self.words.append(word)
        self.upos.append(upos)
        self.relations.append(relation)
        self.heads.append(head)
        return len(self.words) - 1

    def attach(self, word: int, head: int, relation: str) -> None:
        """Set a word's head and relation."""
        self.heads[word] = head
        self.relations[word] = relation

    def attach_all(self, words: Sequence[tuple[int, str]], head: int) -> None:
        """Set one head for several words, each with its relation."""
        for word, relation in words:
            self.attach(word, head, relation)

    def leave_open(self) -> None:
        """Note that a clause ends here to which a next phrase might belong as well."""
        self.open_end = len(self.words)

    @property
    def is_open(self) -> bool:
        """Whether such a clause ended with the last word."""
        return self.open_end == len(self.words)

    def finish(self) -> Sentence:
        """Return the sentence, its first letter a capital."""
        self.words[0] = self.words[0][0].upper() + self.words[0][1:]
        return Sentence(
            tuple(self.words), tuple(self.upos), tuple(self.heads), tuple(self.relations),
            tuple(self.coordinations),
        )  # fmt: skip
