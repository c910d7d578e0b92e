"""What probes are built on: both forms of a probe run on any problem, many cells trained as one."""

from sondage.probing.adam import Adam
from sondage.probing.inputs import check_finite, labels_of, split_of, surprisals
from sondage.probing.running import dev_of, run
from sondage.probing.wrapping import OfProbe, OfProblem

__all__ = [
    "Adam", "OfProbe", "OfProblem", "check_finite", "dev_of", "labels_of", "run", "split_of",
    "surprisals",
]  # fmt: skip
