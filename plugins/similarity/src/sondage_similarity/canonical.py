"""Canonical correlations: mean, Yanai and Pillai, SVCCA and PWCCA."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from annotated_types import Gt, Le

from sondage.data import Result
from sondage.errors import ParameterError
from sondage_similarity.gathered import Gathered
from sondage_similarity.linear import OfDirections, first, gathered, known
from sondage_similarity.rounding import Precision
from sondage_similarity.second import Floats
from sondage_similarity.spectra import Spectrum

MeanOver = Literal["kept", "width"]
Summary = Literal["mean", "yanai", "pillai"]
Weights = Literal["symmetric", "a", "b"]


def svcca(
    X: Any,
    Y: Any,
    *,
    variance: float = 0.99,
    mean_over: MeanOver = "kept",
    precision: Precision = "auto",
) -> float:
    """Return the mean canonical correlation of the sides' largest principal directions.

    Parameters
    ----------
    X, Y : float arrays, shape (n, d_a) and (n, d_b)
        Row i of both belongs to stimulus i. Read in blocks, so memory maps are fine.
    variance : float
        Share of each side's variance about its mean that its kept directions hold, in (0, 1].
    mean_over : {'kept', 'width'}
        Divide the sum of correlations by their number, or by the width of the narrower side.
    precision : {'auto', 'float32', 'float16', 'bfloat16'}
        Type that the values were rounded to before any pooling. Null directions are told by
        it. 'auto' looks whether a tenth of the rows is exact in a short type.

    Returns
    -------
    float
        In [0, 1]. Of equal sides 1, or for 'width' the share of directions that was kept.

    Raises
    ------
    DataError
        If a side is not a finite real matrix, the numbers of rows differ, there are no more
        rows than columns, or a side is constant.
    ParameterError
        If `variance`, `mean_over` or `precision` is none of these.

    Notes
    -----
    Time n (d_a + d_b)² and a few d³, memory d_a² + d_a d_b + d_b², in float64.

    References
    ----------
    Raghu, Gilmer, Yosinski and Sohl-Dickstein 2017, arXiv:1706.05806, section 2; Hao, Dong,
    Wei and Xu 2020, section 4, for 'width': their c is the hidden size. Departs from them:
    shares are of variances about the mean, where some published code takes them of singular
    values, or of vectors that are not centred; null directions never count.
    """
    metric = SVCCA(variance=variance, mean_over=mean_over, precision=precision)
    metric.check()
    return first(metric.result(gathered(X, Y)))


def cca(X: Any, Y: Any, *, summary: Summary = "mean", precision: Precision = "auto") -> float:
    """Return a summary of all canonical correlations of two representations.

    Parameters
    ----------
    X, Y, precision
        As of `svcca`, like the errors. Of equal sides the value is 1.
    summary : {'mean', 'yanai', 'pillai'}
        Mean correlation; sum of squares over the geometric mean of the ranks; or over the
        lesser rank. All lie in [0, 1].

    References
    ----------
    Hotelling 1936, Biometrika 28; Yanai 1974, Behaviormetrika 1; Pillai 1955, Annals of
    Mathematical Statistics 26. Departs from them: Pillai's trace is divided by the lesser rank,
    so that it lies in [0, 1].
    """
    metric = CCA(summary=summary, precision=precision)
    metric.check()
    return first(metric.result(gathered(X, Y)))


def pwcca(
    X: Any, Y: Any, *, weights: Weights = "symmetric", precision: Precision = "auto"
) -> float:
    """Return the mean canonical correlation, weighted by what each variate says of a side.

    Parameters
    ----------
    X, Y, precision
        As of `svcca`, like the range and the errors. Of equal sides the value is 1.
    weights : {'symmetric', 'a', 'b'}
        Weighted by the first side, by the second, or the mean of both values.

    References
    ----------
    Morcos, Raghu and Bengio 2018, arXiv:1806.05759, section 2.2: weights are the sums over
    neurons of |<variate, neuron>|. Departs from it: none; 'symmetric' is ours.
    """
    metric = PWCCA(weights=weights, precision=precision)
    metric.check()
    return first(metric.result(gathered(X, Y)))


@dataclass(kw_only=True, eq=False)
class SVCCA(OfDirections):
    """SVCCA as a sondage metric; see `svcca` for formula, sources and departures.

    Parameters
    ----------
    variance : float
        Share of each side's variance that its kept directions hold.
    mean_over : {'kept', 'width'}
        What the sum of correlations is divided by.

    Notes
    -----
    Score ``svcca_centred_99pct_over_kept``, with the share and the denominator that were asked for;
    table ``ranks``; warning ``forced-correlations``, see `forced`. How many directions hold the
    share is chosen again for each group of sentences that is left out, so that an interval is
    also one over that choice. Where it jumps, by one direction for a few groups, the value jumps
    with it and the interval may reach further to one side: the table has the least and greatest
    number of directions (``kept_least``, ``kept_most``), and warning ``choice-varies`` counts the
    groups that another number belongs to.
    """

    symmetric: ClassVar[bool] = True
    bounds: ClassVar[tuple[float, float]] = (0.0, 1.0)
    self_value: ClassVar[float] = 1.0
    chose: ClassVar[tuple[str, str]] = ("ranks", "kept")

    variance: Annotated[float, Gt(0), Le(1)] = 0.99
    mean_over: MeanOver = "kept"

    @property
    def invariances(self) -> frozenset[str]:
        """Any invertible map where every direction is kept; else what keeps variances apart."""
        kept = {"orthogonal", "scaling", "translation"}
        return frozenset(kept | {"linear"} if self.variance == 1.0 else kept)

    def check(self) -> None:
        """Refuse, with a `ParameterError`, what is no parameter."""
        known("svcca mean_over", self.mean_over, MeanOver)
        known("svcca precision", self.precision, Precision)
        if not 0.0 < self.variance <= 1.0:
            raise ParameterError(f"svcca: variance is {self.variance}, wanted a share in (0, 1]")

    def _kept(self, gathered: Gathered) -> tuple[int, int]:
        a, b = gathered.spectra(self.precision)
        return a.kept(self.variance), b.kept(self.variance)

    def _read(self, gathered: Gathered) -> Result:
        m = gathered.ready("svcca", full=True)
        rho = gathered.correlations(self.precision, *self._kept(gathered))
        over = len(rho) if self.mean_over == "kept" else min(m.ab.shape)
        name = f"svcca_centred_{100 * self.variance:g}pct_over_{self.mean_over}"
        return self._told(gathered, {name: float(rho.sum() / over)})


@dataclass(kw_only=True, eq=False)
class CCA(OfDirections):
    """Summaries of canonical correlations as a sondage metric; see `cca`.

    Parameters
    ----------
    summary : {'mean', 'yanai', 'pillai'}
        The first score; the other two follow it.

    Notes
    -----
    Scores ``cca_centred_mean``, ``cca_centred_yanai``, ``cca_centred_pillai``; table ``ranks``;
    warning ``forced-correlations``.
    """

    symmetric: ClassVar[bool] = True
    bounds: ClassVar[tuple[float, float]] = (0.0, 1.0)
    self_value: ClassVar[float] = 1.0
    invariances: ClassVar[frozenset[str]] = frozenset(
        {"orthogonal", "scaling", "translation", "linear"}
    )

    summary: Summary = "mean"

    def check(self) -> None:
        """Refuse, with a `ParameterError`, what is no parameter."""
        known("cca summary", self.summary, Summary)
        known("cca precision", self.precision, Precision)

    def _read(self, gathered: Gathered) -> Result:
        gathered.ready("cca", full=True)
        kept = self._kept(gathered)
        rho = gathered.correlations(self.precision, *kept)
        squares = float(rho @ rho)
        scores = {
            "cca_centred_mean": float(rho.mean()),
            "cca_centred_yanai": squares / float(np.sqrt(kept[0] * kept[1])),
            "cca_centred_pillai": squares / min(kept),
        }
        return self._told(gathered, scores, f"cca_centred_{self.summary}")


@dataclass(kw_only=True, eq=False)
class PWCCA(OfDirections):
    """PWCCA as a sondage metric; see `pwcca` for formula, sources and departures.

    Parameters
    ----------
    weights : {'symmetric', 'a', 'b'}
        The first score; the other two follow it.

    Notes
    -----
    Scores ``pwcca_centred_symmetric``, ``pwcca_centred_by_a``, ``pwcca_centred_by_b``; table
    ``ranks``; warning ``forced-correlations``.
    """

    bounds: ClassVar[tuple[float, float]] = (0.0, 1.0)
    self_value: ClassVar[float] = 1.0
    #: Not 'orthogonal': weights are sums over single neurons.
    invariances: ClassVar[frozenset[str]] = frozenset({"scaling", "translation"})

    weights: Weights = "symmetric"

    @property
    def symmetric(self) -> bool:
        """Whether both sides weight."""
        return self.weights == "symmetric"

    def check(self) -> None:
        """Refuse, with a `ParameterError`, what is no parameter."""
        known("pwcca weights", self.weights, Weights)
        known("pwcca precision", self.precision, Precision)

    def _read(self, gathered: Gathered) -> Result:
        gathered.ready("pwcca", full=True)
        a, b = gathered.spectra(self.precision)
        u, rho, vt = gathered.variates(self.precision)
        by_a, by_b = _weighted(rho, u, a), _weighted(rho, vt.T, b)
        scores = {
            "pwcca_centred_symmetric": (by_a + by_b) / 2,
            "pwcca_centred_by_a": by_a,
            "pwcca_centred_by_b": by_b,
        }
        leading = "symmetric" if self.weights == "symmetric" else f"by_{self.weights}"
        return self._told(gathered, scores, f"pwcca_centred_{leading}")


def _weighted(rho: Floats, turns: Floats, side: Spectrum) -> float:
    """Return the mean of correlations, weighted by how much of the neurons each variate tells."""
    # Variate j is X w_j for w_j = V Λ^-1/2 t_j; with the neurons X it makes t_jᵀ Λ^1/2 Vᵀ.
    told = (turns.T * np.sqrt(side.values)) @ side.vectors.T
    weights = np.abs(told).sum(axis=1)
    return float(weights @ rho / weights.sum())
