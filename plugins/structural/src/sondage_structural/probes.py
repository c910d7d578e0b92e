"""The plain library: structural probes as estimators on the word vectors of sentences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sondage.data import Ints, States, offsets_of
from sondage.errors import DataError, ParameterError
from sondage.probing import check_finite
from sondage_structural.predicting import Blocks, depth_blocks, distance_blocks
from sondage_structural.settings import StructuralSettings
from sondage_structural.trees import Forest

Vectors = States | Sequence[ArrayLike]
#: Entries of a projection before training lie evenly between plus and minus this.
START = 0.05


class _Probe(StructuralSettings):
    """What the two share."""

    blocks: ClassVar[Callable[..., Blocks]]

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
        from sondage_structural.training import LOSSES, train

        joined = np.concatenate([values, more])
        check_finite(joined)
        (fitted,) = train(
            LOSSES[self.blocks](forest), [joined], np.arange(n), np.arange(n, n + m),
            start=start[None], order=rng, settings=self, names=["the vectors"],
        )  # fmt: skip
        self.projection_, self.dev_loss_ = fitted.projection, fitted.dev_loss
        self.n_epochs_, self.losses_, self.rates_ = fitted.epochs, fitted.losses, fitted.rates
        return self

    def predict(self, states: Vectors) -> list[NDArray[np.float64]]:
        """Return an array for each sentence, float64: what the probe's name says of its words."""
        values, offsets = _ragged(states, "test", self.projection_.shape[0])
        check_finite(values)
        words = int(offsets[-1])
        forest = Forest(np.full(words, -1), np.ones(words, bool), offsets)
        out: list[Any] = [None] * len(forest)
        for block, found in self.blocks(forest, values, self.projection_, np.arange(len(forest))):
            for i, padded in zip(block, found, strict=True):
                t = int(forest.lengths[i])
                out[i] = padded[(slice(t),) * padded.ndim].copy()
        return out


class DistanceProbe(_Probe):
    """Squared distances after a linear map, fitted to distances in the tree.

    Parameters are those of `sondage_structural.settings.StructuralSettings`; `predict` returns
    squared distances of each two words of a sentence, shape (t, t).

    References
    ----------
    Hewitt and Manning 2019, section 2.1. Departs from it: none known; see
    `sondage_structural.training.train`.
    """

    blocks = staticmethod(distance_blocks)


class DepthProbe(_Probe):
    """Squared norms after a linear map, fitted to depths in the tree.

    Parameters are those of `sondage_structural.settings.StructuralSettings`; `predict` returns
    squared norms of each word of a sentence, shape (t,).

    References
    ----------
    Hewitt and Manning 2019, section 2.3. Departs from it: none known; see
    `sondage_structural.training.train`.
    """

    blocks = staticmethod(depth_blocks)


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
