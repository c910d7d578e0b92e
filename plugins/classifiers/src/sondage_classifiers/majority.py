"""The component `classifiers.majority`."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from sondage.contracts import Problem
from sondage.data import Labels, Result
from sondage.scores import classification
from sondage_classifiers._cells import (
    control_target,
    labels_of,
    split_of,
    with_control,
    with_surprisal,
)
from sondage_classifiers.estimators import MajorityProbe


@dataclass(kw_only=True, eq=False)
class Majority:
    """Give every item the most frequent training label (the first such, in a tie).

    Parameters
    ----------
    control : bool
        Do the same on a control task, and give ``control_accuracy`` and ``selectivity``.

    Notes
    -----
    Surprisals are of the labels' frequencies in training, each count one more than it is
    (Laplace's rule), since certainty of the most frequent would make all others infinite.

    References
    ----------
    A baseline. Departs from it: none.
    """

    units: ClassVar[Literal["vectors"]] = "vectors"
    joint: ClassVar[tuple[str, ...]] = ()

    control: bool = False

    @property
    def randomness(self) -> tuple[str, ...]:
        """What the seed controls beside the split."""
        return ("control",) if self.control else ()

    def run_layers(self, problem: Problem) -> Iterator[tuple[int | None, int, Result]]:
        """Yield (layer, seed, result); the vectors are not read.

        Raises
        ------
        DataError
            For a target that is not one label per item, or an empty split.
        """
        labels = labels_of(problem, "classifiers.majority")
        types = problem.data.types() if self.control else []
        for layer in problem.layers:
            for seed in problem.seeds:
                result = self._cell(problem, labels, seed)
                if self.control:
                    other = control_target(problem, labels, types, problem.rng(None, seed))
                    result = with_control(result, self._cell(problem, other, seed))
                yield layer, seed, result

    def _cell(self, problem: Problem, labels: Labels, seed: int) -> Result:
        split = split_of(problem, seed, dev=False, probe="classifiers.majority")
        nothing = np.empty((len(labels), 0), np.float32)
        probe = MajorityProbe().fit(nothing[split.train], labels.y[split.train])
        result = classification(labels, probe.predict(nothing[split.test]), split.test, split.train)
        share = float(np.mean(labels.y[split.train] == probe.label_))
        table: dict[str, list[Any]] = {
            "label": [labels.names[int(probe.label_)]],
            "train_share": [share],
        }
        counts = np.bincount(labels.y[split.train], minlength=len(labels.names)) + 1
        bits = np.log2(counts.sum() / counts)[labels.y[split.test]]
        result = with_surprisal(result, bits)
        return dataclasses.replace(result, tables={**result.tables, "majority": table})
