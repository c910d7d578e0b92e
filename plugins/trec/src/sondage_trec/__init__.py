"""Probing tasks from the TREC questions, and their reader as a plain library.

``read_trec(path)`` reads ``COARSE:fine question`` lines (`Questions`); the tasks are thin
adapters over it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sondage
from sondage.lazy import exports

if TYPE_CHECKING:
    from sondage_trec.reader import Questions as Questions
    from sondage_trec.reader import read_trec as read_trec
    from sondage_trec.tasks import Coarse as Coarse
    from sondage_trec.tasks import Fine as Fine
else:
    __getattr__, __dir__, __all__ = exports(
        __name__, {"reader": ["Questions", "read_trec"], "tasks": ["Coarse", "Fine"]}
    )

_PAPER = "Li and Roth 2002, Learning Question Classifiers, COLING, section 2"


@sondage.hookimpl
def sondage_tasks() -> list[sondage.TaskSpec]:
    """Return the tasks over TREC question files."""
    tasks = {
        "fine": ("Fine", "what a question asks for: 50 classes such as LOC:city"),
        "coarse": ("Coarse", "what a question asks for: 6 classes such as LOC"),
    }
    return [
        sondage.TaskSpec(
            name=f"trec.{name}",
            factory=f"sondage_trec.tasks:{cls}",
            summary=summary,
            reference=_PAPER,
        )
        for name, (cls, summary) in tasks.items()
    ]


@sondage.hookimpl
def sondage_data() -> list[sondage.DataSpec]:
    """Offer the data sets that these tasks read."""
    from sondage_trec.data_sets import DATA

    return list(DATA)
