"""The component `classifiers.mlp`."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from sondage.contracts import Problem
from sondage.data import Ints, Labels, Outcomes, Result, Split
from sondage.scores import classification, per_class
from sondage_classifiers._cells import (
    check_training,
    control_target,
    joined,
    labels_of,
    split_of,
    vectors_of,
    with_control,
    with_surprisal,
)
from sondage_classifiers.perceptron import MLPProbe, MLPSettings

PROBE = "classifiers.mlp"


@dataclass(kw_only=True, eq=False)
class MLP(MLPSettings):
    """Two-layer neural network: grid search on dev, the best trained several times.

    The defaults are the paper's whole grid: 128 fits and five restarts a cell, ten minutes
    or more on 17,000 words (an estimate from single fits). ``hidden: [[64, 64]]`` with
    ``alphas: [0.0001]`` is the documented fast choice, which searches nothing.

    Parameters
    ----------
    control : bool
        Train a control task in the same way, with a grid search of its own.

    Notes
    -----
    Scores ``accuracy``, ``macro_f1``, ``accuracy_std`` (over restarts, n - 1 in the
    denominator; absent with one), and with `control` ``control_accuracy`` and
    ``selectivity``. Scores are means over restarts, outcomes the share of restarts that got an
    item right, surprisals means over them. Tables ``grid`` and ``restarts``; ``per_class``
    counts are means over restarts. Warning ``not-converged`` counts restarts that ran into
    `max_iter`, and ``grid-not-converged`` grid points that did.

    References
    ----------
    Zhou and Srikumar 2022, section 2.1. Departs from it: powers of ten between the printed
    ends of the L2 range; the best grid point is chosen on dev, which the paper does not say.
    """

    units: ClassVar[Literal["vectors"]] = "vectors"
    joint: ClassVar[tuple[str, ...]] = ()

    control: bool = False

    @property
    def randomness(self) -> tuple[str, ...]:
        """What the seed controls beside the split."""
        return ("initialisation", "control") if self.control else ("initialisation",)

    def run_layers(self, problem: Problem) -> Iterator[tuple[int | None, int, Result]]:
        """Yield (layer, seed, result), a cell at a time.

        Raises
        ------
        DataError
            For a target that is not one label per item, an empty part of a split, or a
            single label in training.
        EncodingError
            For NaN or infinite values in the vectors.
        """
        labels = labels_of(problem, PROBE)
        choice = len(set(self.hidden)) * len(set(self.alphas)) > 1
        splits = {s: split_of(problem, s, dev=choice, probe=PROBE) for s in problem.seeds}
        types = problem.data.types() if self.control else []
        for layer in problem.layers:
            X = vectors_of(problem, layer)
            for seed, split in splits.items():
                # Apart, so that a control task leaves the probe's own initialisations alone.
                own, other = problem.rng(layer, seed).spawn(2)
                what = f"{PROBE}: {problem.data.corpus.name} (seed {seed})"
                result = self._cell(X, labels, split, own, "target", what)
                if self.control:
                    # The control task is one for all layers; only its training varies.
                    task = control_target(problem, labels, types, problem.rng(None, seed))
                    control = self._cell(X, task, split, other, "control", f"control, {what}")
                    result = _merged(result, control)
                yield layer, seed, result

    def _cell(
        self,
        X: NDArray[np.float32],
        labels: Labels,
        split: Split,
        rng: np.random.Generator,
        task: str,
        what: str,
    ) -> Result:
        check_training(labels, labels.y, split.train, what)
        probe = MLPProbe(
            hidden=self.hidden, alphas=self.alphas, restarts=self.restarts, max_iter=self.max_iter
        )
        y = labels.y
        probe.fit(X[split.train], y[split.train], X[split.dev], y[split.dev], rng=rng)
        predicted: Ints = probe.predict_all(X[split.test])
        parts = [classification(labels, p, split.test, split.train) for p in predicted]
        right = np.stack([p.outcomes.values for p in parts if p.outcomes])
        warnings = dict(parts[0].warnings)
        slow = sum(m.n_iter_ >= self.max_iter for m in probe.models_)
        if slow:
            warnings["not-converged"] = slow
        if early := sum(t.epochs >= self.max_iter for t in probe.trials_):
            warnings["grid-not-converged"] = early
        result = Result(
            scores=_scores(parts),
            outcomes=Outcomes(split.test, labels.sentence[split.test], right.mean(axis=0)),
            tables={
                "per_class": _mean_counts(labels, split.test, predicted),
                "restarts": _restarts(task, probe, parts),
                "grid": _grid(task, probe),
            },
            warnings=warnings,
        )
        return with_surprisal(result, probe.surprisals(X[split.test], y[split.test]))


def _scores(parts: list[Result]) -> dict[str, float]:
    accuracies = [p.scores["accuracy"] for p in parts]
    scores = {
        "accuracy": float(np.mean(accuracies)),
        "macro_f1": float(np.mean([p.scores["macro_f1"] for p in parts])),
    }
    if len(parts) > 1:
        scores["accuracy_std"] = float(np.std(accuracies, ddof=1))
    return scores


def _mean_counts(labels: Labels, test: Ints, predicted: Ints) -> dict[str, list[Any]]:
    restarts = len(predicted)
    table = per_class(np.tile(labels.y[test], restarts), predicted.reshape(-1), labels.names)
    for column in ("n", "predicted", "correct"):
        table[column] = [float(v) / restarts for v in np.asarray(table[column], float)]
    return table


def _restarts(task: str, probe: MLPProbe, parts: list[Result]) -> dict[str, list[Any]]:
    return {
        "task": [task] * len(parts),
        "hidden": [list(probe.hidden_)] * len(parts),
        "alpha": [probe.alpha_] * len(parts),
        "accuracy": [p.scores["accuracy"] for p in parts],
        "macro_f1": [p.scores["macro_f1"] for p in parts],
        "epochs": [int(m.n_iter_) for m in probe.models_],
        "loss": [float(m.loss_) for m in probe.models_],
    }


def _grid(task: str, probe: MLPProbe) -> dict[str, list[Any]]:
    return {
        "task": [task] * len(probe.trials_),
        "hidden": [list(t.hidden) for t in probe.trials_],
        "alpha": [t.alpha for t in probe.trials_],
        "dev_accuracy": [t.dev_accuracy for t in probe.trials_],
        "epochs": [t.epochs for t in probe.trials_],
    }


def _merged(result: Result, control: Result) -> Result:
    """Return a result with its control task's scores, and tables and warnings of both."""
    both = with_control(result, control)
    tables = {
        name: joined(dict(result.tables[name]), dict(control.tables[name]))
        for name in ("restarts", "grid")
    }
    warnings = dict(result.warnings)
    for slug in ("not-converged", "grid-not-converged"):
        if slow := result.warnings.get(slug, 0) + control.warnings.get(slug, 0):
            warnings[slug] = slow
    return dataclasses.replace(both, tables={**both.tables, **tables}, warnings=warnings)
