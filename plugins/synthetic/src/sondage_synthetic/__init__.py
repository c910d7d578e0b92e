"""Sentences from a small English grammar, with gold annotation: tasks without a download.

``generate(n, seed=0)`` returns them as columns; the tasks are thin adapters over it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sondage
from sondage.lazy import exports

if TYPE_CHECKING:
    from sondage_synthetic.columns import Sentences as Sentences
    from sondage_synthetic.columns import generate as generate
    from sondage_synthetic.draft import Sentence as Sentence
    from sondage_synthetic.grammar import sentences as sentences
    from sondage_synthetic.tasks import Coordination as Coordination
    from sondage_synthetic.tasks import Deprel as Deprel
    from sondage_synthetic.tasks import Tree as Tree
    from sondage_synthetic.tasks import Upos as Upos
else:
    __getattr__, __dir__, __all__ = exports(
        __name__,
        {
            "columns": ["Sentences", "generate"],
            "draft": ["Sentence"],
            "grammar": ["sentences"],
            "tasks": ["Coordination", "Deprel", "Tree", "Upos"],
        },
    )

_GRAMMAR = "sondage's own grammar; labels after Universal Dependencies, arXiv:2004.10643"


@sondage.hookimpl
def sondage_tasks() -> list[sondage.TaskSpec]:
    """Return the tasks over generated sentences."""
    tasks = {
        "upos": ("Upos", "part of speech of each word of made-up sentences"),
        "deprel": ("Deprel", "relation of each head and dependent in made-up sentences"),
        "tree": ("Tree", "dependency tree of each made-up sentence"),
        "coordination": ("Coordination", "what a made-up sentence coordinates, if anything"),
    }
    return [
        sondage.TaskSpec(
            name=f"synthetic.{name}",
            factory=f"sondage_synthetic.tasks:{cls}",
            summary=summary,
            reference=_GRAMMAR,
        )
        for name, (cls, summary) in tasks.items()
    ]
