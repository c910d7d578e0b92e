"""Toy problems for probes: what the core would hand over, made from arrays."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sondage.data import (
    Corpus,
    Labels,
    Rankings,
    Split,
    States,
    Target,
    TaskData,
    Trees,
    Units,
    offsets_of,
)
from sondage.testing.stimuli import Vectors, class_means


class ToyProblem:
    """A `sondage.contracts.Problem` over arrays in memory.

    Parameters
    ----------
    data : TaskData
    states : sequence of float32 arrays, one per layer, shape (n_words, d)
        One row per word of the corpus.
    layers : tuple of int, optional
        Which cells to fill; by default all layers.
    seeds : tuple of int
    splits : mapping of seed to Split, optional
        By default what `data` draws for each seed.
    vectors : sequence of float32 arrays, one per layer, shape (n, d), optional
        One row per unit. By default the mean of the unit's words, its spans concatenated.
    writeable : bool
        Hand over copies that may be written to. The core never does.
    """

    #: What the constructor of a derived class takes beside these.
    _own: Mapping[str, Any] = {}

    def __init__(
        self,
        data: TaskData,
        states: Sequence[Vectors] = (),
        *,
        layers: tuple[int, ...] | None = None,
        seeds: tuple[int, ...] = (0,),
        splits: Mapping[int, Split] | None = None,
        vectors: Sequence[Vectors] | None = None,
        writeable: bool = False,
    ) -> None:
        given = states if vectors is None else vectors
        self.data = data
        self.layers = tuple(range(len(given))) if layers is None else layers
        self.seeds = seeds
        drawn = {s: data.split(s) for s in seeds} if splits is None else dict(splits)
        self.splits: Mapping[int, Split] = drawn
        self.writeable = writeable
        self._states = states
        self._vectors = [self._pooled(s) for s in states] if vectors is None else vectors

    @classmethod
    def of_vectors(
        cls, X: NDArray[Any], y: NDArray[Any], names: Sequence[str] | None = None, **rest: Any
    ) -> ToyProblem:
        """Build a problem of one label per sentence.

        Parameters
        ----------
        X : float array, shape (n_layers, n, d)
        y : int array, shape (n,)
        names : sequence of str, optional
            The labels; by default ``label0``, ``label1``, ...
        **rest
            Passed on: `layers`, `seeds`, `splits`, `writeable`.
        """
        names = [f"label{i}" for i in range(int(y.max()) + 1)] if names is None else names
        corpus = Corpus([f"sentence {i}" for i in range(len(y))], name="toy vectors")
        labels = Labels(Units.of_sentences(len(y)), np.asarray(y, np.int64), tuple(names))
        return cls(TaskData(corpus, labels), vectors=list(np.asarray(X, np.float32)), **rest)

    def only(self, **changes: Any) -> ToyProblem:
        """Return the same problem with other `layers`, `seeds`, `data`, `writeable`."""
        kept: dict[str, Any] = {
            "data": self.data,
            "states": self._states,
            "vectors": self._vectors,
            "layers": self.layers,
            "seeds": self.seeds,
            "splits": self.splits,
            "writeable": self.writeable,
        }
        if "data" in changes or "seeds" in changes:
            kept["splits"] = None
        return type(self)(**{**kept, **self._own, **changes})

    def vectors(self, layer: int) -> Vectors:
        """Return one row per unit."""
        return self._handed(self._vectors[layer])

    def states(self, layer: int) -> States:
        """Return one row per word."""
        offsets = self.data.corpus.offsets
        assert offsets is not None, "this toy problem has no words"
        return States(self._handed(self._states[layer]), offsets)

    def distinct_states(self, layer: int) -> States:
        """Return one row per word of the sentences that differ."""
        states = self.states(layer)
        first = self.data.corpus.unique[0]
        kept = np.isin(np.arange(len(states)), first)
        rows = np.repeat(kept, np.diff(states.offsets))
        lengths = np.diff(states.offsets)[kept]
        return States(states.values[rows], offsets_of(lengths))

    def rng(self, layer: int | None, seed: int) -> np.random.Generator:
        """Return the generator of one cell."""
        return np.random.default_rng([seed, 0 if layer is None else layer + 1])

    def _handed(self, values: Vectors) -> Vectors:
        handed = np.array(values, np.float32)
        handed.setflags(write=self.writeable)
        return handed

    def _pooled(self, states: Vectors) -> Vectors:
        target, offsets = self.data.target, self.data.corpus.offsets
        if offsets is None or not isinstance(target, Labels | Rankings):
            return states
        units = target.units
        if units.arity == 0:
            spans = np.stack([np.zeros(len(offsets) - 1, np.int64), np.diff(offsets)], axis=1)
            units = Units(units.sentence, spans[units.sentence][:, None])
        base = offsets[units.sentence]
        rows = [
            np.concatenate([states[at + a : at + b].mean(axis=0) for a, b in spans])
            for at, spans in zip(base, units.spans, strict=True)
        ]
        return np.stack(rows)


def _words(sizes: NDArray[np.int64], rng: np.random.Generator) -> Corpus:
    drawn = rng.integers(0, 60, int(sizes.sum()))
    words = [f"w{i}" for i in drawn]
    offsets = offsets_of(sizes)
    # The last word tells sentences apart: a drawn split keeps equal ones together.
    sentences = [
        [*words[a : b - 1], f"s{i}"] for i, (a, b) in enumerate(itertools.pairwise(offsets))
    ]
    return Corpus.of_words(sentences, name="toy problem")


def labelled_problem(
    *,
    noise: float = 0.3,
    shuffled: bool = False,
    longest: int = 1,
    n: int = 60,
    classes: int = 3,
    width: int = 6,
    n_layers: int = 2,
    seeds: tuple[int, ...] = (0, 1),
    seed: int = 0,
    **rest: Any,
) -> ToyProblem:
    """Return spans whose class is the direction of their vectors.

    Parameters
    ----------
    noise : float
        Standard deviation of each coordinate; class means lie about 4 apart.
    shuffled : bool
        Permute the labels over the spans, so that nothing is left to learn.
    longest : int
        Words in the longest span; 1 gives single words.
    n : int
        Sentences, of two spans and one more word each.
    classes, width, n_layers : int
    seeds : tuple of int
        Each draws a split by sentence: 40% train, 15% dev, 45% test.
    seed : int
        Draws the problem.
    """
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, longest + 1, (n, 2))
    y = rng.integers(0, classes, 2 * n)
    corpus = _words(lengths.sum(axis=1) + 1, rng)
    ends = np.cumsum(lengths, axis=1).reshape(-1)
    spans = np.stack([ends - lengths.reshape(-1), ends], axis=1)
    sentence = np.repeat(np.arange(n), 2)
    owners = np.concatenate([[*np.repeat((2 * i, 2 * i + 1), lengths[i]), -1] for i in range(n)])
    layers = []
    for _ in range(n_layers):
        means = class_means(classes, width, rng)
        states = noise * rng.standard_normal((len(owners), width))
        states[owners >= 0] += means[y[owners[owners >= 0]]]
        layers.append(states.astype(np.float32))
    names = tuple("ABCDEFGHIJ"[:classes])
    order = rng.permutation(2 * n) if shuffled else np.arange(2 * n)
    labels = Labels(Units(sentence, spans[:, None]), y[order], names)
    return ToyProblem(
        TaskData(corpus, labels, ratios=(0.4, 0.15, 0.45)), layers, seeds=seeds, **rest
    )


def tree_problem(
    *,
    shuffled: bool = False,
    n: int = 40,
    width: int = 8,
    n_layers: int = 2,
    seeds: tuple[int, ...] = (0, 1),
    seed: int = 0,
    **rest: Any,
) -> ToyProblem:
    """Return random trees, and states whose squared distances are the trees' path lengths.

    Every word's state is its head's plus a basis vector of its own, so that a structural
    probe can fit them exactly; that takes a `width` of 8 at least. `shuffled` permutes the
    states over all words.
    """
    rng = np.random.default_rng(seed)
    sizes = rng.integers(4, 9, n)
    corpus = _words(sizes, rng)
    heads, states = [], []
    for size in sizes:
        order = rng.permutation(size)
        head = np.full(size, -1)
        state = np.zeros((size, 8))
        for rank in range(1, size):
            word, above = order[rank], order[rng.integers(0, rank)]
            head[word] = above
            state[word] = state[above] + np.eye(8)[rank - 1]
        heads.append(head)
        states.append(state)
    flat = np.concatenate(states)
    target: Target = Trees(
        heads=np.concatenate(heads),
        scored=np.ones(len(flat), bool),
        relations=(np.concatenate(heads) >= 0).astype(np.int64),
        names=("root", "dep"),
        sentence=np.arange(n),
    )
    layers = [
        flat @ np.linalg.qr(rng.standard_normal((width, width)))[0][:8] for _ in range(n_layers)
    ]
    if shuffled:
        layers = [layer[rng.permutation(len(layer))] for layer in layers]
    data = TaskData(corpus, target, ratios=(0.6, 0.15, 0.25))
    return ToyProblem(data, [x.astype(np.float32) for x in layers], seeds=seeds, **rest)


def ranking_problem(
    *,
    shuffled: bool = False,
    n: int = 60,
    candidates: int = 3,
    width: int = 6,
    n_layers: int = 2,
    seeds: tuple[int, ...] = (0, 1),
    seed: int = 0,
    **rest: Any,
) -> ToyProblem:
    """Return anchors whose match lies beside them and whose candidates lie anywhere.

    Every sentence is one item: its words are anchor, match, candidates. `shuffled` puts the
    match anywhere too.
    """
    rng = np.random.default_rng(seed)
    size = candidates + 2
    corpus = _words(np.full(n, size), rng)
    sentence, word = np.divmod(np.arange(n * size), size)
    layers = []
    for _ in range(n_layers):
        states = rng.standard_normal((n, size, width))
        if not shuffled:
            states[:, 1] = states[:, 0] + 0.1 * rng.standard_normal((n, width))
        layers.append(states.reshape(-1, width).astype(np.float32))
    target: Target = Rankings(
        units=Units.of_words(sentence, word),
        anchor=np.arange(n) * size,
        match=np.arange(n) * size + 1,
        candidates=np.flatnonzero(word >= 2),
        offsets=offsets_of([candidates] * n),
    )
    data = TaskData(corpus, target, ratios=(0.4, 0.15, 0.45))
    return ToyProblem(data, layers, seeds=seeds, **rest)
