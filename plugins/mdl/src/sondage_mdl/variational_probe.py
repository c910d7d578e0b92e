"""The component `mdl.variational`: labels and the network that tells them, in one code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from sondage.contracts import Problem
from sondage.data import Result
from sondage.probing import SeedTask, by_seed, layer_chunks, seed_tasks
from sondage.scores import classification
from sondage_mdl._rows import SEVERAL, MLPJob
from sondage_mdl.variational import VariationalCode, VariationalSettings, fit_variational

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

        Errors are those of `sondage.probing.seed_tasks` and `sondage.probing.vectors_of`.
        """
        tasks = seed_tasks(problem, PROBE, dev=False, several=SEVERAL)
        if self.control:
            # A control task has a code even where it trains on a single label.
            both = seed_tasks(problem, PROBE, dev=False, control=True, two=False)
            tasks += both[len(tasks) :]
        n_labels = len(tasks[0].labels.names)
        for vectors in layer_chunks(problem, BUDGET):
            cells = [(layer, task) for layer in vectors for task in tasks]
            rngs = [problem.rng(layer, task.seed).spawn(2)[task.control] for layer, task in cells]
            jobs = [
                MLPJob.of(vectors[layer], task, rng)
                for (layer, task), rng in zip(cells, rngs, strict=True)
            ]
            codes = iter(fit_variational(jobs, n_labels, self))
            for layer, X in vectors.items():
                found = [self._result(X, task, next(codes)) for task in tasks]
                for seed, result in by_seed(tasks, found, _with_control):
                    yield layer, seed, result

    def _result(self, X: NDArray[np.float32], task: SeedTask, code: VariationalCode) -> Result:
        test = task.split.test
        predicted = code.log_probabilities(X[test]).argmax(axis=1)
        scored = classification(task.labels, predicted, test, task.split.train)
        architecture: dict[str, list[Any]] = {
            "part": ["inputs", *(f"hidden {i + 1}" for i in range(len(self.hidden)))],
            "neurons": [X.shape[1], *self.hidden],
            "kept": list(code.architecture),
        }
        rates = {f"log_alpha_{i}": rates for i, rates in enumerate(code.log_alpha)}
        names = ("compression", "codelength", "data_bits", "model_bits", "data_bits_at_means",
                 "uniform")  # fmt: skip
        return Result(
            {**{name: getattr(code, name) for name in names}, **scored.scores},
            tables={"architecture": architecture, **scored.tables},
            arrays=rates if self.keep_rates else {},
            warnings=scored.warnings,
        )


def _with_control(result: Result, control: Result) -> Result:
    """Add a control task's scores and architecture."""
    names = ("compression", "codelength", "data_bits", "model_bits", "accuracy")
    return result.adding(
        scores={
            **{f"control_{name}": control.scores[name] for name in names},
            "selectivity": result.scores["accuracy"] - control.scores["accuracy"],
        },
        tables={"control_architecture": control.tables["architecture"]},
    )
