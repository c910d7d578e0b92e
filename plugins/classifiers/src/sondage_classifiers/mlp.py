"""The component `classifiers.mlp`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial, reduce
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from sondage.contracts import Problem
from sondage.data import Ints, Labels, Outcomes, Result
from sondage.probing import SeedTask, seed_tasks, settings_of, vectors_of
from sondage.scores import classification, per_class
from sondage_classifiers._cells import Controlled, with_control
from sondage_classifiers.perceptron import MLPProbe, MLPSettings


@dataclass(kw_only=True, eq=False)
class MLP(Controlled, MLPSettings):
    """Two-layer neural network: grid search on dev, the best trained several times.

    The defaults are the paper's whole grid: 128 fits and five restarts a cell, ten minutes
    or more on 17,000 words (an estimate from single fits). ``hidden: [[64, 64]]`` with
    ``alphas: [0.0001]`` is the documented fast choice, which searches nothing.

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

    drawn: ClassVar[tuple[str, ...]] = ("initialisation",)

    def run_layers(self, problem: Problem) -> Iterator[tuple[int | None, int, Result]]:
        """Yield (layer, seed, result), a cell at a time.

        Errors are those of `sondage.probing.seed_tasks` and `sondage.probing.vectors_of`.
        """
        choice = len(set(self.hidden)) * len(set(self.alphas)) > 1
        tasks = seed_tasks(
            problem, "classifiers.mlp", dev=choice, control=self.control,
            without_dev=", or a single candidate, which needs no dev part",
        )  # fmt: skip
        merge = partial(
            with_control, tables=("restarts", "grid"),
            warnings=("not-converged", "grid-not-converged"),
        )  # fmt: skip
        for layer in problem.layers:
            X = vectors_of(problem, layer)
            for seed in problem.seeds:
                # Apart, so that a control task leaves the probe's own initialisations alone.
                rngs = problem.rng(layer, seed).spawn(2)
                found = [self._cell(X, t, rngs[t.control]) for t in tasks if t.seed == seed]
                yield layer, seed, reduce(merge, found)

    def _cell(self, X: NDArray[np.float32], task: SeedTask, rng: np.random.Generator) -> Result:
        labels, y, split = task.labels, task.labels.y, task.split
        probe = MLPProbe(**settings_of(self, MLPSettings))
        probe.fit(X[split.train], y[split.train], X[split.dev], y[split.dev], rng=rng)
        predicted: Ints = probe.predict_all(X[split.test])
        parts = [classification(labels, p, split.test, split.train) for p in predicted]
        right = np.stack([p.outcomes.values for p in parts if p.outcomes]).mean(axis=0)
        bits = probe.surprisals(X[split.test], y[split.test])
        name = "control" if task.control else "target"
        return Result(
            scores=_scores(parts),
            outcomes=Outcomes(split.test, labels.sentence[split.test], right, bits),
            tables={
                "per_class": _mean_counts(labels, split.test, predicted),
                "restarts": _restarts(name, probe, parts),
                "grid": _grid(name, probe),
            },
            warnings=parts[0].warnings,
        ).adding(
            warnings={
                "not-converged": sum(m.n_iter_ >= self.max_iter for m in probe.models_),
                "grid-not-converged": sum(t.epochs >= self.max_iter for t in probe.trials_),
            }
        )


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
