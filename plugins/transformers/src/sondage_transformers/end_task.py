"""A trained head's scores on items of its task, on any encoder of the same shape."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from sondage.data import Ints, Outcomes, Result, TaskData
from sondage.errors import DataError, EncodingError
from sondage_transformers.engine import Engine
from sondage_transformers.examples import Examples, target_of, view_of
from sondage_transformers.headed_encoder import HeadedEncoder, head_for
from sondage_transformers.kept_head import read_head
from sondage_transformers.loading import missing_of
from sondage_transformers.making_examples import examples_of
from sondage_transformers.poolers import own_pooler
from sondage_transformers.quiet_trainer import untouched_randomness

if TYPE_CHECKING:
    from pathlib import Path

    from sondage_transformers.base_encoder import BaseEncoder
    from sondage_transformers.settings import Settings


def end_task(
    encoder: BaseEncoder, folder: Path, settings: Settings, data: TaskData, items: Ints
) -> Result:
    """Score a training's head on an encoder.

    Parameters
    ----------
    encoder : BaseEncoder
        What the head reads; it runs in float32, as in training.
    folder : Path
        Of the step whose head it is.
    settings : Settings
        Of the training.
    data : TaskData
    items : int64 array

    Returns
    -------
    Result
        As `sondage.contracts.Headed.end_task`.

    Raises
    ------
    EncodingError, DataError
        As `Headed.end_task`; also if the loss is not finite.
    """
    headed, examples = trained_head(encoder, folder, settings, data, items)

    def check(loss: float) -> None:
        if not math.isfinite(loss):
            raise EncodingError(f"the head's loss is {loss}", where=str(folder))

    scores, outcomes = scored(headed, examples, settings.batch_size, check)
    return Result(scores, outcomes, warnings=dict(examples.warnings()))


def scored(
    headed: HeadedEncoder, examples: Examples, batch_size: int, check: Callable[[float], None]
) -> tuple[dict[str, float], Outcomes]:
    """Return the head's scores and mean loss (nats) over some examples, and how each item fared.

    Parameters
    ----------
    headed : HeadedEncoder
        In evaluation mode.
    examples : Examples
        Not none.
    batch_size : int
        In sentences, the longest first: batches of another make move the last bits.
    check : callable
        Given each batch's loss; raises if that is not finite.
    """
    parts = examples.scoring_batches(batch_size)
    found = [_scored(headed, examples, part, check) for part in parts]
    sums = sum(part.sums for part in found[1:]) + found[0].sums
    return headed.head.summary(sums), _outcomes(found, headed.head.scores[0])


def _outcomes(found: Sequence[_Scored], score: str) -> Outcomes:
    items, groups, right = (
        np.concatenate([getattr(part, name) for part in found])
        for name in ("items", "groups", "right")
    )
    # Of one order, whatever the batches: outcomes of two trainings can be compared.
    order = np.argsort(items, kind="stable")
    return Outcomes(items[order], groups[order], right[order], score=score)


def trained_head(
    encoder: BaseEncoder, folder: Path, settings: Settings, data: TaskData, items: Ints
) -> tuple[HeadedEncoder, Examples]:
    """Return a training's head on an encoder, and what it reads of some items.

    Raises
    ------
    EncodingError, DataError
        As `end_task`.
    """
    where = f"{data.corpus.name}"
    items = np.asarray(items, np.int64)
    if not len(items):
        raise DataError(f"{where}: there are no items to score the head on")
    target = target_of(data)
    weights = read_head(folder, target, where)
    engine = _engine(encoder, settings)
    view = view_of(settings.head, target, engine.recipe.checkpoint.has_cls)
    examples = examples_of(engine, data, items, view, settings)
    with untouched_randomness(engine.device):
        return _headed(engine, settings, view, target, weights), examples


@dataclasses.dataclass(frozen=True)
class _Scored:
    sums: NDArray[np.float64]
    items: Ints
    groups: Ints
    right: NDArray[np.bool_]


def _engine(encoder: BaseEncoder, settings: Settings) -> Engine:
    own = encoder.recipe
    length = settings.max_length or own.max_length
    recipe = dataclasses.replace(own, dtype="float32", max_length=length)
    return encoder._engine if recipe == own else Engine(recipe)


def _headed(
    engine: Engine, settings: Settings, view: str, target: Any, weights: dict[str, Any]
) -> HeadedEncoder:
    model = engine.network.model
    head = head_for(
        target, engine.recipe.checkpoint.width, 0, dense=settings.head == "pooler-fresh"
    )
    head.load_state_dict(weights)
    pool = own_pooler(engine.network, missing_of(model)) if settings.head == "pooler" else None
    headed = HeadedEncoder(engine, view, head.requires_grad_(False), pool)
    headed.eval()
    return headed


def _scored(
    headed: HeadedEncoder, examples: Examples, chosen: Ints, check: Callable[[float], None]
) -> _Scored:
    portion = examples.portion(chosen)
    with torch.no_grad():
        out = headed(portion)
        check(float(out["loss"]))
        sums, right = headed.head.tally(out, portion)
    return _Scored(sums, *examples.items_of(chosen), right)
