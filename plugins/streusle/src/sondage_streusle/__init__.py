"""Probing tasks from STREUSLE, and its reader as a plain library.

``read_streusle(path)`` reads JSON or CoNLL-U-Lex into columns (`Streusle`); the tasks are thin
adapters over it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sondage
from sondage.lazy import exports

if TYPE_CHECKING:
    from sondage_streusle.corpus import Streusle as Streusle
    from sondage_streusle.labels import adposition_labels as adposition_labels
    from sondage_streusle.reader import read_streusle as read_streusle
    from sondage_streusle.tasks import PsFxn as PsFxn
    from sondage_streusle.tasks import PsRole as PsRole
else:
    __getattr__, __dir__, __all__ = exports(
        __name__,
        {
            "corpus": ["Streusle"],
            "labels": ["adposition_labels"],
            "reader": ["read_streusle"],
            "tasks": ["PsFxn", "PsRole"],
        },
    )

_PAPERS = (
    "Schneider et al. 2018, arXiv:1805.04905; as probing task Liu et al. 2019, arXiv:1903.08855"
)


@sondage.hookimpl
def sondage_tasks() -> list[sondage.TaskSpec]:
    """Return the tasks over STREUSLE files."""
    tasks = {
        "ps_role": ("PsRole", "supersense role of each single-token preposition (SS)"),
        "ps_fxn": ("PsFxn", "supersense function of each single-token preposition (SS2)"),
    }
    return [
        sondage.TaskSpec(
            name=f"streusle.{name}",
            factory=f"sondage_streusle.tasks:{cls}",
            summary=summary,
            reference=_PAPERS,
        )
        for name, (cls, summary) in tasks.items()
    ]


@sondage.hookimpl
def sondage_data() -> list[sondage.DataSpec]:
    """Offer the data sets that these tasks read."""
    from sondage_streusle.data_sets import DATA

    return list(DATA)
