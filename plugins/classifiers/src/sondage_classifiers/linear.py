"""The component `classifiers.linear`: all seeds of a layer, and control tasks, in one program."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from sondage.contracts import Problem
from sondage.data import Ints, Labels, Result, Split
from sondage.probing import surprisals
from sondage.scores import classification
from sondage.specs import Before
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
from sondage_classifiers.estimators import LinearSettings
from sondage_classifiers.logistic import LogisticPath, fit_logistic
from sondage_classifiers.nested import chains, fit_nested, rows_of

PROBE = "classifiers.linear"


@dataclass(kw_only=True, eq=False)
class Linear(LinearSettings):
    """Multinomial logistic regression on raw vectors, fitted to its optimum.

    The strength is chosen on the dev part among fits on the training part; the chosen fit is
    scored on the test part as it is, without training again on train and dev together.

    Parameters
    ----------
    control : bool
        Fit a control task in the same way, with a strength of its own.
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
    task is drawn anew for every layer and seed.
    """

    units: ClassVar[Literal["vectors"]] = "vectors"
    joint: ClassVar[tuple[str, ...]] = ("seed",)

    control: Annotated[bool, Before("standardise")] = False
    keep_weights: Annotated[bool, Before("tol")] = False

    @property
    def randomness(self) -> tuple[str, ...]:
        """What the seed controls beside the split: the problem itself is convex."""
        return ("control",) if self.control else ()

    def run_layers(self, problem: Problem) -> Iterator[tuple[int | None, int, Result]]:
        """Yield (layer, seed, result); one batched program per layer.

        Raises
        ------
        DataError
            For a target that is not one label per item, an empty part of a split, or a
            single label in training.
        EncodingError
            For NaN or infinite values in the vectors.
        """
        labels = labels_of(problem, PROBE)
        choice = len(set(self.strengths)) > 1
        splits = {s: split_of(problem, s, dev=choice, probe=PROBE) for s in problem.seeds}
        types = problem.data.types() if self.control else []
        for seed, split in splits.items():
            check_training(labels, labels.y, split.train, self._name(problem, "", seed))
        for layer in problem.layers:
            X = vectors_of(problem, layer)
            targets = [(seed, labels) for seed in splits]
            for seed in splits if self.control else ():
                other = control_target(problem, labels, types, problem.rng(None, seed))
                what = self._name(problem, "control task of ", seed)
                check_training(other, other.y, splits[seed].train, what)
                targets.append((seed, other))
            fits = self._fit(X, [(splits[seed], t) for seed, t in targets])
            for place, (seed, split) in enumerate(splits.items()):
                result = self._cell(X, labels, split, *fits[place], what="target")
                if self.control:
                    at = len(splits) + place
                    control = self._cell(X, targets[at][1], split, *fits[at], what="control")
                    result = _merged(result, control)
                yield layer, seed, result

    @staticmethod
    def _name(problem: Problem, before: str, seed: int) -> str:
        return f"{PROBE}: {before}{problem.data.corpus.name} (seed {seed})"

    def _fit(
        self, X: NDArray[np.float32], wanted: Sequence[tuple[Split, Labels]]
    ) -> list[tuple[LogisticPath, int]]:
        """Fit all problems, equal ones once; return each one's place among the fits.

        Problems whose training parts grow out of each other (the portions of an online code)
        are fitted one after the other; all others are solved in one program.
        """
        K = len(wanted[0][1].names)
        how: dict[str, Any] = {
            "strengths": self.strengths, "classes": K, "standardise": self.standardise,
            "tol": self.tol,
        }  # fmt: skip
        parts = [(split.train, labels.y) for split, labels in wanted]
        keys = [(train.tobytes(), y.tobytes()) for train, y in parts]
        unique = {key: i for i, key in reversed(list(enumerate(keys)))}
        found: dict[int, tuple[LogisticPath, int]] = {}
        alone = []
        for chain in chains([parts[i] for i in sorted(unique.values())]):
            members = [sorted(unique.values())[i] for i in chain]
            if len(members) == 1:
                alone.append(members[0])
                continue
            rows = rows_of([parts[i][0] for i in members])
            sizes = [len(parts[i][0]) for i in members]
            path = fit_nested(X[rows], parts[members[0]][1][rows], sizes, **how)
            found |= {i: (path, job) for job, i in enumerate(members)}
        if alone:
            masks = np.zeros((len(alone), len(X)), np.float32)
            for mask, i in zip(masks, sorted(alone), strict=True):
                mask[parts[i][0]] = 1
            targets = np.stack([parts[i][1] for i in sorted(alone)])
            path = fit_logistic(X, targets, masks, **how)
            found |= {i: (path, job) for job, i in enumerate(sorted(alone))}
        return [found[unique[key]] for key in keys]

    def _cell(
        self,
        X: NDArray[np.float32],
        labels: Labels,
        split: Split,
        path: LogisticPath,
        job: int,
        what: str,
    ) -> Result:
        chosen, dev = 0, np.full(len(path.strengths), np.nan)
        if len(dev) > 1:
            dev = (path.predict(X[split.dev], job) == labels.y[split.dev]).mean(axis=1)
            chosen = int(dev.argmax())
        logits = path.scores(X[split.test], job)[chosen]
        predicted: Ints = logits.argmax(axis=1)
        result = classification(labels, predicted, split.test, split.train)
        result = with_surprisal(result, surprisals(logits, labels.y[split.test]))
        table: dict[str, list[Any]] = {
            "task": [what] * len(dev),
            "strength": path.strengths.tolist(),
            "chosen": [i == chosen for i in range(len(dev))],
            "dev_accuracy": [None if np.isnan(a) else float(a) for a in dev],
            "objective": path.objective[:, job].tolist(),
            "gradient_norm": path.gradient_norm[:, job].tolist(),
            "gap_bound": path.gap_bound[:, job].tolist(),
            "converged": path.converged[:, job].tolist(),
            "iterations": path.iterations[:, job].tolist(),
        }
        warnings = dict(result.warnings)
        if not path.converged[chosen, job]:
            warnings["not-converged"] = 1
        arrays = {}
        if self.keep_weights:
            arrays = {
                "weights": path.coef[chosen, job],
                "intercepts": path.intercept[chosen, job],
            }
        return dataclasses.replace(
            result, tables={**result.tables, "strengths": table}, warnings=warnings, arrays=arrays
        )


def _merged(result: Result, control: Result) -> Result:
    """Return a result with its control task's scores, and a table and warnings of both."""
    both = with_control(result, control)
    strengths = joined(dict(result.tables["strengths"]), dict(control.tables["strengths"]))
    failed = "not-converged"
    count = result.warnings.get(failed, 0) + control.warnings.get(failed, 0)
    warnings = {**result.warnings, **({failed: count} if count else {})}
    return dataclasses.replace(
        both, tables={**both.tables, "strengths": strengths}, warnings=warnings
    )
