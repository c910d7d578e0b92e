"""A task's corpus and target as loaded, and how a seed splits its items."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from sondage.data.corpus import Corpus, Ints
from sondage.data.targets import Labels, Target
from sondage.errors import DataError


@dataclass(frozen=True)
class Split:
    """Item indices of each part, ascending; parts are disjoint.

    Parameters
    ----------
    train, dev, test : int64 arrays
        Indices into the task's target. `dev` may be empty.
    """

    train: Ints
    dev: Ints
    test: Ints


@dataclass(frozen=True)
class TaskData:
    """A task's corpus, target and splits, loaded.

    Parameters
    ----------
    corpus : Corpus
    target : Labels, Trees, Rankings, Answers or None
        None for a corpus that only serves as stimuli.
    fixed : Split, optional
        The split that the files give. Without it, `split` draws one by sentence.
    ratios : (float, float, float)
        Shares of train, dev and test among the distinct sentences, for a drawn split.
    warnings : mapping of slug to count
        What the reader had to skip or mend; reported, never silent.
    dev_share : float, in [0, 1)
        Share of the distinct sentences of ``fixed.train`` that a seed moves to dev.
    groups : int64 array, shape (len(corpus),), optional
        The group of each sentence, such as its document: a seed moves groups as a whole, and
        shares are of groups. Equal sentences go with the group of the first of them.
    """

    corpus: Corpus
    target: Target | None
    fixed: Split | None = None
    ratios: tuple[float, float, float] = (0.8, 0.1, 0.1)
    warnings: Mapping[str, int] = field(default_factory=dict)
    dev_share: float = 0.0
    groups: Ints | None = None

    def __post_init__(self) -> None:
        if self.groups is not None and len(self.groups) != len(self.corpus):
            raise DataError(
                f"{self.corpus.name}: {len(self.groups)} groups for {len(self.corpus)} sentences"
            )

    def split(self, seed: int) -> Split:
        """Return the files' split, or draw one that keeps equal sentences together.

        For one seed and corpus the same sentences go into the same part, whatever the target.
        With `dev_share`, at least one sentence of train goes to dev and one stays, if there
        are two with items.
        """
        if self.target is None:
            raise DataError(f"{self.corpus.name} has no target to split")
        if self.fixed is not None:
            return self._carved(self.fixed, seed) if self.dev_share else self.fixed
        group = self._dealt()
        # All sentences are dealt, those without an item too: tasks over one corpus agree on
        # which sentences are test sentences.
        order = np.random.default_rng(seed).permutation(int(group.max(initial=-1)) + 1)
        train = round(self.ratios[0] * len(order))
        dev = round((self.ratios[0] + self.ratios[1]) * len(order))
        part = np.full(len(order), 2)
        part[order[:train]] = 0
        part[order[train:dev]] = 1
        ids = part[group[self.target.sentence]]
        return Split(*(np.flatnonzero(ids == k).astype(np.int64) for k in range(3)))

    def _dealt(self) -> Ints:
        """Return the number of what each sentence is dealt with, from 0."""
        first, inverse = self.corpus.unique
        if self.groups is None:
            return inverse
        code: Ints = np.unique(self.groups[first], return_inverse=True)[1].astype(np.int64)
        return code[inverse]

    def _carved(self, given: Split, seed: int) -> Split:
        assert self.target is not None
        group = self._dealt()[self.target.sentence[given.train]]
        present = np.unique(group)
        n = min(max(round(self.dev_share * len(present)), 1), len(present) - 1)
        drawn = np.random.default_rng(seed).permutation(present)[: max(n, 0)]
        moved = np.isin(group, drawn)
        dev = np.union1d(given.dev, given.train[moved])
        return Split(train=given.train[~moved], dev=dev, test=given.test)

    def types(self) -> list[str]:
        """Return each item's word type(s), the key on which control tasks act."""
        labels = self.target
        if not isinstance(labels, Labels):
            raise DataError(f"{self.corpus.name}: only labels have word types")
        if labels.units.arity == 0:
            return [self.corpus.texts[i] for i in labels.sentence]
        out = []
        for i, spans in zip(labels.sentence, labels.units.spans, strict=True):
            words = self.corpus.words_of(int(i))
            out.append("\t".join(" ".join(words[a:b]) for a, b in spans))
        return out
