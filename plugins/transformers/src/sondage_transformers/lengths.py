"""Models that take texts of one length only: which, found out when they have refused one."""

from __future__ import annotations

from typing import Any

#: Longer texts are not tried.
_LONGEST = 4096


def length_taken(model: Any, ids: Any) -> int | None:
    """Return the first length named in a model's configuration that it can read, if any.

    Parameters
    ----------
    model : torch.nn.Module
    ids : int64 tensor, shape (b, t)
        The first text is repeated to the length.
    """
    import torch

    config = getattr(model, "config", None)
    named = config.to_dict().values() if hasattr(config, "to_dict") else ()
    lengths = {n for n in named if isinstance(n, int) and 1 < n <= _LONGEST}
    for n in sorted(lengths):
        text = ids[:1].repeat(1, -(-n // ids.shape[1]))[:, :n]
        try:
            with torch.inference_mode():
                out = model(
                    input_ids=text,
                    attention_mask=torch.ones_like(text),
                    output_hidden_states=True,
                    return_dict=True,
                )
        except Exception:  # another length that it does not take
            continue
        states = getattr(out, "hidden_states", None) or ()
        if states and all(tuple(state.shape[:2]) == (1, n) for state in states):
            return n
    return None
