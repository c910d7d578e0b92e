"""What the modules of a list were given and gave, and whether that makes them the blocks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def is_last(out: Any, state: Any) -> bool:
    """Whether a hidden state is the last one that the model gives."""
    import torch

    last = getattr(out, "last_hidden_state", None)
    return last is not None and isinstance(state, torch.Tensor) and torch.equal(last, state)


def recorder(seen: dict[str, list[Any]], name: str) -> Callable[..., None]:
    """Return a hook that notes what a module of a list was given and gave."""

    def record(module: Any, args: Any, kwargs: Any, output: Any) -> None:
        seen.setdefault(name, []).append((input_of(args, kwargs), output_of(output)))

    return record


def input_of(args: Any, kwargs: Any) -> Any:
    """Return the hidden states that a block was given."""
    return args[0] if args else kwargs.get("hidden_states")


def output_of(output: Any) -> Any:
    """Return the hidden states that a block gave."""
    return output[0] if isinstance(output, tuple | list) else output


def are_blocks(calls: list[Any], states: Any) -> bool:
    """Whether the calls of a list of modules are the blocks behind these hidden states."""
    import torch

    if len(calls) != len(states) - 1:
        return False
    inner = [calls[0][0], *(output for _, output in calls[:-1])]
    return all(
        isinstance(mine, torch.Tensor) and mine.shape == theirs.shape and torch.equal(mine, theirs)
        for mine, theirs in zip(inner, states[:-1], strict=True)
    ) and isinstance(calls[-1][1], torch.Tensor)
