"""The arrays that pass between encoders, tasks, probes and metrics.

Everything is columnar: flat arrays with offsets, never an object a word. A word index is
counted within its sentence; a *span* is half-open ``[start, end)`` over such indices.
A text pair (premise and hypothesis, question and context) is one sentence with two
segments whose words are numbered through.
"""

from sondage.data.arrays import (
    VIEWS,
    Chunk,
    Corpus,
    Ints,
    Labels,
    Outcomes,
    Rankings,
    Request,
    Result,
    Split,
    States,
    Target,
    TaskData,
    Trees,
    Units,
    digest,
    offsets_of,
    ranges,
)

__all__ = [
    "VIEWS",
    "Chunk",
    "Corpus",
    "Ints",
    "Labels",
    "Outcomes",
    "Rankings",
    "Request",
    "Result",
    "Split",
    "States",
    "Target",
    "TaskData",
    "Trees",
    "Units",
    "digest",
    "offsets_of",
    "ranges",
]
