"""What the components take out of a problem, checked: trees, parts, and layers in groups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray

from sondage.contracts import Problem
from sondage.data import Split, Trees
from sondage.errors import DataError, EncodingError
from sondage.probing import check_finite
from sondage_structural.measures import LONGEST, SHORTEST
from sondage_structural.probes import check_rank
from sondage_structural.trees import Forest

#: Layers are trained together while their vectors take no more than this.
GROUP_BYTES = 1 << 30


@dataclass(kw_only=True, eq=False)
class Pictured:
    """What every probe of trees has.

    Parameters
    ----------
    pictures : int
        Test sentences whose words and trees are kept for the report `structural.arcs`.
    """

    units: ClassVar[Literal["trees"]] = "trees"

    pictures: Annotated[int, Ge(0)] = 8


@dataclass(frozen=True)
class LayerGroup:
    """Some layers of a problem.

    Parameters
    ----------
    layers : tuple of int
    values : list of float arrays, shape (n_words, d), one a layer
    forest : Forest
    """

    layers: tuple[int, ...]
    values: list[NDArray[Any]]
    forest: Forest

    @property
    def width(self) -> int:
        """Width of the vectors."""
        return int(self.values[0].shape[1])


def forest_of(problem: Problem, who: str) -> Forest:
    """Return the problem's trees; raises `DataError` where there are none, or broken ones."""
    name, target = problem.data.corpus.name, problem.data.target
    offsets = problem.data.corpus.offsets
    if not isinstance(target, Trees) or offsets is None:
        found = "no target" if target is None else type(target).__name__
        raise DataError(
            f"{who} wants trees over words, but {name} has {found}",
            hint="choose a task on trees, such as treebank.tree",
        )
    forest = Forest(target.heads, target.scored, offsets)
    forest.check(target.sentence, name)
    return forest


def parts_of(
    problem: Problem, forest: Forest, seed: int, *, dev: bool, who: str, needs: Sequence[str]
) -> Split:
    """Return the sentences of a seed's parts.

    Scores may need an ``edge`` between scored words, or a sentence whose ``length`` counts.

    Raises
    ------
    DataError
        If a part that is needed is empty, or the test part leaves a score undefined.
    """
    split, target, name = problem.splits[seed], problem.data.target, problem.data.corpus.name
    assert isinstance(target, Trees)
    for part in ("train", "dev", "test") if dev else ("test",):
        if not len(getattr(split, part)):
            hint = "give more data or other 'ratios'"
            if part == "dev":
                hint += "; training ends by the dev loss"
            raise DataError(f"{who}: the {part} part of {name} (seed {seed}) is empty", hint=hint)
    out = Split(*(target.sentence[getattr(split, p)] for p in ("train", "dev", "test")))
    lengths = forest.lengths[out.test]
    if "length" in needs and not ((lengths >= SHORTEST) & (lengths <= LONGEST)).any():
        raise DataError(
            f"{who}: no test sentence of {name} (seed {seed}) has {SHORTEST} to {LONGEST} words, "
            "over which Spearman correlations are averaged",
            hint="give longer sentences, or more of them",
        )
    if "edge" in needs:
        rows = forest.rows(out.test)
        base = np.repeat(forest.offsets[out.test], lengths)
        heads = forest.heads[rows]
        ends = forest.scored[rows] & forest.scored[np.where(heads >= 0, base + heads, 0)]
        if not (ends & (heads >= 0)).any():
            raise DataError(
                f"{who}: the test sentences of {name} (seed {seed}) have no edge between words "
                "that are scored, so UUAS is undefined",
                hint="give sentences of several words that are not punctuation",
            )
    return out


def groups(problem: Problem, forest: Forest, rank: int, who: str) -> Iterator[LayerGroup]:
    """Yield the problem's layers, as many together as fit `GROUP_BYTES`.

    Raises
    ------
    EncodingError, ParameterError
        For vectors that cannot be used.
    """
    layers: list[int] = []
    values: list[NDArray[Any]] = []
    size = 0
    for layer in problem.layers:
        states = problem.states(layer)
        if not np.array_equal(states.offsets, forest.offsets):
            raise EncodingError(
                f"{who} wants one vector a word, but this view has {int(states.offsets[-1])} "
                f"rows for the {int(forest.offsets[-1])} words of {problem.data.corpus.name}",
                hint="choose the view 'word'",
            )
        check_rank(rank, states.values.shape[1], who)
        check_finite(states.values, f"layer {layer}, {problem.data.corpus.name}")
        bytes_ = 4 * states.values.size
        if layers and size + bytes_ > GROUP_BYTES:
            yield LayerGroup(tuple(layers), values, forest)
            layers, values, size = [], [], 0
        layers.append(layer)
        values.append(states.values)
        size += bytes_
    yield LayerGroup(tuple(layers), values, forest)
