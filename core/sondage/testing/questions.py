"""Questions with answers in contexts, to test with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from sondage.data import Answers, Corpus, Split, TaskData, digest, offsets_of

#: A question, its context, and the gold answers in it: first character, and text.
QuestionRow = tuple[str, str, Sequence[tuple[int, str]]]


def question_data(
    rows: Sequence[QuestionRow], split: Split | None = None, name: str = "toy questions"
) -> TaskData:
    """Return questions with their answers as a task's data.

    Parameters
    ----------
    rows : sequence of (question, context, [(start, text), ...])
        A question without answers has none in its context.
    split : Split, optional
        By default one is drawn.
    name : str
    """
    golds = [gold for _, _, of in rows for gold in of]
    start = np.array([place for place, _ in golds], np.int64)
    target = Answers(
        sentence=np.arange(len(rows), dtype=np.int64),
        start=start,
        end=start + np.array([len(text) for _, text in golds], np.int64),
        offsets=offsets_of(len(of) for _, _, of in rows),
        texts=tuple(text for _, text in golds),
        ids=tuple(f"q{i}" for i in range(len(rows))),
    )
    corpus = Corpus(
        tuple(question for question, _, _ in rows), second=tuple(c for _, c, _ in rows), name=name
    )
    return TaskData(corpus, target, split)


class ToyQuestions:
    """A task of questions with answers.

    Parameters
    ----------
    rows : sequence of (question, context, [(start, text), ...]), optional
        As `question_data`; by default 24 questions about the colours of things, three to a
        context.
    whole : bool
        Whether every part of the split is all questions, to see whether they can be learned.
    """

    randomness: ClassVar[tuple[str, ...]] = ("split",)
    units = "answers"

    def __init__(self, rows: Sequence[QuestionRow] = (), *, whole: bool = False) -> None:
        self.rows, self.whole = list(rows) or _about_colours(), whole

    @property
    def fingerprint(self) -> str:
        """Identifies rows and split."""
        return digest("toy questions", self.rows, self.whole)

    @property
    def corpus_fingerprint(self) -> str:
        """Identifies the texts."""
        return digest("toy questions", [row[:2] for row in self.rows])

    def load(self) -> TaskData:
        """Return the questions."""
        every = np.arange(len(self.rows), dtype=np.int64)
        return question_data(self.rows, Split(every, every, every) if self.whole else None)


def _about_colours() -> list[QuestionRow]:
    colours, things = ("red", "green", "blue", "grey"), ("fox", "dog", "bank", "river")
    rng = np.random.default_rng(0)
    rows: list[QuestionRow] = []
    for _ in range(8):
        said = [(str(rng.choice(colours)), str(thing)) for thing in rng.permutation(things)[:3]]
        context = " , ".join(f"a {colour} {thing}" for colour, thing in said)
        for colour, thing in said:
            start = context.index(f"{colour} {thing}")
            rows.append((f"which {thing} ?", context, [(start, colour)]))
    return rows
