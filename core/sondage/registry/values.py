"""The values of parameters, as a file gives them and as a key holds them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from sondage.errors import ParameterError
from sondage.registry.document import Document, Keys
from sondage.registry.file import substitute


def substituted(value: Any, document: Document, path: Keys) -> Any:
    """Return a value whose texts have the environment's values for ``${NAME}``."""
    if isinstance(value, dict):
        return {k: substituted(v, document, (*path, k)) for k, v in value.items()}
    if isinstance(value, list):
        return [substituted(v, document, (*path, i)) for i, v in enumerate(value)]
    if isinstance(value, str):
        return substitute(value, where=document.where(*path))
    return value


def refuse_nan(value: Any, document: Document, path: Keys, who: str) -> None:
    """Refuse what is not equal to itself: it could not identify a result."""
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in pairs:
            refuse_nan(inner, document, (*path, key), who)
    elif isinstance(value, float) and value != value:
        raise ParameterError(
            f"{who}: '{'.'.join(map(str, path[2:]))}' is .nan, which is no value",
            where=document.where(*path),
        )


def finite(value: Any) -> Any:
    """Return JSON with infinities as texts, which JSON has no numbers for."""
    if isinstance(value, dict):
        return {key: finite(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [finite(inner) for inner in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def naming(parameters: Mapping[str, Any], given: str) -> list[str]:
    """Return the parameters whose value is what was given, or a list that holds it."""
    return [
        name
        for name, value in parameters.items()
        if given and given in (value if isinstance(value, list) else [value])
    ]
