"""The component `mdl.mlp`: the classifier behind the paper's online codes."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Gt, MinLen

from sondage.contracts import Problem
from sondage.data import Labels, Result, Split
from sondage.scores import classification
from sondage_mdl._checks import labels_of, layer_chunks, split_of
from sondage_mdl.networks import MLPFit, MLPJob, fit_mlps

PROBE = "mdl.mlp"
Size = Annotated[int, Gt(0)]
#: Bytes of vectors that are held at once.
BUDGET = 1 << 30


@dataclass(kw_only=True, eq=False)
class MLP:
    """A network with hidden ReLU layers, all K labels in its softmax, stopped early on dev.

    All layers and seeds, and the portions that `mdl.online` makes of them, are one batched
    program.

    Parameters
    ----------
    hidden : tuple of int
        Sizes of the hidden layers. The paper has two of 1,000, which give codes that are
        about as long and take some fifteen times as long to train.
    learning_rate : float
        Of Adam, halved whenever the dev loss stalls.
    batch : int
        Items in a minibatch.
    looks : int
        Steps between looks at dev, at least; never more often than once an epoch.
    patience : int
        Stalls in a row after which training ends.
    max_epochs : int

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

    hidden: Annotated[tuple[Size, ...], MinLen(1)] = (128, 128)
    learning_rate: Annotated[float, Gt(0)] = 1e-3
    batch: Annotated[int, Ge(1)] = 128
    looks: Annotated[int, Ge(1)] = 5
    patience: Annotated[int, Ge(1)] = 4
    max_epochs: Annotated[int, Ge(1)] = 200

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
        splits = {s: split_of(problem, labels, s, PROBE, dev=True) for s in problem.seeds}
        for vectors in layer_chunks(problem, BUDGET):
            cells = [(layer, seed) for layer in vectors for seed in splits]
            jobs = [
                MLPJob(
                    vectors[layer],
                    labels.y,
                    splits[seed].train,
                    splits[seed].dev,
                    splits[seed].test,
                    problem.rng(layer, seed),
                )
                for layer, seed in cells
            ]
            fits = fit_mlps(
                jobs,
                n_labels=len(labels.names),
                hidden=self.hidden,
                learning_rate=self.learning_rate,
                batch=self.batch,
                looks=self.looks,
                patience=self.patience,
                max_epochs=self.max_epochs,
            )
            for (layer, seed), fit in zip(cells, fits, strict=True):
                yield layer, seed, _result(labels, splits[seed], fit)


def _result(labels: Labels, split: Split, fit: MLPFit) -> Result:
    result = classification(labels, fit.predicted, split.test, split.train)
    assert result.outcomes is not None
    table: dict[str, list[Any]] = {
        "epochs": [fit.epochs],
        "dev_loss": [fit.dev_loss],
        "converged": [fit.converged],
    }
    warnings = dict(result.warnings)
    if not fit.converged:
        warnings["not-converged"] = 1
    return dataclasses.replace(
        result,
        outcomes=dataclasses.replace(result.outcomes, surprisal=fit.surprisal),
        tables={**result.tables, "training": table},
        warnings=warnings,
    )
