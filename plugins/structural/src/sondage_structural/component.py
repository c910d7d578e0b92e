"""The components `structural.distance` and `structural.depth`: all layers in one program."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from sondage.contracts import Problem
from sondage.data import Ints, Result, Split
from sondage_structural import results
from sondage_structural.inputs import LayerGroup, Pictured, forest_of, groups, parts_of
from sondage_structural.predicting import Blocks, depth_blocks, distance_blocks
from sondage_structural.probes import draw
from sondage_structural.settings import StructuralSettings

if TYPE_CHECKING:
    from sondage_structural.training import Fitted


@dataclass(kw_only=True, eq=False)
class _Structural(Pictured, StructuralSettings):
    """What the two share.

    Layers are indices of `hidden_states`: 0 is the embedding output. All layers of a seed are
    trained in one program, on the same batches, each with its own learning rate and end.

    Parameters
    ----------
    keep_projection : bool
        Whether results hold the projection, as array ``projection``, shape (width, rank).
    """

    joint: ClassVar[tuple[str, ...]] = ("layer",)
    name: ClassVar[str]
    needs: ClassVar[tuple[str, ...]]
    blocks: ClassVar[Callable[..., Blocks]]
    scored: ClassVar[Callable[..., results.Scored]]

    keep_projection: bool = False

    @property
    def randomness(self) -> tuple[str, ...]:
        """What the seed controls beside the split."""
        return ("initialisation", "order") if self.projection == "learned" else ("projection",)

    def run_layers(self, problem: Problem) -> Iterator[tuple[int | None, int, Result]]:
        """Yield (layer, seed, result) for every cell.

        Raises
        ------
        DataError
            For a target without trees, an empty part of a split, or test sentences that leave a
            score undefined.
        EncodingError
            For NaN or infinite values, or a view without one vector a word.
        ParameterError
            If the rank is more than the vectors' width.
        """
        who = f"structural.{self.name}"
        learned = self.projection == "learned"
        forest = forest_of(problem, who)
        parts = {
            seed: parts_of(problem, forest, seed, dev=learned, who=who, needs=self.needs)
            for seed in problem.seeds
        }
        for group in groups(problem, forest, self.rank, who):
            for seed, split in parts.items():
                for layer, values, fitted in self._trained(group, split, problem, seed):
                    scored = self._score(group, values, fitted, split.test, problem)
                    yield layer, seed, scored.result(problem.splits[seed].test)

    def _trained(
        self, group: LayerGroup, split: Split, problem: Problem, seed: int
    ) -> Iterator[tuple[int, NDArray[Any], Fitted]]:
        from sondage_structural.training import LOSSES, Fitted, train

        start = np.stack([draw(problem.rng(k, seed), group.width, self.rank) for k in group.layers])
        if self.projection == "random":
            fitted = [Fitted(projection=one) for one in start]
        else:
            fitted = train(
                LOSSES[self.blocks](group.forest),
                group.values,
                split.train,
                split.dev,
                start=start,
                # One order for all layers of a seed: they share their batches.
                order=problem.rng(None, seed),
                settings=self,
                names=[f"layer {k}" for k in group.layers],
            )
        yield from zip(group.layers, group.values, fitted, strict=True)

    def _score(
        self, group: LayerGroup, values: NDArray[Any], fitted: Fitted, test: Ints, problem: Problem
    ) -> results.Scored:
        found = self.blocks(group.forest, values, fitted.projection, test)
        scored = self.scored(group.forest, test, found)
        scored.tables.update(results.pictured(scored, problem.data, self.pictures))
        if self.keep_projection:
            scored.arrays["projection"] = fitted.projection
        if self.projection == "learned":
            scored.tables["training"] = {
                "epoch": list(range(1, fitted.epochs + 1)),
                "dev_loss": fitted.losses,
                "learning_rate": fitted.rates,
            }
            if not fitted.ended:
                scored.warnings["not-converged"] = 1
        return scored


class Distance(_Structural):
    """Distances in the tree as squared distances after a linear map.

    Scores ``uuas`` and ``dspr``. Arrays ``edges`` (predicted, of the test sentences; sentence i
    of ``sentences`` owns rows ``edge_offsets[i]:edge_offsets[i + 1]``), ``found`` and ``gold``
    (edges of each), ``correlations`` (DSpr. of each; NaN for a single word). Tables
    ``intervals`` (95%, by resampling test sentences), ``lengths``, ``training``, ``words`` and
    ``arcs``.

    References
    ----------
    Hewitt and Manning 2019, section 2.1. Departs from it: rank 64 by default; gold edges around
    punctuation that has dependents are not made up.
    """

    name = "distance"
    needs = ("edge", "length")
    blocks = staticmethod(distance_blocks)
    scored = staticmethod(results.distance)


class Depth(_Structural):
    """Depths in the tree as squared norms after a linear map.

    Scores ``root_accuracy`` and ``nspr``. Arrays ``roots`` (the word predicted to be the root,
    of each of the ``sentences``) and ``correlations`` (NSpr. of each; NaN for a single word).
    Tables ``intervals``, ``lengths``, ``training`` and ``words``.

    References
    ----------
    Hewitt and Manning 2019, section 2.3. Departs from it: rank 64 by default.
    """

    name = "depth"
    needs = ("length",)
    blocks = staticmethod(depth_blocks)
    scored = staticmethod(results.depth)
