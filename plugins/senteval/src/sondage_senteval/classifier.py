"""The component `senteval.classifier`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from sondage.contracts import Problem
from sondage.data import Result
from sondage.probing import seed_tasks, vectors_of
from sondage.scores import classification
from sondage_senteval.estimator import check_fit
from sondage_senteval.settings import ClassifierSettings

if TYPE_CHECKING:
    from sondage_senteval.training import TrainedClassifier

_NAME = "senteval.classifier"


@dataclass(kw_only=True, eq=False)
class Classifier(ClassifierSettings):
    """The classifier of SentEval: logistic regression, or an MLP with a grid chosen on dev.

    All layers, seeds and grid points are trained in one program.

    Parameters
    ----------
    keep_weights : bool
        Return the chosen weights as arrays.

    Notes
    -----
    Scores ``accuracy``, ``macro_f1`` and ``dev_accuracy``. Table ``grid``: every point with its
    best dev accuracy and its passes. Warning ``epoch-limit`` where `max_epoch` ended the
    training of the chosen point.

    References
    ----------
    Conneau et al. 2018, arXiv:1805.01070v2, section 4; Conneau and Kiela 2018,
    arXiv:1803.05449v1, and their toolkit. Mosbach et al. 2020, arXiv:2010.02616, section 3.4,
    use logistic regression. Departs from it: random numbers are NumPy's; the equal last fit of
    the chosen point is not repeated; the MLP's size and dropout are chosen together with the
    L2 weight; word content is not switched to logistic regression when `model` is ``mlp``.
    """

    units: ClassVar[Literal["vectors"]] = "vectors"
    joint: ClassVar[tuple[str, ...]] = ("layer", "seed")
    randomness: ClassVar[tuple[str, ...]] = ("initialisation", "batches", "dropout")

    keep_weights: bool = False

    def run_layers(self, problem: Problem) -> Iterator[tuple[int | None, int, Result]]:
        """Yield (layer, seed, result) as cells are done.

        Errors are those of `sondage.probing.seed_tasks` and `sondage.probing.vectors_of`.
        """
        from sondage_senteval.training import LayerData, train

        self.points()
        tasks = seed_tasks(
            problem, _NAME, dev=True,
            without_dev=": training stops and the grid is chosen by its accuracy",
        )  # fmt: skip
        # One number a seed: all layers share first weights and batches, as SentEval's do,
        # which sets the same seed before every fit.
        entropy = {s: int(problem.rng(None, s).integers(2**62)) for s in problem.seeds}
        labels = tasks[0].labels
        y = np.asarray(labels.y, np.int64)
        cells, places = [], []
        for layer in problem.layers:
            X = vectors_of(problem, layer)
            for task in tasks:
                cells.append(LayerData(X, y, task.split.train, task.split.dev, entropy[task.seed]))
                places.append((layer, task))
        for i, fit in train(cells, len(labels.names), self):
            layer, task = places[i]
            check_fit(fit, f"{_NAME}: layer {layer}, {problem.data.corpus.name}")
            predicted = fit.predict(cells[i].X[task.split.test])
            found = classification(labels, predicted, task.split.test, task.split.train)
            yield layer, task.seed, self._with_training(found, fit)

    def _with_training(self, found: Result, fit: TrainedClassifier) -> Result:
        """Return a result with what training was like."""
        grid: dict[str, list[Any]] = {
            "hidden": [p.hidden for p, *_ in fit.trials],
            "dropout": [p.dropout for p, *_ in fit.trials],
            "l2": [p.l2 for p, *_ in fit.trials],
            "dev_accuracy": [a for _, a, _ in fit.trials],
            "epochs": [e for *_, e in fit.trials],
            "chosen": [p == fit.point for p, *_ in fit.trials],
        }
        weights = {f"weights{k}": w for k, w in enumerate(fit.weights)}
        return found.adding(
            scores={"dev_accuracy": fit.dev_accuracy},
            tables={"grid": grid},
            arrays=weights if self.keep_weights else {},
            warnings={"epoch-limit": int(fit.exhausted)},
        )
