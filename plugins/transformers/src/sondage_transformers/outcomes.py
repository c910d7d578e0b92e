"""How the items of dev and test fared at each kept step: outcomes, arrays and intervals."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sondage.data import Outcomes, Result, Split, TaskData
from sondage.errors import EncodingError
from sondage.stats import cluster_interval

if TYPE_CHECKING:
    from sondage_transformers.finetuned import Finetuned

#: Of ``dev`` and ``test``, by step.
ByStep = Mapping[str, Mapping[int, Outcomes]]


def with_outcomes(result: Result, found: ByStep) -> Result:
    """Return a training's result with how single items fared.

    Parameters
    ----------
    result : Result
        With the table ``checkpoints``.
    found : mapping
        Outcomes of ``dev`` and ``test`` by step, of the head's own score; a step may lack.

    Returns
    -------
    Result
        With outcomes at the last step (``dev_SCORE``, then ``test_SCORE``); for each part arrays
        ``PART_steps``, shape (k,), ``PART_items`` and ``PART_groups``, shape (n,), and
        ``PART_outcomes``, shape (k, n); and in the table the ends of the 95% interval of
        dev's score, over sentences (None where nothing is known).
    """
    steps = result.tables["checkpoints"]["step"]
    arrays: dict[str, Any] = {}
    last = []
    for part, by_step in found.items():
        one = next(iter(by_step.values()))
        arrays |= {
            f"{part}_steps": np.array([*by_step], np.int64),
            f"{part}_items": one.items,
            f"{part}_groups": one.groups,
            f"{part}_outcomes": np.stack([o.values for o in by_step.values()]),
        }
        if steps[-1] in by_step:
            own = by_step[steps[-1]]
            last.append(dataclasses.replace(own, score=f"{part}_{own.score}"))
    table = {**result.tables["checkpoints"], **_ends(found.get("dev", {}), steps)}
    tables = {**result.tables, "checkpoints": table}
    return dataclasses.replace(
        result, outcomes=last[0] if last else None, further=last[1:], arrays=arrays, tables=tables
    )


def _ends(found: Mapping[int, Outcomes], steps: Sequence[int]) -> dict[str, list[Any]]:
    if not found:
        return {}
    score = next(iter(found.values())).score
    over = [
        cluster_interval(found[step].values, found[step].groups) if step in found else None
        for step in steps
    ]
    return {
        f"dev_{score}_{end}": [None if one is None else getattr(one, end) for one in over]
        for end in ("low", "high")
    }


def rescored(series: Finetuned, data: TaskData, split: Split, result: Result) -> Result:
    """Return a finished training's result with outcomes, by the heads that it kept.

    For trainings from before outcomes were kept. As it is, where it kept no heads.
    """
    steps = result.tables["checkpoints"]["step"]
    wanted = {"dev": (split.dev, steps), "test": (split.test, steps[-1:])}
    found: dict[str, dict[int, Outcomes]] = {}
    try:
        for part, (items, of) in wanted.items():
            for step in of if len(items) else ():
                outcomes = series.at(step).end_task(data, items).outcomes
                assert outcomes is not None
                found.setdefault(part, {})[step] = outcomes
    except EncodingError:
        return result
    return with_outcomes(result, found)
