"""Linear centred kernel alignment (CKA), plain and debiased."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from sondage.data import Ints, Result
from sondage.errors import DataError
from sondage_similarity.arrays import aligned, blocks
from sondage_similarity.moments import Cross, Moments, shuffled_moments


def cka(X: Any, Y: Any, *, debiased: bool = True) -> float:
    """Return the linear CKA of two representations of the same stimuli.

    Parameters
    ----------
    X, Y : float arrays, shape (n, d_a) and (n, d_b)
        Row i of both belongs to stimulus i. Read in blocks, so memory maps are fine.
    debiased : bool
        Use the unbiased estimator of HSIC, whose value does not rise with d / n.

    Returns
    -------
    float
        In [0, 1] plain; in [-1, 1] debiased, near 0 for unrelated sides. 1 for equal sides.

    Raises
    ------
    DataError
        If a side is not a finite real matrix, the numbers of rows differ, n is below 3
        (4 debiased), or a side is constant.

    Notes
    -----
    Time n (d_a + d_b)², memory d_a² + d_a d_b + d_b², both in float64; never n × n.

    References
    ----------
    Kornblith, Norouzi, Lee and Hinton 2019, arXiv:1905.00414, section 3, linear CKA;
    Song, Smola, Gretton, Bedo and Borgwardt 2012, JMLR 13, 1393-1434, the unbiased HSIC.
    Departs from it: the debiased ratio of three unbiased HSICs is itself not unbiased, and
    its default here is debiased, where the first paper prints the plain one.
    """
    a, b = aligned(X, Y, "cka")
    state = CKAAccumulator(debiased)
    for block in blocks(a, b):
        state.add(a[block], b[block])
    return state.value()


class CKAAccumulator:
    """Linear CKA of the stimuli seen so far; merging is exact up to rounding.

    Parameters
    ----------
    debiased : bool
    """

    def __init__(self, debiased: bool) -> None:
        self.debiased = debiased
        self.moments: Moments | None = None

    def update(self, a: Any, b: Any, rows: Ints) -> None:
        """Take aligned chunks, shapes (n, d_a) and (n, d_b); `rows` is not needed."""
        a, b = aligned(a, b, "similarity.cka")
        for block in blocks(a, b):
            self.add(a[block], b[block])

    def add(self, a: Any, b: Any) -> None:
        """Take in one block that has been checked."""
        block = Moments.of(a, b)
        if self.moments is None:
            self.moments = block
        else:
            self.moments.merge(block)

    def merge(self, other: Self) -> Self:
        """Take in another accumulator's stimuli, leave it as it is, return self."""
        if self.debiased != other.debiased:
            raise DataError("similarity.cka: debiased and plain accumulators cannot be merged")
        if other.moments is not None:
            if self.moments is None:
                self.moments = other.moments.copy()
            else:
                self.moments.merge(other.moments)
        return self

    @np.errstate(over="ignore", invalid="ignore")
    def value(self) -> float:
        """Return CKA; see `cka` for its range and errors."""
        m, least = self.moments, 4 if self.debiased else 3
        if m is None or m.n < least:
            kind = "debiased" if self.debiased else "plain"
            seen = 0 if m is None else m.n
            raise DataError(f"{kind} cka needs at least {least} stimuli and has {seen}")
        own_a = self._own(m.n, m.aa, m.sum_a, m.mean_a)
        own_b = self._own(m.n, m.bb, m.sum_b, m.mean_b)
        shared, _ = self._hsic(m.n, m.ab, m.sum_a, m.sum_b)
        value = shared / (np.sqrt(own_a) * np.sqrt(own_b))
        # The quotient is a cosine (of U-centred matrices when debiased): beyond 1 is rounding.
        return float(np.clip(value, -1.0, 1.0))

    def _hsic(self, n: int, cross: Cross, sum_a: float, sum_b: float) -> tuple[float, float]:
        """Return HSIC up to a factor common to all sides, and the size of its terms."""
        plain = float(np.einsum("ij,ij->", cross.uv, cross.uv))
        if not self.debiased:
            return plain, plain
        own = n / (n - 2) * cross.ab
        apart = sum_a * sum_b / ((n - 1) * (n - 2))
        return plain - own + apart, plain + own + apart

    def _own(self, n: int, cross: Cross, total: float, mean: Any) -> float:
        """Return a side's HSIC with itself, which must be clearly above rounding."""
        value, terms = self._hsic(n, cross, total, total)
        if not np.isfinite(terms):
            raise DataError("cka: the values are too large; their products overflow float64")
        noise = 64 * float(np.finfo(np.float64).eps)
        # Centring leaves rounding of the size of the mean.
        spread, offset = float(np.sqrt(total / n)), float(np.sqrt(mean @ mean))
        if spread <= noise * offset or value <= noise * (1 + offset / spread) * terms:
            raise DataError(
                f"cka is undefined: a side's vectors are (nearly) the same for all {n} stimuli",
                hint="look at the layer and view: are all rows, or all but one, the same token?",
            )
        return value

    def compute(self) -> Result:
        """Return score ``cka`` and the number of stimuli in table ``stimuli``."""
        value = self.value()
        assert self.moments is not None
        return Result(scores={"cka": value}, tables={"stimuli": {"n": [self.moments.n]}})


@dataclass(kw_only=True, eq=False)
class CKA:
    """Linear CKA as a sondage metric; see `cka` for formula, sources and departures.

    Parameters
    ----------
    debiased : bool
        Use the unbiased estimator of HSIC.
    """

    units: ClassVar[Literal["vectors", "attention"]] = "vectors"
    symmetric: ClassVar[bool] = True
    self_value: ClassVar[float] = 1.0
    invariances: ClassVar[frozenset[str]] = frozenset({"orthogonal", "scaling", "translation"})
    randomness: ClassVar[tuple[str, ...]] = ()

    debiased: bool = True

    @property
    def bounds(self) -> tuple[float, float]:
        """(0, 1) plain; (-1, 1) debiased."""
        return (-1.0, 1.0) if self.debiased else (0.0, 1.0)

    def begin(self, seed: int) -> CKAAccumulator:
        """Return an empty accumulator; `seed` controls nothing."""
        return CKAAccumulator(self.debiased)

    def null(self, a: Any, b: Any, orders: Ints) -> NDArray[np.float64]:
        """Return the score for each order of the rows of `b`, as `Metric` says of `null`.

        One product each.
        """
        a, b = aligned(a, b, "similarity.cka")
        state = CKAAccumulator(self.debiased)
        for block in blocks(a, b):
            state.add(a[block], b[block])
        state.value()
        values = []
        assert state.moments is not None
        for moments in shuffled_moments(state.moments, a, b, orders):
            state.moments = moments
            values.append(state.value())
        return np.array(values)
