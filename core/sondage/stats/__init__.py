"""Intervals and tests: over seeds, over test items, between two encoders, over many layers.

Whatever is uncertain is taken whole: a sentence's items stand or fall together, because its
words share a context. All intervals are at 95%, two-sided; ``bench/coverage.py`` measures them.
Where too little is there for an interval its bounds are None, never NaN.
"""

from sondage.stats.inference import (
    FEW,
    Difference,
    Interval,
    bootstrap_interval,
    cluster_interval,
    holm,
    jackknife_interval,
    paired_difference,
    seed_interval,
)

__all__ = [
    "FEW", "Difference", "Interval", "bootstrap_interval", "cluster_interval", "holm",
    "jackknife_interval", "paired_difference", "seed_interval",
]  # fmt: skip
