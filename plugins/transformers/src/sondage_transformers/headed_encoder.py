"""An encoder with a head, as one torch module."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch

from sondage.data import Answers, Labels, Trees
from sondage.errors import ParameterError
from sondage_transformers.biaffine import BiaffineHead
from sondage_transformers.engine import Engine
from sondage_transformers.examples import Portion
from sondage_transformers.heads import DROPOUT, Head, LinearHead, Outputs, TwoClassHead
from sondage_transformers.pooling import Pooler
from sondage_transformers.span_head import SpanHead, SpanPortion
from sondage_transformers.tree_examples import TreePortion

if TYPE_CHECKING:
    from sondage_transformers.network import Tensors


def head_for(
    target: Labels | Trees | Answers,
    width: int,
    seed: int,
    *,
    dropout: float = DROPOUT,
    dense: bool = False,
) -> Head:
    """Return a new head, on the CPU, that predicts this target from rows of this width.

    Parameters
    ----------
    target : Labels, Trees or Answers
    width, seed : int
    dropout : float
        Before the head.
    dense : bool
        For labels, whether a drawn layer with tanh comes before that.
    """
    if isinstance(target, Trees):
        return BiaffineHead(width, len(target.names), seed, dropout=dropout)
    if isinstance(target, Answers):
        return SpanHead(width, seed, dropout=dropout)
    if target.units.arity == 0 and len(target.names) == 2:
        return TwoClassHead(width, 1, seed, dropout=dropout, dense=dense)
    arity, n = max(target.units.arity, 1), len(target.names)
    return LinearHead(width, arity, n, seed, dropout=dropout, dense=dense)


class HeadedEncoder(torch.nn.Module):
    """Reads the rows of words, sentences or subwords from an encoder's last layer, and predicts.

    Parameters
    ----------
    engine : Engine
        Its network's model is trained in place.
    view : {'cls', 'last', 'mean', 'word', 'subwords'}
    head : Head
    pool : callable, optional
        What rows (n, width) go through before the head: a part of the network's model, which
        learns with it.
    """

    def __init__(
        self,
        engine: Engine,
        view: str,
        head: Head,
        pool: Callable[[torch.Tensor], torch.Tensor] | None = None,
    ) -> None:
        super().__init__()
        self.engine = engine
        self.view = view
        self.pool = pool
        self.model = engine.network.model
        self.layer = engine.recipe.n_layers
        self.head = head.to(engine.device)

    def states(self, inputs: Tensors, layer: int) -> torch.Tensor:
        """Return the hidden states of a layer, shape (b, t, width)."""
        return self.engine.network.differentiable(inputs, layer)

    def forward(self, portion: Portion | TreePortion | SpanPortion) -> Outputs:
        """Return the head's loss (nats) and what it predicts."""
        hidden = self.states(self.engine.inputs(portion.batch), self.layer)
        shape = (1, portion.n_rows, hidden.shape[-1])
        out = {self.view: torch.empty(shape, device=hidden.device)}
        Pooler(portion.batch, out).take(0, hidden)
        rows = out[self.view][0]
        found: Outputs = self.head(rows if self.pool is None else self.pool(rows), portion)
        return found

    def choose_trained(self, freeze: int | None) -> None:
        """Let the weights learn that the head's rows depend on, but not those of frozen layers.

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
        used = self._reached(self.layer, self.pool)
        kept = set() if freeze is None else self._reached(freeze)
        for name, parameter in self.model.named_parameters():
            parameter.requires_grad_(name in used - kept)

    def _reached(
        self, layer: int, pool: Callable[[torch.Tensor], torch.Tensor] | None = None
    ) -> set[str]:
        self.model.requires_grad_(True)
        states = self.states(self.engine.network.probe, layer)
        torch.autograd.backward((states if pool is None else pool(states[:, 0])).sum())
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
