"""Representational similarity analysis (RSA)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from annotated_types import Ge

from sondage.data import Ints, Result
from sondage.errors import DataError
from sondage_similarity.arrays import aligned
from sondage_similarity.kernels import Kernel, check, moments_of, narrow, normalised, pearson
from sondage_similarity.leaving import without_each
from sondage_similarity.moments import Moments, shuffled_moments
from sondage_similarity.pairs import by_features
from sondage_similarity.sample import BottomK, priorities


def rsa(
    X: Any, Y: Any, *, stimuli: int | None = 5000, kernel: Kernel = "cosine", seed: int = 0
) -> float:
    """Return the correlation of two representations' similarity matrices.

    Parameters
    ----------
    X, Y : float arrays, shape (n, d_a) and (n, d_b)
        Row i of both belongs to stimulus i.
    stimuli : int or None
        Size of the random sample of rows; all rows where there are fewer, or for None.
    kernel : {'cosine', 'correlation', 'dot'}
        Similarity of two stimuli: cosine; cosine after taking each vector's own mean over its
        dimensions away; or the plain inner product.
    seed : int
        Draws the sample. The draw depends on the row numbers alone, so equal n, `stimuli` and
        `seed` give the same rows whatever the values.

    Returns
    -------
    float
        Pearson's correlation of the two upper triangles without diagonal, in [-1, 1].

    Raises
    ------
    DataError
        If a side is not a finite real matrix, the numbers of rows differ, fewer than 3 rows
        are used, a vector has no direction (zero, or constant for 'correlation'), or all
        similarities of a side are the same.
    ParameterError
        If `stimuli` is below 3 or `kernel` unknown.

    Notes
    -----
    The n × n matrices are not formed. Time n (d_a + d_b)² and memory d_a² + d_a d_b + d_b² in
    float64; where the vectors are so wide that going through the pairs is cheaper
    (n < 2 (d_a + d_b)), n² (d_a + d_b) in the inputs' precision, at least float32.

    References
    ----------
    Merchant, Rahimtoroghi, Pavlick and Tenney 2020, arXiv:2004.14448, section 5.1.
    Departs from it: none for 'cosine'; the paper does not say how its sample was drawn.
    """
    a, b = aligned(X, Y, "rsa")
    check(stimuli, kernel)
    if stimuli is not None and len(a) > stimuli:
        keys = priorities(np.arange(len(a)), seed)
        rows = np.sort(np.argpartition(keys, stimuli - 1)[:stimuli])
        a, b = a[rows], b[rows]
    return pearson(a, b, kernel)


class SampledRSA:
    """RSA of a random sample of the stimuli seen: the same for any chunking and merging.

    Parameters
    ----------
    stimuli : int
    kernel : {'cosine', 'correlation', 'dot'}
    seed : int
    """

    def __init__(self, stimuli: int, kernel: Kernel, seed: int) -> None:
        self.kernel = kernel
        self.sample = BottomK(stimuli, seed)

    def update(self, a: Any, b: Any, rows: Ints) -> None:
        """Take aligned chunks, shapes (n, d_a) and (n, d_b), and the stimuli's identities."""
        a, b = aligned(a, b, "similarity.rsa")
        self.sample.add(a, b, rows)

    def merge(self, other: Self) -> Self:
        """Take in another accumulator's stimuli, leave it as it is, return self."""
        _same_kernel(self.kernel, other.kernel)
        self.sample.merge(other.sample)
        return self

    def compute(self) -> Result:
        """Return score ``rsa``, table ``stimuli``, and warning ``fewer-stimuli``.

        The warning counts the stimuli wanted but not there; the seed then changes nothing.
        """
        a, b = self.sample.drawn()
        missing = self.sample.k - len(a)
        return Result(
            scores={"rsa": pearson(a, b, self.kernel)},
            tables={"stimuli": {"n": [len(a)]}},
            warnings={"fewer-stimuli": missing} if missing else {},
        )

    def left_out(self, group_of: Callable[[Ints], Ints]) -> Iterator[dict[str, float]]:
        """Yield the scores of the stimuli drawn, each group of them left out in turn."""
        a, b = self.sample.drawn()
        group = group_of(self.sample.identities())
        for value in without_each(a, b, group, self.kernel):
            yield {"rsa": value}


class FullRSA:
    """RSA of all stimuli seen, in memory that does not depend on their number."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.moments: Moments | None = None

    def update(self, a: Any, b: Any, rows: Ints) -> None:
        """Take aligned chunks, shapes (n, d_a) and (n, d_b); `rows` is not needed."""
        a, b = aligned(a, b, "similarity.rsa")
        if len(a):
            self._add(moments_of(a, b, self.kernel))

    def _add(self, moments: Moments) -> None:
        if self.moments is None:
            self.moments = moments.copy()
        else:
            self.moments.merge(moments)

    def merge(self, other: Self) -> Self:
        """Take in another accumulator's stimuli, leave it as it is, return self."""
        _same_kernel(self.kernel, other.kernel)
        if other.moments is not None:
            self._add(other.moments)
        return self

    def compute(self) -> Result:
        """Return score ``rsa`` and table ``stimuli``."""
        n = 0 if self.moments is None else self.moments.n
        if self.moments is None or n < 3:
            raise DataError(f"rsa needs at least 3 stimuli and has {n}")
        value = by_features(self.moments).pearson(n)
        return Result(scores={"rsa": value}, tables={"stimuli": {"n": [n]}})


def _same_kernel(kernel: str, other: str) -> None:
    if kernel != other:
        raise DataError(f"similarity.rsa: kernels {kernel} and {other} cannot be merged")


@dataclass(kw_only=True, eq=False)
class RSA:
    """RSA as a sondage metric; see `rsa` for formula, sources and departures.

    Parameters
    ----------
    stimuli : int or None
        How many stimuli the seed draws; None for all of them, with no randomness.
    kernel : {'cosine', 'correlation', 'dot'}
        Similarity of two stimuli.
    """

    units: ClassVar[Literal["vectors", "attention"]] = "vectors"
    symmetric: ClassVar[bool] = True
    bounds: ClassVar[tuple[float, float]] = (-1.0, 1.0)
    self_value: ClassVar[float] = 1.0

    stimuli: Annotated[int, Ge(3)] | None = 5000
    kernel: Kernel = "cosine"

    @property
    def invariances(self) -> frozenset[str]:
        """Orthogonal maps and scaling; scaling alone for the kernel 'correlation'."""
        kept = {"scaling"} if self.kernel == "correlation" else {"orthogonal", "scaling"}
        return frozenset(kept)

    @property
    def randomness(self) -> tuple[str, ...]:
        """The seed draws the stimuli, unless all are used."""
        return () if self.stimuli is None else ("resample",)

    def begin(self, seed: int) -> SampledRSA | FullRSA:
        """Return an empty accumulator."""
        check(self.stimuli, self.kernel)
        if self.stimuli is None:
            return FullRSA(self.kernel)
        return SampledRSA(self.stimuli, self.kernel, seed)

    def null(self, a: Any, b: Any, orders: Ints) -> Any:
        """Return the score for each order of the rows of `b`, as `Metric` says of `null`.

        NotImplemented where the seed would draw fewer stimuli than there are.
        """
        a, b = aligned(a, b, "similarity.rsa")
        n = len(a)
        if self.stimuli is not None and n > self.stimuli:
            return NotImplemented
        pearson(a, b, self.kernel)
        if not narrow(a, b):
            return np.array([pearson(a, b[order], self.kernel) for order in orders])
        u, v = normalised(a, self.kernel), normalised(b, self.kernel)
        drawn = shuffled_moments(moments_of(a, b, self.kernel), u, v, orders)
        return np.array([by_features(moments).pearson(n) for moments in drawn])
