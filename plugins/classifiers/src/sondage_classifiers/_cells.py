"""What the components share: checks of a problem, control tasks, and merged results."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sondage import probing
from sondage.contracts import Problem
from sondage.control import control_labels, selectivity
from sondage.data import Ints, Labels, Result, Split
from sondage_classifiers.logistic import check_classes, check_rows


def labels_of(problem: Problem, probe: str) -> Labels:
    """Return the problem's labels; raises `DataError` for targets that a classifier cannot take."""
    return probing.labels_of(
        problem, probe, "choose a task with one label an item, such as treebank.upos"
    )


def split_of(problem: Problem, seed: int, *, dev: bool, probe: str) -> Split:
    """Return a seed's split; raises `DataError` where a part that is needed is empty."""
    single = ", or a single candidate, which needs no dev part"
    return probing.split_of(problem, seed, probe, dev=dev, without_dev=single)


def vectors_of(problem: Problem, layer: int) -> NDArray[np.float32]:
    """Return a layer's vectors; raises `EncodingError` where some are not finite."""
    X = problem.vectors(layer)
    check_rows(X, f"layer {layer}, {problem.data.corpus.name}")
    return X


def check_training(labels: Labels, y: Ints, train: Ints, what: str) -> None:
    """Raise `DataError` unless the training items carry at least two labels."""
    check_classes(np.bincount(y[train], minlength=len(labels.names)), what, labels.names)


def control_target(
    problem: Problem, labels: Labels, types: list[str], rng: np.random.Generator
) -> Labels:
    """Return the same units under control labels."""
    y = control_labels(types, labels.y, rng=rng)
    return dataclasses.replace(labels, y=y)


def with_control(result: Result, control: Result) -> Result:
    """Add ``control_accuracy`` and ``selectivity`` to a result's scores, and control's tables."""
    accuracy = control.scores["accuracy"]
    scores = {
        **result.scores,
        "control_accuracy": accuracy,
        "selectivity": selectivity(result.scores["accuracy"], accuracy),
    }
    return dataclasses.replace(result, scores=scores)


def with_surprisal(result: Result, surprisal: NDArray[np.float64]) -> Result:
    """Add the items' surprisals (bits) to a result's outcomes."""
    assert result.outcomes is not None
    return dataclasses.replace(
        result, outcomes=dataclasses.replace(result.outcomes, surprisal=surprisal)
    )


def joined(*tables: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Put tables with the same columns below each other."""
    return {name: [v for table in tables for v in table[name]] for name in tables[0]}
