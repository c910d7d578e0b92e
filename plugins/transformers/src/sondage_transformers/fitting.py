"""Whether what a model gives is a vector for each subword, and where it is padded behind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sondage.errors import EncodingError
from sondage_transformers.embeddings import vocabulary
from sondage_transformers.reader import Reader
from sondage_transformers.watcher import Watcher

if TYPE_CHECKING:
    import torch

    Tensors = Mapping[str, torch.Tensor]


class Fitting:
    """Checks hidden states of a model.

    Parameters
    ----------
    reader : Reader
    width : int
        That states should have.
    watcher : Watcher
        Not to look on when the model is tried.
    """

    def __init__(self, reader: Reader, width: int, watcher: Watcher) -> None:
        self._reader, self._width, self._watcher = reader, width, watcher
        self._pads_behind: bool | None = None

    def fitted(self, layer: int, hidden: Any, inputs: Tensors) -> Any:
        """Return states without what the model padded behind the text; else raise."""
        wrong = self.misfit(hidden, inputs)
        if wrong:
            raise EncodingError(f"layer {layer} of {type(self._reader.model).__name__} {wrong}")
        return hidden[:, : inputs["input_ids"].shape[1]]

    def misfit(self, hidden: Any, inputs: Tensors) -> str:
        """Say why something is no state for each subword, or nothing."""
        import torch

        batch, asked = inputs["input_ids"].shape
        shape = tuple(hidden.shape) if isinstance(hidden, torch.Tensor) else ()
        if len(shape) != 3 or shape[0] != batch:
            return f"has the shape {shape}, not a vector for each subword"
        if shape[2] != self._width:
            return f"has the width {shape[2]}, not {self._width}"
        if shape[1] == asked or (shape[1] > asked and self._is_padded_behind(inputs)):
            return ""
        return f"has {shape[1]} states for {asked} subwords"

    def _is_padded_behind(self, inputs: Tensors) -> bool:
        """Whether what a model adds to a text's length lies behind it.

        Its own last state has to be as long as the text again, and the first and last subword
        have to be first and last in the embeddings.
        """
        if self._pads_behind is None:
            model = self._reader.model
            training = model.training
            model.eval()
            try:
                with self._watcher.idle():
                    self._pads_behind = self._measure_padding(inputs)
            finally:
                model.train(training)
        return self._pads_behind

    def _measure_padding(self, inputs: Tensors) -> bool:
        import torch

        row = int(inputs["attention_mask"].sum(1).argmax())
        one = {k: v[row : row + 1] for k, v in inputs.items()}
        ids = one["input_ids"]
        asked = ids.shape[1]
        inner = int(ids[0, asked // 2])

        def embedded(changed: Any) -> Any:
            out = self._reader.forward({**one, "input_ids": changed}, output_hidden_states=True)
            last = getattr(out, "last_hidden_state", None)
            behind = last is not None and last.shape[1] == asked
            return out.hidden_states[0][0].float() if behind else None

        with torch.no_grad(), self._reader.alone():
            before = embedded(ids)
            for place in (0, asked - 1):
                changed = ids.clone()
                changed[0, place] = inner if int(ids[0, place]) != inner else (inner + 1)
                after = embedded(changed % max(vocabulary(self._reader.model) or inner + 2, 1))
                if before is None or after is None or before.shape != after.shape:
                    return False
                moved = torch.nonzero((before != after).any(-1))[:, 0].tolist()
                if moved != [place]:
                    return False
        return True
