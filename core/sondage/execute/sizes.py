"""How many bytes a layer of a corpus takes, and what a job needs in memory."""

from __future__ import annotations

from sondage.data import VIEWS
from sondage.errors import SondageError
from sondage.execute.encode import row_offsets
from sondage.execute.loading import load_task
from sondage.guard.guarded import guarded
from sondage.guard.isolation import Isolation
from sondage.plan.cells import Job
from sondage.registry.built import Built

#: Of a number; a store entry's header and offsets are small beside its rows.
_BYTES = {"float32": 4, "float16": 2, "bfloat16": 2}
#: What is read, and the method's own copy of it.
_COPIES = 2


def layer_bytes(encoder: Built, task: Built, view: str, stored: str = "float32") -> int:
    """Return the bytes of one layer of a view, `stored` in a type of numbers.

    Raises
    ------
    SondageError
        If it cannot be known beforehand.
    """
    corpus = load_task(task).corpus
    first, _ = corpus.unique
    if len(first) < len(corpus):
        corpus = corpus.take(first)
    rows = int(row_offsets(encoder.instance, corpus, view)[-1])
    if VIEWS.get(view) == "attention":
        raise SondageError(f"{rows} rows per layer, times the number of heads")
    return rows * int(encoder.instance.width) * _BYTES[stored]


class Sizes:
    """What jobs need in memory, each view of a corpus counted once."""

    def __init__(self) -> None:
        self._layers: dict[tuple[str, str, str], int] = {}

    def memory_of(self, job: Job) -> int:
        """Return the bytes that a job needs at the least; 0 where that is not known.

        A probe has the vectors of all its layers twice, as read and as its own copy. Metrics take
        up batch by batch, and what asks encoders reads nothing stored.
        """
        if job.reads != "store" or job.cells[0].kind == "metric":
            return 0
        layers = len(set(job.layers))
        return sum(_COPIES * layers * self._layer(one, job) for one in job.encoders)

    def _layer(self, encoder: Built, job: Job) -> int:
        key = (encoder.id, job.task.instance.corpus_fingerprint, job.view)
        if key not in self._layers:
            try:
                with guarded(Isolation()):
                    self._layers[key] = layer_bytes(encoder, job.task, job.view)
            except Exception:  # a component may fail in any way: the job itself will say it
                self._layers[key] = 0
        return self._layers[key]
