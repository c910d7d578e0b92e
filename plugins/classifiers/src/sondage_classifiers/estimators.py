"""Estimators on arrays: logistic regression with its strength chosen on dev, and majority."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Self

import numpy as np
from annotated_types import Gt, MinLen
from numpy.typing import NDArray

from sondage.errors import DataError, ParameterError
from sondage.probing import settings_of
from sondage_classifiers.logistic import STRENGTHS, LogisticPath, checked_dev, fit_logistic


class MajorityProbe:
    """Predict the most frequent training label; the smallest such in a tie.

    Attributes
    ----------
    label_ : scalar
        That label.
    """

    def fit(self, X: NDArray[Any], y: NDArray[Any]) -> Self:
        """Take in labels `y`, shape (n,); of `X`, shape (n, d), only the length matters.

        Raises
        ------
        DataError
            If there are no labels.
        """
        y = np.asarray(y)
        if len(y) == 0 or len(X) != len(y):
            raise DataError(f"{len(y)} training labels for {len(X)} vectors")
        values, counts = np.unique(y, return_counts=True)
        self.label_ = values[counts.argmax()]
        return self

    def predict(self, X: NDArray[Any]) -> NDArray[Any]:
        """Return the label for each row of `X`, shape (n,)."""
        return np.full(len(X), self.label_)


@dataclass(kw_only=True, eq=False)
class LinearSettings:
    """How a linear probe is fitted.

    Parameters
    ----------
    strengths : tuple of float
        Candidates for C; a greater C is a weaker penalty. In a tie on dev the stronger
        penalty is taken. One alone needs no dev part.
    standardise : bool
        Penalise as if every feature had unit variance over the training rows.
    tol : float
        Relative gap to the optimal objective at which a fit ends.
    """

    strengths: Annotated[tuple[Annotated[float, Gt(0)], ...], MinLen(1)] = STRENGTHS
    standardise: bool = False
    tol: Annotated[float, Gt(0)] = 1e-3


class LinearProbe(LinearSettings):
    """Multinomial logistic regression at its optimum, its strength chosen on dev.

    Parameters are those of `LinearSettings`.

    Attributes
    ----------
    classes_ : array, shape (K,)
        The training labels, sorted.
    coef_ : float32 array, shape (K, d)
    intercept_ : float64 array, shape (K,)
    strength_ : float
        The strength chosen: best on dev, the stronger penalty in a tie.
    dev_accuracies_ : float64 array, shape (T,), or None
    path_ : LogisticPath
        All fits, on the training rows alone.
    """

    def fit(
        self,
        X: NDArray[Any],
        y: NDArray[Any],
        X_dev: NDArray[Any] | None = None,
        y_dev: NDArray[Any] | None = None,
    ) -> Self:
        """Fit every strength on (X, y) and keep the one that is best on (X_dev, y_dev).

        Parameters
        ----------
        X, X_dev : float arrays, shape (n, d) and (m, d)
        y, y_dev : arrays of labels, shape (n,) and (m,)

        Raises
        ------
        DataError
            For a single class, no rows, or no dev part where a choice is wanted.
        EncodingError
            For NaN or infinite values.
        ParameterError
            For strengths or `tol` that are not positive.
        """
        self.classes_, labels = np.unique(np.asarray(y), return_inverse=True)
        how = settings_of(self, LinearSettings)
        self.path_: LogisticPath = fit_logistic(X, labels.reshape(-1), **how)
        chosen, self.dev_accuracies_ = 0, None
        if len(self.path_.strengths) > 1:
            labels = checked_dev(X_dev, y_dev, len(self.path_.strengths), "strength")
            right = self.classes_[self.path_.predict(X_dev)] == labels
            self.dev_accuracies_ = right.mean(axis=1)
            chosen = int(self.dev_accuracies_.argmax())
        self.strength_ = float(self.path_.strengths[chosen])
        self.coef_ = self.path_.coef[chosen, 0]
        self.intercept_ = self.path_.intercept[chosen, 0]
        return self

    def decision_function(self, X: NDArray[Any]) -> NDArray[np.float64]:
        """Return logits, shape (n, K)."""
        if not hasattr(self, "coef_"):
            raise ParameterError("LinearProbe predicts only after fit")
        return np.asarray(X @ self.coef_.T + self.intercept_, np.float64)

    def predict(self, X: NDArray[Any]) -> NDArray[Any]:
        """Return the likeliest label of each row, shape (n,)."""
        return np.asarray(self.classes_[self.decision_function(X).argmax(axis=1)])
