"""One sentence as both formats give it, and the rules that hold for both."""

from __future__ import annotations

from dataclasses import dataclass, field

from sondage.errors import DataError
from sondage_streusle.corpus import NONE


@dataclass
class StreusleSentence:
    """A sentence's words in columns, as in `Streusle`; `lines` are those of its words.

    `path` is its file, `multiword` how many multiword tokens (``5-6 don't``) it has. Of a file
    without lines `lines` are 0, and messages call the sentence by its name or `number`.
    """

    path: str
    number: int = 0
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

    def bad(self, message: str, hint: str, word: int | None = None) -> DataError:
        """Return the error for a defect at a word (from 0), or of the whole sentence."""
        if not self.number:
            return DataError(message, where=f"{self.path}:{self.lines[word or 0]}", hint=hint)
        at = "" if word is None else f", word {word + 1}"
        where = f"{self.path}, sentence {self.sent_id or self.number}{at}"
        return DataError(message, where=where, hint=hint)


def check_labels(sentence: StreusleSentence, *, lenient: bool = False) -> None:
    """Raise `DataError` unless every expression has one lexcat, at its first word.

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
                raise sentence.bad(
                    f"word {i + 1} continues a multiword expression, yet has labels of its own",
                    "LEXCAT, SS and SS2 stand at the first word of an expression",
                    word=i,
                )
            continue
        begun.add(group)
        if lexcat == NONE and not (lenient and not group and ss == NONE):
            raise sentence.bad(
                f"the expression that begins at word {i + 1} has no lexical category",
                "every expression has a LEXCAT, such as P or N, at its first word",
                word=i,
            )
        if ss == NONE and ss2 != NONE:
            raise sentence.bad(
                f"word {i + 1} has a second supersense ({short(ss2)}) without a first",
                "give SS (the role) as well",
                word=i,
            )


def short(value: object) -> str:
    """Return a value as messages quote it: its repr, at most 24 characters."""
    text = repr(value)
    return text if len(text) <= 24 else text[:22] + "…" + text[0]
