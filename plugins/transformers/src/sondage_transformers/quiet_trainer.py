"""Transformers' Trainer over batches made here: silent, local, and leaving no trace."""

from __future__ import annotations

import contextlib
import math
import os
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import Trainer, TrainingArguments
from transformers.trainer_callback import PrinterCallback

from sondage.data import Ints
from sondage.errors import EncodingError, ParameterError
from sondage_transformers.epochs import in_batches
from sondage_transformers.examples import Examples, Portion
from sondage_transformers.settings import Settings
from sondage_transformers.training_folder import TrainingHistory

_SCHEDULES = {
    "linear": "linear",
    "cosine": "cosine",
    "constant": "constant_with_warmup",
    # Not one of the Trainer's: `QuietTrainer` makes it.
    "slanted-triangular": "constant",
}
#: One formula; of one rounding each, so that trainings from before there was a choice stay.
_OPTIMIZERS = {"random": "adamw_torch", "length": "adamw_torch_fused"}


class TrainingBatches(torch.utils.data.Dataset[Portion]):
    """Every batch of the whole training, in order; those of an epoch hang on its seed."""

    def __init__(self, examples: Examples, settings: Settings) -> None:
        self.examples, self.settings = examples, settings
        self.per_epoch = settings.epoch_steps(len(examples))
        self._made: tuple[int, list[Ints]] | None = None

    def __len__(self) -> int:
        return self.per_epoch * self.settings.epochs

    def __getitem__(self, index: int) -> Portion:
        epoch, k = divmod(index, self.per_epoch)
        if self._made is None or self._made[0] != epoch:
            rng = np.random.default_rng([self.settings.seed, epoch])
            lengths = self.examples.lengths if self.settings.batches == "length" else None
            size = self.settings.batch_size
            self._made = (epoch, in_batches(len(self.examples), size, rng, lengths))
        portion: Portion = self.examples.portion(self._made[1][k])
        return portion


class QuietTrainer(Trainer):
    """Transformers' Trainer over ready-made batches, with an eye on the loss.

    Parameters
    ----------
    batches : TrainingBatches
    history : TrainingHistory
        Gets the loss of each step.
    others
        As `Trainer`.
    """

    def __init__(self, batches: TrainingBatches, history: TrainingHistory, **others: Any) -> None:
        self.batches, self.history = batches, history
        super().__init__(train_dataset=batches, **others)
        self.remove_callback(PrinterCallback)

    def get_train_dataloader(self) -> Any:
        """Return the batches in order."""
        # To the Trainer all epochs are one. A generator of the loader's own leaves the global
        # one to dropout.
        return torch.utils.data.DataLoader(
            self.batches,
            batch_size=1,
            collate_fn=_as_inputs,
            generator=torch.Generator().manual_seed(0),
        )

    def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> Any:
        """Return what sets the rate of each step."""
        settings = self.batches.settings
        if settings.schedule == "slanted-triangular" and self.lr_scheduler is None:
            self.lr_scheduler = torch.optim.lr_scheduler.LambdaLR(
                self.optimizer if optimizer is None else optimizer,
                lambda step: settings.slanted_share(step, num_training_steps),
            )
            self._created_lr_scheduler = True
        return super().create_scheduler(num_training_steps, optimizer)

    def compute_loss(self, model: Any, inputs: Any, *args: Any, **options: Any) -> Any:
        """Return the loss; raises `EncodingError` if it is not finite."""
        loss: Any = super().compute_loss(model, inputs, *args, **options)
        value = float(loss.detach())
        if not math.isfinite(value):
            raise diverged(f"the loss is {value}", self.state.global_step + 1)
        self.history.losses.append(value)
        return loss


def _as_inputs(portions: list[Portion]) -> dict[str, Portion]:
    return {"portion": portions[0]}


def diverged(what: str, step: int) -> EncodingError:
    """Return the error of a training that went out of bounds."""
    return EncodingError(
        f"the training diverged: {what} at step {step}",
        where="transformers.finetuned",
        hint="a smaller learning_rate, more warmup, or a smaller max_grad_norm",
    )


def arguments(settings: Settings, total: int, scratch: Path, device: torch.device) -> Any:
    """Return the Trainer's arguments.

    Raises
    ------
    ParameterError
        If the Trainer would not run on this device.
    """
    args = TrainingArguments(
        output_dir=str(scratch),
        max_steps=total,
        per_device_train_batch_size=1,
        learning_rate=settings.learning_rate,
        lr_scheduler_type=_SCHEDULES[settings.schedule],
        warmup_steps=settings.warmup_steps(total),
        optim=_OPTIMIZERS[settings.batches],
        adam_beta1=settings.betas[0],
        adam_beta2=settings.betas[1],
        adam_epsilon=settings.epsilon,
        weight_decay=settings.weight_decay,
        max_grad_norm=settings.max_grad_norm,
        seed=settings.seed,
        use_cpu=device.type == "cpu",
        save_strategy="no",
        eval_strategy="no",
        logging_strategy="no",
        report_to="none",
        disable_tqdm=True,
        push_to_hub=False,
        remove_unused_columns=False,
    )
    if args.device.type != device.type or (device.index or 0) != (args.device.index or 0):
        raise ParameterError(
            f"training would run on {args.device}, but the base is on {device}",
            where="transformers.finetuned",
            hint="choose the device by CUDA_VISIBLE_DEVICES",
        )
    # Batches are whole: they cannot be torn apart over several devices.
    args._n_gpu = min(args.n_gpu, 1)
    args.report_to = []
    return args


@contextlib.contextmanager
def untouched_randomness(device: torch.device) -> Iterator[None]:
    """Put back every global generator after; the Trainer seeds them all."""
    before: tuple[Any, Any] = (random.getstate(), np.random.get_state())  # noqa: NPY002
    used = device.type == "cuda" or torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    try:
        with torch.random.fork_rng(devices=range(torch.cuda.device_count() if used else 0)):
            yield
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])  # noqa: NPY002


@contextlib.contextmanager
def own_environment() -> Iterator[None]:
    """Hide variables by which the surroundings would change how and where a Trainer runs."""
    ranks = r"(LOCAL_|)(RANK|WORLD_SIZE)|(PMI|OMPI_COMM_WORLD|MV2_COMM_WORLD)_\w+"
    names = [n for n in os.environ if re.fullmatch(rf"ACCELERATE_\w+|{ranks}", n)]
    hidden = {name: os.environ.pop(name) for name in names}
    try:
        yield
    finally:
        os.environ.update(hidden)
