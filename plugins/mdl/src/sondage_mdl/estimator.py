"""The variational code as an estimator."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from sondage.data import Ints
from sondage.errors import ParameterError
from sondage_mdl.codes import check_finite, checked_labels
from sondage_mdl.networks import MLPJob
from sondage_mdl.variational import VariationalCode, VariationalSettings, fit_variational


class VariationalMLP(VariationalSettings):
    """A network whose weights are sent too: as many neurons as their labels' bits pay for.

    Parameters are those of `VariationalSettings`.

    Attributes
    ----------
    classes_ : int64 array, shape (K,)
    code_ : VariationalCode

    References
    ----------
    Voita and Titov 2020, arXiv:2003.12298v1, section 2.2.1; Louizos et al. 2017,
    arXiv:1705.08665, section 4 (group normal-Jeffreys). Departs from them: the data part is
    the mean over draws of the network, not its value at the means; log variances have a
    learning rate of their own; the rate falls by schedule and not by stalls on dev.
    """

    def fit(
        self,
        X: NDArray[Any],
        y: Ints,
        *,
        rng: np.random.Generator,
        n_labels: int | None = None,
    ) -> Self:
        """Fit to vectors (n, d) and labels (n,) in 0..n_labels-1.

        Raises
        ------
        DataError
            If labels do not fit, or there are none.
        EncodingError
            For NaN or infinite values.
        """
        X, y = np.asarray(X, np.float32), np.asarray(y)
        K = checked_labels(X, y, n_labels)
        check_finite(X)
        rows, none = np.arange(len(y)), np.arange(0)
        job = MLPJob(X, y.astype(np.int64), rows, none, none, rng)
        (self.code_,) = fit_variational([job], K, self)
        self.classes_ = np.arange(K)
        return self

    def predict_log_proba(self, X: NDArray[Any]) -> NDArray[np.float64]:
        """Return log probabilities (nats) of the pruned network at the means, (n, K)."""
        if not hasattr(self, "code_"):
            raise ParameterError("VariationalMLP predicts only after fit")
        return self.code_.log_probabilities(X)

    def predict_proba(self, X: NDArray[Any]) -> NDArray[np.float64]:
        """Return probabilities, shape (n, K)."""
        return np.asarray(np.exp(self.predict_log_proba(X)))

    def predict(self, X: NDArray[Any]) -> Ints:
        """Return the likeliest labels, shape (n,)."""
        return np.asarray(self.predict_log_proba(X).argmax(axis=1), np.int64)


def variational_code(
    X: NDArray[Any],
    y: Ints,
    *,
    rng: np.random.Generator,
    n_labels: int | None = None,
    **settings: Any,
) -> VariationalCode:
    """Return the variational code of labels (n,) given vectors (n, d).

    Parameters
    ----------
    X, y, rng, n_labels
        As in `VariationalMLP.fit`.
    **settings
        Of `VariationalMLP`.
    """
    return VariationalMLP(**settings).fit(X, y, rng=rng, n_labels=n_labels).code_
