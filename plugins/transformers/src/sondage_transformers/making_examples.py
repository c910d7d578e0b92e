"""The examples of one part of a split, whatever is predicted."""

from __future__ import annotations

from sondage.data import Answers, Ints, TaskData, Trees
from sondage_transformers.answer_examples import AnswerExamples
from sondage_transformers.engine import Engine
from sondage_transformers.examples import Examples, LabelExamples, target_of
from sondage_transformers.settings import Settings
from sondage_transformers.tree_examples import TreeExamples


def examples_of(
    engine: Engine, data: TaskData, items: Ints, view: str, settings: Settings
) -> Examples:
    """Return the examples of some items of a task."""
    target = target_of(data)
    if isinstance(target, Trees):
        return TreeExamples(engine, data, items)
    if isinstance(target, Answers):
        return AnswerExamples(engine, data, items, settings)
    return LabelExamples(engine, data, items, view)
