"""One step of a training: an encoder, and the head that was trained with it."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from sondage.contracts import Encoder
from sondage.data import Ints, PositionLogits, Result, TaskData, digest
from sondage.errors import ParameterError
from sondage_transformers.base_encoder import BaseEncoder
from sondage_transformers.like_base import LikeBase
from sondage_transformers.recipe import Recipe, recipe_of

if TYPE_CHECKING:
    from sondage_transformers.finetuned import Finetuned

_NAME = "transformers.finetuned"


class Step(LikeBase, BaseEncoder):
    """An encoder at one step of its training: the base's layers and views.

    Parameters
    ----------
    series : Finetuned
    step : int
        One of its steps.
    """

    def __init__(self, series: Finetuned, step: int) -> None:
        self.series = series
        self.step = step

    @property
    def fingerprint(self) -> str:
        """32 hex digits over the recipe of the training and the step."""
        return digest(self.series.recipe_digest, self.step)

    @property
    def n_layers(self) -> int:
        """Number of blocks."""
        return self.base.n_layers

    @property
    def base(self) -> Encoder:
        """What the training began with."""
        return self.series.base

    @property
    def recipe(self) -> Recipe:  # type: ignore[override]
        """How to load the weights.

        Raises
        ------
        ParameterError
            Before the training is done.
        """
        from sondage_transformers.training_folder import step_folder

        placed = self.series._folder
        folder = None if placed is None else step_folder(placed, self.step)
        if folder is None or not folder.is_dir():
            raise ParameterError(
                f"step {self.step} of the training has no weights yet",
                where=_NAME,
                hint="a randomised encoder needs none of them: randomise the base itself",
            )
        base = recipe_of(self.base, _NAME)
        return dataclasses.replace(base, model=str(folder), revision=None, seed=None, splices=())

    def end_task(self, data: TaskData, items: Ints) -> Result:
        """Return what the head of this step makes of items of its task, and outcomes of each.

        The model runs in float32, as in training: at the last step, the items of the test part
        score as the training's own `test_accuracy` and its like. Outcomes are of labels by item,
        of trees by scored word (its place in the corpus; label and head right), of answers by
        question (exact match).

        Raises
        ------
        ParameterError
            Before the training is done.
        EncodingError
            If the training kept no head, as those did that were made before heads were kept.
        DataError
            If the task is not the head's, or there are no items.
        """
        return self.score_on(self, data, items)

    def position_logits(self, data: TaskData, items: Ints) -> PositionLogits:
        """Return the head's logits of start and end for each subword of each context.

        Raises
        ------
        ParameterError, EncodingError, DataError
            As `end_task`; also if the head does not point at answers.
        """
        return self.logits_on(self, data, items)

    def logits_on(self, encoder: BaseEncoder, data: TaskData, items: Ints) -> PositionLogits:
        """Return the same, with the head of this step on another encoder of its shape."""
        from sondage_transformers.position_logits import position_logits

        return position_logits(encoder, Path(self.recipe.model), self.series.settings, data, items)

    def score_on(self, encoder: BaseEncoder, data: TaskData, items: Ints) -> Result:
        """Return the same, with the head of this step on another encoder of its shape."""
        from sondage_transformers.end_task import end_task

        return end_task(encoder, Path(self.recipe.model), self.series.settings, data, items)
