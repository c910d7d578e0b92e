"""Edge-probing tasks: labels on one or two spans of words, from published formats."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sondage
from sondage.lazy import exports

if TYPE_CHECKING:
    from sondage_edges.entities import read_wnut17 as read_wnut17
    from sondage_edges.gap import read_gap as read_gap
    from sondage_edges.jsonl import read_jsonl as read_jsonl
    from sondage_edges.pronouns import read_dpr as read_dpr
    from sondage_edges.pronouns import read_wsc as read_wsc
    from sondage_edges.protoroles import read_spr2 as read_spr2
    from sondage_edges.relations import read_semeval2010 as read_semeval2010
    from sondage_edges.spans import Edges as Edges
    from sondage_edges.writer import edges_jsonl as edges_jsonl
else:
    __getattr__, __dir__, __all__ = exports(
        __name__,
        {
            "entities": ["read_wnut17"],
            "gap": ["read_gap"],
            "jsonl": ["read_jsonl"],
            "pronouns": ["read_dpr", "read_wsc"],
            "protoroles": ["read_spr2"],
            "relations": ["read_semeval2010"],
            "spans": ["Edges"],
            "writer": ["edges_jsonl"],
        },
    )


_TENNEY = "Tenney et al. 2019, What do you learn from context?, arXiv:1905.06316v1, section 4"
#: Class of each task, what it is, and who made its data.
_TASKS = {
    "jsonl": ("Jsonl", "labels on one or two spans, from edge-probing JSON Lines", _TENNEY),
    "semeval2010": ("SemEval2010", "relation of two nominals, 19 labels (SemEval-2010 Task 8)",
                    "Hendrickx et al. 2010, SemEval-2010 Task 8"),
    "wnut17": ("Wnut17", "type of each named entity, 6 labels (WNUT-17)",
               "Derczynski et al. 2017, WNUT2017 shared task on novel and emerging entities"),
    "spr2": ("Spr2", "proto-role properties of predicate and argument, many labels (SPR2)",
             "White et al. 2016, Universal Decompositional Semantics; Tenney et al. 2019"),
    "gap": ("Gap", "whether a pronoun and a name corefer (GAP)",
            "Webster et al. 2018, Mind the GAP, arXiv:1810.05201"),
    "dpr": ("Dpr", "whether a pronoun and a candidate corefer (definite pronoun resolution)",
            "Rahman and Ng 2012, Resolving complex cases of definite pronouns"),
    "wsc": ("Wsc", "whether a pronoun and a noun phrase corefer (Winograd schemas of SuperGLUE)",
            "Levesque et al. 2012; Wang et al. 2019, SuperGLUE, arXiv:1905.00537"),
}  # fmt: skip


@sondage.hookimpl
def sondage_tasks() -> list[sondage.TaskSpec]:
    """Return the edge-probing tasks."""
    return [
        sondage.TaskSpec(
            name=f"edges.{name}",
            factory=f"sondage_edges.tasks:{cls}",
            summary=summary,
            reference=reference,
        )
        for name, (cls, summary, reference) in _TASKS.items()
    ]


@sondage.hookimpl
def sondage_data() -> list[sondage.DataSpec]:
    """Offer the data sets that these tasks read."""
    from sondage_edges.data_sets import DATA

    return list(DATA)
