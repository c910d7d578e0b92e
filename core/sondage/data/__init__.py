"""The arrays that pass between encoders, tasks, probes and metrics.

Everything is columnar: flat arrays with offsets, never one object per word. A word index is
counted within its sentence; a *span* is half-open ``[start, end)`` over such indices.
A text pair (premise and hypothesis, question and context) is one sentence with two
segments whose words are numbered through.
"""

from sondage.data.batch import Batch
from sondage.data.corpus import Corpus, Ints, digest, offsets_of, ranges
from sondage.data.examples import Examples
from sondage.data.results import Outcomes, Result
from sondage.data.splits import Split, TaskData
from sondage.data.states import VIEWS, Chunk, Request, States
from sondage.data.targets import Answers, Labels, Rankings, Target, Trees, Units

__all__ = [
    "VIEWS", "Answers", "Batch", "Chunk", "Corpus", "Examples", "Ints", "Labels", "Outcomes",
    "Rankings", "Request", "Result", "Split", "States", "Target", "TaskData", "Trees", "Units",
    "digest", "offsets_of", "ranges",
]  # fmt: skip
