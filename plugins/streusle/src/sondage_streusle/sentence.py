"""One sentence as both formats give it, and the rules that hold for both."""

from __future__ import annotations

from dataclasses import dataclass, field

from sondage.errors import DataError
from sondage_streusle.corpus import NONE


@dataclass
class StreusleSentence:
    """A sentence's words in columns, as in `Streusle`; `lines` are those of its words.

    `multiword` is how many multiword tokens (``5-6 don't``) it has.
    """

    sent_id: str | None = None
    text: str | None = None
    forms: list[str] = field(default_factory=list)
    lemmas: list[str] = field(default_factory=list)
    upos: list[str] = field(default_factory=list)
    xpos: list[str] = field(default_factory=list)
    lexcats: list[str] = field(default_factory=list)
    ss: list[str] = field(default_factory=list)
    ss2: list[str] = field(default_factory=list)
    strong: list[int] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    multiword: int = 0


class BadSentence(Exception):  # noqa: N818 - never leaves the reader
    """A defect at a line, or in JSON at a sentence and word (from 0); the reader knows the file."""

    sent_id: str | None = None

    def __init__(
        self, message: str, hint: str, *, word: int | None = None, line: int | None = None
    ) -> None:
        super().__init__(message)
        self.message, self.hint, self.word, self.line = message, hint, word, line

    def at(self, path: str) -> DataError:
        """Return the error for the user."""
        where = f"{path}:{self.line}"
        if self.line is None:
            word = "" if self.word is None else f", word {self.word + 1}"
            where = f"{path}, sentence {self.sent_id}{word}"
        return DataError(self.message, where=where, hint=self.hint)


def check_labels(sentence: StreusleSentence, *, lenient: bool = False) -> None:
    """Raise `BadSentence` unless every expression has one lexcat, at its first word.

    Also for a second supersense without a first. With `lenient`, a single word that has
    neither lexcat nor supersense is let through: corpora in which adpositions alone are
    annotated have them.
    """
    begun: set[int] = set()
    for i, (group, lexcat, ss, ss2) in enumerate(
        zip(sentence.strong, sentence.lexcats, sentence.ss, sentence.ss2, strict=True)
    ):
        if group and group in begun:
            if (lexcat, ss, ss2) != (NONE, NONE, NONE):
                raise BadSentence(
                    f"word {i + 1} continues a multiword expression, yet has labels of its own",
                    "LEXCAT, SS and SS2 stand at the first word of an expression",
                    word=i,
                )
            continue
        begun.add(group)
        if lexcat == NONE and not (lenient and not group and ss == NONE):
            raise BadSentence(
                f"the expression that begins at word {i + 1} has no lexical category",
                "every expression has a LEXCAT, such as P or N, at its first word",
                word=i,
            )
        if ss == NONE and ss2 != NONE:
            raise BadSentence(
                f"word {i + 1} has a second supersense ({short(ss2)}) without a first",
                "give SS (the role) as well",
                word=i,
            )


def short(value: object) -> str:
    """Return a value as messages quote it: its repr, at most 24 characters."""
    text = repr(value)
    return text if len(text) <= 24 else text[:22] + "…" + text[0]
