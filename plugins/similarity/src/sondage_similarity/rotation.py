"""How far the best rotation leaves two sides apart, and how well one predicts the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from sondage.data import Result
from sondage_similarity.gathered import Gathered
from sondage_similarity.linear import OfDirections, OfMoments, first, gathered, known
from sondage_similarity.rounding import Precision
from sondage_similarity.second import SecondMoments

Scaling = Literal["half_squared", "chord", "angle"]
Direction = Literal["b_from_a", "a_from_b"]

_MOST: dict[str, float] = {
    "half_squared": 1.0,
    "chord": float(np.sqrt(2.0)),
    "angle": float(np.pi / 2),
}


def procrustes(X: Any, Y: Any, *, scaling: Scaling = "half_squared") -> float:
    """Return how far two representations are apart after the best rotation.

    Parameters
    ----------
    X, Y : float arrays, shape (n, d_a) and (n, d_b)
        Row i of both belongs to stimulus i. Both are centred and scaled to Frobenius norm 1.
    scaling : {'half_squared', 'chord', 'angle'}
        With s = ‖XᵀY‖ (nuclear norm): 1 - s; √(2 - 2s), the distance itself; or arccos s, in
        radians, the distance along the sphere.

    Returns
    -------
    float
        0 for equal sides; at most 1, √2 or π/2.

    Raises
    ------
    DataError
        If a side is not a finite real matrix, the numbers of rows differ, n is below 3, or a
        side is constant.
    ParameterError
        If `scaling` is none of these.

    References
    ----------
    Schönemann 1966, Psychometrika 31; Ding, Denain and Steinhardt 2021, arXiv:2108.01661 (its
    distance is twice 'half_squared'); Williams, Kunz, Kornblith and Linderman 2021,
    arXiv:2110.14739 ('angle'). Departs from them: none.
    """
    known("procrustes scaling", scaling, Scaling)
    return first(Procrustes(scaling=scaling).result(gathered(X, Y)))


def bures(X: Any, Y: Any) -> float:
    """Return the normalised Bures similarity of the sides' matrices of inner products.

    Parameters
    ----------
    X, Y : float arrays, shape (n, d_a) and (n, d_b)
        Row i of both belongs to stimulus i. Both are centred.

    Returns
    -------
    float
        The nuclear norm of XᵀY over the root of the traces of XᵀX and YᵀY, in [0, 1].

    Raises
    ------
    DataError
        As of `procrustes`.

    References
    ----------
    Tang, Maddox, Dickens, Diethe and Damianou 2020, arXiv:2003.11370, NBS. Departs from it:
    the n × n matrices are not formed, and their root not taken, so the values are centred ones
    and exact where kernels have no full rank.
    """
    return first(Bures().result(gathered(X, Y)))


def linear_regression(
    X: Any, Y: Any, *, direction: Direction = "b_from_a", precision: Precision = "auto"
) -> float:
    """Return the share of a side's variance that the other predicts linearly.

    Parameters
    ----------
    X, Y : float arrays, shape (n, d_a) and (n, d_b)
        Row i of both belongs to stimulus i.
    direction : {'b_from_a', 'a_from_b'}
        Predict `Y` from `X`, or `X` from `Y`.
    precision : {'auto', 'float32', 'float16', 'bfloat16'}
        As of `sondage_similarity.svcca`.

    Returns
    -------
    float
        R² over all columns at once, on the stimuli that the regression was fitted to, in [0, 1].

    Raises
    ------
    DataError
        As of `procrustes`, and if there are no more rows than columns.
    ParameterError
        If `direction` or `precision` is none of these.

    References
    ----------
    Kornblith, Norouzi, Lee and Hinton 2019, arXiv:1905.00414, section 4 and table 1.
    Departs from it: none.
    """
    metric = LinearRegression(direction=direction, precision=precision)
    known("linear_regression direction", direction, Direction)
    known("linear_regression precision", precision, Precision)
    return first(metric.result(gathered(X, Y)))


def _thin(m: SecondMoments) -> dict[str, int]:
    """Return a warning that counts dimensions for which there are no stimuli."""
    missing = max(m.ab.shape) - (m.n - 1)
    return {"fewer-stimuli-than-dimensions": missing} if missing > 0 else {}


@dataclass(kw_only=True, eq=False)
class Procrustes(OfMoments):
    """The Procrustes distance as a sondage metric; see `procrustes`.

    Parameters
    ----------
    scaling : {'half_squared', 'chord', 'angle'}
        The first score; the other two follow it.

    Notes
    -----
    Scores ``procrustes_centred_half_squared``, ``procrustes_centred_chord``,
    ``procrustes_centred_angle``: distances, 0 for equal sides. Warning
    ``fewer-stimuli-than-dimensions`` counts the dimensions too many.
    """

    symmetric: ClassVar[bool] = True
    self_value: ClassVar[float] = 0.0
    invariances: ClassVar[frozenset[str]] = frozenset({"orthogonal", "scaling", "translation"})

    scaling: Scaling = "half_squared"

    @property
    def bounds(self) -> tuple[float, float]:
        """0, and 1, √2 or π/2."""
        return 0.0, _MOST[self.scaling]

    def _read(self, gathered: Gathered) -> Result:
        m = gathered.ready("procrustes")
        s = gathered.nuclear()
        found = {
            "half_squared": 1.0 - s,
            "chord": float(np.sqrt(2.0 - 2.0 * s)),
            "angle": float(np.arccos(s)),
        }
        order = sorted(found, key=lambda name: name != self.scaling)
        return Result(
            scores={f"procrustes_centred_{name}": found[name] for name in order},
            tables={"stimuli": {"n": [m.n]}},
            warnings=_thin(m),
        )


@dataclass(kw_only=True, eq=False)
class Bures(OfMoments):
    """Normalised Bures similarity as a sondage metric; see `bures`.

    Notes
    -----
    Score ``bures_centred``; warning ``fewer-stimuli-than-dimensions``.
    """

    symmetric: ClassVar[bool] = True
    bounds: ClassVar[tuple[float, float]] = (0.0, 1.0)
    self_value: ClassVar[float] = 1.0
    invariances: ClassVar[frozenset[str]] = frozenset({"orthogonal", "scaling", "translation"})

    def _read(self, gathered: Gathered) -> Result:
        m = gathered.ready("bures")
        return Result(
            scores={"bures_centred": gathered.nuclear()},
            tables={"stimuli": {"n": [m.n]}},
            warnings=_thin(m),
        )


@dataclass(kw_only=True, eq=False)
class LinearRegression(OfDirections):
    """Linear predictivity as a sondage metric; see `linear_regression`.

    Parameters
    ----------
    direction : {'b_from_a', 'a_from_b'}
        The first score; the other follows it.
    precision : {'auto', 'float32', 'float16', 'bfloat16'}
        Type that the values were rounded to before any pooling.

    Notes
    -----
    Scores ``r2_centred_b_from_a`` and ``r2_centred_a_from_b``, in sample; table ``ranks``; warning
    ``forced-correlations``.
    """

    symmetric: ClassVar[bool] = False
    bounds: ClassVar[tuple[float, float]] = (0.0, 1.0)
    self_value: ClassVar[float] = 1.0
    #: Not 'linear': the predicted side's variances weight its directions.
    invariances: ClassVar[frozenset[str]] = frozenset({"orthogonal", "scaling", "translation"})

    direction: Direction = "b_from_a"

    def _read(self, gathered: Gathered) -> Result:
        gathered.ready("linear regression", full=True)
        a, b = gathered.spectra(self.precision)
        told = np.square(gathered.whitened(self.precision))
        scores = {
            "r2_centred_b_from_a": float(told.sum(axis=0) @ b.values / b.values.sum()),
            "r2_centred_a_from_b": float(told.sum(axis=1) @ a.values / a.values.sum()),
        }
        return self._told(gathered, scores, f"r2_centred_{self.direction}")
