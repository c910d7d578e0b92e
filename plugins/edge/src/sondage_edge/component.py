"""The component `edge.probe`."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from sondage.contracts import Problem
from sondage.data import Ints, Labels, Outcomes, Result, Split, States, Units
from sondage.errors import DataError, EncodingError
from sondage_edge import labels as scoring
from sondage_edge.estimator import EdgeProbe, EdgeSettings, cells_of
from sondage_edge.mixing import centre_of_gravity, differential, expected_layer
from sondage_edge.ragged import places

if TYPE_CHECKING:
    from sondage_edge.alone import Work

PROBE = "edge.probe"


@dataclass(kw_only=True, eq=False)
class Edge(EdgeSettings):
    """Edge probe on spans or pairs of spans; see `EdgeProbe` for the network.

    Parameters
    ----------
    device : {'cpu', 'cuda'}
        Where training runs.

    Notes
    -----
    Labels that a target says were not asked of an item (`Labels.asked`) are neither trained nor
    scored there. Scores ``micro_f1`` (over all decisions), ``macro_f1`` (mean over labels that
    occur or are predicted), ``accuracy`` (of the likeliest label, where items carry one), with a
    mix ``centre_of_gravity``, and with ``cumulative`` ``expected_layer``, both in layers. Tables
    ``per_class``, ``mix`` (share of each layer, gamma), ``cumulative`` (scores and what
    each layer adds) and ``training``. Outcomes have micro-F1 as their mean. Warnings
    ``unseen-label`` (test items whose label is not in training), ``not-converged``,
    ``nothing-predicted`` (no label of any test item has a probability above 1/2, so that F1
    is 0), ``no-expected-layer`` (the layers above the first add nothing; it is then 0).

    References
    ----------
    Tenney et al. 2019, arXiv:1905.06316v1, section 3.1; Tenney, Das and Pavlick 2019,
    arXiv:1905.05950v2, section 3. Departs from them: see `EdgeProbe`; an expected layer that
    is not defined is given as 0, with a warning.
    """

    units: ClassVar[Literal["spans"]] = "spans"
    randomness: ClassVar[tuple[str, ...]] = ("initialisation",)

    device: Literal["cpu", "cuda"] = "cpu"

    @property
    def per_layer(self) -> bool:
        """Whether there is a result for each layer."""
        return self.read == "layer"

    @property
    def joint(self) -> tuple[str, ...]:
        """Layers, where each has a result: they are trained in one program."""
        return ("layer",) if self.per_layer else ()

    def run_layers(self, problem: Problem) -> Iterator[tuple[int | None, int, Result]]:
        """Yield (layer, seed, result), a seed at a time.

        Raises
        ------
        DataError
            For a target that is no labels on spans, spans that do not fit their sentences,
            an empty part of a split, one label only in training, or ``lexical`` or ``cat``
            without layer 0.
        EncodingError
            For rows that are not words, NaN or infinite values.
        """
        target = self._target(problem)
        numbers = sorted(problem.layers)
        if self.read in ("lexical", "cat") and numbers[0] != 0:
            raise DataError(
                f"{PROBE} with read: {self.read} needs layer 0, but the layers are {numbers}",
                hint="add 0 to the composition's 'layers'",
            )
        keep = {"top": numbers[-1:], "lexical": numbers[:1],
                "cat": sorted({numbers[0], numbers[-1]})}  # fmt: skip
        numbers = keep.get(self.read, numbers)
        states, units = _states(problem, target, numbers)
        from sondage_edge.together import end_together

        begun = [self._begun(problem, seed, numbers, states, units, target)
                 for seed in problem.seeds]  # fmt: skip
        end_together(begun)
        for seed, (probe, _) in zip(problem.seeds, begun, strict=True):
            split = problem.splits[seed]
            test = cells_of(split.test, units)
            scores = probe.decision_function(states, test)
            if self.per_layer:
                for i, layer in enumerate(numbers):
                    yield layer, seed, self._result(probe, i, scores[i], target, split)
            else:
                cell = len(numbers) - 1 if self.read == "cumulative" else 0
                last = scores[cell] if scores.ndim == 3 else scores
                result = self._result(probe, cell, last, target, split)
                if probe.shares_.shape[1]:
                    result = self._with_mix(result, probe, numbers, scores, target, split)
                yield None, seed, result

    def _target(self, problem: Problem) -> Labels:
        target, name = problem.data.target, problem.data.corpus.name
        if not isinstance(target, Labels):
            raise DataError(
                f"{PROBE} wants labels on spans, but {name} has {type(target).__name__}",
                hint="choose a task with labels on words, spans or pairs of them",
            )
        scoring.check_labels(target.y, self.loss, len(target.names))
        return scoring.masked(target)

    def _check_split(self, problem: Problem, target: Labels, split: Split, seed: int) -> None:
        name = f"{problem.data.corpus.name} (seed {seed})"
        if not len(split.dev):
            raise DataError(
                f"{PROBE}: the dev part of {name} is empty, but it decides when to stop",
                hint="give more data or other 'ratios', or name files for dev",
            )
        scoring.check_training(target.y[split.train], f"the train part of {name}", target.names)

    def _begun(
        self, problem: Problem, seed: int, numbers: Sequence[int], states: Sequence[States],
        units: Units, target: Labels,
    ) -> tuple[EdgeProbe, Work]:  # fmt: skip
        split = problem.splits[seed]
        self._check_split(problem, target, split, seed)
        given = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        initials = [problem.rng(n, seed) for n in numbers] if self.per_layer else []
        probe = EdgeProbe(**given)
        return probe, probe.begin(
            states, cells_of(split.train, units), target.y[split.train],
            dev=(cells_of(split.dev, units), target.y[split.dev]),
            rng=problem.rng(None, seed), n_labels=len(target.names), initials=initials,
        )  # fmt: skip

    def _result(
        self, probe: EdgeProbe, cell: int, logits: NDArray[Any], target: Labels, split: Split
    ) -> Result:
        test: Ints = split.test
        y = target.y[test]
        gold, found = scoring.truth(y, len(target.names)), self._decisions(logits, y)
        table = scoring.per_label(gold, found, target.names)
        scores = {
            "micro_f1": scoring.micro_f1(gold, found),
            "macro_f1": float(np.mean(table["f1"])) if table["f1"] else 0.0,
        }
        if y.ndim == 1:
            scores["accuracy"] = float(np.mean(logits.argmax(axis=1) == y))
        values = scoring.shares_of_f1(gold, found)
        if np.isin(values, (0.0, 1.0)).all():
            values = values.astype(bool)
        counts = {
            "unseen-label": scoring.unseen(target.y, split.train, test),
            "not-converged": int(not probe.converged_[cell]),
            "nothing-predicted": int(len(found) > 0 and not found.any()),
        }
        at = [i for i, c in enumerate(probe.history_["cell"]) if c == cell]
        training = {k: [v[i] for i in at] for k, v in probe.history_.items() if k != "cell"}
        return Result(
            scores=scores,
            outcomes=Outcomes(test, target.sentence[test], values, scoring.surprisal(logits, y)),
            tables={"per_class": table, "training": training},
            warnings={slug: n for slug, n in counts.items() if n},
        )

    def _decisions(self, logits: NDArray[Any], y: NDArray[Any]) -> NDArray[np.bool_]:
        """Return which labels are predicted, of those that were asked for."""
        found, asked = scoring.decisions(logits, self.loss), scoring.asked(y)
        return found if asked is None else found & asked

    def _with_mix(
        self, result: Result, probe: EdgeProbe, numbers: Sequence[int], logits: NDArray[Any],
        target: Labels, split: Split,
    ) -> Result:  # fmt: skip
        shares, gamma = probe.shares_[-1], float(probe.gamma_[-1])
        scores = {**result.scores, "centre_of_gravity": centre_of_gravity(shares, numbers)}
        mix = {"mixed_layer": list(numbers), "share": shares.tolist(),
               "gamma": [gamma] * len(numbers)}  # fmt: skip
        tables, warnings = {**result.tables, "mix": mix}, dict(result.warnings)
        if self.read == "cumulative":
            y = target.y[split.test]
            gold = scoring.truth(y, logits.shape[-1])
            each = [scoring.micro_f1(gold, self._decisions(z, y)) for z in logits]
            expected = expected_layer(each, numbers)
            if expected is None:
                warnings["no-expected-layer"] = 1
            scores["expected_layer"] = 0.0 if expected is None else expected
            tables["cumulative"] = {
                "up_to_layer": list(numbers),
                "micro_f1": each,
                "added": [None, *differential(each).tolist()],
                "shares": [[float(v) for v in row] for row in probe.shares_],
                "gamma": [float(g) for g in probe.gamma_],
                "converged": [bool(c) for c in probe.converged_],
            }
            slow = int((~probe.converged_).sum())
            warnings |= {"not-converged": slow} if slow else {}
        return dataclasses.replace(result, scores=scores, tables=tables, warnings=warnings)


def _states(problem: Problem, target: Labels, numbers: Sequence[int]) -> tuple[list[States], Units]:
    """Return the layers and the units that point into them, after checking that rows are words."""
    corpus = problem.data.corpus
    first, place = corpus.unique
    units = Units(place[target.units.sentence], target.units.spans)
    # Of distinct sentences: maps of the store's files, where nothing is copied.
    layers = [problem.distinct_states(number) for number in numbers]
    if units.arity and corpus.offsets is not None:
        wanted = np.diff(corpus.offsets)[first]
        got = np.diff(layers[0].offsets)
        if not np.array_equal(wanted, got):
            k = int(np.flatnonzero(wanted != got)[0])
            bad = int(first[k])
            raise EncodingError(
                f"{PROBE}: spans are over words, but sentence {bad} of {corpus.name} has "
                f"{int(wanted[k])} words and {int(got[k])} rows",
                hint="views: [word] (or word-first, word-last); rows of subwords do not say "
                "which word they belong to",
            )
    # Here, so that the message has the task's own numbers of items.
    places(units, layers[0].offsets, corpus.name)
    return layers, units
