"""What an encoder, a task, a probe, a metric and a report are: Protocols, no base classes.

A component is a class. Its constructor's typed, keyword signature is its schema: the core
validates a registry's parameters against it and fills in defaults. A parameter annotated
`Encoder`, `Task` or `Probe` is a reference: the registry names another component, the
constructor receives the built object, and for an encoder or a task the plan makes that an edge.

Importing a component's module and constructing it must be cheap (no torch, no data);
weights and files are read when `encode` or `load` is called.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from sondage.data import Chunk, Corpus, Ints, Labels, Request, Result, Split, States, TaskData

TaskUnits = Literal["sentences", "words", "trees", "rankings", "none"]
ProbeUnits = Literal["vectors", "spans", "trees", "rankings"]


@runtime_checkable
class Encoder(Protocol):
    """Text in, one vector per subword per layer out.

    Attributes
    ----------
    fingerprint : str
        Identifies weights, tokenizer, dtype and all else that changes a number. Must not
        need the weights in memory.
    n_layers : int
        Number of blocks L; layers are 0 (embedding output) to L.
    width : int
        Columns of a row; an attention view has a column a head instead.
    views : tuple of str
        The views offered, names of `sondage.data.VIEWS` or the encoder's own.
    """

    @property
    def fingerprint(self) -> str: ...
    @property
    def n_layers(self) -> int: ...
    @property
    def width(self) -> int: ...
    @property
    def views(self) -> tuple[str, ...]: ...

    def encode(self, corpus: Corpus, request: Request) -> Iterator[Chunk]:
        """Stream the requested layers and views; each sentence comes exactly once."""
        ...

    def row_counts(self, corpus: Corpus, view: str) -> Ints:
        """Return how many rows each sentence has in a ragged view (subword, attention)."""
        ...


@runtime_checkable
class Series(Protocol):
    """An encoder at several training steps; each step is an encoder of its own.

    A composition that names a series gets all its steps; ``name@step`` and ``name@last`` are
    one of them.

    Attributes
    ----------
    steps : tuple of int
        The training steps, ascending.
    """

    @property
    def steps(self) -> tuple[int, ...]: ...
    def at(self, step: int) -> Encoder:
        """Return the encoder of one step, with a fingerprint of its own."""
        ...


@runtime_checkable
class Trained(Protocol):
    """What has to be trained before it can encode; often a series as well.

    Attributes
    ----------
    fingerprint : str
        Identifies the recipe: all that determines the weights.
    split_seed : int, optional
        The seed whose split was trained on: others, on the same texts, test on sentences
        seen in training, and the plan says so.
    """

    @property
    def fingerprint(self) -> str: ...

    def place(self, folder: Path) -> None:
        """Say where the weights are, or will be; called before `train` and `encode`."""
        ...

    def train(self) -> Result:
        """Train, or go on where a killed training stopped; leave all weights in the folder.

        Raises
        ------
        SondageError
            For instance if the loss is no longer a number, with the step.
        """
        ...


@runtime_checkable
class Task(Protocol):
    """A corpus, its splits and its targets, from files that the user has.

    Attributes
    ----------
    fingerprint : str
        Identifies corpus, targets and splits, from the files' bytes; no parsing.
    corpus_fingerprint : str
        Identifies the texts alone: tasks that share it share one encoding.
    units : {'sentences', 'words', 'trees', 'rankings', 'none'}
        What the target sits on: labels on sentences; labels on words, spans or pairs of
        them; trees; rankings; or no target (stimuli only). Known without loading, so that
        a plan can be checked.
    randomness : tuple of str
        ``("split",)`` where the seed draws the split, else empty.
    """

    @property
    def units(self) -> TaskUnits: ...
    @property
    def fingerprint(self) -> str: ...
    @property
    def corpus_fingerprint(self) -> str: ...
    @property
    def randomness(self) -> tuple[str, ...]: ...

    def load(self) -> TaskData:
        """Read the files; raises `DataError` with file and line."""
        ...


class Problem(Protocol):
    """What the core hands to a probe: one encoder's vectors for one task.

    Attributes
    ----------
    layers, seeds : tuples of int
        The cells to fill: one result for each (layer, seed).
    data : TaskData
        The task as loaded: corpus, target, warnings.
    splits : mapping of seed to Split
        Items of each part.
    """

    layers: tuple[int, ...]
    seeds: tuple[int, ...]
    data: TaskData
    splits: Mapping[int, Split]

    def vectors(self, layer: int) -> NDArray[np.float32]:
        """Return one row a unit, shape (n, width × arity), read-only."""
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
    units : {'vectors', 'spans', 'trees', 'rankings'}
        What it takes. Simple probes take vectors.
    joint : tuple of 'layer', 'seed'
        Axes solved together in one numerical program, so that a cell's last bits may hang
        on its neighbours: the core then always hands them over, and keys them, together.
        What is not joint must not depend on what else is in the call.
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


class Accumulator(Protocol):
    """The state of a metric over some of the stimuli."""

    def update(self, a: Any, b: Any, rows: Ints) -> None:
        """Take aligned chunks.

        Parameters
        ----------
        a, b : float arrays, shape (n, d_a) and (n, d_b)
            Side a is the encoder of the cell, side b the composition's baseline. For ``units =
            "attention"`` lists of arrays, shape (heads, t, t), one a sentence.
        rows : int64 array, shape (n,)
            Identity of each stimulus: the same in every chunking and for every encoder.
        """
        ...

    def merge(self, other: Self) -> Self:
        """Take in another accumulator's stimuli; returns self."""
        ...

    def compute(self) -> Result:
        """Return the scores of what was seen so far; changes nothing."""
        ...


class Metric(Protocol):
    """Compares two encoders on the same stimuli, in bounded memory.

    Attributes
    ----------
    units : {'vectors', 'attention', 'labelled'}
        What is compared: rows of a view; attention maps; or the vectors of a task's training
        items, whose labels `begin` is then told.
    symmetric : bool
        Whether the sides may be swapped.
    bounds : (float, float)
        Least and greatest value possible.
    self_value : float
        The value of a representation compared with itself.
    invariances : frozenset of {'orthogonal', 'scaling', 'translation', 'linear'}
        Changes of either side that leave the value as it is ('linear': any invertible map).
    randomness : tuple of str
        ``("resample",)`` where the seed draws stimuli, else empty: then the core gives
        intervals by leaving out groups of sentences, which merging makes cheap.
    """

    @property
    def units(self) -> Literal["vectors", "attention", "labelled"]: ...
    @property
    def symmetric(self) -> bool: ...
    @property
    def bounds(self) -> tuple[float, float]: ...
    @property
    def self_value(self) -> float: ...
    @property
    def invariances(self) -> frozenset[str]: ...
    @property
    def randomness(self) -> tuple[str, ...]: ...

    def begin(self, seed: int, labels: Labels | None = None) -> Accumulator:
        """Return an empty accumulator.

        A metric that is not ``labelled`` may leave the second argument out of its signature.
        For one that is, rows are item indices into `labels`.
        """
        ...


class Findings(Protocol):
    """What a report is made from: one run's results (`sondage.api.Run` is one).

    Frames are pandas; see the reference of results for their columns.
    """

    def frame(self) -> Any:
        """Return one row a cell and score."""
        ...

    def summary(self) -> Any:
        """Return one row a score, over seeds, with intervals and differences."""
        ...

    def table(self, name: str) -> Any:
        """Return one named table of all cells, stacked."""
        ...

    def arrays(self) -> Iterator[tuple[Mapping[str, Any], Mapping[str, NDArray[Any]]]]:
        """Yield each finished cell that has arrays: its record and its arrays by name."""
        ...


class Report(Protocol):
    """A paper's tables and figures, from whatever part of the results is there."""

    def write(self, findings: Findings, folder: Path) -> Sequence[Path]:
        """Write files into `folder`, which exists and is the report's own; return them.

        Every figure is an SVG, and the data behind it a CSV table of the same name.
        """
        ...
