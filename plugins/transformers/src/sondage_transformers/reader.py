"""A model that reads batches and is left as it was; what it cannot read is one kind of error."""

from __future__ import annotations

import contextlib
import inspect
import threading
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sondage.errors import EncodingError
from sondage_transformers.lengths import length_taken
from sondage_transformers.restorer import Changes, Restorer
from sondage_transformers.watcher import EnoughError

if TYPE_CHECKING:
    import torch

    Tensors = Mapping[str, torch.Tensor]


class NoRoomError(EncodingError):
    """A batch does not fit the memory of the device."""


def no_room(inputs: Tensors) -> NoRoomError:
    """Return what to say of a batch that does not fit."""
    return NoRoomError(
        f"a batch of {tuple(inputs['input_ids'].shape)} subwords does not fit the memory",
        hint="a smaller max_length; or dtype: bfloat16",
    )


def is_full(error: BaseException) -> bool:
    """Whether an error says that the memory of a device does not suffice."""
    import torch

    if isinstance(error, NoRoomError | torch.OutOfMemoryError | MemoryError):
        return True
    # On a CPU it is a RuntimeError like any other.
    return isinstance(error, RuntimeError) and "can't allocate memory" in str(error)


class Reader:
    """Passes of a model, one at a time.

    Parameters
    ----------
    model : torch.nn.Module

    Attributes
    ----------
    lock : RLock
        Held while a pass runs.
    ready : bool
        Whether the model has been found to read text; what it cannot read then is the text's fault.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        self.lock = threading.RLock()
        self.ready = False
        self._accepts = inspect.signature(model.forward).parameters
        self._restorer = Restorer(model)

    def accepts(self, name: str) -> bool:
        """Whether the model's forward pass has such an argument."""
        return name in self._accepts

    @contextlib.contextmanager
    def alone(self) -> Iterator[Changes]:
        """Keep others from the model, and put back what passes change of it."""
        with self.lock, self._restorer.kept() as changes:
            yield changes

    @contextlib.contextmanager
    def eager(self) -> Iterator[None]:
        """Compute attention in the plain implementation, the only one that shows its maps."""
        config = getattr(self.model, "config", None)
        before = getattr(config, "_attn_implementation", None)
        if before in (None, "eager"):
            yield
            return
        with self.lock:
            try:
                self.model.set_attn_implementation("eager")
                yield
            finally:
                self.model.set_attn_implementation(before)

    def forward(self, inputs: Tensors, **options: bool) -> Any:
        """Return what the model makes of a batch; raises `EncodingError` where it fails."""
        given = {k: v for k, v in inputs.items() if k in self._accepts}
        try:
            return self.model(**given, return_dict=True, **options)
        except (EnoughError, EncodingError):
            raise
        except Exception as error:  # what an architecture does not take fails in any way
            if is_full(error):
                raise no_room(inputs) from error
            raise self._unread(inputs, error) from error

    def _unread(self, inputs: Tensors, error: Exception) -> EncodingError:
        """Return what to say of a text that the model failed on."""
        name, size = type(self.model).__name__, inputs["input_ids"].shape[1]
        reason = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
        hint = "a model that reads text alone and of any length, or its text part saved by itself"
        if self.ready:
            hint = "max_length sets the subwords of a window; or leave out texts of this length"
        # Shapes that do not fit are a RuntimeError; what else is missing, another one.
        elif isinstance(error, RuntimeError):
            with self._restorer.kept():
                taken = length_taken(self.model, inputs["input_ids"])
            if taken:
                reason = f"it takes texts of {taken}. {reason}"
                hint = (
                    "a configuration that takes texts of any length; Nyströmformer's does where "
                    "segment_means_seq_len is num_landmarks, and attends in full then"
                )
        return EncodingError(f"{name} cannot read texts of {size} subwords: {reason}", hint=hint)
