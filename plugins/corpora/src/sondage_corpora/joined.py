"""A corpus joined of some sentences of each of several tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from sondage.contracts import Task, TaskUnits
from sondage.data import Corpus, Ints, TaskData, digest
from sondage.errors import ParameterError

#: Raised whenever the same tasks would be joined into another corpus.
JOINING = "corpora-joined-1"
Part = Literal["all", "train", "dev", "test"]


@dataclass(kw_only=True, eq=False)
class Joined:
    """Some sentences of each of several tasks as one corpus, with nothing to predict.

    The tasks' sentences come one task after the other, in the order of their corpora. What a
    task has twice is taken once; what two tasks have is taken of both. Single sentences and
    pairs stand side by side: each is given to a tokenizer as what it is. Where a task has no
    words, or pairs, all texts are running text without words.

    Parameters
    ----------
    tasks : list of Task
        Any tasks; their targets are not looked at.
    each : int
        Sentences of each, at most; where one of several tasks has fewer, all are taken, and those
        that are missing are counted.
    part : {'all', 'train', 'dev', 'test'}
        Of which part of each task's split.
    seed : int, optional
        Draws the sentences; without it, the first are taken.
    split_seed : int
        Draws the split of a task whose files give none.

    References
    ----------
    Hao et al. 2020, AACL, section 5.2: 200 examples of each of two data sets. Departs from it:
    how they chose them is not said.
    """

    units: ClassVar[TaskUnits] = "none"
    randomness: ClassVar[tuple[str, ...]] = ()

    tasks: Annotated[list[Task], Field(min_length=1)]
    each: Annotated[int, Field(ge=1)] = 200
    part: Part = "all"
    seed: Annotated[int, Field(ge=0)] | None = 0
    split_seed: Annotated[int, Field(ge=0)] = 0

    def __post_init__(self) -> None:
        if self.part != "all":
            for task in self.tasks:
                if task.units == "none":
                    raise ParameterError(
                        f"corpora.joined: part {self.part!r} of {type(task).__name__}, which has "
                        "no target and so no split",
                        where="corpora.joined",
                        hint="part: all",
                    )

    @property
    def corpus_fingerprint(self) -> str:
        """32 hex digits: the tasks' texts, and which are taken."""
        whole = self.part == "all"
        of = [task.corpus_fingerprint if whole else task.fingerprint for task in self.tasks]
        how = (self.each, self.part, self.seed, None if whole else self.split_seed)
        return digest(JOINING, of, how)

    @property
    def fingerprint(self) -> str:
        """As `corpus_fingerprint`: there is nothing but the texts."""
        return digest(self.corpus_fingerprint)

    def load(self) -> TaskData:
        """Load the tasks and join them; raises `DataError` as they do."""
        corpora = [corpus for corpus, _ in self._taken()]
        # Of one task alone `each` is a limit; of several, what is missing makes them unequal.
        missing = sum(self.each - len(c) for c in corpora) if len(corpora) > 1 else 0
        warnings = {"missing-sentences": missing} if missing else {}
        return TaskData(joined(corpora), None, warnings=warnings)

    def origin(self) -> tuple[Ints, Ints]:
        """Return of each sentence which of `tasks` it is from, and its place in that corpus."""
        places = [sentences for _, sentences in self._taken()]
        task = np.repeat(np.arange(len(places)), [len(p) for p in places])
        return task, np.concatenate(places)

    def _taken(self) -> list[tuple[Corpus, Ints]]:
        loaded = [task.load() for task in self.tasks]
        chosen = [self._chosen(data, i) for i, data in enumerate(loaded)]
        return [(d.corpus.take(s), s) for d, s in zip(loaded, chosen, strict=True)]

    def _chosen(self, data: TaskData, task: int) -> Ints:
        """Return the sentences that are taken of a task, ascending."""
        first, inverse = data.corpus.unique
        if self.part != "all" and data.target is not None:
            items = getattr(data.split(self.split_seed), self.part)
            first = first[np.unique(inverse[data.target.sentence[items]])]
        if self.seed is None or len(first) <= self.each:
            return first[: self.each]
        rng = np.random.default_rng([self.seed, task])
        return np.sort(rng.choice(first, self.each, replace=False))


def joined(corpora: Sequence[Corpus]) -> Corpus:
    """Join corpora into one: words stay where all have them and none has pairs."""
    name = " and ".join(corpus.name for corpus in corpora)
    texts = [text for corpus in corpora for text in corpus.texts]
    pairs = any(corpus.second is not None for corpus in corpora)
    if not pairs and all(corpus.words is not None for corpus in corpora):
        words = [corpus.words_of(i) for corpus in corpora for i in range(len(corpus))]
        return Corpus.of_words(words, texts=texts, name=name)
    second: list[str | None] = []
    for corpus in corpora:
        second += [None] * len(corpus) if corpus.second is None else corpus.second
    return Corpus(tuple(texts), second=tuple(second) if pairs else None, name=name)
