"""Representational similarity analysis (RSA)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self, get_args

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray

from sondage.data import Ints, Result
from sondage.errors import DataError, ParameterError, nearest
from sondage_similarity.arrays import aligned, blocks
from sondage_similarity.moments import Moments, shuffled_moments
from sondage_similarity.pairs import Side, by_features, by_pairs
from sondage_similarity.sample import BottomK, priorities

Kernel = Literal["cosine", "correlation", "dot"]


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
    _check(stimuli, kernel)
    if stimuli is not None and len(a) > stimuli:
        keys = priorities(np.arange(len(a)), seed)
        rows = np.sort(np.argpartition(keys, stimuli - 1)[:stimuli])
        a, b = a[rows], b[rows]
    return _pearson(a, b, kernel)


def _check(stimuli: int | None, kernel: str) -> None:
    if stimuli is not None and stimuli < 3:
        raise ParameterError(f"rsa: stimuli is {stimuli}, but a correlation needs at least 3")
    known = get_args(Kernel)
    if kernel not in known:
        raise ParameterError(
            f"rsa has no kernel {kernel!r}; it has {', '.join(known)}", near=nearest(kernel, known)
        )


def _normalised(x: NDArray[Any], kernel: str) -> NDArray[np.float64]:
    """Return the vectors whose inner products are the kernel, shape and order kept."""
    z = x.astype(np.float64)
    if kernel == "dot":
        return z
    before = np.abs(z).max(axis=1)
    # Scaled before squaring: tiny or huge vectors have a direction too.
    z /= np.where(before > 0, before, 1.0)[:, None]
    if kernel == "correlation":
        z -= z.mean(axis=1, keepdims=True)
    norm = np.sqrt(np.einsum("ij,ij->i", z, z))
    bad = int(np.count_nonzero(norm <= 64 * np.finfo(np.float64).eps))
    if bad:
        what = "zero" if kernel == "cosine" else "constant"
        raise DataError(
            f"rsa: {bad} of {len(x)} vectors are {what}, so their {kernel} similarity is undefined",
            hint="use kernel 'dot', or find out why the encoder gives such vectors",
        )
    z /= norm[:, None]
    return z


def _moments(a: NDArray[Any], b: NDArray[Any], kernel: str) -> Moments:
    """Return the moments of normalised vectors, made in blocks; at least one row."""
    total: Moments | None = None
    for block in blocks(a, b):
        part = Moments.of(_normalised(a[block], kernel), _normalised(b[block], kernel))
        if total is None:
            total = part
        else:
            total.merge(part)
    assert total is not None
    return total


def _pearson(a: NDArray[Any], b: NDArray[Any], kernel: str) -> float:
    n = len(a)
    if n < 3:
        raise DataError(f"rsa needs at least 3 stimuli and has {n}")
    if 2 * (a.shape[1] + b.shape[1]) <= n:
        return by_features(_moments(a, b, kernel)).pearson(n)
    return by_pairs(_side(a, kernel), _side(b, kernel)).pearson(n)


def _side(x: NDArray[Any], kernel: str) -> Side:
    dtype = np.result_type(x.dtype, np.float32)
    return Side.of(lambda: (_normalised(x[block], kernel) for block in blocks(x)), dtype)


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
            scores={"rsa": _pearson(a, b, self.kernel)},
            tables={"stimuli": {"n": [len(a)]}},
            warnings={"fewer-stimuli": missing} if missing else {},
        )


class FullRSA:
    """RSA of all stimuli seen, in memory that does not depend on their number."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.moments: Moments | None = None

    def update(self, a: Any, b: Any, rows: Ints) -> None:
        """Take aligned chunks, shapes (n, d_a) and (n, d_b); `rows` is not needed."""
        a, b = aligned(a, b, "similarity.rsa")
        if len(a):
            self._add(_moments(a, b, self.kernel))

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
        _check(self.stimuli, self.kernel)
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
        _pearson(a, b, self.kernel)
        if 2 * (a.shape[1] + b.shape[1]) > n:
            return np.array([_pearson(a, b[order], self.kernel) for order in orders])
        u, v = _normalised(a, self.kernel), _normalised(b, self.kernel)
        drawn = shuffled_moments(_moments(a, b, self.kernel), u, v, orders)
        return np.array([by_features(moments).pearson(n) for moments in drawn])
