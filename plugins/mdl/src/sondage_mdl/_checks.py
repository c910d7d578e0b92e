"""What the components check before they train."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sondage import probing
from sondage.contracts import Problem
from sondage.data import Labels, Split
from sondage.errors import DataError
from sondage_mdl.codes import check_finite


def labels_of(problem: Problem, probe: str) -> Labels:
    """Return the problem's labels; `DataError` for targets that are not one label per item."""
    several = "for several labels an item, mdl.online with an edge probe"
    return probing.labels_of(problem, probe, several)


def split_of(problem: Problem, labels: Labels, seed: int, probe: str, *, dev: bool) -> Split:
    """Return a seed's split; `DataError` for an empty part or a single training label."""
    split, name = probing.split_of(problem, seed, probe, dev=dev), problem.data.corpus.name
    found = np.unique(labels.y[split.train])
    if len(found) == 1:
        raise DataError(
            f"{probe}: all {len(split.train)} training items of {name} (seed {seed}) carry one "
            f"label, {labels.names[int(found[0])]!r}",
            hint="a classifier needs two labels: take more sentences or another split",
        )
    return split


def vectors_of(problem: Problem, layer: int) -> NDArray[np.float32]:
    """Return a layer's vectors; raises `EncodingError` where some are not finite."""
    X = problem.vectors(layer)
    check_finite(X, f"layer {layer}, {problem.data.corpus.name}")
    return X


def layer_chunks(problem: Problem, budget: int) -> Iterator[dict[int, NDArray[np.float32]]]:
    """Yield the vectors of runs of layers, each within `budget` bytes, but one layer at least.

    Raises
    ------
    EncodingError
        For NaN or infinite values.
    """
    held: dict[int, NDArray[np.float32]] = {}
    used = 0
    for layer in problem.layers:
        X = vectors_of(problem, layer)
        if held and used + X.nbytes > budget:
            yield held
            held, used = {}, 0
        held[layer] = X
        used += X.nbytes
    if held:
        yield held
