"""What attention and MLP of each block add to the states that go through it, found by arithmetic.

Names say little: what is added may be the output of the attention itself (Llama), of a projection
inside it (BERT, BLOOM) or of a norm behind it (Gemma). So a block's inner modules are tried: which
two give what has to be added to what the block was given, to make what it gave?
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from sondage.errors import EncodingError
from sondage_transformers.block_calls import input_of, output_of

if TYPE_CHECKING:
    import torch

#: What layers 1 to L are: the states behind a block, or what a part of it adds to them.
Output = Literal["block", "attn_out", "mlp_out"]
#: Sums of three numbers that are added in another order differ by less (units of rounding).
_ROUNDING = 4


@dataclass(frozen=True)
class Part:
    """One call of a module within a block."""

    path: str
    given: torch.Tensor | None
    gave: torch.Tensor
    flat: bool


@dataclass
class Seen:
    """What a block was given and gave, and its inner calls in the order of their ends."""

    given: torch.Tensor
    parts: list[Part] = field(default_factory=list)
    gave: torch.Tensor | None = None


def adding_modules(
    blocks: Sequence[Any], seen: Mapping[Any, Seen], output: Output, model: Any
) -> dict[Any, Any]:
    """Return for each block the module whose output is what its attention or MLP adds.

    Parameters
    ----------
    blocks : sequence of torch.nn.Module
        A block may be there several times.
    seen : mapping of block to Seen
        What `watched` noted in a pass.
    output : {'attn_out', 'mlp_out'}
    model : torch.nn.Module
        For messages.

    Raises
    ------
    EncodingError
        If a block does not add two such outputs, one of attention, to what it is given.
    """
    found: dict[Any, Any] = {}
    for number, block in enumerate(dict.fromkeys(blocks), 1):
        pair = _adding(seen[block]) if block in seen else None
        if pair is None:
            name = type(model).__name__
            raise EncodingError(
                f"block {number} of {name} does not add the outputs of one attention and one MLP "
                "to what it is given, so there is no telling them",
                hint="output: block",
            )
        found[block] = block.get_submodule(pair[output == "mlp_out"])
    return found


def unknown_blocks(model: Any) -> EncodingError:
    """Return what to say of a model whose blocks are not known."""
    name = type(model).__name__
    return EncodingError(f"the blocks of {name} cannot be told", hint="output: block")


@contextlib.contextmanager
def watched(blocks: Sequence[Any]) -> Iterator[dict[Any, Seen]]:
    """Note the first call of each block, and the calls within it, as long as the block runs."""
    seen: dict[Any, Seen] = {}
    over: set[Any] = set()
    hooks = []

    def before(block: Any, args: Any, kwargs: Any) -> None:
        if block not in seen:
            seen[block] = Seen(input_of(args, kwargs).clone())

    def after(block: Any, args: Any, output: Any) -> None:
        if block not in over:
            over.add(block)
            seen[block].gave = output_of(output).clone()

    def within(block: Any, path: str) -> Callable[..., None]:
        def note(module: Any, args: Any, kwargs: Any, output: Any) -> None:
            if block in over:
                return
            like = seen[block].given
            gave = _shaped(output_of(output), like)
            if gave is not None:
                given = _shaped(input_of(args, kwargs), like)
                flat = output_of(output).ndim == 2
                seen[block].parts.append(Part(path, given, gave, flat))

        return note

    for block in dict.fromkeys(blocks):
        hooks.append(block.register_forward_pre_hook(before, with_kwargs=True))
        hooks.append(block.register_forward_hook(after))
        hooks += [
            module.register_forward_hook(within(block, path), with_kwargs=True)
            for path, module in block.named_modules()
            if path
        ]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()


def _shaped(value: Any, like: torch.Tensor) -> torch.Tensor | None:
    """Return a copy in the shape of a block's states; None of what has not as many numbers."""
    shape = getattr(value, "shape", ())
    if len(shape) not in (2, 3) or shape[-1] != like.shape[-1] or value.numel() != like.numel():
        return None
    copy: torch.Tensor = value.detach().to(like.device).reshape(like.shape).clone()
    return copy


def _adding(seen: Seen) -> tuple[str, str] | None:
    """Return the paths of the modules that give what attention and MLP add; None if in doubt."""
    names = [part.path for part in seen.parts]
    once = [part for part in seen.parts if names.count(part.path) == 1]
    if seen.gave is None or seen.gave.shape != seen.given.shape:
        return None
    pairs = [*_sums(once, seen.given, seen.gave), *_normed_sums(once, seen.given, seen.gave)]
    # The same tensor goes through dropouts, and out of the module that it was made in.
    if any(not _same(a, pairs[0][0]) or not _same(m, pairs[0][1]) for a, m in pairs[1:]):
        return None
    told = [(a, m) for a, m in pairs if _is_attention(a) and not _is_attention(m)]
    # Outermost, and where it can be in the shape of states.
    told.sort(key=lambda p: (p[0].flat + p[1].flat, len(p[0].path) + len(p[1].path)))
    return (told[0][0].path, told[0][1].path) if told else None


def _sums(parts: list[Part], given: Any, gave: Any) -> Iterator[tuple[Part, Part]]:
    """Yield pairs with given + a + m = gave: the norm, if any, comes before each part."""
    for i, a in enumerate(parts):
        for m in parts[i + 1 :]:
            if _close(gave, given, a.gave, m.gave):
                yield (m, a) if _is_attention(m) and not _is_attention(a) else (a, m)


def _normed_sums(parts: list[Part], given: Any, gave: Any) -> Iterator[tuple[Part, Part]]:
    """Yield pairs with norm(norm(given + a) + m) = gave."""
    for norm in (p for p in parts if p.given is not None):
        first = [a for a in parts if _close(norm.given, given, a.gave)]
        if not first:
            continue
        for last in (p for p in parts if p.given is not None and _close(gave, p.gave)):
            second = [m for m in parts if m is not norm and _close(last.given, norm.gave, m.gave)]
            yield from ((a, m) for a in first for m in second)


def _close(total: Any, *terms: Any) -> bool:
    import torch

    epsilon = torch.finfo(total.dtype).eps
    total, *terms = (x.float() for x in (total, *terms))
    gap = (total - sum(terms)).abs()
    return bool((gap <= _ROUNDING * epsilon * sum(x.abs() for x in terms)).all())


def _same(a: Part, b: Part) -> bool:
    import torch

    return torch.equal(a.gave, b.gave)


def _is_attention(part: Part) -> bool:
    return "att" in part.path.lower()
