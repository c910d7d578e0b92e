"""A value calibrated against draws of what unrelated sides would have, and aggregates of values."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sondage.errors import DataError, ParameterError

Floats = NDArray[np.float64]
Aggregate = Literal["mean", "max"] | Callable[[Floats], float]


class Calibration(NamedTuple):
    """A similarity beside its permutation null.

    Parameters
    ----------
    score : float
        How far the value lies from the threshold to the best: 0 at or below it, 1 at the best.
    p : float
        Share of draws, the observed value counted as one, that are as close or closer.
    threshold : float
        The value that all but `level` of draws and observed value together do not exceed.
    observed : float
        The value itself.
    """

    score: float
    p: float
    threshold: float
    observed: float


def calibrate(observed: float, null: Any, *, best: float = 1.0, level: float = 0.05) -> Calibration:
    """Return a similarity or distance calibrated against draws of its null.

    Parameters
    ----------
    observed : float
    null : float array, shape (k,)
        Values of the same measure where the sides are unrelated.
    best : float
        The measure's value for equal sides: 1 for most similarities, 0 for distances. Whatever is
        nearer to it is the more similar.
    level : float
        Share of unrelated sides that may pass the threshold.

    Returns
    -------
    Calibration

    Raises
    ------
    DataError
        If a value is not finite.
    ParameterError
        If there are too few draws for `level`, or `level` is not in (0, 1).

    References
    ----------
    Gröger, Wen and Brbić 2026, arXiv:2602.14486: relu(s - τ) / (max - τ), and
    p = (1 + #{null ≥ s}) / (K + 1). Departs from it: stated by the distance to `best`, so that
    distances can be calibrated too.
    """
    draws = np.asarray(null, np.float64)
    needed = draws_for(level)
    if draws.ndim != 1 or len(draws) < needed:
        raise ParameterError(
            f"calibration at level {level:g} needs at least {needed} permutations and has "
            f"{draws.size}"
        )
    if not (np.isfinite(draws).all() and math.isfinite(observed) and math.isfinite(best)):
        raise DataError("calibration: the observed value, a draw or the best value is not finite")
    away, draws_away = abs(best - observed), np.abs(best - draws)
    joined = np.sort(np.append(draws_away, away))[::-1]
    # The rounding is against 0.95 × 200 = 190.00000000000003 and the like.
    place = math.ceil(round((1 - level) * len(joined), 9)) - 1
    limit = float(joined[place])
    score = (limit - away) / limit if away < limit else 0.0
    p = (1 + int(np.count_nonzero(draws_away <= away))) / len(joined)
    side = 1.0 if float(np.append(draws, observed).mean()) <= best else -1.0
    threshold = best - side * limit
    return Calibration(float(score), float(p), float(threshold), float(observed))


def draws_for(level: float) -> int:
    """Return the least number of draws with which a value can pass the threshold.

    Raises
    ------
    ParameterError
        If `level` is not in (0, 1).
    """
    if not 0 < level < 1:
        raise ParameterError(f"calibration: level is {level}, wanted a share in (0, 1)")
    return math.ceil(round(1 / level, 9)) - 1


def calibrate_aggregate(
    observed: Any,
    null: Any,
    *,
    aggregate: Aggregate = "mean",
    best: float = 1.0,
    level: float = 0.05,
) -> Calibration:
    """Calibrate what is reported of several layers, as it is reported.

    A maximum over layers grows with their number whatever the data, so its threshold is that
    of maxima: each draw is aggregated over the layers as the observed values are.

    Parameters
    ----------
    observed : float array, shape (layers,)
    null : float array, shape (layers, k)
        The artifacts ``null`` of `similarity.calibrated`: draw j is of one and the same
        permutation in every layer, where all layers have the same stimuli and seed.
    aggregate : {'mean', 'max'} or callable
        'max' is the value nearest to `best`. A callable takes the values of the layers.
    best, level : float
        As of `calibrate`.

    Raises
    ------
    DataError, ParameterError
        As of `calibrate`, and if the shapes do not fit.

    References
    ----------
    Gröger, Wen and Brbić 2026, arXiv:2602.14486. Departs from it: none.
    """
    values, draws = np.asarray(observed, np.float64), np.asarray(null, np.float64)
    if values.ndim != 1 or draws.ndim != 2 or len(values) != len(draws) or not len(values):
        raise DataError(
            f"calibration: observed values of shape {values.shape} do not go with draws of shape "
            f"{draws.shape}; wanted (layers,) and (layers, draws)"
        )
    total: Callable[[Floats], Any]
    if aggregate == "mean":
        total = np.mean
    elif aggregate == "max":
        total = _nearest_to(best)
    elif callable(aggregate):
        total = aggregate
    else:
        raise ParameterError(f"calibration has no aggregate {aggregate!r}; it has mean, max")
    each = np.array([float(total(column)) for column in draws.T])
    return calibrate(float(total(values)), each, best=best, level=level)


def _nearest_to(best: float) -> Callable[[Floats], float]:
    return lambda values: float(values[np.argmin(np.abs(best - values))])
