"""The component `mdl.mlp`: the classifier behind the paper's online codes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from sondage.contracts import Problem
from sondage.data import Result
from sondage.probing import SeedTask, layer_chunks, seed_tasks, settings_of
from sondage.scores import classification
from sondage_mdl._rows import SEVERAL, MLPJob
from sondage_mdl.networks import MLPFit, MLPSettings, fit_mlps

#: Bytes of vectors that are held at once.
BUDGET = 1 << 30


@dataclass(kw_only=True, eq=False)
class MLP(MLPSettings):
    """A network with hidden ReLU layers, all K labels in its softmax, stopped early on dev.

    All layers and seeds, and the portions that `mdl.online` makes of them, are one batched
    program.

    Notes
    -----
    Scores ``accuracy`` and ``macro_f1``; outcomes with surprisals, which are finite for
    every label; table ``training``: epochs, best dev loss (bits per item), and whether
    training ended by itself. Warning ``not-converged`` counts cells that did not.

    References
    ----------
    Voita and Titov 2020, arXiv:2003.12298v1, section 3.1, after Hewitt and Liang 2019. Departs
    from it: smaller hidden layers; batches of items, not of 20 sentences; a portion of few
    batches is looked at every `looks` steps.
    """

    units: ClassVar[Literal["vectors"]] = "vectors"
    joint: ClassVar[tuple[str, ...]] = ("layer", "seed")
    randomness: ClassVar[tuple[str, ...]] = ("initialisation",)

    def run_layers(self, problem: Problem) -> Iterator[tuple[int | None, int, Result]]:
        """Yield (layer, seed, result).

        Errors are those of `sondage.probing.seed_tasks` and `sondage.probing.vectors_of`.
        """
        tasks = seed_tasks(problem, "mdl.mlp", dev=True, several=SEVERAL)
        n_labels = len(tasks[0].labels.names)
        for vectors in layer_chunks(problem, BUDGET):
            cells = [(layer, task) for layer in vectors for task in tasks]
            jobs = [
                MLPJob.of(vectors[layer], task, problem.rng(layer, task.seed))
                for layer, task in cells
            ]
            fits = fit_mlps(jobs, n_labels=n_labels, **settings_of(self, MLPSettings))
            for (layer, task), fit in zip(cells, fits, strict=True):
                yield layer, task.seed, _result(task, fit)


def _result(task: SeedTask, fit: MLPFit) -> Result:
    scored = classification(task.labels, fit.predicted, task.split.test, task.split.train)
    training = {
        "epochs": [fit.epochs],
        "dev_loss": [fit.dev_loss],
        "converged": [fit.converged],
    }
    return scored.adding(
        tables={"training": training},
        warnings={"not-converged": int(not fit.converged)},
        surprisal=fit.surprisal,
    )
