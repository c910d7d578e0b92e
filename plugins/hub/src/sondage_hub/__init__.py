"""Tasks over Hugging Face dataset repositories, as far as they are Parquet files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sondage
from sondage.lazy import exports

if TYPE_CHECKING:
    from sondage_hub.reader import Texts as Texts
    from sondage_hub.reader import TokenRows as TokenRows
    from sondage_hub.reader import read_texts as read_texts
    from sondage_hub.reader import read_tokens as read_tokens
    from sondage_hub.repository import splits_of as splits_of
else:
    __getattr__, __dir__, __all__ = exports(
        __name__,
        {
            "reader": ["Texts", "TokenRows", "read_texts", "read_tokens"],
            "repository": ["splits_of"],
        },
    )

_PAPER = "Lhoest et al. 2021, Datasets, arXiv:2109.02846"
_TASKS = {
    "text_classification": ("TextClassification", "a label on each text or pair of texts"),
    "token_classification": ("TokenClassification", "a label on each word"),
}


@sondage.hookimpl
def sondage_tasks() -> list[sondage.TaskSpec]:
    """Offer the tasks."""
    return [
        sondage.TaskSpec(
            name=f"hub.{name}",
            factory=f"sondage_hub.tasks:{cls}",
            summary=f"{summary}, from a dataset repository of Parquet files",
            reference=_PAPER,
        )
        for name, (cls, summary) in _TASKS.items()
    ]
