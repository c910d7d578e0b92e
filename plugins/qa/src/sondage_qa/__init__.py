"""Reading comprehension: answers in contexts, and the readers as a plain library."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sondage
from sondage.lazy import exports

if TYPE_CHECKING:
    from sondage_qa.natural_questions import NaturalQuestions as NaturalQuestions
    from sondage_qa.natural_questions import read_natural_questions as read_natural_questions
    from sondage_qa.pages import simplify as simplify
    from sondage_qa.question import Question as Question
    from sondage_qa.question import Questions as Questions
    from sondage_qa.squad import read_squad as read_squad
else:
    __getattr__, __dir__, __all__ = exports(
        __name__,
        {
            "natural_questions": ["NaturalQuestions", "read_natural_questions"],
            "pages": ["simplify"],
            "question": ["Question", "Questions"],
            "squad": ["read_squad"],
        },
    )


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
    ]
