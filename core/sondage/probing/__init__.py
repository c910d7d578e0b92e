"""What probes are built on: both forms of a probe run on any problem, many cells trained as one."""

from sondage.probing.adam import Adam
from sondage.probing.running import dev_of, run

__all__ = ["Adam", "dev_of", "run"]
