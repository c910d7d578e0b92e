"""A trained head's logits of start and end, for each subword of each context."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from sondage.data import Ints, PositionLogits, TaskData, offsets_of, ranges
from sondage.errors import DataError
from sondage.scores import least_over_windows
from sondage_transformers.answer_examples import AnswerExamples
from sondage_transformers.end_task import trained_head
from sondage_transformers.examples import arity_of, target_of

if TYPE_CHECKING:
    from pathlib import Path

    from sondage_transformers.base_encoder import BaseEncoder
    from sondage_transformers.headed_encoder import HeadedEncoder
    from sondage_transformers.settings import Settings


def position_logits(
    encoder: BaseEncoder, folder: Path, settings: Settings, data: TaskData, items: Ints
) -> PositionLogits:
    """Return the logits of a training's head on an encoder.

    Parameters
    ----------
    encoder, folder, settings, data, items
        As `end_task.end_task`.

    Returns
    -------
    PositionLogits
        As `sondage.contracts.Pointing.position_logits`. A subword that lies in several windows has
        the logits of the one where it has the most context on its poorer side; of equals, of the
        first.

    Raises
    ------
    EncodingError, DataError
        As `end_task.end_task`; also if the task has no answers.
    """
    if arity_of(target_of(data)) != -2:
        raise DataError(f"{data.corpus.name}: only a head of answers has logits by position")
    headed, examples = trained_head(encoder, folder, settings, data, np.sort(items))
    assert isinstance(examples, AnswerExamples)
    pool = examples.pool
    size = pool.sizes()[1]
    offsets = offsets_of(size)
    logits = np.empty((offsets[-1], 2), np.float32)
    null = np.empty(len(size))
    for chosen in examples.scoring_batches(settings.batch_size):
        unit, question, found, null[chosen] = _read(headed, examples, chosen)
        of = chosen[question]
        logits[offsets[of] + unit - pool.context[of, 0]] = found
    places = pool.places[ranges(pool.context[:, 0], size)].astype(np.int64)
    return PositionLogits(
        examples.items, offsets, places, logits[:, 0].copy(), logits[:, 1].copy(), null
    )


def _read(
    headed: HeadedEncoder, examples: AnswerExamples, chosen: Ints
) -> tuple[Ints, Ints, NDArray[Any], NDArray[np.float64]]:
    """Return subword, question and logits of each position once, and scores for no answer."""
    portion = examples.portion(chosen)
    with torch.no_grad():
        found = headed(portion)["logits"].cpu().numpy()
    window, position = np.nonzero(portion.context)
    size = portion.context.sum(1)
    left = position - portion.context.argmax(1)[window]
    poorer = np.minimum(left, size[window] - 1 - left)
    unit, question = portion.batch.unit[window, position], portion.question[window]
    order = np.lexsort((window, -poorer, unit, question))
    keys = np.stack([question, unit], axis=1)[order]
    fresh = np.append(True, (np.diff(keys, axis=0) != 0).any(1))[: len(order)]
    kept = order[fresh]
    of_null = found[np.arange(len(found)), portion.null].astype(np.float64).sum(1)
    null = least_over_windows(of_null, portion.question, len(chosen))
    return unit[kept], question[kept], found[window[kept], position[kept]], null
