"""What an encoder is, alone, as a series of checkpoints, or trained first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from sondage.data import Chunk, Corpus, Ints, PositionLogits, Request, Result, TaskData


@runtime_checkable
class Encoder(Protocol):
    """Text in, one vector per subword per layer out.

    Attributes
    ----------
    fingerprint : str
        Identifies weights, tokenizer, dtype and all else that changes a number. Must not
        need the weights in memory.
    n_layers : int
        Number of blocks L; layers are 0 (embedding output) to L.
    width : int
        Columns of a row; an attention view has one column per head instead.
    views : tuple of str
        The views offered, names of `sondage.data.VIEWS` or the encoder's own.
    notes : tuple of str, optional
        What a plan should tell its user, such as that two encoders are one; for a series too.
        Asked for at every plan: it must need no model in memory.
    origin : mapping of str to str, optional
        Which model this is, for people: ``model`` (a hub name or folder), ``revision`` (the
        commit that was resolved), ``files`` (a checksum), ``is`` (another name of the same),
        ``checked`` (by which checksum that is known) and ``licence``. Results carry it; it is no
        part of what identifies them. Asked for at every plan, too. Where ``SONDAGE_OFFLINE`` is
        set in the environment, nothing may be downloaded for it: raise what a user is to know.
    """

    @property
    def fingerprint(self) -> str: ...
    @property
    def n_layers(self) -> int: ...
    @property
    def width(self) -> int: ...
    @property
    def views(self) -> tuple[str, ...]: ...

    def encode(self, corpus: Corpus, request: Request) -> Iterator[Chunk]:
        """Stream the requested layers and views; each sentence comes exactly once."""
        ...

    def row_counts(self, corpus: Corpus, view: str) -> Ints:
        """Return how many rows each sentence has in a ragged view (subword, attention)."""
        ...


@runtime_checkable
class Series(Protocol):
    """An encoder at several training steps; each step is an encoder of its own.

    A composition that names a series gets all its steps; ``name@step`` and ``name@last`` are
    one of them.

    Attributes
    ----------
    steps : tuple of int
        The training steps, ascending.
    """

    @property
    def steps(self) -> tuple[int, ...]: ...
    def at(self, step: int) -> Encoder:
        """Return the encoder of one step, with a fingerprint of its own."""
        ...


@runtime_checkable
class Trained(Protocol):
    """What has to be trained before it can encode; often a series as well.

    Attributes
    ----------
    fingerprint : str
        Identifies the recipe: all that determines the weights.
    split_seed : int, optional
        The seed whose split was trained on: others, on the same texts, test on sentences
        seen in training, and the plan says so.
    rescores : bool, optional
        Whether `train`, where all weights are there, only scores them: then it is called once
        more for those that were kept before outcomes were.
    """

    @property
    def fingerprint(self) -> str: ...

    def place(self, folder: Path) -> None:
        """Say where the weights are, or will be; called before `train` and `encode`."""
        ...

    def train(self) -> Result:
        """Train, or go on where a killed training stopped; leave all weights in the folder.

        Returns
        -------
        Result
            What was found at the last step. With outcomes, and further ones of other scores, the
            end task's scores get intervals and tests as a probe's do.

        Raises
        ------
        SondageError
            For instance if the loss is no longer a number, with the step.
        """
        ...


@runtime_checkable
class Releasable(Protocol):
    """What an encoder that loads a model should also offer: to let it go.

    A run asks for it when nothing is left that it reads with this encoder: a series of
    checkpoints then takes the memory of one or two of them, not of all.
    """

    def release(self) -> None:
        """Forget the model in memory, if there is one; the next use loads it again.

        Numbers stay as they are. Models that others hold, such as that of an encoder that
        this one is made of, are not this one's to forget.
        """
        ...


@runtime_checkable
class Live(Protocol):
    """What an encoder may also offer: its model in memory, to be read.

    For what looks at parameters rather than at vectors: how far weights have moved, which
    blocks are alike. The core never asks for it; a probe with ``reads = "encoder"`` may.
    """

    def module(self) -> Any:
        """Return the model, loaded if it was not: a `torch.nn.Module` where it is one of torch.

        It is in evaluation mode, on the encoder's device, and learns nothing
        (``requires_grad`` is off). Other encoders may share its tensors, and this one goes on
        encoding with it: whoever changes parameters, modes or hooks works on a copy. An encoder
        that ends before its model does (`n_layers` blocks of more) hands out the whole model.

        Raises
        ------
        EncodingError
            If there is no model, or it cannot be loaded.
        SondageError
            If it has to be trained first.
        """
        ...


@runtime_checkable
class Headed(Protocol):
    """What an encoder may also offer: the head that it, or what it is made of, was trained with.

    For the end task's own score: of a training at each step, or of an encoder some of whose
    layers were replaced after the training.
    """

    def end_task(self, data: TaskData, items: Ints) -> Result:
        """Return what the trained head makes of items of its task.

        Parameters
        ----------
        data : TaskData
            Of the task that was trained on, with the labels in the same order.
        items : int64 array, shape (n,)
            Which items of its target; often the test part of the split that was trained with.

        Returns
        -------
        Result
            The end task's scores as its training names them (``accuracy``, ``matthews``,
            ``las``, ...), then ``loss`` (nats), and outcomes by item. Nothing is learned, and
            no random number drawn.

        Raises
        ------
        EncodingError
            If there is no head, or it was not kept.
        DataError
            If the head predicts something else than these labels, or there are no items.
        SondageError
            If it has to be trained first.
        """
        ...


@runtime_checkable
class Pointing(Protocol):
    """What an encoder may also offer that was trained to find answers: logits by position.

    For looking at where a trained head places start and end of an answer, rather than at what
    comes out. The core never asks for it; a probe with ``reads = "encoder"`` may.
    """

    def position_logits(self, data: TaskData, items: Ints) -> PositionLogits:
        """Return the head's logits of start and end for each subword of each context.

        Parameters
        ----------
        data : TaskData
            Of a task with answers, whose head was trained on such.
        items : int64 array, shape (n,)
            Which questions of its target, each once.

        Raises
        ------
        EncodingError
            If there is no head, or it was not kept.
        DataError
            If the head or the task knows no answers, or there are no items.
        SondageError
            If it has to be trained first.
        """
        ...
