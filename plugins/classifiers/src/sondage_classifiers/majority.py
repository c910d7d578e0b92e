"""The component `classifiers.majority`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce

import numpy as np

from sondage.contracts import Problem
from sondage.data import Result
from sondage.probing import SeedTask, seed_tasks
from sondage.scores import classification
from sondage_classifiers._cells import Controlled, with_control
from sondage_classifiers.estimators import MajorityProbe


@dataclass(kw_only=True, eq=False)
class Majority(Controlled):
    """Give every item the most frequent training label (the first such, in a tie).

    Notes
    -----
    Surprisals are of the labels' frequencies in training, each count one more than it is
    (Laplace's rule), since certainty of the most frequent would make all others infinite.

    References
    ----------
    A baseline. Departs from it: none.
    """

    def run_layers(self, problem: Problem) -> Iterator[tuple[int | None, int, Result]]:
        """Yield (layer, seed, result); the vectors are not read.

        Raises
        ------
        DataError
            For a target that is not one label per item, or an empty split.
        """
        tasks = seed_tasks(
            problem, "classifiers.majority", dev=False, control=self.control, two=False
        )
        for layer in problem.layers:
            for seed in problem.seeds:
                found = [self._cell(task) for task in tasks if task.seed == seed]
                yield layer, seed, reduce(with_control, found)

    def _cell(self, task: SeedTask) -> Result:
        labels, y, split = task.labels, task.labels.y, task.split
        nothing = np.empty((len(labels), 0), np.float32)
        probe = MajorityProbe().fit(nothing[split.train], y[split.train])
        result = classification(labels, probe.predict(nothing[split.test]), split.test, split.train)
        share = float(np.mean(y[split.train] == probe.label_))
        counts = np.bincount(y[split.train], minlength=len(labels.names)) + 1
        return result.adding(
            tables={"majority": {"label": [labels.names[probe.label_]], "train_share": [share]}},
            surprisal=np.log2(counts.sum() / counts)[y[split.test]],
        )
