"""The network as the paper writes it, an item at a time: slow and obvious, for comparisons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sondage.data import States, Units

if TYPE_CHECKING:
    import torch


def scores(weights: dict[str, torch.Tensor], layers: list[States], units: Units) -> torch.Tensor:
    """Return the scores of all labels, shape (n, labels), differentiable in the weights.

    Parameters
    ----------
    weights : mapping of name to tensor
        One cell's parameters, as `network.named` names them, without the axis of cells.
    layers : list of States
        Mixed if the weights have ``scalars``; else there is one.
    units : Units, length n
        Of arity 1 or 2.

    References
    ----------
    Tenney et al. 2019, arXiv:1905.06316v1, section 3.1. Departs from it: none but what
    `EdgeProbe` says; no dropout.
    """
    import torch

    out = []
    for sentence, spans in zip(units.sentence, units.spans, strict=True):
        words = [torch.from_numpy(np.array(layer[int(sentence)], np.float32)) for layer in layers]
        h = mixed(weights, words)
        pools = []
        for k, (start, end) in enumerate(spans):
            e = h[start:end] @ weights[f"A{k}"] + weights[f"b{k}"]
            a = torch.softmax(e @ weights[f"att{k}"], dim=0)
            pools.append((a[:, None] * e).sum(dim=0))
        U = torch.cat([weights[f"U{k}"] for k in range(len(pools))])
        hidden = torch.tanh(torch.cat(pools) @ U + weights["c"])
        hidden = (hidden - hidden.mean()) / torch.sqrt(hidden.var(unbiased=False) + 1e-5)
        hidden = hidden * weights["scale"] + weights["shift"]
        out.append(hidden @ weights["V"] + weights["o"])
    return torch.stack(out)


def mixed(weights: dict[str, torch.Tensor], words: list[torch.Tensor]) -> torch.Tensor:
    """Return gamma times the sum of s_l h_l; without scalars the only layer."""
    import torch

    if "scalars" not in weights:
        return words[0]
    s = torch.softmax(weights["scalars"], dim=0)
    return weights["gamma"] * sum((s[i] * h for i, h in enumerate(words)), torch.zeros(()))


def loss(logits: torch.Tensor, y: NDArray[Any], kind: str) -> torch.Tensor:
    """Return the loss in nats, from probabilities, item by item and label by label.

    Parameters
    ----------
    logits : tensor, shape (n, K)
    y : int array, shape (n,); bool array, shape (n, K); or float array, shape (n, K), NaN
        where a label was not asked for
    kind : {'sigmoid', 'softmax'}
    """
    import torch

    terms = []
    for z, own in zip(logits, y, strict=True):
        if kind == "softmax":
            terms.append(-torch.log(torch.softmax(z, dim=0)[int(own)]))
            continue
        for label, p in enumerate(torch.sigmoid(z)):
            if np.ndim(own) and np.isnan(own[label]):
                continue
            yes = bool(own[label]) if np.ndim(own) else label == own
            terms.append(-torch.log(p if yes else 1 - p))
    return torch.stack(terms).mean()
