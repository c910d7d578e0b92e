"""Which parameters make up a layer of a model, and putting those of another model there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from sondage.errors import EncodingError, ParameterError
from sondage_transformers.block_calls import are_blocks, recorded
from sondage_transformers.restorer import Restorer, untouched_draws

if TYPE_CHECKING:
    import torch

WHERE = "transformers.spliced"


def parts_of(model: Any, n_layers: int) -> tuple[frozenset[str], ...]:
    """Return the names of the parameters that make up each layer, 0 to n_layers.

    Layer i > 0 is what block i holds. What lies outside the blocks belongs to layer 0 if a lower
    layer than the last depends on it (embeddings, and tables of relative positions that all
    blocks read), and to the last layer if that alone does (GPT-2's last norm). What no hidden
    state depends on (a pooler) belongs to none.

    Parameters
    ----------
    model : torch.nn.Module, in evaluation mode
    n_layers : int

    Raises
    ------
    ParameterError
        If blocks share parameters, or the model writes to its weights as it reads.
    EncodingError
        If it does not show which modules are its blocks.
    """
    name = type(model).__name__
    before = _versions(model)
    learning = [p for p in model.parameters() if p.is_floating_point()]
    for parameter in learning:
        parameter.requires_grad_(True)
    try:
        with untouched_draws(), Restorer(model).kept():
            blocks, states = _run(model, n_layers)
        if before != _versions(model):
            raise ParameterError(
                f"{name} writes to its weights as it reads: its layers cannot be replaced",
                where=WHERE,
            )
        if not blocks:
            raise EncodingError(
                f"{name} does not show which of its modules are its {n_layers} blocks",
                where=WHERE,
                hint="layers of architectures with a list of blocks can be replaced",
            )
        held = [_inside(model, block) for block in blocks]
        _refuse_shared(name, held)
        inside = set().union(*held)
        outside = {n: p for n, p in model.named_parameters() if n not in inside}
        low, top = _outside(outside, states)
        rest = [n for n in outside if n not in low | top and outside[n].is_floating_point()]
        with untouched_draws(), Restorer(model).kept():
            more_low, more_top = _ungraded(model, rest, states)
    finally:
        for parameter in learning:
            parameter.requires_grad_(False)
    return tuple(map(frozenset, (low | more_low, *held[:-1], held[-1] | top | more_top)))


def _run(model: Any, n_layers: int) -> tuple[list[str], list[torch.Tensor]]:
    """Return the blocks' names in the order of their calls, and all hidden states with the last.

    A name that comes twice is a block that is called twice.
    """
    import torch

    with recorded(model) as seen, torch.enable_grad():
        out = _pass(model)
    states = list(getattr(out, "hidden_states", None) or ())
    whole = len(states) == n_layers + 1 and all(isinstance(s, torch.Tensor) for s in states)
    if not whole or not n_layers:
        return [], []
    with torch.no_grad():
        names = [name for name, calls in seen.items() if are_blocks(calls, states)]
    return [call.block for call in seen[names[0]]] if names else [], _with_last(out)


def _pass(model: Any) -> Any:
    import torch

    ids = torch.arange(1, 5, device=next(model.parameters()).device)[None]
    return model(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        output_hidden_states=True,
        return_dict=True,
    )


def _with_last(out: Any) -> list[torch.Tensor]:
    states = list(out.hidden_states)
    last = getattr(out, "last_hidden_state", None)
    return [*states, states[-1] if last is None else last]


def _inside(model: Any, block: str) -> set[str]:
    # By the names of the whole model, in which a tensor that is tied has one name alone.
    held = {id(p) for p in model.get_submodule(block).parameters()}
    return {name for name, p in model.named_parameters() if id(p) in held}


def _refuse_shared(name: str, held: Sequence[set[str]]) -> None:
    seen: dict[str, int] = {}
    for layer, part in enumerate(held, 1):
        for parameter in sorted(part & set(seen)):
            raise ParameterError(
                f"blocks {seen[parameter]} and {layer} of {name} share parameters "
                f"({parameter}): one cannot be replaced without the other",
                where=WHERE,
            )
        seen |= dict.fromkeys(part, layer)


def _outside(
    parameters: dict[str, torch.Tensor], states: Sequence[torch.Tensor]
) -> tuple[set[str], set[str]]:
    """Return what a layer below the last depends on, and what the last alone does.

    The states are those of layers 0 to L and what the model calls its last.
    """
    lower = _reached(parameters, states[0]) | _reached(parameters, states[-3])
    upper = _reached(parameters, states[-2]) | _reached(parameters, states[-1])
    return lower, upper - lower


def _reached(parameters: dict[str, torch.Tensor], state: torch.Tensor) -> set[str]:
    import torch

    if not state.requires_grad or not parameters:
        return set()
    found = torch.autograd.grad(
        state.float().sum(), list(parameters.values()), retain_graph=True, allow_unused=True
    )
    return {name for name, grad in zip(parameters, found, strict=True) if grad is not None}


def _ungraded(
    model: Any, names: Sequence[str], states: Sequence[torch.Tensor]
) -> tuple[set[str], set[str]]:
    """Return the same of tensors that are read without gradients, such as tables of sinusoids.

    Each is exchanged for another for the time of a pass.
    """
    import torch

    lower: set[str] = set()
    upper: set[str] = set()
    for name in names:
        owner, _, attribute = name.rpartition(".")
        held = model.get_submodule(owner)._parameters
        own = held[attribute]
        held[attribute] = torch.nn.Parameter(own.detach() + 1, requires_grad=False)
        try:
            with torch.no_grad():
                found = _with_last(_pass(model))
        finally:
            held[attribute] = own
        moved = [not torch.equal(a, b) for a, b in zip(states, found, strict=True)]
        if any(moved):
            (lower if any(moved[:-2]) else upper).add(name)
    return lower, upper


def put(base: Any, donor: Any, n_layers: int, layers: Iterable[int]) -> None:
    """Let layers of one model be those of another: its tensors, by reference.

    Parameters
    ----------
    base : torch.nn.Module
        Changed in place.
    donor : torch.nn.Module
        Of the same architecture; left as it is.
    n_layers : int
        Of both.
    layers : ints
        0 for what lies below the blocks; see `parts_of`.

    Raises
    ------
    ParameterError, EncodingError
        As `parts_of` does; or if tensors have other names or shapes.
    """
    chosen = sorted(set(layers))
    parts = parts_of(base, n_layers)
    given = dict(donor.named_parameters())
    mine = dict(base.named_parameters())
    owners: dict[int, list[tuple[Any, str]]] = {}
    for module in base.modules():
        for name, parameter in module._parameters.items():
            if parameter is not None:
                owners.setdefault(id(parameter), []).append((module, name))
    for layer in chosen:
        for name in sorted(parts[layer]):
            _check_like(name, mine[name], given.get(name), layer)
    for layer in chosen:
        for name in parts[layer]:
            for module, attribute in owners[id(mine[name])]:
                module._parameters[attribute] = given[name]


def _check_like(name: str, mine: Any, theirs: Any | None, layer: int) -> None:
    if theirs is not None and theirs.shape == mine.shape:
        return
    what = "no such tensor" if theirs is None else f"one of shape {tuple(theirs.shape)}"
    raise ParameterError(
        f"layer {layer} cannot be replaced: {name} has the shape {tuple(mine.shape)}, and the "
        f"donor has {what}",
        where=WHERE,
        hint="base and donor have to be of one architecture and size",
    )


def _versions(model: Any) -> list[int]:
    return [-1 if p.is_inference() else p._version for p in model.parameters()]
