"""A task's files: which they are, how they are split, and what is read from them."""

from sondage.parts.rows import Rows, Sentences, numbered, read_rows, sentence_labels
from sondage.parts.split import (
    NAMES,
    Files,
    Parts,
    Ratios,
    also_in_train,
    check_ratios,
    name_of,
    split_by,
    with_two_labels,
)
from sondage.parts.task import FileTask

__all__ = [
    "NAMES",
    "FileTask",
    "Files",
    "Parts",
    "Ratios",
    "Rows",
    "Sentences",
    "also_in_train",
    "check_ratios",
    "name_of",
    "numbered",
    "read_rows",
    "sentence_labels",
    "split_by",
    "with_two_labels",
]
