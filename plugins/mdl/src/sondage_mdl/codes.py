"""Uniform and online codes on arrays. All lengths are in bits."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sondage.data import Ints
from sondage.errors import DataError, PluginError
from sondage.probing import check_finite
from sondage_mdl.blocks import PORTIONS, blocks_of

Doubles = NDArray[np.float64]


def uniform_code(n: int, n_labels: int) -> float:
    """Return the bits that n labels take when all K are taken to be equally likely: n log2 K.

    References
    ----------
    Voita and Titov 2020, arXiv:2003.12298v1, section 2.2. Departs from it: none.
    """
    return n * math.log2(n_labels)


def as_published(codelength: float, uniform: float = 0.0) -> float:
    """Return what the original's notebooks print for a codelength of ours.

    They add the first block's uniform code, in bits, to cross-entropies and KL divergences
    in nats, and call the sum bits.

    Parameters
    ----------
    codelength : float
        In bits.
    uniform : float
        The part of it, in bits, that is uniform code: the first block of an online code
        (the first row of table ``curve``); 0 for a variational code.

    Returns
    -------
    float
        Bits plus nats, to be compared with published numbers and with nothing else.
    """
    return uniform + (codelength - uniform) * math.log(2)


def mixed(bits: Doubles, trained_on: int, n_labels: int) -> Doubles:
    """Return surprisals under the probe mixed with one item's worth of the uniform code.

    ``p' = (m p + 1 / K) / (m + 1)`` for a probe trained on m items: a proper code again, in
    which a label that the probe rules out takes log2(K (m + 1)) bits and others about 1.44 / m
    more than before. For the frequencies of labels it is Perks' estimator.

    Parameters
    ----------
    bits : float64 array, shape (n,)
        Surprisals in bits; infinite for probability 0.
    trained_on, n_labels : int
        m and K.
    """
    p = np.exp2(-bits)
    return np.asarray(-np.log2((trained_on * p + 1 / n_labels) / (trained_on + 1)))


def finite(
    bits: Sequence[Doubles], trained_on: Sequence[int], seen: Sequence[int], n_labels: int
) -> list[Doubles]:
    """Mix the blocks whose probes rule out labels: those trained without some of the K.

    Only if one of the surprisals is infinite is anything changed: then the probe is one that
    rules out what it has not seen, and all blocks are mixed whose portions lack a label,
    whether such a label comes in them or not, since the receiver cannot know that.

    Parameters
    ----------
    bits : sequence of float64 arrays
        Surprisals of each block but the first.
    trained_on, seen : sequences of int
        Items and different labels in the portion that each block's probe was trained on.
    n_labels : int
    """
    if all(np.isfinite(b).all() for b in bits):
        return list(bits)
    return [
        mixed(b, m, n_labels) if s < n_labels or not np.isfinite(b).all() else b
        for b, m, s in zip(bits, trained_on, seen, strict=True)
    ]


@dataclass(frozen=True)
class OnlineCode:
    """What an online code found.

    Parameters
    ----------
    codelength, uniform : float
        Bits, of the online and of the uniform code.
    item_bits : float64 array, shape (n,)
        Bits of each item, in the order of the data given.
    curve : mapping of column name to list
        A row a block: ``portion`` of the data sent once the block is through,
        ``trained_on`` items, ``n`` items in the block, ``bits``, ``bits_per_item`` and
        ``accuracy`` on the block (None for the uniform code).
    models : list
        The fitted classifiers, one for each block but the first.
    merged : int
        Portions without a block of their own.
    """

    codelength: float
    uniform: float
    item_bits: Doubles
    curve: dict[str, list[Any]]
    models: list[Any]
    merged: int

    @property
    def compression(self) -> float:
        """How many times shorter than the uniform code."""
        return self.uniform / self.codelength


def online_code(
    X: NDArray[Any],
    y: Ints,
    *,
    fit: Callable[[NDArray[Any], Ints], Any],
    portions: Sequence[float] = PORTIONS,
    n_labels: int | None = None,
    rng: np.random.Generator | None = None,
) -> OnlineCode:
    """Send labels block by block, each coded by a classifier trained on those before.

    Parameters
    ----------
    X : float array, shape (n, d)
    y : int array, shape (n,), values in 0..n_labels-1
    fit : callable
        ``fit(X, y)`` returns a fitted scikit-learn style classifier: with `classes_`,
        `predict_proba` and perhaps `predict_log_proba` (natural logarithms).
    portions : sequence of float
        Ascending shares of the data at which a block ends, the last 1.
    n_labels : int, optional
        K; the greatest label plus one by default.
    rng : numpy Generator, optional
        Shuffles the items first; without it they are sent in the order given.

    Returns
    -------
    OnlineCode

    Raises
    ------
    DataError
        If labels do not fit, or there are none or one.
    EncodingError
        For NaN or infinite values.
    PluginError
        If the classifier's probabilities do not fit the items.

    References
    ----------
    Voita and Titov 2020, arXiv:2003.12298v1, section 2.2.2, equation 5. Departs from it: a
    first portion with a single label is made longer; see `finite` for labels that a
    classifier rules out.
    """
    X, y = np.asarray(X), np.asarray(y)
    K = checked_labels(X, y, n_labels)
    check_finite(X)
    order = np.arange(len(y)) if rng is None else rng.permutation(len(y))
    sent = y[order]
    blocks = blocks_of(sent, portions)
    spans = list(zip(blocks.ends, blocks.ends[1:], strict=False))
    models = [fit(X[order[:a]], sent[:a]) for a, _ in spans]
    raw, right = [], []
    for model, (a, b) in zip(models, spans, strict=True):
        nats, classes = log_probabilities(model, X[order[a:b]])
        hit = sent[a:b, None] == classes
        own = np.where(hit, nats, 0).sum(axis=1)
        raw.append(np.where(hit.any(axis=1), -own / math.log(2), np.inf))
        right.append(float(np.mean(classes[nats.argmax(axis=1)] == sent[a:b])))
    seen = [len(np.unique(sent[:a])) for a, _ in spans]
    bits = finite(raw, [int(a) for a, _ in spans], seen, K)
    curve, flat = learning_curve(blocks.ends, blocks.portions, bits, right, math.log2(K))
    item_bits = np.empty(len(y))
    item_bits[order] = flat
    return OnlineCode(
        float(np.sum(curve["bits"])), uniform_code(len(y), K), item_bits, curve, models,
        blocks.merged,
    )  # fmt: skip


def learning_curve(
    ends: Ints,
    portions: Doubles,
    bits: Sequence[Doubles],
    scores: Sequence[float],
    uniform_item: float | Doubles,
    score: str = "accuracy",
) -> tuple[dict[str, list[Any]], Doubles]:
    """Return the table ``curve`` and the bits of all items in the order sent.

    Parameters
    ----------
    ends, portions : arrays, shape (t,)
    bits : sequence of t - 1 float64 arrays
    scores : sequence of t - 1 floats
        Accuracy on each block, or what `score` names.
    uniform_item : float, or float64 array, shape (ends[0],)
        Bits of one item under the uniform code, or of each item of the first block.
    """
    parts = [np.broadcast_to(uniform_item, int(ends[0])), *bits]
    sizes = [len(part) for part in parts]
    first = (
        int(ends[0]) * uniform_item
        if isinstance(uniform_item, float)
        else float(uniform_item.sum())
    )
    totals = [first, *(float(part.sum()) for part in bits)]
    curve: dict[str, list[Any]] = {
        "portion": portions.tolist(),
        "trained_on": [0, *ends[:-1].tolist()],
        "n": sizes,
        "bits": totals,
        "bits_per_item": [t / s for t, s in zip(totals, sizes, strict=True)],
        score: [None, *scores],
    }
    return curve, np.concatenate(parts)


def checked_labels(X: NDArray[Any], y: Ints, n_labels: int | None) -> int:
    """Return K; raises `DataError` where labels do not fit vectors or lie outside 0..K-1."""
    if X.ndim != 2 or y.ndim != 1 or y.dtype.kind not in "iu" or len(X) != len(y):
        raise DataError(f"labels of shape {y.shape}, {y.dtype}, do not fit vectors {X.shape}")
    if not len(y):
        raise DataError("there are no items to send")
    K = int(y.max()) + 1 if n_labels is None else n_labels
    if y.min() < 0 or y.max() >= K:
        raise DataError(f"labels lie outside 0..{K - 1}")
    return K


def log_probabilities(model: Any, X: NDArray[Any]) -> tuple[Doubles, NDArray[Any]]:
    """Return a classifier's log probabilities (nats), shape (n, k), and its k classes."""
    if not hasattr(model, "classes_") or not hasattr(model, "predict_proba"):
        raise PluginError(
            f"{type(model).__name__} gives no probabilities, of which codelengths are made",
            hint="fit must return a classifier with classes_ and predict_proba",
        )
    if hasattr(model, "predict_log_proba"):
        nats = np.asarray(model.predict_log_proba(X), np.float64)
    else:
        with np.errstate(divide="ignore"):
            nats = np.log(np.asarray(model.predict_proba(X), np.float64))
    classes = np.asarray(model.classes_)
    if nats.shape != (len(X), len(classes)) or np.isnan(nats).any():
        raise PluginError(
            f"{type(model).__name__} gave log probabilities of shape {nats.shape} for {len(X)} "
            f"items and {len(classes)} classes, or NaN"
        )
    return nats, classes
