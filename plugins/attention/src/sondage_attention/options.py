"""What a user chooses of a measure; imports nothing heavy."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from sondage.errors import ParameterError

Unit = Literal["nats", "bits"]
Ground = Literal["position", "uniform"]
Segment = Literal[0, 1] | None


@dataclass(frozen=True)
class Choice:
    """What of a map is read; see `sondage_attention.components.Attention`."""

    rows: Literal["all", "cls"]
    special: Literal["keep", "drop"]
    from_segment: Segment
    to_segment: Segment


def scale_of(unit: Unit) -> float:
    """Return how many of a unit a nat is."""
    if unit not in ("nats", "bits"):
        raise ParameterError(f"unit '{unit}' is neither 'nats' nor 'bits'")
    return 1.0 if unit == "nats" else 1 / math.log(2)
