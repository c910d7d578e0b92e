"""Probing tasks from CoNLL-U treebanks, and the reader as a plain library.

``read_conllu(path)`` returns a columnar `Treebank`; the tasks are thin adapters over it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sondage
from sondage.lazy import exports

if TYPE_CHECKING:
    from sondage_treebank.columns import Treebank as Treebank
    from sondage_treebank.reader import read_conllu as read_conllu
    from sondage_treebank.tasks import Deprel as Deprel
    from sondage_treebank.tasks import Feats as Feats
    from sondage_treebank.tasks import Tree as Tree
    from sondage_treebank.tasks import Upos as Upos
    from sondage_treebank.tasks import Xpos as Xpos
else:
    __getattr__, __dir__, __all__ = exports(
        __name__,
        {
            "columns": ["Treebank"],
            "reader": ["read_conllu"],
            "tasks": ["Deprel", "Feats", "Tree", "Upos", "Xpos"],
        },
    )

_FORMAT = "CoNLL-U, Universal Dependencies version 2; Nivre et al. 2020, arXiv:2004.10643"


@sondage.hookimpl
def sondage_tasks() -> list[sondage.TaskSpec]:
    """Return the tasks over CoNLL-U files."""
    tasks = {
        "upos": ("Upos", "universal part of speech of each word (UPOS)"),
        "xpos": ("Xpos", "language-specific part of speech of each word (XPOS)"),
        "feats": ("Feats", "one morphological feature of each word, or the whole FEATS string"),
        "deprel": ("Deprel", "relation of each head and dependent (DEPREL)"),
        "tree": ("Tree", "dependency tree of each sentence (HEAD)"),
    }
    return [
        sondage.TaskSpec(
            name=f"treebank.{name}",
            factory=f"sondage_treebank.tasks:{cls}",
            summary=summary,
            reference=_FORMAT,
        )
        for name, (cls, summary) in tasks.items()
    ]


@sondage.hookimpl
def sondage_data() -> list[sondage.DataSpec]:
    """Offer the data sets that these tasks read."""
    from sondage_treebank.data_sets import DATA

    return list(DATA)
