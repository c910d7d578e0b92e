"""The component `classifiers.linear`: all seeds of a layer, and control tasks, in one program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from sondage.contracts import Problem
from sondage.data import Result
from sondage.probing import SeedTask, by_seed, seed_tasks, settings_of, surprisals, vectors_of
from sondage.scores import classification
from sondage.specs import Before
from sondage_classifiers._cells import Controlled, with_control
from sondage_classifiers.estimators import LinearSettings
from sondage_classifiers.logistic import LogisticPath, fit_logistic
from sondage_classifiers.nested import chains, fit_nested, rows_of


@dataclass(kw_only=True, eq=False)
class Linear(Controlled, LinearSettings):
    """Multinomial logistic regression on raw vectors, fitted to its optimum.

    The strength is chosen on the dev part among fits on the training part; the chosen fit is
    scored on the test part as it is, without training again on train and dev together.

    Parameters
    ----------
    keep_weights : bool
        Keep the chosen weights, (classes × width), and intercepts as arrays of the result.

    Notes
    -----
    Scores ``accuracy``, ``macro_f1`` and with `control` ``control_accuracy`` and
    ``selectivity``. Table ``strengths``: dev accuracy, objective and gradient norm (nats),
    bound of the relative gap, whether the stopping rule was met, and iterations of every
    fit. Warning ``not-converged`` counts chosen fits that did not meet it. Surprisals are
    infinite for labels unseen in training: their intercepts have no finite optimum.

    References
    ----------
    Hewitt and Liang 2019, arXiv:1909.03368v1, section 2, for the control task and
    selectivity. Departs from it: their linear probe has no dev-chosen L2 penalty; a control
    task is drawn for every seed.
    """

    joint: ClassVar[tuple[str, ...]] = ("seed",)

    control: Annotated[bool, Before("standardise")] = False
    keep_weights: Annotated[bool, Before("tol")] = False

    def run_layers(self, problem: Problem) -> Iterator[tuple[int | None, int, Result]]:
        """Yield (layer, seed, result); one batched program per layer.

        Errors are those of `sondage.probing.seed_tasks` and `sondage.probing.vectors_of`.
        """
        tasks = seed_tasks(
            problem, "classifiers.linear", dev=len(set(self.strengths)) > 1, control=self.control,
            without_dev=", or a single candidate, which needs no dev part",
        )  # fmt: skip
        merge = partial(with_control, tables=("strengths",), warnings=("not-converged",))
        for layer in problem.layers:
            X = vectors_of(problem, layer)
            fits = self._fit(X, tasks)
            found = [self._cell(X, task, *fit) for task, fit in zip(tasks, fits, strict=True)]
            for seed, result in by_seed(tasks, found, merge):
                yield layer, seed, result

    def _fit(
        self, X: NDArray[np.float32], tasks: Sequence[SeedTask]
    ) -> list[tuple[LogisticPath, int]]:
        """Fit all tasks, equal ones once; return each one's place among the fits.

        Tasks whose training parts grow out of each other (the portions of an online code)
        are fitted one after the other; all others are solved in one program.
        """
        how = {**settings_of(self, LinearSettings), "classes": len(tasks[0].labels.names)}
        parts = [(task.split.train, task.labels.y) for task in tasks]
        keys = [(train.tobytes(), y.tobytes()) for train, y in parts]
        unique = {key: i for i, key in reversed(list(enumerate(keys)))}
        places = sorted(unique.values())
        found: dict[int, tuple[LogisticPath, int]] = {}
        alone: list[int] = []
        for chain in chains([parts[i] for i in places]):
            members = [places[i] for i in chain]
            if len(members) == 1:
                alone += members
                continue
            rows = rows_of([parts[i][0] for i in members])
            sizes = [len(parts[i][0]) for i in members]
            path = fit_nested(X[rows], parts[members[0]][1][rows], sizes, **how)
            found |= {i: (path, job) for job, i in enumerate(members)}
        if alone:
            alone.sort()
            masks = np.zeros((len(alone), len(X)), np.float32)
            for mask, i in zip(masks, alone, strict=True):
                mask[parts[i][0]] = 1
            path = fit_logistic(X, np.stack([parts[i][1] for i in alone]), masks, **how)
            found |= {i: (path, job) for job, i in enumerate(alone)}
        return [found[unique[key]] for key in keys]

    def _cell(self, X: NDArray[np.float32], task: SeedTask, path: LogisticPath, job: int) -> Result:
        labels, split = task.labels, task.split
        chosen, dev = 0, np.full(len(path.strengths), np.nan)
        if len(dev) > 1:
            dev = (path.predict(X[split.dev], job) == labels.y[split.dev]).mean(axis=1)
            chosen = int(dev.argmax())
        logits = path.scores(X[split.test], job)[chosen]
        table: dict[str, list[Any]] = {
            "task": ["control" if task.control else "target"] * len(dev),
            "strength": path.strengths.tolist(),
            "chosen": [i == chosen for i in range(len(dev))],
            "dev_accuracy": [None if np.isnan(a) else float(a) for a in dev],
        }
        for name in ("objective", "gradient_norm", "gap_bound", "converged", "iterations"):
            table[name] = getattr(path, name)[:, job].tolist()
        weights = {"weights": path.coef[chosen, job], "intercepts": path.intercept[chosen, job]}
        return classification(labels, logits.argmax(axis=1), split.test, split.train).adding(
            tables={"strengths": table},
            arrays=weights if self.keep_weights else {},
            warnings={"not-converged": int(not path.converged[chosen, job])},
            surprisal=surprisals(logits, labels.y[split.test]),
        )
