"""Reading comprehension: answers in contexts, and the readers as a plain library."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sondage
from sondage.lazy import exports

if TYPE_CHECKING:
    from sondage_qa.abbreviations import abbreviation_pairs as abbreviation_pairs
    from sondage_qa.answer_pairs import answer_type_pairs as answer_type_pairs
    from sondage_qa.answer_pairs import boundary_pairs as boundary_pairs
    from sondage_qa.coreference import coreference_pairs as coreference_pairs
    from sondage_qa.gold import read_gap as read_gap
    from sondage_qa.gold import read_wsc as read_wsc
    from sondage_qa.matching import matched as matched
    from sondage_qa.natural_questions import NaturalQuestions as NaturalQuestions
    from sondage_qa.natural_questions import read_natural_questions as read_natural_questions
    from sondage_qa.pages import simplify as simplify
    from sondage_qa.question import Question as Question
    from sondage_qa.question import Questions as Questions
    from sondage_qa.squad import read_squad as read_squad
    from sondage_qa.synonyms import synonym_pairs as synonym_pairs
    from sondage_qa.wordings import wordings_of as wordings_of
    from sondage_qa.wordnet import WordNet as WordNet
else:
    __getattr__, __dir__, __all__ = exports(
        __name__,
        {
            "natural_questions": ["NaturalQuestions", "read_natural_questions"],
            "pages": ["simplify"],
            "abbreviations": ["abbreviation_pairs"],
            "answer_pairs": ["answer_type_pairs", "boundary_pairs"],
            "coreference": ["coreference_pairs"],
            "gold": ["read_gap", "read_wsc"],
            "matching": ["matched"],
            "wordings": ["wordings_of"],
            "question": ["Question", "Questions"],
            "squad": ["read_squad"],
            "synonyms": ["synonym_pairs"],
            "wordnet": ["WordNet"],
        },
    )

_CAI = "Cai et al. 2020, arXiv:2006.01346v1, section 2.2"
#: Class of each task of matching pairs, what it is, and its paper.
_PAIRS = {
    "synonyms": ("phenomena:Synonyms", "a word of the question and its synonym in the context",
                 f"{_CAI}; Fellbaum 1998, WordNet"),
    "abbreviations": ("phenomena:Abbreviations",
                      "an abbreviation in the question and its words in the context",
                      f"{_CAI}; Schwartz and Hearst 2003"),
    "coreference": ("phenomena:Coreference",
                    "a name of the question and a pronoun in the answer's sentence", _CAI),
    "answer_type": ("phenomena:AnswerType", "who, when or where, and the answer", _CAI),
    "boundary": ("phenomena:Boundary", "the ends of the answer within its sentence", _CAI),
    "coreference_gap": ("gold_tasks:CoreferenceGap", "a name and its pronoun, annotated (GAP)",
                        f"Webster et al. 2018, arXiv:1810.05201; {_CAI}"),
    "coreference_wsc": ("gold_tasks:CoreferenceWsc",
                        "a noun phrase and its pronoun, annotated (Winograd schemas)",
                        f"Levesque et al. 2012; Wang et al. 2019, arXiv:1905.00537; {_CAI}"),
}  # fmt: skip


@sondage.hookimpl
def sondage_tasks() -> list[sondage.TaskSpec]:
    """Offer the tasks."""
    return [
        sondage.TaskSpec(
            name="qa.squad",
            factory="sondage_qa.tasks:Squad",
            summary="answers in contexts, from files of SQuAD's format (1.1, 2.0, XQuAD)",
            reference=(
                "Rajpurkar et al. 2016, arXiv:1606.05250, and 2018, arXiv:1806.03822; "
                "Artetxe et al. 2020, arXiv:1910.11856"
            ),
        ),
        sondage.TaskSpec(
            name="qa.natural_questions",
            factory="sondage_qa.tasks:NaturalQuestionsTask",
            summary="short answers in their long answer, from Natural Questions in either form",
            reference="Kwiatkowski et al. 2019, TACL 7:453-466",
        ),
        *(
            sondage.TaskSpec(
                name=f"qa.{name}",
                factory=f"sondage_qa.{factory}",
                summary=summary,
                reference=reference,
            )
            for name, (factory, summary, reference) in _PAIRS.items()
        ),
    ]


@sondage.hookimpl
def sondage_data() -> list[sondage.DataSpec]:
    """Offer the data sets that these tasks read."""
    from sondage_qa.data_sets import DATA

    return list(DATA)
