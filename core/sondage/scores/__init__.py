"""How predictions are scored: labels, and answers to questions, read from a model's logits."""

from sondage.scores.decoding import NO_SPAN, SpanList, best_spans, least_over_windows
from sondage.scores.grading import (
    AnswerGrades,
    Rules,
    best_threshold,
    grade_answers,
    normalised_answer,
    token_f1,
)
from sondage.scores.labels import classification, per_class, per_label_of

__all__ = [
    "NO_SPAN", "AnswerGrades", "Rules", "SpanList", "best_spans", "best_threshold",
    "classification", "grade_answers", "least_over_windows", "normalised_answer", "per_class",
    "per_label_of", "token_f1",
]  # fmt: skip
