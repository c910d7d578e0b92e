"""See whether a component's files are still those that the plan was made from."""

from __future__ import annotations

import copy
from functools import cached_property
from typing import Any

from sondage.errors import DataError, EncodingError
from sondage.registry.built import Built


def confirm(built: Built) -> None:
    """Refuse an encoder or task whose fingerprint is no longer the one of the plan.

    Raises
    ------
    EncodingError, DataError
    """
    if _afresh(built.instance, {}).fingerprint == built.key["fingerprint"]:
        return
    error = EncodingError if built.kind == "encoder" else DataError
    raise error(
        f"the files of {built.kind} '{built.label}' have changed since the run was planned, so "
        "what was read is not what the results would be kept under",
        hint="run the same command again",
    )


def _afresh(instance: Any, made: dict[int, Any]) -> Any:
    """Return a copy that has worked nothing out yet, and so have the components in it."""
    if id(instance) in made or not hasattr(instance, "__dict__"):
        return made.get(id(instance), instance)
    twin = made[id(instance)] = copy.copy(instance)
    kind = type(instance)
    for name, value in list(vars(twin).items()):
        if isinstance(getattr(kind, name, None), cached_property):
            del vars(twin)[name]
        elif hasattr(type(value), "fingerprint"):
            vars(twin)[name] = _afresh(value, made)
    return twin
