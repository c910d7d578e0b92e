"""`SentEvalClassifier`: the official classifier as an estimator on arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from sondage.errors import DataError, EncodingError
from sondage.probing import check_finite
from sondage_senteval.settings import ClassifierSettings

if TYPE_CHECKING:
    from sondage_senteval.training import TrainedClassifier


class SentEvalClassifier(ClassifierSettings):
    """Logistic regression or MLP as SentEval trains it, chosen on dev.

    Parameters are those of `ClassifierSettings`.

    Attributes
    ----------
    classes_ : array, shape (n_classes,)
        Labels seen in training, sorted.
    point_ : Point
        The grid point that was best on dev; the first of several.
    dev_accuracy_ : float
        A share of dev items, with the weights that are kept.
    trials_ : list of (Point, float, int)
        Every point, its best dev accuracy, and its passes over the training part.
    weights_ : list of float32 arrays
        Weights (outputs × inputs) and biases of each layer, in turn.

    References
    ----------
    Conneau et al. 2018, arXiv:1805.01070v2, section 4 (MLP with the logistic function, sizes and
    dropout chosen on dev), and the settings of the SentEval toolkit (Conneau and Kiela 2018,
    arXiv:1803.05449v1) for the rest. Departs from it: random numbers are NumPy's, so that a
    seed gives other numbers than SentEval's; the last, equal fit of the chosen point is not
    repeated; the MLP's size and dropout are chosen together with the L2 weight.
    """

    def fit(
        self,
        X: NDArray[Any],
        y: NDArray[Any],
        X_dev: NDArray[Any] | None = None,
        y_dev: NDArray[Any] | None = None,
        *,
        rng: np.random.Generator,
    ) -> Self:
        """Train on (X, y), choose on (X_dev, y_dev).

        Parameters
        ----------
        X, X_dev : float arrays, shape (n, d) and (m, d)
        y, y_dev : arrays of labels, shape (n,) and (m,)
        rng : numpy Generator
            Draws one number, from which first weights, batches and dropout follow.

        Raises
        ------
        DataError
            For no rows, a single class, no dev part, or lengths that differ.
        EncodingError
            For NaN or infinite values.
        ParameterError
            For settings that make no sense.
        """
        from sondage_senteval.training import LayerData, train

        if X_dev is None or y_dev is None or not len(X_dev):
            raise DataError(
                "senteval.classifier: the dev part is empty, but training stops and the grid is "
                "chosen by its accuracy",
                hint="give a dev part, or other 'ratios' or 'dev_share'",
            )
        for rows, labels, what in ((X, y, "the training part"), (X_dev, y_dev, "the dev part")):
            if np.ndim(rows) != 2 or len(rows) != len(labels):
                raise DataError(f"{what} has vectors {np.shape(rows)} and {len(labels)} labels")
            check_finite(rows, what)
        self.classes_, codes = np.unique(np.asarray(y), return_inverse=True)
        if (k := len(self.classes_)) < 2:
            raise DataError(
                f"SentEvalClassifier: the training items carry {k} label{'' if k == 1 else 's'}; "
                "at least two are needed",
                hint="give more data, another seed, or another split",
            )
        # A dev label unseen in training can never be right: no class has its code.
        found = np.searchsorted(self.classes_, y_dev).clip(max=len(self.classes_) - 1)
        dev = np.where(self.classes_[found] == np.asarray(y_dev), found, -1)
        both = np.concatenate([np.asarray(X, np.float32), np.asarray(X_dev, np.float32)])
        n = len(X)
        cell = LayerData(both, np.concatenate([codes, dev]), np.arange(n), np.arange(n, len(both)),
                    int(rng.integers(2**62)))  # fmt: skip
        ((_, fit),) = train([cell], len(self.classes_), self)
        check_fit(fit, "SentEvalClassifier")
        self._fit = fit
        self.point_, self.dev_accuracy_, self.trials_ = fit.point, fit.dev_accuracy, fit.trials
        self.weights_ = fit.weights
        return self

    def predict(self, X: NDArray[Any]) -> NDArray[Any]:
        """Return labels, shape (n,)."""
        return np.asarray(self.classes_[self._fit.predict(X)])

    def score(self, X: NDArray[Any], y: NDArray[Any]) -> float:
        """Return the share of rows whose label is right."""
        return float(np.mean(self.predict(X) == np.asarray(y)))


def check_fit(fit: TrainedClassifier, what: str) -> None:
    """Raise `EncodingError` where training ran away."""
    if not all(np.isfinite(w).all() for w in fit.weights):
        raise EncodingError(
            f"{what}: training did not stay finite", hint="are the vectors extremely large?"
        )
