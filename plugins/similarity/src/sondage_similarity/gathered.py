"""The accumulator that all metrics of second moments share, and one metric's view of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Protocol, Self

import numpy as np

from sondage.data import Ints, Result
from sondage.errors import DataError
from sondage_similarity.arrays import aligned, blocks
from sondage_similarity.rounding import Precision
from sondage_similarity.second import Floats, SecondMoments, centred, reordered
from sondage_similarity.spectra import (
    Spectrum,
    checked_products,
    singular_values,
    singular_vectors,
)

#: Rows whose product is worth making.
_ROWS = 1024


class Gathered:
    """Second moments of the stimuli seen so far, with what has been worked out from them.

    Belongs to no metric: whatever is asked of it later, updates and merges are the same.
    """

    def __init__(self) -> None:
        self._moments: SecondMoments | None = None
        self._waiting: list[tuple[Any, Any]] = []
        self._known: dict[Any, Any] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Return the moments alone: the rest follows from them."""
        return {"_moments": self.moments, "_waiting": [], "_known": {}}

    @property
    def moments(self) -> SecondMoments | None:
        """The moments of all stimuli; None before the first."""
        if self._waiting:
            a, b = (np.concatenate(side) for side in zip(*self._waiting, strict=True))
            self._waiting = []
            self._add(a, b)
        return self._moments

    @moments.setter
    def moments(self, found: SecondMoments | None) -> None:
        self._moments, self._waiting, self._known = found, [], {}

    def _add(self, a: Any, b: Any) -> None:
        for block in blocks(a, b):
            part = SecondMoments.of(a[block], b[block])
            if self._moments is None:
                self._moments = part
            else:
                self._moments.merge(part)

    def update(self, a: Any, b: Any, rows: Ints) -> None:
        """Take aligned chunks, shapes (n, d_a) and (n, d_b); `rows` is not needed."""
        a, b = aligned(a, b, "similarity")
        self._known = {}
        # A product of few rows costs less than adding it up: short chunks wait for others.
        alike = not self._waiting or (a.shape[1], b.shape[1], a.dtype, b.dtype) == self._kind()
        if not alike or len(a) >= _ROWS:
            _ = self.moments
            self._add(a, b)
            return
        self._waiting.append((a.copy(), b.copy()))
        if sum(len(one) for one, _ in self._waiting) >= _ROWS:
            _ = self.moments

    def _kind(self) -> tuple[Any, ...]:
        a, b = self._waiting[0]
        return a.shape[1], b.shape[1], a.dtype, b.dtype

    def merge(self, other: Self) -> Self:
        """Take in another accumulator's stimuli, leave it as it is, return self."""
        theirs, mine = other.moments, self.moments
        if theirs is not None:
            self._known = {}
            if mine is None:
                self._moments = theirs.copy()
            else:
                mine.merge(theirs)
        return self

    def ready(self, wanted: str, *, full: bool = False) -> SecondMoments:
        """Return the moments, checked for being enough.

        Parameters
        ----------
        wanted : str
            Who asks; messages begin with it.
        full : bool
            Whether there must be more stimuli than dimensions.

        Raises
        ------
        DataError
        """
        m = self.moments
        if m is None or m.n < 3:
            raise DataError(f"{wanted} needs at least 3 stimuli and has {0 if m is None else m.n}")
        widest = max(m.ab.shape)
        if full and m.n <= widest:
            raise DataError(
                f"{wanted} needs more stimuli than dimensions: with {m.n} stimuli of {widest} "
                "dimensions any two representations look the same",
                hint="use a larger corpus, or similarity.cka, which needs fewer stimuli",
            )
        for products, mean, side in ((m.aa, m.mean_a, "first"), (m.bb, m.mean_b, "second")):
            checked_products(products, mean, m.n, wanted, side)
        return m

    def spectra(self, precision: Precision) -> tuple[Spectrum, Spectrum]:
        """Return the directions of both sides."""
        m = self.moments
        assert m is not None, "asked after ready()"
        out = []
        for name, products, mean, exact in (
            ("aa", m.aa, m.mean_a, m.exact_a),
            ("bb", m.bb, m.mean_b, m.exact_b),
        ):
            key = name, exact.precision(precision)
            if key not in self._known:
                self._known[key] = Spectrum.of(products, mean, m.n, key[1])
            out.append(self._known[key])
        return out[0], out[1]

    def whitened(self, precision: Precision) -> Floats:
        """Return the correlations of the sides' principal directions, shape (rank_a, rank_b)."""
        a, b = self.spectra(precision)
        key = "whitened", a.precision, b.precision
        if key not in self._known:
            assert self.moments is not None
            turned = a.vectors.T @ self.moments.ab @ b.vectors
            turned /= np.sqrt(a.values)[:, None]
            turned /= np.sqrt(b.values)
            self._known[key] = turned
        found: Floats = self._known[key]
        return found

    def correlations(self, precision: Precision, kept_a: int, kept_b: int) -> Floats:
        """Return the canonical correlations of the first principal directions of both sides."""
        whole = self.whitened(precision)
        key = "variates", precision
        if whole.shape == (kept_a, kept_b) and key in self._known:
            s = self._known[key][1]
        else:
            s = singular_values(whole[:kept_a, :kept_b])
        return np.asarray(np.minimum(s, 1.0), np.float64)

    def variates(self, precision: Precision) -> tuple[Floats, Floats, Floats]:
        """Return canonical variates in principal directions, and correlations: u, ρ, vᵀ."""
        key = "variates", precision
        if key not in self._known:
            self._known[key] = singular_vectors(self.whitened(precision))
        u, s, vt = self._known[key]
        return u, np.clip(s, 0.0, 1.0), vt

    def nuclear(self) -> float:
        """Return the nuclear norm of the products of both sides, over the root of the traces."""
        m = self.moments
        assert m is not None, "asked after ready()"
        if "nuclear" not in self._known:
            # Divided first, so that tiny and huge values are in range.
            scale = np.sqrt(np.trace(m.aa)) * np.sqrt(np.trace(m.bb))
            self._known["nuclear"] = min(float(singular_values(m.ab / scale).sum()), 1.0)
        return float(self._known["nuclear"])

    def shuffled(self, a: Any, b: Any, orders: Ints) -> Iterator[Gathered]:
        """Yield accumulators of the rows gathered here, `b` in other orders: one product each."""
        m = self.moments
        assert m is not None, "asked after an update"
        for ab in reordered(centred(a), centred(b), orders):
            other = self._of_one_side()
            other.moments = replace(m, ab=ab)
            yield other

    def shuffled_directions(
        self, a: Any, b: Any, orders: Ints, precision: Precision, kept: tuple[int, int]
    ) -> Iterator[Gathered]:
        """Yield accumulators as `shuffled` does, good for `correlations` and `variates` alone.

        The product is of the first principal directions of both sides, `kept` of them, so that
        what is left out of them costs nothing, nor does turning each product. In single
        precision, which is off by about 1e-7: the directions are of unit length.
        """
        sides = self.spectra(precision)
        z, w = (
            (centred(x) @ (side.vectors[:, :k] / np.sqrt(side.values[:k]))).astype(np.float32)
            for x, side, k in zip((a, b), sides, kept, strict=True)
        )
        for product in reordered(z, w, orders):
            other = self._of_one_side()
            other._known["whitened", sides[0].precision, sides[1].precision] = product
            yield other

    def _of_one_side(self) -> Gathered:
        """Return an accumulator that knows of this one what follows from one side alone."""
        other = Gathered()
        other.moments = self.moments
        other._known = {k: v for k, v in self._known.items() if isinstance(v, Spectrum)}
        return other


class Asks(Protocol):
    """A metric that reads an accumulator which is not its own."""

    def result(self, accumulator: Any) -> Result:
        """Return the scores of what was gathered."""
        ...


class Asked:
    """What was gathered, as the accumulator of one of the metrics that read it.

    Parameters
    ----------
    metric : Asks
    gathered : Gathered or Sampled
        May be read by any metric that says the same of what it shares.
    """

    def __init__(self, metric: Asks, gathered: Any) -> None:
        self.metric = metric
        self.gathered = gathered

    def update(self, a: Any, b: Any, rows: Ints) -> None:
        """Take aligned chunks, shapes (n, d_a) and (n, d_b), and the stimuli's identities."""
        self.gathered.update(a, b, rows)

    def merge(self, other: Self) -> Self:
        """Take in another accumulator's stimuli, leave it as it is, return self."""
        self.gathered.merge(other.gathered)
        return self

    def compute(self) -> Result:
        """Return the scores of what was seen so far."""
        return self.metric.result(self.gathered)


def unwrapped(accumulator: Any) -> Any:
    """Return what an accumulator gathered, whichever metric began it."""
    return accumulator.gathered if isinstance(accumulator, Asked) else accumulator
