"""Any metric calibrated against random orders of one side: `similarity.calibrated`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from annotated_types import Ge, Gt, Lt
from numpy.typing import NDArray

from sondage.contracts import Metric
from sondage.data import Ints, Labels, Result
from sondage.errors import DataError, ParameterError, SondageError
from sondage_similarity.gathered import Asked, unwrapped
from sondage_similarity.null import calibrate, draws_for
from sondage_similarity.sample import Sampled

Floats = NDArray[np.float64]

_NAME = "similarity.calibrated"


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

    @property
    def shares(self) -> tuple[str, int]:
        """Metrics of equal `shares` read one another's accumulators, by `result`."""
        return "similarity.sample", self.stimuli

    def begin(self, seed: int, labels: Labels | None = None) -> Asked:
        """Return an empty accumulator; `seed` draws the stimuli and their orders."""
        self.check()
        return Asked(self, Sampled(self.stimuli, seed, labels))

    def result(self, accumulator: Any) -> Result:
        """Return the scores of an accumulator that any metric of equal `shares` began.

        Raises
        ------
        DataError
            As the metric does, of the stimuli as they are or in another order.
        """
        sampled = unwrapped(accumulator)
        sample, labels = sampled.sample, sampled.labels
        (a, b), rows = sample.drawn(), sample.identities()
        inner = _begun(self.metric, sample.seed, labels)
        inner.update(a, b, rows)
        plain = inner.compute()
        name, observed = _first(plain.scores)
        orders = orders_of(len(a), self.permutations, sample.seed)
        try:
            null = null_of(self.metric, a, b, orders, seed=sample.seed, rows=rows, labels=labels)
        except SondageError as error:
            error.message = f"{_NAME}, stimuli in another order: {error.message}"
            raise
        found = calibrate(observed, null, best=self.best, level=self.level)
        missing = sample.k - len(a)
        return Result(
            scores={
                f"{name}_calibrated": found.score,
                name: observed,
                "p": found.p,
                "threshold": found.threshold,
            },
            tables=plain.tables,
            arrays={"null": null},
            warnings={**plain.warnings, **({"fewer-stimuli": missing} if missing else {})},
        )
