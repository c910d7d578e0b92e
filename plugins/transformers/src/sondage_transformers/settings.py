"""What determines a training beside base and task, and which steps of it are kept."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

from sondage.errors import ParameterError

Head = Literal[
    "auto",
    "sentence",
    "sentence-mean",
    "pooler",
    "pooler-fresh",
    "word",
    "pair",
    "biaffine",
    "span",
]
#: Raised whenever the same weights would come with other scores.
SCORES = "scores-2"
#: The same, of labels on sentences.
SENTENCE_SCORES = "scores-3"
#: The same, of answers to questions.
ANSWER_SCORES = "answers-1"

Schedule = Literal["linear", "cosine", "constant", "slanted-triangular"]
Batches = Literal["random", "length"]
#: Parameters that came later: where they have their defaults, an identity is what it was.
_LATER = (
    *("betas", "epsilon", "ratio", "head_dropout"),
    *("overlap", "window_step", "max_question", "max_answer", "batches"),
)


def scores_id(units: str) -> str:
    """Return what stands for the way in which a task with these units is scored."""
    return {"sentences": SENTENCE_SCORES, "answers": ANSWER_SCORES}.get(units, SCORES)


@dataclass(frozen=True)
class Settings:
    """Parameters of a training; `Finetuned` explains them."""

    head: Head = "auto"
    learning_rate: float = 3e-4
    schedule: Schedule = "linear"
    warmup: float = 0.1
    epochs: int = 10
    batch_size: int = 32
    weight_decay: float = 0.0
    max_grad_norm: float = 1.0
    seed: int = 0
    freeze: int | None = None
    max_length: int | None = None
    betas: tuple[float, float] = (0.9, 0.999)
    epsilon: float = 1e-8
    ratio: float = 32.0
    head_dropout: float = 0.1
    overlap: int | None = None
    window_step: int | None = None
    max_question: int = 64
    max_answer: int = 30
    batches: Batches = "random"

    @property
    def _told(self) -> list[tuple[str, Any]]:
        """Names and values that identify a training."""
        pairs = [(field, getattr(self, field.name)) for field in fields(self)]
        return [(f.name, v) for f, v in pairs if f.name not in _LATER or v != f.default]

    @property
    def key(self) -> tuple[Any, ...]:
        """What identifies a training beside base, task and split."""
        told = self._told
        later = tuple(pair for pair in told if pair[0] in _LATER)
        return (*(value for name, value in told if name not in _LATER), *later)

    def __repr__(self) -> str:
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in self._told)})"

    def epoch_steps(self, n_sentences: int) -> int:
        """Return the steps of an epoch; the last batch may be smaller."""
        return math.ceil(n_sentences / self.batch_size)

    def total_steps(self, n_sentences: int) -> int:
        """Return the steps of the whole training."""
        return self.epochs * self.epoch_steps(n_sentences)

    def warmup_steps(self, total: int) -> int:
        """Return how many of all steps the rate rises in; the last is not among them."""
        # The rate of the first is 0: a training of one step would be none. What a float's
        # last bits add to a whole number is no further step.
        return min(math.ceil(round(self.warmup * total, 9)), total - 1)

    def slanted_share(self, step: int, total: int) -> float:
        """Return the share of its highest value that a slanted triangular rate has.

        Parameters
        ----------
        step : int
            From 0.
        total : int
            Steps of the training.

        References
        ----------
        Howard and Ruder 2018, arXiv:1801.06146v5, equation 3, with `warmup` for cut_frac. Departs
        from it: the rate falls over all steps that are left, also where cut_frac times the steps
        is no whole number; the formula then goes below the lowest rate, and may go below 0.
        """
        cut = min(math.floor(round(self.warmup * total, 9)), total - 1)
        p = step / cut if step < cut else 1 - (step - cut) / (total - cut)
        return (1 + p * (self.ratio - 1)) / self.ratio


def kept_steps(total: int, checkpoints: int | Sequence[int]) -> tuple[int, ...]:
    """Return the steps to keep: 0, the last, and those asked for.

    Parameters
    ----------
    total : int
        The last step.
    checkpoints : int or sequence of int
        This many evenly spaced steps after 0, rounded to even, or these steps.

    Raises
    ------
    ParameterError
        If a step lies beyond the last.
    """
    if isinstance(checkpoints, int):
        chosen = [round(total * i / checkpoints) for i in range(checkpoints + 1)]
    else:
        chosen = list(checkpoints)
    beyond = [step for step in chosen if not 0 <= step <= total]
    if beyond:
        raise ParameterError(
            f"checkpoints: step {beyond[0]} lies beyond the {total} steps of the training",
            where="transformers.finetuned",
            hint="more epochs, a smaller batch_size, or the number of checkpoints instead",
        )
    return tuple(sorted({0, total, *chosen}))
