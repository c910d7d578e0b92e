"""The component `mdl.variational`: labels and the network that tells them, in one code."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from sondage.contracts import Problem
from sondage.control import control_labels
from sondage.data import Labels, Result, Split
from sondage.scores import classification
from sondage_mdl._checks import labels_of, layer_chunks, split_of
from sondage_mdl.estimator import VariationalSettings
from sondage_mdl.networks import MLPJob
from sondage_mdl.variational import VariationalCode, fit_variational

PROBE = "mdl.variational"
#: Bytes of vectors that are held at once.
BUDGET = 1 << 30


@dataclass(kw_only=True, eq=False)
class Variational(VariationalSettings):
    """Bits of the training labels given a Bayesian network, plus bits of the network.

    The network's inputs and hidden neurons are kept only if what they save is more than what
    they cost. Words and spans are their pooled vector (the mean of a span's words), pairs
    both vectors in a row. The dev part is not used.

    Parameters
    ----------
    control : bool
        Code a control task too.
    keep_rates : bool
        Keep the log dropout rates of inputs and neurons as arrays.

    Notes
    -----
    Scores ``compression`` (uniform / codelength), ``codelength``, ``data_bits``,
    ``model_bits``, ``data_bits_at_means`` and ``uniform`` (bits); ``accuracy`` and
    ``macro_f1`` of the pruned network on the test part; with `control` those of the control
    task and ``selectivity``. Table ``architecture``: neurons before and after pruning. There
    are no outcomes, as for `mdl.online`.

    References
    ----------
    Voita and Titov 2020, arXiv:2003.12298v1, section 2.2.1; Louizos et al. 2017,
    arXiv:1705.08665. Departs from them: see `sondage_mdl.VariationalMLP`.
    """

    units: ClassVar[Literal["vectors"]] = "vectors"
    joint: ClassVar[tuple[str, ...]] = ("layer", "seed")

    control: bool = False
    keep_rates: bool = False

    @property
    def randomness(self) -> tuple[str, ...]:
        """What the seed controls beside the split."""
        return ("initialisation", "control") if self.control else ("initialisation",)

    def run_layers(self, problem: Problem) -> Iterator[tuple[int | None, int, Result]]:
        """Yield (layer, seed, result).

        Raises
        ------
        DataError
            For a target that is not one label per item, an empty part of a split, or a
            single label in training.
        EncodingError
            For NaN or infinite values in the vectors.
        """
        labels = labels_of(problem, PROBE)
        splits = {s: split_of(problem, labels, s, PROBE, dev=False) for s in problem.seeds}
        targets: dict[tuple[int, str], Labels] = {(s, "target"): labels for s in splits}
        if self.control:
            types = problem.data.types()
            for seed in splits:
                y = control_labels(types, labels.y, rng=problem.rng(None, seed))
                targets[seed, "control"] = dataclasses.replace(labels, y=y)
        for vectors in layer_chunks(problem, BUDGET):
            places = [(layer, *key) for layer in vectors for key in targets]
            jobs = [
                _job(vectors[layer], targets[seed, task], splits[seed], problem, layer, seed, task)
                for layer, seed, task in places
            ]
            codes = fit_variational(jobs, n_labels=len(labels.names), **self.asked())
            found = dict(zip(places, codes, strict=True))
            for layer in vectors:
                for seed, split in splits.items():
                    result = self._result(
                        vectors[layer], labels, split, found[layer, seed, "target"]
                    )
                    if self.control:
                        other = self._result(
                            vectors[layer],
                            targets[seed, "control"],
                            split,
                            found[layer, seed, "control"],
                        )
                        result = _with_control(result, other)
                    yield layer, seed, result

    def _result(
        self, X: NDArray[np.float32], labels: Labels, split: Split, code: VariationalCode
    ) -> Result:
        predicted = code.log_probabilities(X[split.test]).argmax(axis=1)
        scored = classification(labels, predicted, split.test, split.train)
        names = ["inputs", *(f"hidden {i + 1}" for i in range(len(self.hidden)))]
        architecture: dict[str, list[Any]] = {
            "part": names,
            "neurons": [X.shape[1], *self.hidden],
            "kept": list(code.architecture),
        }
        arrays = {
            f"log_alpha_{i}": rates for i, rates in enumerate(code.log_alpha) if self.keep_rates
        }
        scores = {
            "compression": code.compression,
            "codelength": code.codelength,
            "data_bits": code.data_bits,
            "model_bits": code.model_bits,
            "data_bits_at_means": code.data_bits_at_means,
            "uniform": code.uniform,
            **scored.scores,
        }
        tables = {"architecture": architecture, **scored.tables}
        return Result(scores, tables=tables, arrays=arrays, warnings=scored.warnings)


def _job(
    X: NDArray[np.float32],
    labels: Labels,
    split: Split,
    problem: Problem,
    layer: int,
    seed: int,
    task: str,
) -> MLPJob:
    rng = problem.rng(layer, seed).spawn(2)[task == "control"]
    none = np.arange(0)
    return MLPJob(X, labels.y, split.train, none, none, rng)


def _with_control(result: Result, control: Result) -> Result:
    """Add a control task's scores and architecture."""
    names = ("compression", "codelength", "data_bits", "model_bits", "accuracy")
    scores = {
        **result.scores,
        **{f"control_{name}": control.scores[name] for name in names},
        "selectivity": result.scores["accuracy"] - control.scores["accuracy"],
    }
    tables = {**result.tables, "control_architecture": control.tables["architecture"]}
    return dataclasses.replace(result, scores=scores, tables=tables)
