"""The component `senteval.classifier`."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from sondage.contracts import Problem
from sondage.data import Labels, Result, Split
from sondage.errors import DataError
from sondage.scores import classification
from sondage_senteval.estimator import check_classes, check_finite, check_fit, no_dev
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

        Raises
        ------
        DataError
            For a target that is not one label per item, an empty part of a split, or a single
            label in training.
        EncodingError
            For NaN or infinite values in the vectors.
        """
        from sondage_senteval.training import LayerData, train

        self.points()
        labels = _labels(problem)
        for seed in problem.seeds:
            _check_split(problem, labels, seed)
        # One number a seed: all layers share first weights and batches, as SentEval's do,
        # which sets the same seed before every fit.
        entropy = {s: int(problem.rng(None, s).integers(2**62)) for s in problem.seeds}
        y = np.asarray(labels.y, np.int64)
        cells, places = [], []
        for layer in problem.layers:
            X = problem.vectors(layer)
            check_finite(X, f"{_NAME}: layer {layer}, {problem.data.corpus.name}")
            for seed in problem.seeds:
                split = problem.splits[seed]
                cells.append(LayerData(X, y, split.train, split.dev, entropy[seed]))
                places.append((layer, seed))
        for i, fit in train(cells, len(labels.names), self):
            layer, seed = places[i]
            check_fit(fit, f"{_NAME}: layer {layer}, {problem.data.corpus.name}")
            split = problem.splits[seed]
            predicted = fit.predict(cells[i].X[split.test])
            found = classification(labels, predicted, split.test, split.train)
            yield layer, seed, self._with_training(found, fit)

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
        return dataclasses.replace(
            found,
            scores={**found.scores, "dev_accuracy": fit.dev_accuracy},
            tables={**found.tables, "grid": grid},
            warnings={**found.warnings, **({"epoch-limit": 1} if fit.exhausted else {})},
            arrays=weights if self.keep_weights else {},
        )


def _labels(problem: Problem) -> Labels:
    name, target = problem.data.corpus.name, problem.data.target
    if not isinstance(target, Labels):
        raise DataError(
            f"{_NAME} wants labels, but {name} has {type(target).__name__}",
            hint="choose a task with labels on sentences, words or spans",
        )
    if np.ndim(target.y) != 1 or target.y.dtype.kind not in "iu":
        raise DataError(
            f"{_NAME} wants one label an item, but the items of {name} carry several",
            hint="choose a task with one label an item",
        )
    return target


def _check_split(problem: Problem, labels: Labels, seed: int) -> Split:
    split, what = problem.splits[seed], f"{problem.data.corpus.name} (seed {seed})"
    for part in ("train", "test"):
        if not len(getattr(split, part)):
            raise DataError(f"{_NAME}: the {part} part of {what} is empty", hint="give more data")
    if not len(split.dev):
        raise no_dev(f"the dev part of {what}")
    check_classes(len(np.unique(labels.y[split.train])), f"{_NAME}, {what}")
    return split
