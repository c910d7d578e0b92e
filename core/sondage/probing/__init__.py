"""What probes are built on: both forms of a probe run on any problem, many cells trained as one."""

from sondage.probing.adam import Adam, ArrayAdam
from sondage.probing.blas import Threads, on_threads, one_thread
from sondage.probing.inputs import check_finite, labels_of, split_of, surprisals
from sondage.probing.running import dev_of, run
from sondage.probing.tasks import (
    SeedTask,
    by_seed,
    control_tasks,
    layer_chunks,
    seed_tasks,
    settings_of,
    vectors_of,
)
from sondage.probing.wrapping import OfProbe, OfProblem

__all__ = [
    "Adam", "ArrayAdam", "OfProbe", "OfProblem", "SeedTask", "Threads", "by_seed", "check_finite",
    "control_tasks", "dev_of", "labels_of", "layer_chunks", "on_threads", "one_thread", "run",
    "seed_tasks", "settings_of", "split_of", "surprisals", "vectors_of",
]  # fmt: skip
