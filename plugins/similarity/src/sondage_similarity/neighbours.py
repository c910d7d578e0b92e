"""Nearest neighbours that both sides agree on, over a random sample of stimuli."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray

from sondage.data import Ints, Result
from sondage.errors import ParameterError
from sondage_similarity.arrays import aligned
from sondage_similarity.gathered import Asked, unwrapped
from sondage_similarity.linear import known
from sondage_similarity.nearest import Kernel, nearest_rows, shared_neighbours
from sondage_similarity.sample import Sampled, priorities


def mutual_knn(
    X: Any,
    Y: Any,
    *,
    neighbours: int = 10,
    kernel: Kernel = "cosine",
    stimuli: int | None = 5000,
    seed: int = 0,
) -> float:
    """Return the share of a stimulus's nearest neighbours that both sides agree on.

    Parameters
    ----------
    X, Y : float arrays, shape (n, d_a) and (n, d_b)
        Row i of both belongs to stimulus i.
    neighbours : int
        How many neighbours, the stimulus itself not among them.
    kernel : {'cosine', 'euclidean'}
        What is near; vectors are not centred first.
    stimuli : int or None
        Size of the random sample of rows; all rows where there are fewer, or for None.
    seed : int
        Draws the sample, from the row numbers alone.

    Returns
    -------
    float
        In [0, 1]; 1 for equal sides, about k / (n - 1) for unrelated ones.

    Raises
    ------
    DataError
        If a side is not a finite real matrix, the numbers of rows differ, there are no more
        rows than `neighbours` and one, a vector is zero under 'cosine', or all rows are equal.
    ParameterError
        If `neighbours` is below 1, or `kernel` unknown.

    Notes
    -----
    Time n² (d_a + d_b), memory of a few blocks of n similarities. Of neighbours that are
    equally near, up to a step of 4e-12, those of lower row number count, on both sides.

    References
    ----------
    Huh, Cheung, Wang and Isola 2024, arXiv:2405.07987, equation 11 ('cosine'). Departs from it:
    ties are broken by row number; vectors are not clipped.
    """
    metric = MutualKNN(neighbours=neighbours, kernel=kernel)
    return _value(metric, X, Y, stimuli, seed)


def jaccard(
    X: Any,
    Y: Any,
    *,
    neighbours: int = 10,
    kernel: Kernel = "cosine",
    stimuli: int | None = 5000,
    seed: int = 0,
) -> float:
    """Return the mean Jaccard index of the sides' sets of nearest neighbours.

    Parameters
    ----------
    X, Y, neighbours, kernel, stimuli, seed
        As of `mutual_knn`, like the range and the errors. Of equal sides the value is 1.

    References
    ----------
    Wang, Rao, Chen, Ordonez and others 2022, as in Klabunde, Schumacher, Strohmaier and
    Lemmerich 2023, arXiv:2305.06329, section 3.3. Departs from it: ties are broken by row
    number.
    """
    return _value(Jaccard(neighbours=neighbours, kernel=kernel), X, Y, stimuli, seed)


def _value(metric: OfNeighbours, X: Any, Y: Any, stimuli: int | None, seed: int) -> float:
    a, b = aligned(X, Y, metric.called)
    metric.check()
    if stimuli is not None and stimuli < 3:
        raise ParameterError(f"{metric.called}: stimuli is {stimuli}, wanted at least 3")
    if stimuli is not None and len(a) > stimuli:
        keys = priorities(np.arange(len(a)), seed)
        rows = np.sort(np.argpartition(keys, stimuli - 1)[:stimuli])
        a, b = a[rows], b[rows]
    return metric.score(*(metric.nearest(x) for x in (a, b)))


@dataclass(kw_only=True, eq=False)
class OfNeighbours:
    """A metric of both sides' nearest neighbours, over a sample.

    Parameters
    ----------
    neighbours : int
        How many neighbours, the stimulus itself not among them.
    kernel : {'cosine', 'euclidean'}
        What is near; vectors are not centred first.
    stimuli : int
        How many stimuli the seed draws.
    """

    units: ClassVar[Literal["vectors", "attention"]] = "vectors"
    symmetric: ClassVar[bool] = True
    bounds: ClassVar[tuple[float, float]] = (0.0, 1.0)
    self_value: ClassVar[float] = 1.0
    randomness: ClassVar[tuple[str, ...]] = ("resample",)
    called: ClassVar[str]

    neighbours: Annotated[int, Ge(1)] = 10
    kernel: Kernel = "cosine"
    stimuli: Annotated[int, Ge(3)] = 5000

    @property
    def shares(self) -> tuple[str, int]:
        """Metrics of equal `shares` read one another's accumulators, by `result`."""
        return "similarity.sample", self.stimuli

    @property
    def invariances(self) -> frozenset[str]:
        """Turning and scaling; a translation for Euclidean distances too."""
        more = {"translation"} if self.kernel == "euclidean" else set()
        return frozenset({"orthogonal", "scaling"} | more)

    def check(self) -> None:
        """Refuse, with a `ParameterError`, what is no parameter."""
        known(f"{self.called} kernel", self.kernel, Kernel)
        if self.neighbours < 1:
            raise ParameterError(
                f"{self.called}: neighbours is {self.neighbours}, wanted 1 or more"
            )

    def begin(self, seed: int) -> Asked:
        """Return an empty accumulator; `seed` draws the sample."""
        return Asked(self, Sampled(self.stimuli, seed))

    def result(self, accumulator: Any) -> Result:
        """Return the scores of an accumulator that any metric of equal `shares` began.

        Score ``mutual_knn_cosine_k10`` or ``jaccard_cosine_k10``, with the kernel and number that
        were asked for; table ``stimuli``; warning ``fewer-stimuli`` counts those not there.
        """
        sample = unwrapped(accumulator).sample
        a, b = sample.drawn()
        missing = sample.k - len(a)
        value = self.score(self.nearest(a), self.nearest(b))
        return Result(
            scores={f"{self.called}_{self.kernel}_k{self.neighbours}": value},
            tables={"stimuli": {"n": [len(a)]}},
            warnings={"fewer-stimuli": missing} if missing else {},
        )

    def null(self, a: Any, b: Any, orders: Ints) -> Any:
        """Return the score for each order of the rows of `b`, as `Metric` says of `null`.

        Ties are broken by the numbers that the rows had before. NotImplemented where the seed
        would draw fewer stimuli than there are.
        """
        if len(a) > self.stimuli:
            return NotImplemented
        of_a, of_b = (self.nearest(x) for x in aligned(a, b, self.called))
        # Row i is the old row order[i], and where that one's neighbours are now is the inverse.
        return np.array([self.score(of_a, np.argsort(order)[of_b[order]]) for order in orders])

    def nearest(self, x: NDArray[Any]) -> Ints:
        """Return each row's nearest other rows."""
        return nearest_rows(x, self.neighbours, self.kernel, self.called)

    def score(self, a: Ints, b: Ints) -> float:
        """Return the score of both sides' neighbours."""
        raise NotImplementedError


@dataclass(kw_only=True, eq=False)
class MutualKNN(OfNeighbours):
    """Mutual nearest neighbours as a sondage metric; see `mutual_knn`."""

    called: ClassVar[str] = "mutual_knn"

    def score(self, a: Ints, b: Ints) -> float:
        """Return the share of neighbours that are on both sides."""
        return float(shared_neighbours(a, b).mean() / a.shape[1])


@dataclass(kw_only=True, eq=False)
class Jaccard(OfNeighbours):
    """The Jaccard index of neighbourhoods as a sondage metric; see `jaccard`."""

    called: ClassVar[str] = "jaccard"

    def score(self, a: Ints, b: Ints) -> float:
        """Return the mean of shared neighbours over all neighbours of either side."""
        both = shared_neighbours(a, b)
        return float((both / (2 * a.shape[1] - both)).mean())
