"""What a probe says that it wants beside its units: a view, a width, or only to measure."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from sondage.data import VIEWS, Corpus, Labels, States, TaskData, Units, offsets_of
from sondage.testing.problems import ToyProblem
from sondage.testing.stimuli import Vectors, class_means


def asks(probe: Any) -> bool:
    """Tell whether a probe asks the encoder itself, and so reads no vectors."""
    return getattr(probe, "reads", "vectors") == "encoder"


def per_layer(probe: Any) -> bool:
    """Tell whether a probe has a result for each layer."""
    return bool(getattr(probe, "per_layer", not asks(probe)))


def view_of(probe: Any) -> str:
    """Return the view that a probe is tested with, or '' where it wants none."""
    views = getattr(probe, "wants_views", ())
    return next(iter(views), "") if isinstance(views, tuple) else ""


def shape_of(probe: Any) -> str:
    """Return what a row of the wanted view stands for: a sentence, a word, or something else.

    Trees and rankings are of words, whose attention is all that they may have instead.
    """
    view = view_of(probe)
    shape = VIEWS.get(view, "subword") if view else "word"
    of_words = getattr(probe, "units", "vectors") not in ("vectors", "spans")
    return "word" if of_words and shape != "attention" else shape


class RaggedProblem(ToyProblem):
    """A problem of one label per sentence, over a view with any number of rows per sentence.

    Parameters
    ----------
    data : TaskData
    states : sequence of float32 arrays, one per layer, shape (n_rows, d)
    counts : int64 array, shape (n,)
        Rows of each sentence.
    **rest
        As `ToyProblem` has them.
    """

    def __init__(
        self, data: TaskData, states: Sequence[Vectors], *, counts: Any, **rest: Any
    ) -> None:
        self._counts = np.asarray(counts, np.int64)
        self._own = {"counts": self._counts}
        starts = offsets_of(self._counts)
        if "vectors" not in rest:
            rest["vectors"] = [
                np.stack([x[a:b].mean(axis=0) for a, b in itertools.pairwise(starts)])
                for x in states
            ]
        super().__init__(data, states, **rest)

    def states(self, layer: int) -> States:
        """Return the rows of every sentence."""
        return States(self._handed(self._states[layer]), offsets_of(self._counts))

    def distinct_states(self, layer: int) -> States:
        """Return the rows of every sentence: no two of them are equal."""
        return self.states(layer)


def sentence_problem(
    view: str,
    *,
    classes: int = 3,
    noise: float = 0.3,
    shuffled: bool = False,
    n: int = 120,
    width: int = 4,
    n_layers: int = 2,
    seeds: tuple[int, ...] = (0, 1),
    seed: int = 0,
    **rest: Any,
) -> ToyProblem:
    """Return sentences whose label shows in the rows that a view has of them.

    Attention maps differ in how sharp they are, everything else in its mean.

    Parameters
    ----------
    view : str
        ``attention`` has t² rows per sentence of t words, each column of which is a head; a view
        of sentences one row; any other between one and two rows per word.
    classes, width, n_layers : int
    noise : float
    shuffled : bool
        Permute the labels, so that nothing is left to learn.
    n : int
        Sentences.
    seeds : tuple of int
    seed : int
        Draws the problem.
    """
    rng = np.random.default_rng(seed)
    y = rng.integers(0, classes, n)
    sizes = rng.integers(5, 8, n)
    corpus = Corpus.of_words(
        [[f"w{i}-{j}" for j in range(size)] for i, size in enumerate(sizes)], name="toy sentences"
    )
    counts = {"attention": sizes**2, "sentence": np.ones(n, np.int64)}.get(
        VIEWS.get(view, "subword"), sizes + rng.integers(0, sizes)
    )
    layers = []
    for _ in range(n_layers):
        if view == "attention":
            sharpness = (0.1 + 2.5 * y) * np.exp(noise / 4 * rng.standard_normal(n))
            maps = [_attention(t, width, s, rng) for t, s in zip(sizes, sharpness, strict=True)]
            layers.append(np.concatenate(maps))
        else:
            owner = np.repeat(y, counts)
            spread = noise * rng.standard_normal((len(owner), width))
            layers.append((class_means(classes, width, rng)[owner] + spread).astype(np.float32))
    order = rng.permutation(n) if shuffled else np.arange(n)
    labels = Labels(Units.of_sentences(n), y[order], tuple("ABCDEFGHIJ"[:classes]))
    data = TaskData(corpus, labels, ratios=(0.4, 0.15, 0.45))
    return RaggedProblem(data, layers, counts=counts, seeds=seeds, **rest)


def _attention(t: int, heads: int, sharpness: float, rng: np.random.Generator) -> Vectors:
    weights = np.exp(sharpness * rng.standard_normal((t, t, heads)))
    shares: Vectors = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return shares.reshape(t * t, heads)


def attended(problem: ToyProblem, heads: int) -> ToyProblem:
    """Return a problem over attention maps in which words look at those near to them.

    Parameters
    ----------
    problem : ToyProblem
        Of trees or rankings: which words belong together shows in their states.
    heads : int
        Columns; each looks a little more sharply than the one before.
    """
    layers, counts = [], np.diff(problem.states(problem.layers[0]).offsets) ** 2
    for layer in problem.layers:
        states, maps = problem.states(layer), []
        for i in range(len(states)):
            gaps = ((states[i][:, None] - states[i]) ** 2).sum(axis=-1)
            weights = np.exp(-gaps[:, :, None] * np.linspace(0.5, 1.0, heads))
            weights /= weights.sum(axis=1, keepdims=True)
            maps.append(weights.reshape(-1, heads).astype(np.float32))
        layers.append(np.concatenate(maps))
    how = {"seeds": problem.seeds, "splits": problem.splits, "writeable": problem.writeable}
    return RaggedProblem(problem.data, layers, counts=counts, **how)


def without_training(problem: ToyProblem) -> ToyProblem:
    """Return a problem whose splits have test items alone."""
    nothing = np.empty(0, np.int64)
    splits = {
        seed: dataclasses.replace(split, train=nothing, dev=nothing)
        for seed, split in problem.splits.items()
    }
    return problem.only(splits=splits)
