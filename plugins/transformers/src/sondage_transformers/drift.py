"""How far the weights of checkpoints are from those of the first."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from sondage.errors import ParameterError
from sondage_transformers.loading import load_model
from sondage_transformers.recipe import Recipe
from sondage_transformers.splicing import parts_of

if TYPE_CHECKING:
    import torch


def distances(checkpoints: Sequence[tuple[int, Recipe]]) -> dict[str, list[Any]]:
    """Return the columns of `Checkpoints.drift`."""
    _, recipe = checkpoints[0]
    first = load_model(recipe)
    parts = parts_of(first, recipe.checkpoint.n_layers)
    mine = dict(first.named_parameters())
    out: dict[str, list[Any]] = {"step": [], "layer": [], "distance": [], "relative": []}
    for step, other in checkpoints:
        theirs = dict(load_model(other).named_parameters())
        _check_alike(step, mine, theirs)
        for layer, names in enumerate(parts):
            moved = _norm(theirs[name].double() - mine[name].double() for name in sorted(names))
            size = _norm(mine[name].double() for name in sorted(names))
            relative = moved / size if size else math.inf if moved else 0.0
            for column, value in zip(out, (step, layer, moved, relative), strict=True):
                out[column].append(value)
    return out


def _norm(tensors: Iterable[torch.Tensor]) -> float:
    return math.sqrt(math.fsum(float(tensor.square().sum()) for tensor in tensors))


def _check_alike(step: int, mine: dict[str, Any], theirs: dict[str, Any]) -> None:
    for name, tensor in mine.items():
        other = theirs.get(name)
        if other is None or other.shape != tensor.shape:
            has = "lacks it" if other is None else f"has {tuple(other.shape)}"
            raise ParameterError(
                f"the checkpoint of step {step} is of another architecture or size: {name} has the "
                f"shape {tuple(tensor.shape)} in the first checkpoint, and this one {has}",
                where="transformers.checkpoints",
            )
