"""The plain library: structural probes as estimators on the word vectors of sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sondage.data import Ints, States, offsets_of
from sondage.errors import DataError, EncodingError, ParameterError
from sondage_structural.predicting import depth_blocks, distance_blocks
from sondage_structural.settings import StructuralSettings
from sondage_structural.trees import Forest

if TYPE_CHECKING:
    from sondage_structural.objective import Objective

Vectors = States | Sequence[ArrayLike]
#: Entries of a projection before training lie evenly between plus and minus this.
START = 0.05
_CHECKED = 1 << 16


class _Probe(StructuralSettings):
    """What the two share."""

    def fit(
        self,
        states: Vectors,
        heads: Sequence[ArrayLike],
        dev_states: Vectors = (),
        dev_heads: Sequence[ArrayLike] = (),
        *,
        rng: np.random.Generator | None = None,
    ) -> Self:
        """Train on sentences; dev sentences say when to slow down and to end.

        Parameters
        ----------
        states : States, or sequence of float arrays, shape (t, d), one a sentence
        heads : sequence of int arrays, shape (t,)
            Index of each word's head; -1 at the one root.
        dev_states, dev_heads : likewise
        rng : numpy Generator, optional
            Draws the start and shuffles the sentences. By default one with seed 0.

        Returns
        -------
        self
            With ``projection_`` (float32, shape (d, k)), ``dev_loss_``, ``n_epochs_``,
            ``losses_`` and ``rates_`` (one an epoch).

        Raises
        ------
        sondage.errors.DataError
            If vectors and heads do not fit, heads are no trees, or a part is empty.
        sondage.errors.EncodingError
            For NaN or infinite values.
        sondage.errors.ParameterError
            If the rank is more than the vectors' width.
        """
        rng = np.random.default_rng(0) if rng is None else rng
        values, offsets = _ragged(states, "training")
        more, dev_offsets = _ragged(dev_states, "dev", values.shape[1])
        forest = Forest.of([*heads, *dev_heads])
        n, m = len(offsets) - 1, len(dev_offsets) - 1
        if len(heads) != n or len(dev_heads) != m:
            raise DataError(f"{n} and {m} sentences, but trees of {len(heads)} and "
                            f"{len(dev_heads)}")  # fmt: skip
        _check_lengths(np.concatenate([np.diff(offsets), np.diff(dev_offsets)]), forest, n)
        check_rank(self.rank, values.shape[1])
        start = draw(rng, values.shape[1], self.rank)
        self.losses_: list[float] = []
        self.rates_: list[float] = []
        self.projection_ = start
        self.dev_loss_, self.n_epochs_ = float("nan"), 0
        if self.projection == "random":
            return self
        for what, size, wanted in (("training", n, "train on"), ("dev", m, "end by")):
            if not size:
                raise DataError(f"no {what} sentences to {wanted}")
        from sondage_structural.training import train

        joined = np.concatenate([values, more])
        check_finite(joined, "the vectors")
        (fitted,) = train(
            self._objective(forest), [joined], np.arange(n), np.arange(n, n + m),
            start=start[None], order=rng, settings=self, names=["the vectors"],
        )  # fmt: skip
        self.projection_, self.dev_loss_ = fitted.projection, fitted.dev_loss
        self.n_epochs_, self.losses_, self.rates_ = fitted.epochs, fitted.losses, fitted.rates
        return self

    _blocks: Callable[..., Iterator[tuple[Ints, NDArray[np.float64]]]]

    def _objective(self, forest: Forest) -> Objective:
        raise NotImplementedError

    def _predict(self, states: Vectors) -> list[NDArray[np.float64]]:
        values, offsets = _ragged(states, "test", self.projection_.shape[0])
        check_finite(values, "the vectors")
        words = int(offsets[-1])
        forest = Forest(np.full(words, -1), np.ones(words, bool), offsets)
        out: list[Any] = [None] * len(forest)
        blocks = type(self)._blocks
        for block, found in blocks(forest, values, self.projection_, np.arange(len(forest))):
            for i, padded in zip(block, found, strict=True):
                t = int(forest.lengths[i])
                out[i] = padded[(slice(t),) * padded.ndim].copy()
        return out


class DistanceProbe(_Probe):
    """Squared distances after a linear map, fitted to distances in the tree.

    Parameters are those of `sondage_structural.settings.StructuralSettings`.

    References
    ----------
    Hewitt and Manning 2019, section 2.1. Departs from it: none known; see
    `sondage_structural.training.train`.
    """

    _blocks = staticmethod(distance_blocks)

    def _objective(self, forest: Forest) -> Objective:
        from sondage_structural.objective import DistanceLoss

        return DistanceLoss(forest)

    def predict(self, states: Vectors) -> list[NDArray[np.float64]]:
        """Return squared distances, float64, shape (t, t), of each sentence's words."""
        return self._predict(states)


class DepthProbe(_Probe):
    """Squared norms after a linear map, fitted to depths in the tree.

    Parameters are those of `sondage_structural.settings.StructuralSettings`.

    References
    ----------
    Hewitt and Manning 2019, section 2.3. Departs from it: none known; see
    `sondage_structural.training.train`.
    """

    _blocks = staticmethod(depth_blocks)

    def _objective(self, forest: Forest) -> Objective:
        from sondage_structural.objective import DepthLoss

        return DepthLoss(forest)

    def predict(self, states: Vectors) -> list[NDArray[np.float64]]:
        """Return squared norms, float64, shape (t,), of each sentence's words."""
        return self._predict(states)


def draw(rng: np.random.Generator, width: int, rank: int) -> NDArray[np.float32]:
    """Return a projection before training, float32, shape (width, rank)."""
    return rng.uniform(-START, START, (width, rank)).astype(np.float32)


def check_rank(rank: int, width: int, who: str = "") -> None:
    """Raise `ParameterError` if a projection of this rank would be wider than the vectors."""
    if rank > width:
        raise ParameterError(
            f"{who + ': ' if who else ''}rank {rank} of vectors that are {width} wide",
            hint=f"choose a rank of at most {width}",
        )


def _check_lengths(lengths: Ints, forest: Forest, n: int) -> None:
    """Raise `DataError` where a sentence, of which `n` are for training, has other heads."""
    if not np.array_equal(lengths, forest.lengths):
        at = int(np.flatnonzero(lengths != forest.lengths)[0])
        raise DataError(f"sentence {at if at < n else at - n} of the "
                        f"{'training' if at < n else 'dev'} part has {lengths[at]} vectors, "
                        f"but {forest.lengths[at]} heads")  # fmt: skip


def check_finite(values: NDArray[np.floating], what: str) -> None:
    """Raise `EncodingError` for NaN or infinite values; reads block by block."""
    bad = 0
    for i in range(0, len(values), _CHECKED):
        bad += int((~np.isfinite(values[i : i + _CHECKED]).all(axis=1)).sum())
    if bad:
        raise EncodingError(
            f"{what} have NaN or infinite values in {bad} of {len(values)} rows",
            hint="check the weights; with float16, try bfloat16 or float32",
        )


def _ragged(states: Vectors, part: str, width: int | None = None) -> tuple[NDArray[Any], Ints]:
    if isinstance(states, States):
        values, offsets = np.asarray(states.values), states.offsets
    else:
        arrays = [np.asarray(s, np.float32) for s in states]
        for i, array in enumerate(arrays):
            if array.ndim != 2 or array.shape[1] != arrays[0].shape[1] or not len(array):
                raise DataError(
                    f"sentence {i} of the {part} part has vectors of shape {array.shape}, "
                    f"wanted (words, {arrays[0].shape[-1]})"
                )
        offsets = offsets_of(len(a) for a in arrays)
        values = np.concatenate(arrays) if arrays else np.empty((0, width or 0), np.float32)
    if width is not None and values.shape[1] != width:
        raise DataError(f"the {part} part has vectors {values.shape[1]} wide, wanted {width}")
    return values, offsets
