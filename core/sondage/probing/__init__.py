"""What probes are built on: both forms of a probe run on any problem."""

from sondage.probing.running import dev_of, run

__all__ = ["dev_of", "run"]
