"""From questions to a corpus of text pairs, their answers, and what a split keeps together."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

import numpy as np

from sondage.data import Answers, Corpus, Ints, offsets_of
from sondage_qa.question import Question, Questions, Together


def corpus_of(questions: Sequence[Question], name: str = "questions") -> Corpus:
    """Return the questions as texts, with their contexts as second segments."""
    return Corpus([q.question for q in questions], [q.context for q in questions], name=name)


def answers_of(questions: Sequence[Question]) -> Answers:
    """Return where the answers stand.

    An id that an earlier question has too, as those of one question in two languages have,
    gets a number behind it: ``id#2``.
    """
    return Answers(
        sentence=np.arange(len(questions), dtype=np.int64),
        start=np.array([s for q in questions for s in q.starts], np.int64),
        end=np.array([e for q in questions for e in q.ends], np.int64),
        offsets=offsets_of(len(q.texts) for q in questions),
        texts=tuple(text for q in questions for text in q.texts),
        ids=_told_apart([q.id for q in questions]),
    )


def _told_apart(ids: Sequence[str]) -> tuple[str, ...]:
    taken, seen = set(ids), set[str]()
    out = []
    for name in ids:
        own = name
        if name in seen:
            own = next(n for k in itertools.count(2) if (n := f"{name}#{k}") not in taken)
            taken.add(own)
        seen.add(name)
        out.append(own)
    return tuple(out)


def kept_together(questions: Questions, together: Together = "paragraph") -> Ints:
    """Return a number for each question, equal for those that no split may part.

    Parameters
    ----------
    questions : Questions
    together : {'paragraph', 'article'}
        Questions of one context, or of one article. In either case those of one id too, which
        are one question in several languages; whatever hangs together by steps of these is
        one group.
    """
    keys = (
        (("context", q.context), ("id", q.id), *([("article", a)] if together == "article" else []))
        for q, a in zip(questions, questions.article_of.tolist(), strict=True)
    )
    return _connected(keys)


def _connected(keys: Iterable[Sequence[object]]) -> Ints:
    """Return the number of each entry's group: entries that share a key are in one."""
    parent: dict[object, object] = {}

    def root(key: object) -> object:
        above = parent.setdefault(key, key)
        while above is not parent[above]:
            parent[key] = above = parent[parent[above]]
        return above

    firsts = []
    for first, *more in keys:
        firsts.append(first)
        for key in more:
            parent[root(key)] = root(first)
    number: dict[object, int] = {}
    return np.array([number.setdefault(root(f), len(number)) for f in firsts], np.int64)
