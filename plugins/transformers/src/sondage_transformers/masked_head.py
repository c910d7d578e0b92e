"""The head of a pretrained masked language model, alone."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sondage.errors import EncodingError
from sondage_transformers.checkpoint import Checkpoint
from sondage_transformers.loading import made_by, refuse_misfits
from sondage_transformers.placing import refuse_map
from sondage_transformers.quiet import quiet
from sondage_transformers.recipe import Recipe
from sondage_transformers.restorer import untouched_draws

if TYPE_CHECKING:
    import torch

#: Logits computed at once (4 MiB of float32).
_CELLS = 2**20


@dataclass
class MaskedHead:
    """All that a masked language model does after its last hidden state.

    Parameters
    ----------
    model : torch.nn.Module
        The whole model, whose body hands `given` on instead of reading anything.
    """

    model: Any

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._dtype = next(self.model.parameters()).dtype

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """Return the logits of hidden states, shape (k, width) to (k, vocabulary)."""
        with self._lock:
            return _logits(self.model, hidden[None].to(self._dtype))[0]

    def nats(self, hidden: torch.Tensor, targets: torch.Tensor) -> NDArray[np.float64]:
        """Return minus the targets' log probability, shape (k,)."""
        import torch

        if not len(targets):
            return np.zeros(0)
        found = []
        with torch.inference_mode():
            # The first row says how wide logits are: configurations may round them up.
            step = max(1, _CELLS // self.logits(hidden[:1]).shape[1])
            for a in range(0, len(targets), step):
                logits = self.logits(hidden[a : a + step]).float()
                own = logits.gather(1, targets[a : a + step, None])[:, 0]
                found.append(torch.logsumexp(logits, dim=1) - own)
        return torch.cat(found).cpu().numpy().astype(np.float64)


def load_head(recipe: Recipe, device: torch.device) -> MaskedHead:
    """Return the head of a checkpoint, in the recipe's type and on a device.

    Raises
    ------
    EncodingError
        If the checkpoint has none, or not all of it; if its projection is not tied to the input
        embeddings; if it needs more than one place's hidden state.
    """
    import torch

    refuse_map(recipe, "a masked-LM head")
    checkpoint = recipe.checkpoint
    with torch.random.fork_rng(devices=[]), quiet():
        model, missing = _load(checkpoint, getattr(torch, recipe.dtype))
    model.requires_grad_(False)
    model.eval()
    where = str(checkpoint.folder)
    _check_whole(model, missing, where)
    _check_tied(model, where)
    try:
        with torch.inference_mode(), untouched_draws():
            fits = _detach(model)
    except Exception as error:  # what an architecture does not take fails in any way
        reason = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        raise EncodingError(
            f"the head of {type(model).__name__} cannot be used alone: {reason}", where=where
        ) from error
    if not fits:
        raise EncodingError(
            f"the head of {type(model).__name__} needs more than the state of one place",
            where=where,
        )
    return MaskedHead(model.to(device))


def _load(checkpoint: Checkpoint, dtype: torch.dtype) -> tuple[Any, list[str]]:
    from transformers import AutoModelForMaskedLM

    where = str(checkpoint.folder)
    config = checkpoint.config
    if config.get("is_encoder_decoder") or config.get("is_decoder"):
        raise EncodingError(
            f"{checkpoint.model_type or 'the model'} writes from left to right: it has no "
            "masked-LM head",
            where=where,
            hint="a masked language model, such as BERT or RoBERTa",
        )
    try:
        model, info = made_by(AutoModelForMaskedLM, checkpoint, dtype)
    except Exception as error:  # what has no such head, and damaged files, fail in any way
        raise EncodingError(
            f"{checkpoint.model_type or 'the model'} cannot be loaded with a masked-LM head: "
            f"{' '.join(str(error).split())[:200]}",
            where=where,
            hint="a masked language model, such as BERT or RoBERTa",
        ) from error
    refuse_misfits(info, checkpoint)
    return model, sorted(info["missing_keys"])


def _check_whole(model: Any, missing: list[str], where: str) -> None:
    body = f"{model.base_model_prefix}."
    lost = [key for key in missing if not key.startswith(body)]
    if lost:
        raise EncodingError(
            f"the checkpoint lacks {len(lost)} tensors of the masked-LM head, {lost[0]} first",
            where=where,
            hint="the head would be random; save the pretrained model with its head "
            "(AutoModelForMaskedLM)",
        )


def _check_tied(model: Any, where: str) -> None:
    """Raise unless the projection onto the vocabulary is the table of input embeddings."""
    import torch

    inner, outer = model.get_input_embeddings(), model.get_output_embeddings()
    a, b = (getattr(table, "weight", None) for table in (inner, outer))
    if a is not None and b is not None and a.shape == b.shape and torch.equal(a, b):
        return
    raise EncodingError(
        "the masked-LM head is untied: its projection is not the table of input embeddings",
        where=where,
        hint="a checkpoint whose config has tie_word_embeddings: true",
    )


def _detach(model: Any) -> bool:
    """Let the body go; return whether the head alone gives what the whole model did."""
    import torch

    body = model.base_model
    ids = torch.arange(8)[None] % model.config.vocab_size
    inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    whole, hidden = model(**inputs).logits, body(**inputs)[0]
    for module in list(body.modules()):
        for name, child in module.named_children():
            if isinstance(child, torch.nn.ModuleList):
                setattr(module, name, torch.nn.ModuleList())
    body.forward = _Given()
    alone = torch.cat([_logits(model, hidden[:, i : i + 1]) for i in range(ids.shape[1])], dim=1)
    epsilon = torch.finfo(whole.dtype).eps ** 0.5
    return torch.allclose(alone, whole, rtol=epsilon, atol=epsilon * float(whole.abs().max()))


def _logits(model: Any, hidden: torch.Tensor) -> Any:
    model.base_model.forward.hidden = hidden
    return model(inputs_embeds=hidden, return_dict=True).logits


class _Given:
    """Stands for a body's forward pass: hands on what it was given."""

    hidden: Any = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        from transformers.modeling_outputs import BaseModelOutput

        return BaseModelOutput(last_hidden_state=self.hidden)
