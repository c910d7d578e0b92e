"""Calibration of a similarity against what unrelated sides of the same data would have."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Self

import numpy as np
from annotated_types import Ge, Gt, Lt
from numpy.typing import NDArray

from sondage.contracts import Metric
from sondage.data import Ints, Labels, Result
from sondage.errors import DataError, ParameterError, SondageError
from sondage_similarity.arrays import aligned
from sondage_similarity.sample import BottomK

Floats = NDArray[np.float64]
Aggregate = Literal["mean", "max"] | Callable[[Floats], float]

_NAME = "similarity.calibrated"


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

    Returns
    -------
    Calibration

    Raises
    ------
    DataError
        If the shapes do not fit, or a value is not finite.
    ParameterError
        As of `calibrate`.

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


def orders_of(n: int, count: int, seed: int) -> Ints:
    """Return random permutations of n rows, shape (count, n); equal for equal n and seed."""
    rng = np.random.default_rng([seed % (1 << 64), 0x63616C])
    return np.stack([rng.permutation(n) for _ in range(count)]).astype(np.int64)


def null_of(
    metric: Metric,
    a: Any,
    b: Any,
    orders: Ints,
    *,
    seed: int = 0,
    rows: Ints | None = None,
    labels: Labels | None = None,
) -> Floats:
    """Return a metric's first score for each order of the rows of `b`.

    Parameters
    ----------
    metric : Metric
        Its own method ``null(a, b, orders)`` is used where it has one, unless that returns
        NotImplemented.
    a, b : float arrays, shape (n, d_a) and (n, d_b)
    orders : int64 array, shape (k, n)
        Permutations of the rows of `b`.
    seed : int
        What the metric's own draws start from.
    rows : int64 array, shape (n,), optional
        Identities of the stimuli.
    labels : Labels, optional
        For a metric over labelled items.

    Returns
    -------
    float64 array, shape (k,)
    """
    own = getattr(metric, "null", None)
    drawn = NotImplemented if own is None else own(a, b, orders)
    if drawn is not NotImplemented:
        found = np.asarray(drawn, np.float64)
        if found.shape != (len(orders),):
            raise DataError(
                f"{type(metric).__name__}.null returned shape {found.shape} "
                f"for {len(orders)} orders"
            )
        return found
    given = np.arange(len(a), dtype=np.int64) if rows is None else rows
    out = []
    for order in orders:
        accumulator = _begun(metric, seed, labels)
        accumulator.update(a, b[order], given)
        out.append(_first(accumulator.compute().scores)[1])
    return np.array(out)


def _begun(metric: Metric, seed: int, labels: Labels | None) -> Any:
    return metric.begin(seed) if labels is None else metric.begin(seed, labels)


def _first(scores: Mapping[str, float]) -> tuple[str, float]:
    name, value = next(iter(scores.items()))
    return name, float(value)


class CalibratedAccumulator:
    """A sample of the stimuli seen, and the metric that will be asked about it.

    Parameters
    ----------
    metric : Calibrated
    seed : int
    labels : Labels, optional
    """

    def __init__(self, metric: Calibrated, seed: int, labels: Labels | None) -> None:
        self.metric, self.seed, self.labels = metric, seed, labels
        self.sample = BottomK(metric.stimuli, seed)

    def update(self, a: Any, b: Any, rows: Ints) -> None:
        """Take aligned chunks, shapes (n, d_a) and (n, d_b), and the stimuli's identities."""
        a, b = aligned(a, b, _NAME)
        self.sample.add(a, b, rows)

    def merge(self, other: Self) -> Self:
        """Take in another accumulator's stimuli, leave it as it is, return self."""
        self.sample.merge(other.sample)
        return self

    def compute(self) -> Result:
        """Return the calibrated score, the metric's own, ``p`` and ``threshold``.

        Raises
        ------
        DataError
            As the metric does, of the stimuli as they are or in another order.
        """
        (a, b), rows = self.sample.drawn(), self.sample.identities()
        inner, wanted = self.metric.metric, self.metric
        accumulator = _begun(inner, self.seed, self.labels)
        accumulator.update(a, b, rows)
        plain = accumulator.compute()
        name, observed = _first(plain.scores)
        orders = orders_of(len(a), wanted.permutations, self.seed)
        try:
            null = null_of(inner, a, b, orders, seed=self.seed, rows=rows, labels=self.labels)
        except SondageError as error:
            error.message = f"{_NAME}, stimuli in another order: {error.message}"
            raise
        found = calibrate(observed, null, best=wanted.best, level=wanted.level)
        missing = self.sample.k - len(a)
        scores = {
            f"{name}_calibrated": found.score,
            name: observed,
            "p": found.p,
            "threshold": found.threshold,
        }
        return Result(
            scores=scores,
            tables=plain.tables,
            arrays={"null": null},
            warnings={**plain.warnings, **({"fewer-stimuli": missing} if missing else {})},
        )


@dataclass(kw_only=True, eq=False)
class Calibrated:
    """Any metric of vectors, calibrated against random orders of one side's stimuli.

    Parameters
    ----------
    metric : Metric
        What is calibrated, by its first score. A method ``null(a, b, orders)`` of it, which
        returns that score for each order of the rows of `b`, is used instead of asking anew.
    permutations : int
        How many orders.
    stimuli : int
        How many stimuli the seed draws: the same rows, and the same orders, in every layer.
    level : float
        Share of unrelated sides that may pass the threshold.

    Notes
    -----
    Scores ``NAME_calibrated``, ``NAME`` (the metric's own first score), ``p`` and ``threshold``;
    array ``null``, the draws, from which `calibrate_aggregate` calibrates what is reported of
    several layers; the metric's tables and warnings.

    References
    ----------
    Gröger, Wen and Brbić 2026, arXiv:2602.14486. Departs from it: stated by the distance to
    the value of equal sides, so that distances can be calibrated too.
    """

    #: The orders are of side b alone.
    symmetric: ClassVar[bool] = False
    bounds: ClassVar[tuple[float, float]] = (0.0, 1.0)
    self_value: ClassVar[float] = 1.0
    randomness: ClassVar[tuple[str, ...]] = ("resample",)

    metric: Metric
    permutations: Annotated[int, Ge(1)] = 200
    stimuli: Annotated[int, Ge(3)] = 5000
    level: Annotated[float, Gt(0), Lt(1)] = 0.05

    @property
    def units(self) -> Literal["vectors", "labelled"]:
        """What the metric takes; a plan reads it, and so refuses one that cannot be used."""
        units = self.metric.units
        if units == "attention":
            raise ParameterError(
                f"{_NAME} keeps the stimuli that it puts in other orders, but metric "
                f"{type(self.metric).__name__} takes attention maps, which are never kept",
                hint="name a metric of vectors, such as similarity.cka",
            )
        self.check()
        return units

    @property
    def invariances(self) -> frozenset[str]:
        """Those of the metric."""
        return self.metric.invariances

    @property
    def best(self) -> float:
        """The metric's value for equal sides."""
        return float(self.metric.self_value)

    def check(self) -> None:
        """Refuse, with a `ParameterError`, too few permutations for the level."""
        needed = draws_for(self.level)
        if self.permutations < needed:
            raise ParameterError(
                f"{_NAME}: with {self.permutations} permutations no value can pass the "
                f"threshold at level {self.level:g}; it takes {needed}"
            )
        if not math.isfinite(self.best):
            raise ParameterError(
                f"{_NAME}: metric {type(self.metric).__name__} has the value {self.best} for equal "
                "sides, to which nothing can be calibrated"
            )

    def begin(self, seed: int, labels: Labels | None = None) -> CalibratedAccumulator:
        """Return an empty accumulator; `seed` draws the stimuli and their orders."""
        self.check()
        return CalibratedAccumulator(self, seed, labels)
