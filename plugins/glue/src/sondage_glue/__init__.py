"""Five tasks of GLUE, to fine-tune encoders on, and their reader as a plain library."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sondage
from sondage.lazy import exports

if TYPE_CHECKING:
    from sondage_glue.reader import Table as Table
    from sondage_glue.reader import read_glue as read_glue
else:
    __getattr__, __dir__, __all__ = exports(__name__, {"reader": ["Table", "read_glue"]})

_GLUE = "Wang et al. 2019, arXiv:1804.07461v3, section 3"
_TASKS = {
    "cola": (
        "Cola", "acceptable or not (CoLA)", f"Warstadt et al. 2018, arXiv:1805.12471; {_GLUE}",
    ),
    "sst2": ("Sst2", "positive or negative (SST-2)", f"Socher et al. 2013, EMNLP; {_GLUE}"),
    "rte": ("Rte", "pairs: entailment or not (RTE)", f"Dagan et al. 2005; {_GLUE}"),
    "mrpc": ("Mrpc", "pairs: paraphrases or not (MRPC)", f"Dolan and Brockett 2005; {_GLUE}"),
    "mnli": (
        "Mnli", "pairs: entailment, neutral, contradiction (MultiNLI)",
        f"Williams et al. 2018, arXiv:1704.05426; {_GLUE}",
    ),
}  # fmt: skip


@sondage.hookimpl
def sondage_tasks() -> list[sondage.TaskSpec]:
    """Offer the tasks."""
    return [
        sondage.TaskSpec(
            name=f"glue.{name}",
            factory=f"sondage_glue.tasks:{cls}",
            summary=summary,
            reference=reference,
        )
        for name, (cls, summary, reference) in _TASKS.items()
    ]


@sondage.hookimpl
def sondage_data() -> list[sondage.DataSpec]:
    """Offer the data sets that these tasks read."""
    from sondage_glue.data_sets import DATA

    return list(DATA)
