"""What a probe is, a simple one too, and the problem that it is handed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from sondage.contracts.encoder import Encoder
from sondage.data import Ints, Result, Split, States, TaskData

ProbeUnits = Literal[
    "vectors", "spans", "trees", "rankings", "answers", "none", "attention", "states"
]


class Problem(Protocol):
    """What the core hands to a probe: one encoder's vectors for one task.

    Attributes
    ----------
    layers, seeds : tuples of int
        The cells to fill: one result for each (layer, seed).
    data : TaskData
        The task as loaded: corpus, target, warnings.
    splits : mapping of seed to Split
        Items of each part; empty for a probe that reads the encoder on texts without targets.
    """

    layers: tuple[int, ...]
    seeds: tuple[int, ...]
    data: TaskData
    splits: Mapping[int, Split]

    def vectors(self, layer: int) -> NDArray[np.float32]:
        """Return one row per unit, shape (n, width × arity), read-only."""
        ...

    def states(self, layer: int) -> States:
        """Return the ragged rows of every sentence: words, or subwords if the view says so."""
        ...

    def distinct_states(self, layer: int) -> States:
        """Return the rows of distinct sentences alone, uncopied: a map of the store's file.

        Sentence i of the corpus is entry ``data.corpus.unique[1][i]``. For what reads many
        layers of a large corpus; `states` copies a layer where sentences repeat.
        """
        ...

    def rng(self, layer: int | None, seed: int) -> np.random.Generator:
        """Return the generator of one cell; the same whatever else is in the job.

        With None for the layer, of what all layers of a seed share, such as a control task.
        """
        ...


class EncoderProblem(Problem, Protocol):
    """What a probe with ``reads = "encoder"`` is handed; nothing is stored for it.

    Attributes
    ----------
    encoder : Encoder
        Trained where it has to be. What it offers beside `Encoder` is found out by
        `isinstance` with `Passable`, `Live` or `Headed`, or as `MaskedLM` says; one that lacks
        what the probe asks for is refused with an `EncodingError`.
    """

    encoder: Encoder


class SimpleProbe(Protocol):
    """The simplest probe: the core loops over layers and seeds, and scores.

    `fit` and `predict` see int labels; `predict` returns values seen in `y`. A `fit` with two
    more parameters named `X_dev` and `y_dev` is given the dev part by these names, to choose
    or to stop by; without them that part goes unused.

    Attributes
    ----------
    randomness : tuple of str, optional
        As of a `Probe`. Without it the seed may always matter, since `fit` is handed `rng`.
    classes_, predict_log_proba : optional
        As in scikit-learn, once fitted: then outcomes carry surprisals.
    """

    def fit(self, X: NDArray[np.float32], y: Ints, *, rng: np.random.Generator) -> Self:
        """Learn from the training items of one cell; X has shape (n, d) and is read-only."""
        ...

    def predict(self, X: NDArray[np.float32]) -> Ints:
        """Return a label for each row, shape (n,)."""
        ...


class Probe(Protocol):
    """A probe that sees the whole problem: dev sets, many layers, trees, rankings.

    Attributes
    ----------
    units : {'vectors', 'spans', 'trees', 'rankings', 'answers', 'none'}
        What it takes. Simple probes take vectors. One that takes answers has to ask the encoder
        itself. One that takes none runs on the texts of every task.
    reads : {'vectors', 'encoder'}, optional
        'encoder' for a probe that asks the encoder itself (its parameters, its head, what it
        makes of changed texts) and needs no vectors stored; one result for all layers then,
        unless `per_layer` says otherwise.
    joint : tuple of 'layer', 'seed'
        Axes along which cells are solved in one numerical program. There rounding may change
        a cell's last digits with the cells beside it, so the core always hands over all of
        them in one call, and the id of each says which they were. Along any other axis a
        result must not depend on what else is in the call.
    randomness : tuple of str
        What the seed controls beside the split: ``("initialisation",)``, or empty.
    per_layer : bool, optional
        False for a probe that mixes all layers into one result; its layer is None.
    measures : bool, optional
        True for a probe that fits nothing: what it says of an item hangs on that item alone.
        It needs no training items, and there is nothing for it to learn.
    wants_views : tuple of str, optional
        The views whose rows it can read. It gets those of them that the composition names,
        else the first that the encoder offers; without it, a view that fits `units`.
    wants_width : int, optional
        The number of columns that it can read, a pair's two vectors joined; the kit's
        problems have as many. An attention view has as many as the encoder has heads.
    """

    @property
    def units(self) -> ProbeUnits: ...
    @property
    def joint(self) -> tuple[str, ...]: ...
    @property
    def randomness(self) -> tuple[str, ...]: ...

    def run_layers(self, problem: Problem) -> Iterator[tuple[int | None, int, Result]]:
        """Yield (layer, seed, result) for every cell of the problem, in any order."""
        ...
