"""The two-layer perceptron of Zhou and Srikumar 2022: grid search on dev, then restarts."""

from __future__ import annotations

import itertools
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Self

import numpy as np
from annotated_types import Ge, Gt, MinLen
from numpy.typing import NDArray

from sondage.errors import ParameterError
from sondage.probing import on_threads
from sondage_classifiers.logistic import check_classes, check_rows, checked_dev

if TYPE_CHECKING:
    from sklearn.neural_network import MLPClassifier

#: The paper's sizes, {32, 64, 128, 256} twice.
HIDDEN: tuple[tuple[int, int], ...] = tuple(
    itertools.product((32, 64, 128, 256), (32, 64, 128, 256))
)
#: Powers of ten over the paper's range of L2 weights.
ALPHAS = (1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)
Size = Annotated[int, Gt(0)]
_INTERRUPTED = "interrupted by user"


@dataclass(frozen=True)
class Trial:
    """One grid point: sizes, L2 weight, accuracy on dev, epochs run."""

    hidden: tuple[int, ...]
    alpha: float
    dev_accuracy: float
    epochs: int


@dataclass(kw_only=True, eq=False)
class MLPSettings:
    """Which networks are tried, and how often the chosen one is trained.

    Parameters
    ----------
    hidden : tuple of (int, int)
        Candidate sizes of the two hidden layers.
    alphas : tuple of float
        Candidate L2 weights.
    restarts : int
        Initialisations of the chosen candidate.
    max_iter : int
        Epochs at most.
    """

    hidden: Annotated[tuple[tuple[Size, Size], ...], MinLen(1)] = HIDDEN
    alphas: Annotated[tuple[Annotated[float, Ge(0)], ...], MinLen(1)] = ALPHAS
    restarts: Annotated[int, Ge(1)] = 5
    max_iter: Annotated[int, Ge(1)] = 1000


class MLPProbe(MLPSettings):
    """Two hidden ReLU layers trained by Adam, by scikit-learn's `MLPClassifier`.

    Minibatches of min(200, n), learning rate 1e-3, training until the training loss has not
    fallen by 1e-4 for ten epochs: the defaults of `MLPClassifier`, which the paper used.

    Parameters are those of `MLPSettings`.

    Attributes
    ----------
    models_ : list of MLPClassifier
        One a restart.
    hidden_, alpha_ :
        The best candidate on dev; in a tie the fewest units, then the strongest penalty.
    trials_ : list of Trial
        Empty where there is a single candidate.

    References
    ----------
    Zhou and Srikumar 2022, section 2.1. Departs from it: the paper gives the range of the
    L2 weight and not its steps (powers of ten here); scikit-learn is a later one than 0.22.
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
        """Choose on (X_dev, y_dev), then train the chosen sizes `restarts` times on (X, y).

        Parameters
        ----------
        X, X_dev : float arrays, shape (n, d) and (m, d)
        y, y_dev : arrays of labels, shape (n,) and (m,)
        rng : numpy Generator
            Draws a seed for every fit: initial weights and order of minibatches.

        Raises
        ------
        DataError
            For a single class, no rows, or no dev part where a choice is wanted.
        EncodingError
            For NaN or infinite values.
        ParameterError
            For an empty grid or no restarts.
        """
        grid = sorted(
            {(tuple(h), float(a)) for h in self.hidden for a in self.alphas},
            key=lambda point: (sum(point[0]), point[0], -point[1]),
        )
        if not grid or self.restarts < 1:
            raise ParameterError("the MLP probe wants at least one grid point and one restart")
        y = np.asarray(y)
        _, counts = np.unique(y, return_counts=True)
        check_classes(counts, "MLP probe")
        check_rows(X)
        draws = rng.integers(0, 2**31 - 1, size=len(grid) + self.restarts)
        self.trials_: list[Trial] = []
        best = grid[0]
        if len(grid) > 1:
            labels = checked_dev(X_dev, y_dev, len(grid), "grid point")
            assert X_dev is not None
            models = self._train(X, y, [(*p, int(s)) for p, s in zip(grid, draws, strict=False)])
            self.trials_ = [
                Trial(*point, float(np.mean(model.predict(X_dev) == labels)), int(model.n_iter_))
                for model, point in zip(models, grid, strict=True)
            ]
            scores = [t.dev_accuracy for t in self.trials_]
            best = grid[int(np.argmax(scores))]
        self.hidden_, self.alpha_ = best
        self.models_ = self._train(X, y, [(*best, int(s)) for s in draws[len(grid) :]])
        return self

    def predict_all(self, X: NDArray[Any]) -> NDArray[Any]:
        """Return the labels that each restart predicts, shape (restarts, n)."""
        with on_threads() as run:
            return np.stack(run(lambda m: m.predict(X), self.models_))

    def predict(self, X: NDArray[Any]) -> NDArray[Any]:
        """Return the labels that the first restart predicts, shape (n,)."""
        return np.asarray(self.predict_all(X)[0])

    def surprisals(self, X: NDArray[Any], y: NDArray[Any]) -> NDArray[np.float64]:
        """Return −log2 of the probability of each row's label, the mean over restarts.

        Parameters
        ----------
        X : float array, shape (n, d)
        y : array of labels, shape (n,)

        Returns
        -------
        float64 array, shape (n,)
            Bits: infinite for labels unseen in training, at most 126 for others, where
            probabilities are rounded to 0.
        """
        hit = np.asarray(y)[:, None] == self.models_[0].classes_

        def bits(model: MLPClassifier) -> NDArray[np.float64]:
            own = np.where(hit, model.predict_proba(X), 0).sum(axis=1)
            own = np.maximum(own, np.finfo(np.float32).tiny)
            return np.where(hit.any(axis=1), -np.log2(own), np.inf)

        with on_threads() as run:
            return np.asarray(np.mean(run(bits, self.models_), axis=0), np.float64)

    def _train(
        self, X: NDArray[Any], y: NDArray[Any], points: list[tuple[tuple[int, ...], float, int]]
    ) -> list[MLPClassifier]:
        """Train a network per point, as many at a time as there are threads."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.neural_network import MLPClassifier

        def one(point: tuple[tuple[int, ...], float, int]) -> MLPClassifier:
            hidden, alpha, seed = point
            model = MLPClassifier(hidden, alpha=alpha, max_iter=self.max_iter, random_state=seed)
            try:
                return model.fit(X, y)
            except UserWarning as warning:
                if _INTERRUPTED in str(warning):
                    raise KeyboardInterrupt from warning
                raise

        # Filters are set here and not in the threads, which share them.
        with warnings.catch_warnings(), on_threads() as run:
            warnings.simplefilter("ignore", ConvergenceWarning)
            # scikit-learn takes Ctrl-C for the end of training, and only says so.
            warnings.filterwarnings("error", f".*{_INTERRUPTED}", UserWarning)
            return run(one, points)
