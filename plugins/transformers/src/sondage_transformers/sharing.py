"""Weights that several encoders of a process read are in memory once."""

from __future__ import annotations

import copy
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sondage_transformers.recipe import Recipe


class _Loaded:
    """A model as it was loaded, which no text goes through."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self._versions = _versions(model)

    @property
    def untouched(self) -> bool:
        """Whether no weight was written to: RWKV divides its own at the first pass."""
        return self._versions == _versions(self.model)


#: As long as a model lives that has their tensors.
_LOADED: weakref.WeakValueDictionary[Any, _Loaded] = weakref.WeakValueDictionary()
#: Of each model that was handed out, whose tensors it has.
_SOURCES: weakref.WeakKeyDictionary[Any, tuple[_Loaded, ...]] = weakref.WeakKeyDictionary()


def shared(recipe: Recipe, device: Any, load: Callable[[], Any]) -> Any:
    """Return a model of its own for each caller, whose weights are loaded once.

    Modules, buffers and configuration are copies, so that hooks and switches of one caller are
    not those of another; parameters are the same tensors, to be read only.

    Parameters
    ----------
    recipe : Recipe
        Without splices.
    device : torch.device
    load : callable
        Makes the model.
    """
    key = _key(recipe, device)
    found = _LOADED.get(key)
    if found is None or not found.untouched:
        found = _LOADED[key] = _Loaded(load())
    twin = _twin(found.model)
    if twin is None:
        # It cannot be copied: it is its own, and is loaded anew for the next one.
        del _LOADED[key]
        return found.model
    _SOURCES[twin] = (found,)
    return twin


def reads_too(model: Any, other: Any) -> None:
    """Say that a model has tensors of another one: both are kept for the next that needs them."""
    _SOURCES[model] = (*_SOURCES.get(model, ()), *_SOURCES.get(other, ()))


def original(model: Any) -> Any:
    """Return the model that one was copied from, or itself."""
    found = _SOURCES.get(model)
    return found[0].model if found else model


def _key(recipe: Recipe, device: Any) -> tuple[Any, ...]:
    files = [recipe.checkpoint.folder / "config.json"]
    if recipe.seed is None:
        files += recipe.checkpoint.weights()
    stats = [(str(path), path.stat()) for path in files if path.is_file()]
    seen = tuple((name, s.st_size, s.st_mtime_ns, s.st_ino, s.st_dev) for name, s in stats)
    return (seen, recipe.dtype, recipe.seed, recipe.trust_remote_code, str(device))


def _twin(model: Any) -> Any | None:
    known = {id(parameter): parameter for parameter in model.parameters()}
    try:
        return copy.deepcopy(model, known)
    except Exception:  # code that comes with a model may hold anything
        return None


def _versions(model: Any) -> list[int]:
    return [-1 if p.is_inference() else p._version for p in model.parameters()]
