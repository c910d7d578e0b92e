"""`structural.chain`: each word hangs on the one before it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from sondage.contracts import Problem
from sondage.data import Ints, Result
from sondage_structural import results
from sondage_structural.inputs import Pictured, forest_of, parts_of
from sondage_structural.predicting import Blocks
from sondage_structural.trees import Forest


@dataclass(kw_only=True, eq=False)
class Chain(Pictured):
    """The linear chain: distances |i - j| and depths i, whatever the vectors are.

    Scores ``uuas``, ``dspr``, ``root_accuracy`` (of the first word) and ``nspr``; one result a
    seed, for all layers. Between words that are scored the chain leaps over the others. Arrays
    and tables as of `structural.distance`.

    References
    ----------
    Hewitt and Manning 2019, section 3 (Linear). Departs from it: none.
    """

    joint: ClassVar[tuple[str, ...]] = ()
    randomness: ClassVar[tuple[str, ...]] = ()
    per_layer: ClassVar[bool] = False

    def run_layers(self, problem: Problem) -> Iterator[tuple[int | None, int, Result]]:
        """Yield (None, seed, result) for every seed.

        Raises
        ------
        DataError
            For a target without trees, an empty test part, or test sentences that leave a
            score undefined.
        """
        who = "structural.chain"
        forest = forest_of(problem, who)
        for seed in problem.seeds:
            needs = ("edge", "length")
            test = parts_of(problem, forest, seed, dev=False, who=who, needs=needs).test
            scored = results.distance(forest, test, _distances(forest, test))
            depth = results.depth(forest, test, _depths(forest, test))
            scored.tables.update(results.pictured(scored, problem.data, self.pictures))
            for column, more in depth.tables["intervals"].items():
                scored.tables["intervals"][column] += more
            scored.scores.update(depth.scores)
            yield None, seed, scored.result(problem.splits[seed].test)


def _distances(forest: Forest, sentences: Ints) -> Blocks:
    for block in forest.blocks(sentences):
        at = np.arange(int(forest.lengths[sentences[block]].max()), dtype=np.float64)
        one = np.abs(at[:, None] - at[None])
        yield block, np.broadcast_to(one, (len(block), *one.shape))


def _depths(forest: Forest, sentences: Ints) -> Blocks:
    for block in forest.blocks(sentences):
        at = np.arange(int(forest.lengths[sentences[block]].max()), dtype=np.float64)
        yield block, np.broadcast_to(at, (len(block), len(at)))
