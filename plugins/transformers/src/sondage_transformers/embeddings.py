"""The table of a model's word embeddings."""

from __future__ import annotations

from typing import Any


def word_table(model: Any) -> Any:
    """Return the module that embeds words, or None if the model names none."""
    try:
        return model.get_input_embeddings()
    except (AttributeError, NotImplementedError):
        return None


def vocabulary(model: Any) -> int | None:
    """Return the number of a model's word embeddings, if it has a table of them."""
    table = word_table(model)
    weight = getattr(table, "weight", None)
    rows = getattr(table, "num_embeddings", None)
    if isinstance(rows, int):
        return rows
    return None if weight is None else int(weight.shape[0])
