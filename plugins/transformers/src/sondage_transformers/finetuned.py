"""An encoder fine-tuned on a task: a series of checkpoints from one training."""

from __future__ import annotations

import dataclasses
from functools import cached_property
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field

from sondage.contracts import Encoder, Task
from sondage.data import Result, digest
from sondage.errors import EncodingError, ParameterError
from sondage_transformers.base_encoder import BaseEncoder
from sondage_transformers.examples import training_sentences
from sondage_transformers.recipe import refuse_parts, version
from sondage_transformers.settings import (
    Batches,
    Head,
    Schedule,
    Settings,
    kept_steps,
    scores_id,
)
from sondage_transformers.step import Step
from sondage_transformers.truncated import Truncated

_NAME = "transformers.finetuned"
Beta = Annotated[float, Field(ge=0, lt=1)]
_HEADS: dict[str, tuple[Head, ...]] = {
    "sentences": ("auto", "sentence", "sentence-mean", "pooler", "pooler-fresh"),
    "words": ("auto", "word", "pair"),
    "trees": ("auto", "biaffine"),
    "answers": ("auto", "span"),
}


@dataclasses.dataclass(kw_only=True, eq=False)
class Finetuned:
    """An encoder trained on a task with a head of its own: its steps are encoders.

    Step 0 is the base, bit for bit; the last step ends the training. Each step has the
    base's layers and views; the head is thrown away, but for the pooler of a model that has one.

    Training runs in float32 under transformers' `Trainer`. A batch is `batch_size` sentences
    that carry a training item, with all their items; the loss is the cross-entropy averaged
    over the batch's items. The head is one linear layer or, for trees, a biaffine parser; before
    it comes dropout. Weights that the head does not depend on (a pooler that it does not read, a
    decoder, the blocks above a truncated base) stay as they are. Dropout within the model is
    that of its configuration.

    Parameters
    ----------
    base : Encoder
        An encoder of this plugin: pretrained, randomised, truncated, or a step of another
        series.
    task : Task
        One label on each sentence (or pair of texts), word, span or tuple of spans; a
        dependency tree on each sentence; or answers to questions in their contexts. It is trained
        on the training part of its split, and scored on the development part at each kept step
        and on the test part at the last.
    head : {'auto', 'sentence', 'sentence-mean', 'pooler', 'pooler-fresh', 'word', 'pair', \
            'biaffine', 'span'}
        What the label is read from, at the last layer. `sentence`: the classification token (the
        last subword of a model without one). `pooler`: the same through the model's own pooler (a
        layer with tanh, as BERT has it), which learns too; an error where the model or its
        checkpoint has none. `pooler-fresh`: through such a layer that the seed draws, part of
        the head. `sentence-mean`: the mean over the text's subwords. `word`: the mean of a word's
        subwords (of a span, of its words); `pair`: two of these after each other. `biaffine`:
        for trees, all words of a sentence. `span`: for answers, each subword of a question
        and its context, as start and as end of the answer. `auto` takes `sentence`, `word`, `pair`,
        `biaffine` or `span`, as fits the task.
    learning_rate : float
        Its highest value.
    schedule : {'linear', 'cosine', 'constant', 'slanted-triangular'}
        How the rate goes on after the warm-up: the first two end at 0, `constant` stays at its
        highest. `slanted-triangular` rises from and falls to a `ratio`-th of it.
    warmup : float
        Share of the steps in which the rate rises from 0, rounded up; the last is not among
        them. Of the slanted triangular schedule its ``cut_frac``, rounded down.
    epochs : int
        Passes over the training part.
    batch_size : int
        In sentences.
    weight_decay : float
        Of AdamW; not on biases and norms.
    max_grad_norm : float
        Gradients are scaled down to this Euclidean norm; 0 leaves them as they are.
    seed : int
        Draws the head, the order of sentences and dropout.
    split_seed : int
        Draws the split, where the task's files give none.
    freeze : int, optional
        Keep layers 0 to this one as they are: the embeddings and that many bottom blocks.
    checkpoints : int or list of int
        Which steps are kept beside 0 and the last: this many evenly spaced ones, the last
        included, or these.
    max_length : int, optional
        Subwords of a window in training, special tokens included; without it, the base's.
    betas : (float, float)
        Of Adam: how slowly the means of gradients and of their squares forget.
    epsilon : float
        Of Adam: added to the square root that it divides by.
    ratio : float
        Of the slanted triangular schedule: its highest rate over its lowest.
    head_dropout : float
        Rate of the dropout right before the linear layer or the parser.
    overlap : int, optional
        Of answers: subwords of context that two windows share, where question and context are too
        long for one. By default a third of a window. `transformers` calls it ``stride``.
    window_step : int, optional
        The same said otherwise: how many subwords further on each window begins (BERT's
        ``doc_stride``).
    max_question : int
        Of answers: the subwords of a question that are read, at most half a window.
    max_answer : int
        The most subwords of a predicted answer.
    batches : {'random', 'length'}
        Which sentences are learned together: any, or such of like length, which leaves hardly any
        padding and is about twice as fast where lengths vary much. Of 50 batches that the seed
        draws the sentences are sorted, and the batches shuffled. `length` takes AdamW fused into
        one pass as well: the same formula, rounded otherwise.

    References
    ----------
    Zhou and Srikumar 2022, arXiv:2106.14282, section 3.3 and appendix A (learning rate, linear
    schedule, 10% warm-up, batch of 32, 10 epochs); Merchant et al. 2020, arXiv:2004.14448v1,
    section 3 (parsing) and 5.2 (partial freezing, truncation); Dozat and Manning 2017,
    arXiv:1611.01734 (the parser); Devlin et al. 2019, arXiv:1810.04805v2, section 4.1 (`pooler`)
    and 4.2 (`span`);
    Howard and Ruder 2018, arXiv:1801.06146v5, equation 3 (the slanted triangular schedule).
    Departs from it: gradients are clipped and dropout of 0.1 comes before the head, as in
    transformers' defaults (the papers do not say); unless `head` says otherwise the
    classification token goes to the head without BERT's pooler.
    """

    base: Encoder
    task: Task
    head: Head = "auto"
    learning_rate: Annotated[float, Field(gt=0)] = 3e-4
    schedule: Schedule = "linear"
    warmup: Annotated[float, Field(ge=0, le=1)] = 0.1
    epochs: Annotated[int, Field(ge=1)] = 10
    batch_size: Annotated[int, Field(ge=1)] = 32
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    max_grad_norm: Annotated[float, Field(ge=0)] = 1.0
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    split_seed: Annotated[int, Field(ge=0)] = 0
    freeze: Annotated[int, Field(ge=0)] | None = None
    checkpoints: Annotated[int, Field(ge=1)] | list[Annotated[int, Field(ge=0)]] = 1
    max_length: Annotated[int, Field(ge=3)] | None = None
    betas: tuple[Beta, Beta] = (0.9, 0.999)
    epsilon: Annotated[float, Field(gt=0)] = 1e-8
    ratio: Annotated[float, Field(ge=1)] = 32.0
    head_dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1
    overlap: Annotated[int, Field(ge=0)] | None = None
    window_step: Annotated[int, Field(ge=1)] | None = None
    max_question: Annotated[int, Field(ge=1)] = 64
    max_answer: Annotated[int, Field(ge=1)] = 30
    batches: Batches = "random"
    _folder: Path | None = dataclasses.field(default=None, init=False, repr=False)
    rescores: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not isinstance(self.base, BaseEncoder | Truncated):
            raise ParameterError(
                f"{_NAME} needs an encoder of this plugin as its base, not "
                f"{type(self.base).__name__}",
                hint="base: an encoder declared with use: transformers.pretrained",
            )
        refuse_parts(self.base, _NAME)
        units = self.task.units
        if self.head not in _HEADS.get(units, ()):
            raise ParameterError(
                f"{_NAME}: head {self.head!r} does not fit a task whose units are {units!r}",
                near=_HEADS.get(units, ()),
                hint=""
                if units in _HEADS
                else "a task with labels on sentences or words, trees, or answers",
            )

    @property
    def settings(self) -> Settings:
        """The parameters that `finetune` takes."""
        names = [field.name for field in dataclasses.fields(Settings)]
        return Settings(**{name: getattr(self, name) for name in names})

    @property
    def recipe_digest(self) -> str:
        """32 hex digits over all that determines the weights at a step.

        Base, task, all parameters but `checkpoints` (those that came after the first release only
        where they are not as they were before), and the version of torch up to its minor
        number; the base's fingerprint holds that of transformers. The device is left out, as
        for every encoder of this plugin, although training strays further on another one.
        """
        return digest(
            _NAME,
            self.base.fingerprint,
            self.task.fingerprint,
            self.split_seed,
            self.settings.key,
            ".".join(version("torch").split(".")[:2]),
        )

    @property
    def fingerprint(self) -> str:
        """32 hex digits over `recipe_digest`, which steps are kept, and how they are scored."""
        return digest(self.recipe_digest, self.checkpoints, scores_id(self.task.units))

    @cached_property
    def _n_sentences(self) -> int:
        data = self.task.load()
        return len(training_sentences(data, data.split(self.split_seed)))

    @property
    def steps(self) -> tuple[int, ...]:
        """The steps kept, ascending, from 0 to the last.

        The first time, the task is loaded to count its training sentences.

        Raises
        ------
        ParameterError
            If `checkpoints` names a step beyond the last.
        DataError
            If the task cannot be read, or has nothing to train on.
        """
        return kept_steps(self.settings.total_steps(self._n_sentences), self.checkpoints)

    def at(self, step: int) -> Step:
        """Return the encoder at a step; it can encode once the training is done."""
        return Step(self, step)

    def place(self, folder: Path) -> None:
        """Say where the weights are, or will be."""
        self._folder = Path(folder)

    @property
    def folder(self) -> Path:
        """Where the weights are; raises `EncodingError` before `place`."""
        if self._folder is None:
            raise EncodingError(f"{_NAME} has no folder for its weights", hint="call place(folder)")
        return self._folder

    def train(self) -> Result:
        """Train, or go on where a killed training stopped.

        Returns
        -------
        Result
            Scores of the last step: ``dev_accuracy``, ``test_accuracy``, ``dev_loss`` and
            ``test_loss`` (cross-entropy in nats), and ``train_loss`` (mean over the last epoch,
            under dropout). With two labels on sentences ``dev_matthews`` and ``test_matthews``:
            Matthews correlation, 0 where all items have one label or one guess. For trees
            ``dev_las``, ``dev_uas`` and so on: the shares of scored words with the right head
            and relation, and with the right head. For answers ``dev_exact_match``, ``dev_f1`` and
            so on, by SQuAD's rules, from 0 to 1 (1.1's where every question of the task has an
            answer, else 2.0's); the loss is that of windows. A table ``checkpoints`` has a row a
            kept step: ``step``, ``epoch``, ``train_loss`` (mean since the row before), the scores
            on dev and the ends of the first one's 95% interval (``dev_accuracy_low``, ...). The
            outcomes are of that score on dev, further ones of its like on test: of labels and
            questions by item, of trees by scored word (head and relation right). Arrays
            ``dev_outcomes``, shape (steps, items), ``dev_steps``, ``dev_items`` and ``dev_groups``
            (sentences) have them for each kept step, those with ``test_`` for the last. What an
            empty part of the split leaves out a warning ``no-dev-items`` or ``no-test-items``
            says; ``unseen-label`` counts items of dev and test whose label no training item has
            (for trees, words by relation). Of a training from before outcomes were kept they are
            made anew, if it kept its heads.

        Raises
        ------
        EncodingError
            If loss or weights are no longer finite, with the step.
        ParameterError, DataError
            If task, base and parameters do not fit together.
        """
        from sondage_transformers.outcomes import rescored
        from sondage_transformers.training import finetune

        data = self.task.load()
        split = data.split(self.split_seed)
        result = finetune(
            self.base,
            data,
            split,
            self.folder,
            self.settings,
            checkpoints=self.checkpoints,
            identity=self.fingerprint,
        )
        return result if result.arrays else rescored(self, data, split, result)
