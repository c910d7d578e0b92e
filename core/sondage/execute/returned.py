"""What a component returned for a cell, checked and made plain."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sondage.data import Outcomes, Result
from sondage.errors import PluginError
from sondage.plain import shown

#: Item and sentence numbers are kept in four bytes.
_BEYOND = 2**31


def checked(result: Result, who: str) -> Result:
    """Return a result whose scores and outcomes are plain numbers.

    Parameters
    ----------
    result : Result
    who : str
        The component, for messages.

    Raises
    ------
    PluginError
        For what is no result, for no scores, for scores that are no finite numbers, and for
        outcomes that are not as many numbers as items and groups.
    """
    if not isinstance(result, Result):
        raise PluginError(f"'{who}' returned {type(result).__name__}, wanted a Result")
    for part in ("scores", "tables", "arrays", "warnings"):
        if not isinstance(getattr(result, part), Mapping):
            found = type(getattr(result, part)).__name__
            raise PluginError(f"'{who}' returned {found} as '{part}', wanted a mapping")
    if not result.scores:
        raise PluginError(f"'{who}' returned no scores")
    scores = {name: _number(value, who, name) for name, value in result.scores.items()}
    outcomes = _checked_outcomes(result.outcomes, scores, who)
    return replace(result, scores=scores, outcomes=outcomes, further=_further(result, scores, who))


def _further(result: Result, scores: Mapping[str, float], who: str) -> tuple[Outcomes, ...]:
    if not isinstance(result.further, list | tuple):
        kind = type(result.further).__name__
        raise PluginError(f"'{who}' returned {kind} as further outcomes, wanted a list of Outcomes")
    checked_ones = [_checked_outcomes(one, scores, who) for one in result.further]
    found = tuple(one for one in checked_ones if one is not None)
    told = [one.score for one in (*([result.outcomes] if result.outcomes else []), *found)]
    names = [name or next(iter(scores)) for name in told]
    if len(set(names)) < len(names) or not all(one.score for one in found):
        raise PluginError(
            f"'{who}' returned further outcomes of {shown(', '.join(told))}: each names a score "
            "that no others are of"
        )
    return found


def _number(value: Any, who: str, score: str) -> float:
    try:
        if isinstance(value, str | bytes | bytearray) or np.iscomplexobj(value):
            raise TypeError
        # A subclass of float would write itself as it likes.
        plain = float.__pos__(float(value))
    except (TypeError, ValueError, OverflowError) as error:
        raise PluginError(
            f"'{who}' returned {type(value).__name__} {shown(value)} for score '{score}', wanted "
            "one number"
        ) from error
    if not math.isfinite(plain):
        raise PluginError(f"'{who}' returned {plain} for score '{score}'")
    return plain


def _checked_outcomes(
    found: Outcomes | None, scores: Mapping[str, float], who: str
) -> Outcomes | None:
    if found is None:
        return None
    if not isinstance(found, Outcomes):
        raise PluginError(f"'{who}' returned {type(found).__name__} as outcomes, wanted Outcomes")
    items, groups = (
        _whole_numbers(getattr(found, part), part, who) for part in ("items", "groups")
    )
    values = np.asarray(found.values)
    if values.dtype.kind not in "biuf" or values.ndim != 1:
        raise PluginError(
            f"'{who}' returned outcomes of shape {values.shape} and type {values.dtype}, wanted a "
            "number per item"
        )
    if not len(items) == len(groups) == len(values):
        raise PluginError(
            f"'{who}' returned {len(values)} outcomes for {len(items)} items and "
            f"{len(groups)} groups"
        )
    if found.score and found.score not in scores:
        raise PluginError(f"'{who}' returned outcomes of score {shown(found.score)}, not a score")
    # Of no items there is nothing to test, and no interval.
    return replace(found, items=items, groups=groups, values=values) if len(items) else None


def _whole_numbers(numbers: Any, part: str, who: str) -> NDArray[np.int64]:
    found = np.asarray(numbers)
    fits = found.ndim == 1 and (found.dtype.kind in "iu" or not found.size)
    if not fits or (found.size and not 0 <= found.min() <= found.max() < _BEYOND):
        raise PluginError(
            f"'{who}' returned outcomes whose {part} are no flat list of whole numbers from 0 to "
            f"{_BEYOND - 1:,}"
        )
    return found.astype(np.int64)
