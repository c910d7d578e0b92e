"""Fine-tuning with transformers' Trainer: resumable, silent, and a function of its inputs."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import TrainerCallback

from sondage.contracts import Encoder
from sondage.data import Answers, Labels, Outcomes, Result, Split, TaskData, Trees, digest
from sondage.errors import EncodingError
from sondage.guard.headway import tell
from sondage_transformers.end_task import scored
from sondage_transformers.engine import Engine
from sondage_transformers.examples import Examples, target_of, training_sentences, view_of
from sondage_transformers.files import code_files, tokenizer_files
from sondage_transformers.headed_encoder import HeadedEncoder, head_for
from sondage_transformers.kept_head import keep_head
from sondage_transformers.loading import device_of, encoder_of, load_whole, missing_of
from sondage_transformers.making_examples import examples_of
from sondage_transformers.outcomes import with_outcomes
from sondage_transformers.placing import refuse_map
from sondage_transformers.poolers import own_pooler
from sondage_transformers.quiet import quiet
from sondage_transformers.quiet_trainer import (
    QuietTrainer,
    TrainingBatches,
    arguments,
    diverged,
    own_environment,
    untouched_randomness,
)
from sondage_transformers.recipe import Recipe, recipe_of
from sondage_transformers.settings import Settings, kept_steps, scores_id
from sondage_transformers.training_folder import TrainingFolder, TrainingHistory, step_folder

#: A state to go on from is also kept when this many seconds have passed since the last.
SAVE_EVERY = 300.0


def finetune(
    base: Encoder,
    data: TaskData,
    split: Split,
    folder: Path,
    settings: Settings | None = None,
    *,
    checkpoints: int | Sequence[int] = 1,
    identity: str = "",
) -> Result:
    """Train an encoder on a task; go on where a killed call with the same folder stopped.

    Parameters
    ----------
    base : Encoder
        Of this plugin; it is trained in float32 whatever its dtype.
    data : TaskData
        With one label per item, trees, or answers.
    split : Split
    folder : Path
        Gets ``step-N`` for each kept step: a model with its tokenizer, as `transformers` saves
        it, in safetensors.
    settings : Settings, optional
    checkpoints : int or sequence of int
        Which steps are kept; see `settings.kept_steps`.
    identity : str, optional
        Identifies all other arguments; what is found in the folder has to agree.

    Returns
    -------
    Result
        As `Finetuned.train` says.

    Raises
    ------
    EncodingError
        If loss or weights are no longer finite, with the step; if the model cannot be loaded;
        or if the folder holds another training.
    ParameterError, DataError
        If data, base and settings do not fit together.
    """
    settings = settings or Settings()
    recipe = recipe_of(base, "transformers.finetuned")
    refuse_map(recipe, "training")
    total = settings.total_steps(len(training_sentences(data, split)))
    steps = kept_steps(total, checkpoints)
    if not identity:
        parts = [part.tobytes() for part in (split.train, split.dev, split.test)]
        target = target_of(data)
        what = (data.corpus.fingerprint, *_content(target))
        scores = scores_id(_units_of(target))
        identity = digest(base.fingerprint, scores, *what, *parts, settings, steps)
    place = TrainingFolder(Path(folder), identity, steps)
    history = place.finished()
    if history is None:
        device = device_of(recipe.device)
        with untouched_randomness(device), quiet(), own_environment():
            history = _Training(recipe, data, split, settings, place, device).run()
        place.finish(history)
    return _result(history, settings.epoch_steps(len(training_sentences(data, split))))


class _Training:
    """One training, ready to run."""

    def __init__(
        self,
        recipe: Recipe,
        data: TaskData,
        split: Split,
        settings: Settings,
        place: TrainingFolder,
        device: torch.device,
    ) -> None:
        self.recipe = dataclasses.replace(
            recipe, dtype="float32", max_length=settings.max_length or recipe.max_length
        )
        self.settings, self.place, self.device = settings, place, device
        self.engine = Engine(self.recipe)
        self.target = target_of(data)
        self.view = view_of(settings.head, self.target, self.recipe.checkpoint.has_cls)
        self.train, self.dev, self.test = (
            examples_of(self.engine, data, items, self.view, settings)
            for items in (split.train, split.dev, split.test)
        )
        self.per_epoch = settings.epoch_steps(len(self.train))
        self.total = self.per_epoch * settings.epochs

    def run(self) -> TrainingHistory:
        self.place.sweep()
        self.whole = load_whole(self.recipe)
        model = encoder_of(self.whole).to(self.device)
        self.engine.network = self.engine.network_of(model)
        self.engine.network.check([self.recipe.n_layers])
        self.engine.check_positions()
        headed = self.headed()
        found = self.place.newest()
        history = self.begin() if found is None else found[1]
        if found is None:
            self.keep(0, headed, history)
        args = arguments(self.settings, self.total, self.place.scratch, self.device)
        trainer = QuietTrainer(
            TrainingBatches(self.train, self.settings),
            history,
            model=headed,
            args=args,
            callbacks=[_Keeper(self, headed, history)],
        )
        try:
            trainer.train(resume_from_checkpoint=None if found is None else str(found[0]))
        except torch.OutOfMemoryError as error:
            raise EncodingError(
                f"batches of {self.settings.batch_size} sentences do not fit the memory",
                where="transformers.finetuned",
                hint="a smaller batch_size or max_length",
            ) from error
        if len(self.test):
            history.test, outcomes = self.score(headed, self.test, self.total)
            history.fared("test", self.total, outcomes)
        return history

    def headed(self) -> HeadedEncoder:
        """Return the encoder with its new head, and choose which weights learn."""
        settings, kind = self.settings, self.settings.head
        head = head_for(
            self.target,
            self.recipe.checkpoint.width,
            settings.seed,
            dropout=settings.head_dropout,
            dense=kind == "pooler-fresh",
        )
        pool = own_pooler(self.engine.network, missing_of(self.whole)) if kind == "pooler" else None
        headed = HeadedEncoder(self.engine, self.view, head, pool)
        headed.choose_trained(settings.freeze)
        return headed

    def begin(self) -> TrainingHistory:
        warnings = self.train.warnings() + self.dev.warnings() + self.test.warnings()
        for name, part in (("dev", self.dev), ("test", self.test)):
            if not len(part):
                warnings[f"no-{name}-items"] = 1
        parts = (self.train, self.dev, self.test)
        warnings.update(self.engine.parted(sum(map(len, parts))))
        unseen = self.dev.unseen(self.train) + self.test.unseen(self.train)
        if unseen:
            warnings["unseen-label"] = unseen
        return TrainingHistory(self.place.identity, warnings=dict(warnings))

    def keep(self, step: int, headed: HeadedEncoder, history: TrainingHistory) -> None:
        """Score and save the model as it is after a step."""
        wrong = [n for n, p in headed.named_parameters() if not bool(torch.isfinite(p).all())]
        if wrong:
            raise diverged(f"{len(wrong)} weight tensors are not finite", step)
        since = history.rows[-1]["step"] if history.rows else 0
        recent = history.losses[since:step]
        row: dict[str, Any] = {
            "step": step,
            "epoch": step / self.per_epoch,
            "train_loss": math.fsum(recent) / len(recent) if recent else None,
        }
        if len(self.dev):
            found, outcomes = self.score(headed, self.dev, step)
            history.fared("dev", step, outcomes)
            row |= {f"dev_{name}": value for name, value in found.items()}
        self.place.keep_step(step, lambda folder: self._save(folder, headed))
        history.rows.append(row)

    def score(
        self, headed: HeadedEncoder, examples: Examples, step: int
    ) -> tuple[dict[str, float], Outcomes]:
        """Return the head's scores and mean loss (nats) over a part of the split, and outcomes."""

        def check(loss: float) -> None:
            if not math.isfinite(loss):
                raise diverged(f"the loss on unseen sentences is {loss}", step)

        headed.eval()
        return scored(headed, examples, self.settings.batch_size, check)

    def _save(self, folder: Path, headed: HeadedEncoder) -> None:
        keep_head(folder, headed.head, self.target)
        lacking = missing_of(self.whole)
        # Random stand-ins for weights that the base lacks would pass for trained ones.
        kept = {k: v for k, v in self.whole.state_dict().items() if k not in lacking}
        self.whole.save_pretrained(folder, state_dict=kept if lacking else None)
        source = self.recipe.checkpoint.folder
        more = code_files(source) if self.recipe.trust_remote_code else []
        first = step_folder(self.place.folder, self.place.steps[0])
        for path in [*tokenizer_files(source), *more]:
            # One copy serves all steps, where the disk can do that.
            with contextlib.suppress(OSError):
                os.link(first / path.name, folder / path.name)
            if not (folder / path.name).exists():
                shutil.copyfile(path, folder / path.name)


class _Keeper(TrainerCallback):
    """Keeps steps and states at their time."""

    def __init__(
        self, training: _Training, headed: HeadedEncoder, history: TrainingHistory
    ) -> None:
        self.training, self.headed, self.history = training, headed, history
        self.saved = time.monotonic()

    def on_train_begin(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        self._tell(state.global_step)

    def _tell(self, step: int) -> None:
        """Say how far the training is, to whoever shows it."""
        losses = {"loss": self.history.losses[-1]} if self.history.losses else {}
        epoch = step / self.training.per_epoch
        tell(step, self.training.total, "steps", epoch=epoch, **losses)

    def on_step_end(self, args: Any, state: Any, control: Any, **more: Any) -> Any:
        step = state.global_step
        self._tell(step)
        if step in self.training.place.steps:
            self.training.keep(step, self.headed, self.history)
        due = step in self.training.place.steps or time.monotonic() - self.saved > SAVE_EVERY
        # After the last step nothing is left to go on with.
        control.should_save = due and step < self.training.total
        return control

    def on_save(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        step = state.global_step
        made = Path(args.output_dir) / f"checkpoint-{step}"
        self.training.place.keep_state(made, step, self.history)
        self.saved = time.monotonic()


def _units_of(target: Labels | Trees | Answers) -> str:
    if isinstance(target, Answers):
        return "answers"
    return "sentences" if isinstance(target, Labels) and not target.units.arity else ""


def _content(target: Labels | Trees | Answers) -> list[bytes]:
    arrays: tuple[Any, ...]
    names: tuple[str, ...] = target.texts if isinstance(target, Answers) else target.names
    if isinstance(target, Answers):
        arrays = (target.sentence, target.start, target.end, target.offsets)
    elif isinstance(target, Trees):
        arrays = (target.heads, target.relations, target.scored, target.sentence)
    else:
        arrays = (target.y, target.units.spans, target.units.sentence)
    found = [np.ascontiguousarray(array).tobytes() for array in arrays]
    return [*found, "\0".join(names).encode()]


def _result(history: TrainingHistory, per_epoch: int) -> Result:
    last, losses = history.rows[-1], history.losses[-per_epoch:]
    found = {name: value for name, value in last.items() if name.startswith("dev_")}
    found |= {f"test_{name}": value for name, value in history.test.items()}
    # The first is the one that tables show: scores come before losses.
    scores = dict(sorted(found.items(), key=lambda item: item[0].endswith("_loss")))
    scores["train_loss"] = math.fsum(losses) / len(losses)
    table = {name: [row[name] for row in history.rows] for name in last}
    result = Result(scores, tables={"checkpoints": table}, warnings=history.warnings)
    return with_outcomes(result, history.by_step())
