"""SentEval's probing tasks: readers, a generator from treebanks, the official classifier.

The plain library: `read_senteval`, `read_conllu`, `read_brackets`, `generate` and
`SentEvalClassifier`; the components in the registry are thin adapters beside them.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import sondage

if TYPE_CHECKING:
    from sondage_senteval.brackets import Bracketed, read_brackets
    from sondage_senteval.estimator import SentEvalClassifier
    from sondage_senteval.formats import Sentences, read_senteval
    from sondage_senteval.limits import Rules
    from sondage_senteval.maker import Generated, generate
    from sondage_senteval.settings import Point, Settings
    from sondage_senteval.trees import Tree, read_conllu

_HOMES = {
    "Bracketed": "sondage_senteval.brackets",
    "Generated": "sondage_senteval.maker",
    "Point": "sondage_senteval.settings",
    "Rules": "sondage_senteval.limits",
    "SentEvalClassifier": "sondage_senteval.estimator",
    "Sentences": "sondage_senteval.formats",
    "Settings": "sondage_senteval.settings",
    "Tree": "sondage_senteval.trees",
    "generate": "sondage_senteval.maker",
    "read_brackets": "sondage_senteval.brackets",
    "read_conllu": "sondage_senteval.trees",
    "read_senteval": "sondage_senteval.formats",
}
__all__ = [
    "Bracketed", "Generated", "Point", "Rules", "SentEvalClassifier", "Sentences", "Settings",
    "Tree", "generate", "read_brackets", "read_conllu", "read_senteval",
]  # fmt: skip

_PAPER = "Conneau et al. 2018, arXiv:1805.01070v2"
_TASKS = {
    "sentence_length": ("SentenceLength", "number of words, in six bins (SentLen)"),
    "word_content": ("WordContent", "which of 1,000 words the sentence holds (WC)"),
    "tree_depth": ("TreeDepth", "depth of the syntactic tree (TreeDepth)"),
    "top_constituents": ("TopConstituents", "constituents below the root (TopConst)"),
    "bigram_shift": ("BigramShift", "whether two neighbours have changed places (BShift)"),
    "past_present": ("Tense", "tense of the main verb (Tense)"),
    "subj_number": ("SubjNumber", "number of the main clause's subject (SubjNum)"),
    "obj_number": ("ObjNumber", "number of the main clause's object (ObjNum)"),
    "odd_man_out": ("OddManOut", "whether a noun or verb was replaced (SOMO)"),
    "coordination_inversion": (
        "CoordinationInversion", "whether two clauses have changed places (CoordInv)",
    ),
    "probing": ("Probing", "any labelled sentences in SentEval's format or two columns"),
}  # fmt: skip


def __getattr__(name: str) -> Any:
    # Imported at first use, so that listing components costs no numerics.
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@sondage.hookimpl
def sondage_tasks() -> list[sondage.TaskSpec]:
    """Offer the ten tasks, and the reader of any other in their formats."""
    return [
        sondage.TaskSpec(
            name=f"senteval.{name}",
            factory=f"sondage_senteval.tasks:{cls}",
            summary=summary,
            reference=f"{_PAPER}, section 2",
        )
        for name, (cls, summary) in _TASKS.items()
    ] + [
        sondage.TaskSpec(
            name="senteval.generated",
            factory="sondage_senteval.generated:GeneratedTask",
            summary="a probing task made from any treebank by SentEval's rules",
            reference=f"{_PAPER}, section 2",
        )
    ]


@sondage.hookimpl
def sondage_probes() -> list[sondage.ProbeSpec]:
    """Offer the official classifier."""
    return [
        sondage.ProbeSpec(
            name="senteval.classifier",
            factory="sondage_senteval.classifier:Classifier",
            summary="SentEval's logistic regression or MLP, its settings chosen on dev",
            reference=f"{_PAPER}, section 4; Conneau and Kiela 2018, arXiv:1803.05449v1",
        )
    ]


@sondage.hookimpl
def sondage_reports() -> list[sondage.ReportSpec]:
    """Offer the paper's figures and tables."""
    return [
        sondage.ReportSpec(
            name="senteval.mosbach2020",
            factory="sondage_senteval.report_mosbach:Mosbach2020",
            summary="accuracy by layer and pooling, and its change after fine-tuning",
            reference="Mosbach et al. 2020, arXiv:2010.02616, figures 1, 4, 5 and tables 2, 5",
        )
    ]
