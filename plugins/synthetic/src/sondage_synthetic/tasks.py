"""The tasks `synthetic.upos`, `.deprel`, `.tree` and `.coordination`: thin adapters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from sondage.contracts import TaskUnits
from sondage.data import Labels, TaskData, Trees, Units, digest
from sondage.parts import check_ratios, numbered
from sondage_synthetic.columns import GRAMMAR, Sentences, generate


@dataclass(kw_only=True, eq=False)
class _Task:
    """What the four share.

    Parameters
    ----------
    n : int
        Number of distinct sentences.
    seed : int
        Draws the sentences; the run's seed draws only the split.
    ratios : (float, float, float)
        Shares of train, dev and test among the sentences.
    """

    name: ClassVar[str]
    units: ClassVar[TaskUnits] = "words"
    randomness: ClassVar[tuple[str, ...]] = ("split",)

    n: Annotated[int, Field(ge=1)] = 1000
    seed: Annotated[int, Field(ge=0)] = 0
    ratios: tuple[float, float, float] = (0.8, 0.1, 0.1)

    @property
    def corpus_fingerprint(self) -> str:
        """32 hex digits: the same for every task with this `n` and `seed`."""
        return digest("synthetic", GRAMMAR, self.n, self.seed)

    @property
    def fingerprint(self) -> str:
        """32 hex digits: corpus, split and what is predicted."""
        ratios = tuple(float(r) for r in self.ratios)
        return digest(self.corpus_fingerprint, ratios, self.name)

    def load(self) -> TaskData:
        """Write the sentences; raises `ParameterError` for parameters that do not fit."""
        check_ratios(f"synthetic.{self.name}", self.ratios)
        made = generate(self.n, self.seed)
        return TaskData(made.corpus(), self._target(made), ratios=self.ratios)

    def _target(self, made: Sentences) -> Labels | Trees:
        raise NotImplementedError


class Upos(_Task):
    """Part of speech of each word."""

    name = "upos"

    def _target(self, made: Sentences) -> Labels:
        return Labels(Units.of_words(made.sentence, made.place), *numbered(made.upos))


class Deprel(_Task):
    """Relation of each pair of head and dependent, in that order; roots are left out."""

    name = "deprel"

    def _target(self, made: Sentences) -> Labels:
        keep = np.flatnonzero(made.heads >= 0)
        units = Units.of_words(made.sentence[keep], made.heads[keep], made.place[keep])
        return Labels(units, *numbered([made.relations[i] for i in keep.tolist()]))


class Tree(_Task):
    """Dependency tree of each sentence; punctuation is not scored."""

    name = "tree"
    units = "trees"

    def _target(self, made: Sentences) -> Trees:
        relations, names = numbered(made.relations)
        return Trees(
            heads=made.heads,
            scored=np.array([u != "PUNCT" for u in made.upos], bool),
            relations=relations,
            names=names,
            sentence=np.arange(len(made), dtype=np.int64),
        )


class Coordination(_Task):
    """What a sentence coordinates: ``noun-phrase``, ``verb-phrase``, ``both`` or ``none``."""

    name = "coordination"
    units = "sentences"

    def _target(self, made: Sentences) -> Labels:
        kinds = [{c.kind for c in found} for found in made.coordinations]
        values = ["both" if len(k) == 2 else next(iter(k), "none") for k in kinds]
        return Labels(Units.of_sentences(len(made)), *numbered(values))
