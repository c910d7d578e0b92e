"""The loss of distances and its gradient, for many projections at once.

Vectors are projected before they are padded, and distances come from inner products of the
projected vectors (k numbers per word), so that no array of t × t × k differences is ever made.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sondage.data import Ints
from sondage_structural.trees import Forest

#: Entries of one padded block of word pairs in a step of training.
_PAIRS = 1 << 13


@dataclass(frozen=True)
class Batch:
    """Some sentences, their gold values and how much each counts.

    Parameters
    ----------
    rows : int64 array, shape (r,)
        Flat indices of the sentences' words.
    parts : tuple of Part
        Sentences of like length; together all of the batch, in the order of `rows`.
    """

    rows: Ints
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Part:
    """Sentences of like length.

    Parameters
    ----------
    start, stop : int
        Their words within the batch.
    gold, weight : float32 tensors, shape (b, t, t)
        The weight is 0 where padded.
    place : int64 tensor, shape (stop - start,)
        Where each word is put in (b, t), flat.
    """

    start: int
    stop: int
    gold: Tensor
    weight: Tensor
    place: Tensor


class DistanceLoss:
    """Mean over sentences of the summed |squared distance - tree distance| / t².

    References
    ----------
    Hewitt and Manning 2019, section 2.1, the objective. Departs from it: none; the sum is over
    ordered pairs, as in the authors' code. The derivative of |x| at 0 is taken to be 0.
    """

    def __init__(self, forest: Forest) -> None:
        self.forest = forest
        self._distances = _Distances(forest)

    def batch(self, sentences: Ints) -> Batch:
        """Return a batch; sentences are put in order of length."""
        forest, parts, order, start = self.forest, [], [], 0
        for block in forest.blocks(sentences, _PAIRS):
            chosen = sentences[block]
            lengths = forest.lengths[chosen]
            real = np.arange(int(lengths[-1])) < lengths[:, None]
            share = real / (lengths * float(len(sentences)) * lengths)[:, None]
            weight = share[:, :, None].astype(np.float32) * real[:, None, :]
            stop = start + int(lengths.sum())
            parts.append(
                Part(
                    start,
                    stop,
                    torch.from_numpy(self._distances.padded(chosen)),
                    torch.from_numpy(weight),
                    torch.from_numpy(np.flatnonzero(real)),
                )
            )
            order.append(chosen)
            start = stop
        return Batch(forest.rows(np.concatenate(order)), tuple(parts))

    def loss(self, Z: Tensor, batch: Batch) -> Tensor:
        """Return the loss of each projection.

        Parameters
        ----------
        Z : float32 tensor, shape (c, r, k)
            The projected words of the batch.
        batch : Batch

        Returns
        -------
        float32 tensor, shape (c,)
        """
        total = Z.new_zeros(len(Z))
        for part in batch.parts:
            _, gap = _gaps(Z, part)
            gap = gap.abs_().view(len(Z), *part.weight.shape)
            total += gap.mul_(part.weight).sum(dim=(1, 2, 3))
        return total

    def gradient(self, Z: Tensor, batch: Batch) -> Tensor:
        """Overwrite Z with the derivative: 4 Σⱼ sᵢⱼ (zᵢ - zⱼ), s the weighted signs."""
        c, _, k = Z.shape
        for part in batch.parts:
            P, gap = _gaps(Z, part)
            S = gap.sign_().view(c, *part.weight.shape).mul_(part.weight * 4).view(gap.shape)
            # The signs are those of gold - predicted; with minus their sums on the diagonal,
            # one product gives the sum of differences.
            S.diagonal(dim1=1, dim2=2).sub_(S.sum(dim=2))
            G = torch.bmm(S, P)
            Z[:, part.start : part.stop] = G.view(c, -1, k).index_select(1, part.place)
        return Z


def _gaps(Z: Tensor, part: Part) -> tuple[Tensor, Tensor]:
    """Return padded vectors, shape (c b, t, k), and gold - squared distances, (c b, t, t)."""
    c, _, k = Z.shape
    b, t, _ = part.gold.shape
    P = Z.new_zeros(c, b * t, k)
    P.index_copy_(1, part.place, Z[:, part.start : part.stop])
    P = P.view(c * b, t, k)
    # Seen from the first word, lest a large common part eat up the digits of differences.
    P.sub_(P[:, :1].clone())
    gap = part.gold.repeat(c, 1, 1)
    gap.baddbmm_(P, P.transpose(1, 2), alpha=2)
    norms = gap.diagonal(dim1=1, dim2=2) / 2
    return P, gap.sub_(norms[:, :, None]).sub_(norms[:, None, :])


class _Distances:
    """The distance matrices of all sentences that were asked for so far, each made once."""

    def __init__(self, forest: Forest) -> None:
        self._forest = forest
        self._known: dict[int, NDArray[np.int16]] = {}

    def padded(self, sentences: Ints) -> NDArray[np.float32]:
        """Return the distances of sentences, the longest last; shape (b, t, t), 0 where padded."""
        lengths = self._forest.lengths[sentences].tolist()
        new = np.array([i for i in sentences.tolist() if i not in self._known], np.int64)
        if len(new):
            made = self._forest.distances(new).astype(np.int16)
            for i, one in zip(new.tolist(), made, strict=True):
                n = int(self._forest.lengths[i])
                self._known[i] = one[:n, :n].copy()
        out = np.zeros((len(lengths), lengths[-1], lengths[-1]), np.float32)
        for row, n, i in zip(out, lengths, sentences.tolist(), strict=True):
            row[:n, :n] = self._known[i]
        return out
