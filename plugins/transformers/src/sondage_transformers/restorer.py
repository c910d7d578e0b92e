"""Puts a model back as it was before a pass through it."""

from __future__ import annotations

import contextlib
import operator
from collections.abc import Iterator
from typing import Any

import numpy as np

#: Larger tables are not copied: those that models write to in place hold frequencies.
_MOST = 65_536


class Restorer:
    """Puts back what a forward pass changes in a model beside its weights.

    Some architectures change themselves by what they read: BigBird goes over to full attention
    at a short text, and rotary embeddings of dynamic scale take other frequencies at a long one.
    The next text would then be read by another model. Weights are not put back: RWKV divides its
    own at the first pass, and what it notes of that has to stay with them.

    Parameters
    ----------
    model : torch.nn.Module
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        self._tables: list[tuple[Any, int, Any]] = []

    @contextlib.contextmanager
    def kept(self) -> Iterator[Changes]:
        """Put everything back at the end; what is yielded says afterwards whether it had to."""
        changes = Changes()
        modules = _modules(self.model)
        before = [(owner, dict(owner)) for owner in _owners(modules)]
        weights = _versions(modules)
        self._note_tables(modules)
        random = np.random.get_state()  # noqa: NPY002 (BigBird seeds the global generator)
        try:
            yield changes
        finally:
            np.random.set_state(random)  # noqa: NPY002
            if weights == _versions(_modules(self.model)):
                for owner, old in before:
                    changes.other_mode |= _put_back(owner, old)
                changes.other_mode |= self._restore_tables()

    def _note_tables(self, modules: list[Any]) -> None:
        """Keep a copy of each small table that a pass may write to in place."""
        known = {id(note[0]): note for note in self._tables}
        self._tables = []
        for table in _tensors(modules, "_buffers"):
            version = _version(table)
            if table.numel() > _MOST or version < 0:
                continue
            note = known.get(id(table))
            if note is None or note[1] != version:
                note = (table, version, table.detach().clone())
            self._tables.append(note)

    def _restore_tables(self) -> bool:
        """Write the copies back; return whether a table had other contents."""
        import torch

        other = False
        for table, version, copy in self._tables:
            if _version(table) != version and not torch.equal(table, copy):
                table.copy_(copy)
                other = True
        return other


def _modules(model: Any) -> list[Any]:
    """Return a module and all below it, each once.

    Every pass asks: torch's own walk makes up a name for each, which takes longer than the rest.
    """
    found: dict[int, Any] = {}
    waiting = [model]
    while waiting:
        module = waiting.pop()
        if module is not None and id(module) not in found:
            found[id(module)] = module
            waiting.extend(reversed(module._modules.values()))
    return list(found.values())


def _owners(modules: list[Any]) -> Iterator[dict[str, Any]]:
    """Yield the namespaces in which a pass may leave something."""
    for module in modules:
        own = module.__dict__
        yield own
        for name in ("_buffers", "_modules", "_parameters"):
            yield own[name]
        if hasattr(own.get("config"), "__dict__"):
            yield own["config"].__dict__


def _tensors(modules: list[Any], kind: str) -> Iterator[Any]:
    """Yield the parameters or buffers of modules, each once."""
    found = {id(t): t for module in modules for t in module.__dict__[kind].values()}
    return (tensor for tensor in found.values() if tensor is not None)


def _versions(modules: list[Any]) -> list[int]:
    """Return how often each weight was written to."""
    return [_version(weight) for weight in _tensors(modules, "_parameters")]


@contextlib.contextmanager
def untouched_draws() -> Iterator[None]:
    """Put the generators of torch back after passes that may draw."""
    import torch

    used = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    with torch.random.fork_rng(devices=range(torch.cuda.device_count() if used else 0)):
        yield


def _version(tensor: Any) -> int:
    """Return how often a tensor was written to, or -1 where torch does not count."""
    return -1 if tensor.is_inference() else tensor._version


class Changes:
    """What a pass changed: ``other_mode`` if the model would compute otherwise from then on."""

    def __init__(self) -> None:
        self.other_mode = False


def _put_back(owner: dict[str, Any], old: dict[str, Any]) -> bool:
    """Restore a namespace; return whether a switch or a table in it had other contents.

    What is new stays: transformers notes there that it has put its own hooks on.
    """
    if owner.keys() == old.keys() and all(map(operator.is_, owner.values(), old.values())):
        return False
    other = False
    for name, was in old.items():
        now = owner.get(name)
        if was is not now:
            other |= _is_switch(was, now)
            owner[name] = was
    return other


def _is_switch(was: Any, now: Any) -> bool:
    """Whether this is another way to compute, rather than something kept to save time."""
    import torch

    if isinstance(was, torch.Tensor) and isinstance(now, torch.Tensor):
        if was.is_meta or now.is_meta:  # it lies elsewhere until it is needed
            return False
        # A table that only grew keeps what it had.
        return was.shape == now.shape and not torch.equal(was, now)
    if isinstance(was, torch.nn.Module) or isinstance(now, torch.nn.Module):
        return True
    return isinstance(was, str | bool) and isinstance(now, str | bool) and was != now
