"""What the modules of a list were given and gave, and whether that makes them the blocks."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple


def is_last(out: Any, state: Any) -> bool:
    """Whether a hidden state is the last one that the model gives."""
    import torch

    last = getattr(out, "last_hidden_state", None)
    return last is not None and isinstance(state, torch.Tensor) and torch.equal(last, state)


class Call(NamedTuple):
    """One call of a module of a list.

    Parameters
    ----------
    block : str
        The module's name in the model.
    given, gave : object
        What are hidden states if it is a block.
    """

    block: str
    given: Any
    gave: Any


@contextlib.contextmanager
def recorded(model: Any) -> Iterator[dict[str, list[Call]]]:
    """Note the calls of the modules of each of a model's lists, by the list's name."""
    import torch

    seen: dict[str, list[Call]] = {}
    lists = [(n, m) for n, m in model.named_modules() if isinstance(m, torch.nn.ModuleList)]
    hooks = [
        child.register_forward_hook(_recorder(seen, name, number), with_kwargs=True)
        for name, modules in lists
        for number, child in {id(c): (i, c) for i, c in enumerate(modules)}.values()
    ]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()


def _recorder(seen: dict[str, list[Call]], name: str, number: int) -> Callable[..., None]:
    block = f"{name}.{number}" if name else str(number)

    def record(module: Any, args: Any, kwargs: Any, output: Any) -> None:
        call = Call(block, input_of(args, kwargs), output_of(output))
        seen.setdefault(name, []).append(call)

    return record


def input_of(args: Any, kwargs: Any) -> Any:
    """Return the hidden states that a block was given."""
    return args[0] if args else kwargs.get("hidden_states")


def output_of(output: Any) -> Any:
    """Return the hidden states that a block gave."""
    return output[0] if isinstance(output, tuple | list) else output


def are_blocks(calls: list[Call], states: Any) -> bool:
    """Whether the calls of a list of modules are the blocks behind these hidden states."""
    import torch

    if len(calls) != len(states) - 1:
        return False
    inner = [calls[0].given, *(call.gave for call in calls[:-1])]
    return all(
        isinstance(mine, torch.Tensor) and mine.shape == theirs.shape and torch.equal(mine, theirs)
        for mine, theirs in zip(inner, states[:-1], strict=True)
    ) and isinstance(calls[-1].gave, torch.Tensor)
