"""An encoder with a head, as one torch module."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from sondage.data import Labels, Trees
from sondage.errors import ParameterError
from sondage_transformers.biaffine import BiaffineHead
from sondage_transformers.engine import Engine
from sondage_transformers.examples import Portion
from sondage_transformers.heads import Head, LinearHead, Outputs
from sondage_transformers.pooling import Pooler
from sondage_transformers.tree_examples import TreePortion

if TYPE_CHECKING:
    from sondage_transformers.network import Tensors


def head_for(target: Labels | Trees, width: int, seed: int) -> Head:
    """Return a new head, on the CPU, that predicts this target from rows of this width."""
    if isinstance(target, Trees):
        return BiaffineHead(width, len(target.names), seed)
    return LinearHead(width, max(target.units.arity, 1), len(target.names), seed)


class HeadedEncoder(torch.nn.Module):
    """Reads the rows of words or sentences from an encoder's last layer, and predicts.

    Parameters
    ----------
    engine : Engine
        Its network's model is trained in place.
    view : {'cls', 'last', 'mean', 'word'}
    head : Head
    """

    def __init__(self, engine: Engine, view: str, head: Head) -> None:
        super().__init__()
        self.engine = engine
        self.view = view
        self.model = engine.network.model
        self.layer = engine.recipe.n_layers
        self.head = head.to(engine.device)

    def states(self, inputs: Tensors, layer: int) -> torch.Tensor:
        """Return the hidden states of a layer, shape (b, t, width)."""
        return self.engine.network.differentiable(inputs, layer)

    def forward(self, portion: Portion | TreePortion) -> Outputs:
        """Return the head's loss (nats) and what it predicts."""
        hidden = self.states(self.engine.inputs(portion.batch), self.layer)
        shape = (1, portion.n_rows, hidden.shape[-1])
        out = {self.view: torch.empty(shape, device=hidden.device)}
        Pooler(portion.batch, out).take(0, hidden)
        found: Outputs = self.head(out[self.view][0], portion)
        return found

    def choose_trained(self, freeze: int | None) -> None:
        """Let the weights learn that the last layer depends on, but not those of frozen ones.

        Which these are is found out by differentiation, whatever the architecture calls them.
        Where blocks share weights (ALBERT), a frozen one freezes its like.

        Raises
        ------
        ParameterError
            If there are fewer layers than are to be frozen.
        """
        if freeze is not None and freeze > self.layer:
            raise ParameterError(
                f"freeze: {freeze}, but the base has {self.layer} blocks",
                where="transformers.finetuned",
            )
        self.eval()
        used = self._reached(self.layer)
        kept = set() if freeze is None else self._reached(freeze)
        for name, parameter in self.model.named_parameters():
            parameter.requires_grad_(name in used - kept)

    def _reached(self, layer: int) -> set[str]:
        self.model.requires_grad_(True)
        torch.autograd.backward(self.states(self.engine.network.probe, layer).sum())
        found = {name for name, p in self.model.named_parameters() if p.grad is not None}
        self.zero_grad(set_to_none=True)
        return found

    def state_dict(self, *args: Any, **options: Any) -> dict[str, Any]:  # type: ignore[override]
        """Return the state, of tensors that share memory one: safetensors wants no other."""
        seen: set[tuple[int, int]] = set()
        out = {}
        for name, tensor in super().state_dict(*args, **options).items():
            place = (tensor.data_ptr(), tensor.numel())
            if place not in seen or not tensor.numel():
                out[name] = tensor
            seen.add(place)
        return out
