"""Parameters of the estimator, the probe and the metric."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

Conflicts = Literal["touch", "apart"]


@dataclass(kw_only=True, eq=False)
class ClusterSettings:
    """How clusters are found.

    Parameters
    ----------
    conflicts : {'touch', 'apart'}
        What becomes of a vector that occurs with several labels. 'touch': it may join a
        cluster as long as hulls meet in nothing else (see `sondage_directprobe.balls`).
        'apart': its copies stay clusters of their own.
    memory : float
        GiB that a fit may take; it refuses, with an estimate, where that does not suffice.
    """

    conflicts: Conflicts = "touch"
    memory: Annotated[float, Field(gt=0)] = 4.0
