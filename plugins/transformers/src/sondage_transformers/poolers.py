"""A model's own pooler: a layer with tanh over the classification token, as BERT has it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import torch

from sondage.errors import ParameterError
from sondage_transformers.network import Network

Pool = Callable[[torch.Tensor], torch.Tensor]


def own_pooler(network: Network, missing: Collection[str]) -> Pool:
    """Return the pooler of a network's model, for rows of shape (n, width).

    It is tried on two short texts: what it makes of the first place of the last layer has to be
    what the model gives as its pooled output.

    Parameters
    ----------
    network : Network
    missing : collection of str
        Weights that the checkpoint lacks.

    Raises
    ------
    ParameterError
        If the model has no such pooler, or the checkpoint lacks its weights.
    """
    model = network.model
    name = type(model).__name__
    if not isinstance(getattr(model, "pooler", None), torch.nn.Module):
        raise _unfit(f"{name} has no pooler")
    if missing:
        raise _unfit(f"the checkpoint lacks the weights of {name}'s pooler, {min(missing)} first")

    def pool(rows: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor
        if isinstance(model.pooler, torch.nn.Linear):
            found = _activation(model)(model.pooler(rows))
        else:
            # As the model does: it takes the first place of each text.
            found = model.pooler(rows[:, None])
        return found

    if not _agrees(network, pool):
        raise _unfit(f"the pooler of {name} reads more than the classification token")
    return pool


def _activation(model: Any) -> Any:
    return getattr(model, "pooler_activation", None) or getattr(model, "activation", torch.tanh)


def _agrees(network: Network, pool: Pool) -> bool:
    with torch.no_grad(), network.reader.alone():
        out = network.reader.forward(network.probe)
        given, rows = getattr(out, "pooler_output", None), out.last_hidden_state[:, 0]
        try:
            found = pool(rows)
        except Exception:  # a module of that name may want anything
            return False
    same = given is not None and given.shape == found.shape == rows.shape
    return same and torch.allclose(given, found, atol=1e-5)


def _unfit(what: str) -> ParameterError:
    return ParameterError(
        f"head 'pooler': {what}",
        where="transformers.finetuned",
        hint="head: pooler-fresh draws such a layer anew; head: sentence goes without",
    )
