"""`structural.chain`: each word hangs on the one before it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from annotated_types import Ge

from sondage.contracts import Problem
from sondage.data import Ints, Outcomes, Result
from sondage_structural import results
from sondage_structural.inputs import forest_of, parts_of
from sondage_structural.trees import Forest


@dataclass(kw_only=True, eq=False)
class Chain:
    """The linear chain: distances |i - j| and depths i, whatever the vectors are.

    Scores ``uuas``, ``dspr``, ``root_accuracy`` (of the first word) and ``nspr``; one result a
    seed, for all layers. Between words that are scored the chain leaps over the others. Arrays
    and tables as of `structural.distance`.

    Parameters
    ----------
    pictures : int
        Test sentences whose words and trees are kept for the report `structural.arcs`.

    References
    ----------
    Hewitt and Manning 2019, section 3 (Linear). Departs from it: none.
    """

    units: ClassVar[Literal["trees"]] = "trees"
    joint: ClassVar[tuple[str, ...]] = ()
    randomness: ClassVar[tuple[str, ...]] = ()
    per_layer: ClassVar[bool] = False

    pictures: Annotated[int, Ge(0)] = 8

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
            wanted = results.NEEDS["chain"]
            test = parts_of(problem, forest, seed, dev=False, who=who, wanted=wanted).test
            scored = results.distance(forest, test, _distances(forest, test))
            depth = results.depth(forest, test, _depths(forest, test))
            tables = {**scored.tables, **results.pictured(scored, problem.data, self.pictures)}
            more = depth.tables["intervals"]
            tables["intervals"] = {k: v + more[k] for k, v in tables["intervals"].items()}
            yield (
                None,
                seed,
                Result(
                    {**scored.scores, **depth.scores},
                    Outcomes(problem.splits[seed].test, test, scored.outcomes),
                    tables,
                    scored.arrays,
                    scored.warnings,
                ),
            )


def _distances(forest: Forest, sentences: Ints) -> results.Blocks:
    for block in forest.blocks(sentences):
        at = np.arange(int(forest.lengths[sentences[block]].max()), dtype=np.float64)
        one = np.abs(at[:, None] - at[None])
        yield block, np.broadcast_to(one, (len(block), *one.shape))


def _depths(forest: Forest, sentences: Ints) -> results.Blocks:
    for block in forest.blocks(sentences):
        at = np.arange(int(forest.lengths[sentences[block]].max()), dtype=np.float64)
        yield block, np.broadcast_to(at, (len(block), len(at)))
