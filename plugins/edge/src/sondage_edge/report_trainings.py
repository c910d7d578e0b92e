"""Several trainings of one encoder as one: means, and intervals over them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sondage.report import by_family, records

if TYPE_CHECKING:
    from pandas import DataFrame

_GROUP = ["kind", "encoder", "other", "task", "component", "view", "layer", "score"]
_OWN = ["boot_low", "boot_high", "n_groups", "p", "p_holm"]


def over_trainings(summary: DataFrame) -> DataFrame:
    """Return a summary in which encoders that differ by their seed are one.

    Where there are several, ``mean`` is that of their means, ``low`` and ``high`` a 95% t interval
    over trainings (``interval`` is ``trainings``), ``n_seeds`` their number, and ``difference``
    likewise the mean of theirs, with an interval over trainings; what is of one training alone is
    missing. The rows of others are as they were.
    """
    import pandas as pd

    rows = []
    for _, part in by_family(summary).groupby(_GROUP, sort=False, dropna=False):
        rows.append(records(part)[0] if len(part) == 1 else _one(part))
    out = pd.DataFrame(rows, columns=list(summary.columns))
    kinds = {c: kind for c, kind in summary.dtypes.items() if c not in ("encoder", "other")}
    return out.astype(kinds)


def _one(part: DataFrame) -> dict[str, Any]:
    from sondage.stats import seed_interval

    over = seed_interval(part["mean"].to_numpy(float))
    row = records(part)[0] | dict.fromkeys(_OWN)
    row |= {"mean": over.mean, "std": over.std, "low": over.low, "high": over.high,
            "interval": "trainings", "n_seeds": len(part)}  # fmt: skip
    found = part["difference"].to_numpy(float)
    if not pd_missing(found):
        gap = seed_interval(found)
        row |= {"difference": gap.mean, "difference_low": gap.low, "difference_high": gap.high}
    else:
        row |= dict.fromkeys(("difference", "difference_low", "difference_high"))
    return row


def pd_missing(values: Any) -> bool:
    """Return whether any of some numbers is missing."""
    return bool((values != values).any())
