"""Nearest neighbours that both sides agree on, over a random sample of stimuli."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self, get_args

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray

from sondage.data import Ints, Result
from sondage.errors import DataError, ParameterError, nearest
from sondage_similarity.arrays import aligned, slices
from sondage_similarity.gathered import Asked, unwrapped
from sondage_similarity.sample import BottomK, priorities

Kernel = Literal["cosine", "euclidean"]

#: Similarities are compared in steps of this share of the largest possible one: equal vectors
#: have equal similarities, whatever a matrix product's last digits are.
_STEPS = 1 << 38


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
        As of `mutual_knn`.

    Returns
    -------
    float
        In [0, 1]; 1 for equal sides.

    Raises
    ------
    DataError, ParameterError
        As of `mutual_knn`.

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


def nearest_rows(x: NDArray[Any], k: int, kernel: Kernel, wanted: str) -> Ints:
    """Return each row's k nearest other rows, in ascending order of their numbers.

    Parameters
    ----------
    x : real array, shape (n, d)
    k : int
    kernel : {'cosine', 'euclidean'}
    wanted : str
        Who asks; messages begin with it.

    Returns
    -------
    int64 array, shape (n, k)

    Raises
    ------
    DataError
        If there are too few rows, a vector without direction, or one vector only.
    """
    n = len(x)
    if n < k + 2:
        raise DataError(
            f"{wanted}: {n} stimuli have no {k} nearest neighbours to choose",
            hint="use more stimuli, or fewer neighbours",
        )
    z, half = _scaled(x, kernel, wanted)
    out = np.empty((n, k), np.int64)
    for rows in slices(n, max(16, (1 << 21) // n)):
        near = z[rows] @ z.T
        # -|x - y|² / 2, but for what is the same in a whole row.
        near -= half
        keys = np.rint(near * _STEPS).astype(np.int64)
        keys[np.arange(len(keys)), np.arange(rows.start, rows.stop)] = -(1 << 40)
        # No two keys of a row are equal: of the equally near, the lower number is nearer.
        keys = keys * n - np.arange(n)
        out[rows] = np.sort(np.argpartition(keys, n - k, axis=1)[:, n - k :], axis=1)
    return out


def _scaled(
    x: NDArray[Any], kernel: Kernel, wanted: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return vectors of norm 1 at most, and what to take from their products."""
    z = x.astype(np.float64)
    if kernel == "euclidean":
        z -= z[0]
        z -= z.mean(axis=0)
    most = np.abs(z).max(axis=1)
    if kernel == "cosine" and (zero := int(np.count_nonzero(most == 0))):
        raise DataError(
            f"{wanted}: {zero} of {len(x)} vectors are zero, so they have no cosine",
            hint="use kernel 'euclidean', or find out why the encoder gives such vectors",
        )
    if (x == x[0]).all():
        raise DataError(f"{wanted} is undefined: a side's vectors are the same for all stimuli")
    # Scaled before squaring: tiny or huge vectors have neighbours too.
    z /= most[:, None] if kernel == "cosine" else most.max()
    squares = np.einsum("ij,ij->i", z, z)
    if kernel == "cosine":
        z /= np.sqrt(squares)[:, None]
        return z, np.zeros(len(z))
    z /= np.sqrt(squares.max())
    return z, squares / (2 * squares.max())


def shared_neighbours(a: Ints, b: Ints) -> Ints:
    """Return how many neighbours each row has on both sides; rows hold no number twice."""
    n = len(a)
    here = (a + n * np.arange(n)[:, None]).ravel()
    there = (b + n * np.arange(n)[:, None]).ravel()
    both = np.isin(here, there, assume_unique=True).reshape(a.shape)
    return np.asarray(both.sum(axis=1), np.int64)


class Sampled:
    """A random sample of the stimuli seen, the same for any chunking; belongs to no metric.

    Parameters
    ----------
    stimuli : int
    seed : int
    """

    def __init__(self, stimuli: int, seed: int) -> None:
        self.sample = BottomK(stimuli, seed)

    def update(self, a: Any, b: Any, rows: Ints) -> None:
        """Take aligned chunks, shapes (n, d_a) and (n, d_b), and the stimuli's identities."""
        a, b = aligned(a, b, "similarity")
        self.sample.add(a, b, rows)

    def merge(self, other: Self) -> Self:
        """Take in another accumulator's stimuli, leave it as it is, return self."""
        self.sample.merge(other.sample)
        return self


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
        known = get_args(Kernel)
        if self.kernel not in known:
            raise ParameterError(
                f"{self.called} has no kernel {self.kernel!r}; it has {', '.join(known)}",
                near=nearest(self.kernel, known),
            )
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

    def null(self, a: Any, b: Any, orders: Ints) -> NDArray[np.float64]:
        """Return the first score for each order of the rows of `b`.

        Parameters
        ----------
        a, b : float arrays, shape (n, d_a) and (n, d_b)
        orders : int64 array, shape (k, n)
            Permutations of the rows of `b`.

        Returns
        -------
        float64 array, shape (k,)
            But for ties, which are broken by the numbers that the rows had before.
        """
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
    """Mutual nearest neighbours as a sondage metric; see `mutual_knn`.

    Parameters
    ----------
    neighbours : int
        How many neighbours, the stimulus itself not among them.
    kernel : {'cosine', 'euclidean'}
        What is near; vectors are not centred first.
    stimuli : int
        How many stimuli the seed draws.
    """

    called: ClassVar[str] = "mutual_knn"

    def score(self, a: Ints, b: Ints) -> float:
        """Return the share of neighbours that are on both sides."""
        return float(shared_neighbours(a, b).mean() / a.shape[1])


@dataclass(kw_only=True, eq=False)
class Jaccard(OfNeighbours):
    """The Jaccard index of neighbourhoods as a sondage metric; see `jaccard`.

    Parameters
    ----------
    neighbours : int
        How many neighbours, the stimulus itself not among them.
    kernel : {'cosine', 'euclidean'}
        What is near; vectors are not centred first.
    stimuli : int
        How many stimuli the seed draws.
    """

    called: ClassVar[str] = "jaccard"

    def score(self, a: Ints, b: Ints) -> float:
        """Return the mean of shared neighbours over all neighbours of either side."""
        both = shared_neighbours(a, b)
        return float((both / (2 * a.shape[1] - both)).mean())
