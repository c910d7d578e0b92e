"""Shares of many examples: means, intervals, and what they are to be read by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sondage import stats
from sondage.data import Ints
from sondage.stats import clusters
from sondage_pairwise.ranking import Ranking

Floats = NDArray[np.float64]

#: What was ranked.
MATCH, OTHER, RANDOM, BEST = "match", "other anchor", "random word", "best possible"


@dataclass(frozen=True)
class Shares:
    """What was counted for some examples, and out of how many.

    Attributes
    ----------
    ranked : str
    won, of : float64 arrays, shape (n,)
        Candidates that what was ranked beats, and the denominator, above 0.
    groups : int64 array, shape (n,)
        The context of each example.
    """

    ranked: str
    won: Floats
    of: Floats
    groups: Ints

    @property
    def each(self) -> Floats:
        """Share of each example, shape (n,)."""
        return self.won / self.of

    @property
    def macro(self) -> float:
        """Mean over examples."""
        return float(self.each.mean())

    @property
    def micro(self) -> float:
        """Equation 3: over all words of all examples."""
        return float(self.won.sum() / self.of.sum())

    def row(self) -> dict[str, Any]:
        """Return the row of the table ``ranked``."""
        low = high = micro_low = micro_high = None
        if self.ranked in (MATCH, OTHER):  # the others are known, not estimated
            own = stats.cluster_interval(self.each, self.groups)
            low, high = own.low, own.high
            micro_low, micro_high = self._micro_ends()
        return {
            "ranked": self.ranked,
            "macro": self.macro, "low": low, "high": high,
            "micro": self.micro, "micro_low": micro_low, "micro_high": micro_high,
            "examples": len(self.of), "contexts": len(np.unique(self.groups)),
        }  # fmt: skip

    def _micro_ends(self) -> tuple[float | None, float | None]:
        _, codes = np.unique(self.groups, return_inverse=True)
        n = int(codes.max()) + 1
        if n == 1:
            return None, None
        won, of = (
            np.bincount(codes, weights=x, minlength=n).astype(float) for x in (self.won, self.of)
        )
        share = self.micro
        return clusters.of_mean(clusters.spread_of_sums(won, of, share * (1 - share)))


def shares_of(
    ranked: str, ranking: Ranking, lengths: Ints | None, groups: Ints, kept: NDArray[np.bool_]
) -> Shares:
    """Return the shares of the examples kept, over candidates or, if given, over `lengths`."""
    some = ranking.take(kept)
    if lengths is None:
        return Shares(
            ranked, some.farther + some.tied / 2, some.compared.astype(float), groups[kept]
        )
    return Shares(ranked, some.farther.astype(float), lengths[kept].astype(float), groups[kept])


def references(
    own: Shares, ranking: Ranking, kept: NDArray[np.bool_], paper: bool
) -> Iterator[Shares]:
    """Yield what a random word of the context and a perfect match would get.

    A word drawn from the candidates has as many of the others above it as below, on average over
    all draws: no geometry moves that. Of candidates that tie the paper's rule counts neither,
    which is passed over here.
    """
    n = ranking.compared[kept].astype(float)
    several = n > 1
    if several.any():
        rest = (n - 1)[several]
        of = own.of[several] if paper else rest
        yield Shares(RANDOM, rest / 2, of, own.groups[several])
    yield Shares(BEST, n, own.of, own.groups)
