"""SentEval's probing tasks: readers, a generator from treebanks, the official classifier.

The plain library: `read_senteval`, `read_conllu`, `read_brackets`, `generate` and
`SentEvalClassifier`; the components in the registry are thin adapters beside them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sondage
from sondage.lazy import exports

if TYPE_CHECKING:
    from sondage_senteval.brackets import Bracketed as Bracketed
    from sondage_senteval.brackets import read_brackets as read_brackets
    from sondage_senteval.estimator import SentEvalClassifier as SentEvalClassifier
    from sondage_senteval.formats import Sentences as Sentences
    from sondage_senteval.formats import read_senteval as read_senteval
    from sondage_senteval.generator import Generated as Generated
    from sondage_senteval.generator import generate as generate
    from sondage_senteval.limits import Rules as Rules
    from sondage_senteval.settings import ClassifierSettings as ClassifierSettings
    from sondage_senteval.settings import Point as Point
    from sondage_senteval.trees import DependencyTree as DependencyTree
    from sondage_senteval.trees import read_conllu as read_conllu
else:
    # Imported at first use, so that listing components costs no numerics.
    __getattr__, __dir__, __all__ = exports(
        __name__,
        {
            "brackets": ["Bracketed", "read_brackets"],
            "estimator": ["SentEvalClassifier"],
            "formats": ["Sentences", "read_senteval"],
            "generator": ["Generated", "generate"],
            "limits": ["Rules"],
            "settings": ["ClassifierSettings", "Point"],
            "trees": ["DependencyTree", "read_conllu"],
        },
    )

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


@sondage.hookimpl
def sondage_data() -> list[sondage.DataSpec]:
    """Offer the data sets that these tasks read."""
    from sondage_senteval.data_sets import DATA

    return list(DATA)
