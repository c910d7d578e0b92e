"""Extractive question answering: how answers are scored, and read from logits of start and end.

Exact match and F1 are SQuAD's own; spans are decoded from arrays of any model.
"""

from sondage.answers.decoding import NO_SPAN, SpanList, best_spans, least_over_windows
from sondage.answers.grading import (
    AnswerGrades,
    Rules,
    best_threshold,
    grade_answers,
    normalised_answer,
    token_f1,
)

__all__ = [
    "NO_SPAN", "AnswerGrades", "Rules", "SpanList", "best_spans", "best_threshold",
    "grade_answers", "least_over_windows", "normalised_answer", "token_f1",
]  # fmt: skip
