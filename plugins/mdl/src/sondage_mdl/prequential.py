"""The problem that an online code hands to a probe: a portion of the training data a seed."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sondage import probing
from sondage.contracts import Problem
from sondage.data import Ints, Labels, Split
from sondage_mdl.blocks import Blocks


@dataclass(frozen=True)
class Sent:
    """The training items of one seed in the order in which they are sent, and their blocks."""

    order: Ints
    blocks: Blocks


class Prequential(probing.OfProblem):
    """A `sondage.contracts.Problem` whose seeds are pairs of a seed and a portion.

    Portion i of a seed trains on the items before the end of its block, keeps the task's dev
    part, and is tested on the next block; the last portion is all of the training part, and
    is tested on the task's own test part. Vectors are the problem's own: nothing is copied.

    Parameters
    ----------
    problem : Problem
    sent : mapping of seed to Sent
    target : Labels, optional
        Labels in place of the problem's own, such as a control task's.
    """

    def __init__(
        self, problem: Problem, sent: Mapping[int, Sent], target: Labels | None = None
    ) -> None:
        super().__init__(problem)
        self.layers = problem.layers
        self.data = problem.data
        if target is not None:
            self.data = dataclasses.replace(problem.data, target=target)
        #: For each seed of the problem, its derived seeds by portion.
        self.portions: dict[int, tuple[int, ...]] = {}
        self._origin: dict[int, tuple[int, int]] = {}
        splits: dict[int, Split] = {}
        step = max(len(s.blocks.ends) + s.blocks.merged for s in sent.values())
        for seed, one in sent.items():
            ends = one.blocks.ends.tolist()
            whole = problem.splits[seed]
            own = tuple(seed * step + i for i in range(len(ends)))
            for i, (derived, end) in enumerate(zip(own, ends, strict=True)):
                test = whole.test if i + 1 == len(ends) else np.sort(one.order[end : ends[i + 1]])
                splits[derived] = Split(np.sort(one.order[:end]), whole.dev, test)
                self._origin[derived] = (seed, i)
            self.portions[seed] = own
        self.splits: Mapping[int, Split] = splits
        self.seeds = tuple(splits)

    def rng(self, layer: int | None, seed: int) -> np.random.Generator:
        """Return the generator of one layer, seed and portion, whatever else is there."""
        own, portion = self._origin[seed]
        return self._problem.rng(layer, own).spawn(portion + 2)[-1]
