"""What metrics of second moments have in common: one accumulator, tables, a fast null."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from sondage.data import Ints, Result
from sondage.errors import ParameterError, nearest
from sondage_similarity.arrays import aligned
from sondage_similarity.gathered import Asked, Gathered, unwrapped
from sondage_similarity.rounding import Precision
from sondage_similarity.spectra import Spectrum, within


@dataclass(kw_only=True, eq=False)
class OfMoments:
    """A metric of second moments; those of one composition may share one accumulator.

    Attributes
    ----------
    shares : hashable
        Metrics of equal `shares` read one another's accumulators, by `result`.
    """

    units: ClassVar[Literal["vectors", "attention"]] = "vectors"
    randomness: ClassVar[tuple[str, ...]] = ()
    shares: ClassVar[str] = "similarity.second-moments"

    def begin(self, seed: int) -> Asked:
        """Return an empty accumulator; `seed` controls nothing."""
        return Asked(self, Gathered())

    def result(self, accumulator: Any) -> Result:
        """Return the scores of an accumulator that any metric of equal `shares` began."""
        return self._read(unwrapped(accumulator))

    def null(self, a: Any, b: Any, orders: Ints) -> NDArray[np.float64]:
        """Return the first score for each order of the rows of `b`, as `Metric` says of `null`.

        Within about 1e-6 where correlations of directions are read, else as `result` gives.
        """
        a, b = aligned(a, b, "similarity")
        whole = gathered(a, b)
        self._read(whole)
        return np.array([first(self._read(one)) for one in self._draws(whole, a, b, orders)])

    def _draws(self, whole: Gathered, a: Any, b: Any, orders: Ints) -> Iterator[Gathered]:
        """Yield what would have been gathered in each order of the rows of `b`."""
        return whole.shuffled(a, b, orders)

    def _read(self, gathered: Gathered) -> Result:
        raise NotImplementedError


@dataclass(kw_only=True, eq=False)
class OfDirections(OfMoments):
    """A metric of correlations between the principal directions of both sides.

    Parameters
    ----------
    precision : {'auto', 'float32', 'float16', 'bfloat16'}
        Type that the values were rounded to before any pooling.
    """

    precision: Precision = "auto"

    def _kept(self, gathered: Gathered) -> tuple[int, int]:
        """Return how many directions of each side are looked at."""
        a, b = gathered.spectra(self.precision)
        return a.rank, b.rank

    def _told(self, gathered: Gathered, scores: Mapping[str, float], leading: str = "") -> Result:
        """Return scores within [0, 1], `leading` first, with what is told of both sides."""
        assert gathered.moments is not None
        n, kept = gathered.moments.n, self._kept(gathered)
        order = sorted(scores, key=lambda name: name != leading)
        return Result(
            scores={name: within(scores[name], 0.0, 1.0) for name in order},
            tables={
                "ranks": ranks(gathered.spectra(self.precision), kept),
                "stimuli": {"n": [n]},
            },
            warnings=forced(n, kept),
        )

    def _draws(self, whole: Gathered, a: Any, b: Any, orders: Ints) -> Iterator[Gathered]:
        return whole.shuffled_directions(a, b, orders, self.precision, self._kept(whole))


def first(result: Result) -> float:
    """Return the first score."""
    return float(next(iter(result.scores.values())))


def gathered(X: Any, Y: Any) -> Gathered:
    """Return the moments of two arrays."""
    out = Gathered()
    out.update(X, Y, np.empty(0, np.int64))
    return out


def ranks(sides: tuple[Spectrum, Spectrum], kept: tuple[int, int]) -> dict[str, list[Any]]:
    """Return a table of what was kept of both sides."""
    return {
        "side": ["a", "b"],
        "width": [s.width for s in sides],
        "rank": [s.rank for s in sides],
        "kept": list(kept),
        "precision": [s.precision for s in sides],
    }


def known(what: str, value: str, kind: Any) -> None:
    """Refuse, with a `ParameterError`, what is none of a `Literal`'s values."""
    values = get_args(kind)
    if value not in values:
        raise ParameterError(
            f"{what} {value!r} does not exist; there are {', '.join(values)}",
            near=nearest(value, values),
        )


def forced(n: int, kept: tuple[int, int]) -> dict[str, int]:
    """Return a warning that counts correlations which are 1 for want of stimuli."""
    # Two subspaces of the n - 1 dimensions of centred stimuli cannot avoid each other.
    count = sum(kept) - (n - 1)
    return {"forced-correlations": count} if count > 0 else {}
