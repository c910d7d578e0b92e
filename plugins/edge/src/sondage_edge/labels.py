"""Checks of labels, decisions on them, and what is counted: F1, accuracy, surprisal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sondage.data import Ints, Labels
from sondage.errors import DataError
from sondage.probing import surprisals
from sondage.scores import per_label_of

Doubles = NDArray[np.float64]


def check_labels(y: NDArray[Any], loss: str, n_labels: int | None = None) -> int:
    """Return the number of labels.

    Raises
    ------
    DataError
        If labels are no ints of one dimension or bools of two, are out of range, or several
        an item where the loss is the softmax.
    """
    if y.ndim == 2 and (y.dtype == bool or _is_masked(y)):
        if loss == "softmax":
            raise DataError(
                "items may carry several labels, which a softmax cannot predict",
                hint="loss: sigmoid",
            )
        if n_labels not in (None, y.shape[1]):
            raise DataError(f"labels have shape {y.shape}, wanted {n_labels} columns")
        return int(y.shape[1])
    if y.ndim != 1 or y.dtype.kind not in "iu":
        raise DataError(
            f"labels are {y.dtype} of shape {y.shape}; wanted int (n,), bool (n, labels), or "
            "float (n, labels) of 0, 1, and NaN for what was not asked"
        )
    count = int(y.max(initial=0)) + 1 if n_labels is None else n_labels
    if len(y) and (y.min() < 0 or y.max() >= count):
        raise DataError(f"labels run from {y.min()} to {y.max()}, wanted 0 to {count - 1}")
    return count


def check_training(y: NDArray[Any], what: str, names: Sequence[str] = ()) -> None:
    """Raise `DataError` unless the items differ in their labels."""
    if not len(y):
        raise DataError(f"{what} is empty")
    if y.ndim == 2:
        alike = not ((y == 1).any(axis=0) & (y == 0).any(axis=0)).any()
    else:
        alike = not (y != y[0]).any()
    if alike:
        held = np.flatnonzero((y == 1).any(axis=0)).tolist() if y.ndim == 2 else [int(y[0])]
        named = ", ".join(names[i] if len(names) else str(i) for i in held) or "no label"
        raise DataError(
            f"all {len(y)} items of {what} carry the same: {named}",
            hint="a probe learns nothing from them; give more data or another split",
        )


def unseen(y: NDArray[Any], train: Ints, test: Ints) -> int:
    """Return how many test items carry a label that no training item carries."""
    if y.ndim == 1:
        return int(np.isin(y[test], np.unique(y[train]), invert=True).sum())
    known = (y[train] == 1).any(axis=0)
    return int(((y[test] == 1) & ~known).any(axis=1).sum())


def decisions(logits: NDArray[Any], loss: str) -> NDArray[np.bool_]:
    """Return which labels are predicted, shape (n, K): p above 1/2, or the likeliest one."""
    if loss == "sigmoid":
        return np.asarray(logits > 0)
    out = np.zeros(logits.shape, bool)
    out[np.arange(len(logits)), logits.argmax(axis=1)] = True
    return out


def truth(y: NDArray[Any], labels: int) -> NDArray[np.bool_]:
    """Return labels as bools, shape (n, K); False where a label was not asked for."""
    return np.asarray(y == 1) if y.ndim == 2 else y[:, None] == np.arange(labels)


def masked(labels: Labels) -> Labels:
    """Return a target whose labels are floats, NaN where not asked for, if any were not."""
    if labels.asked is None or labels.asked.all():
        return labels
    y = np.where(labels.asked, labels.y, np.nan).astype(np.float32)
    return replace(labels, y=y, asked=None)


def asked(y: NDArray[Any]) -> NDArray[np.bool_] | None:
    """Return which labels were asked for, shape (n, K); None where all were."""
    return ~np.isnan(y) if y.ndim == 2 and y.dtype != bool else None


def _is_masked(y: NDArray[Any]) -> bool:
    return y.dtype.kind == "f" and bool((np.isnan(y) | (y == 0) | (y == 1)).all())


def per_label(
    gold: NDArray[np.bool_], predicted: NDArray[np.bool_], names: Sequence[str]
) -> dict[str, list[Any]]:
    """Return a table of one row per label that occurs or is predicted.

    Parameters
    ----------
    gold, predicted : bool arrays, shape (n, K)
    names : sequence of str, length K

    Returns
    -------
    dict of columns ``label, n, predicted, correct, precision, recall, f1``
        0 where a denominator is.
    """
    n, p, hit = gold.sum(axis=0), predicted.sum(axis=0), (gold & predicted).sum(axis=0)
    return per_label_of(names, n, p, hit)


def micro_f1(gold: NDArray[np.bool_], predicted: NDArray[np.bool_]) -> float:
    """Return 2 TP / (2 TP + FP + FN) over all decisions; 0 where there is nothing to find."""
    both = int(gold.sum() + predicted.sum())
    return 2 * int((gold & predicted).sum()) / both if both else 0.0


def shares_of_f1(gold: NDArray[np.bool_], predicted: NDArray[np.bool_]) -> Doubles:
    """Return a value per item whose mean is the micro-F1.

    Micro-F1 is a ratio, F = ΣA/ΣB with A = 2 TP and B = 2 TP + FP + FN of an item. The value
    is F + (A - F B) / mean(B), the ratio's linearisation: its mean is F, and its
    mean's interval is the ratio's to first order. Where every item has the same B, as with
    one prediction for one label, it is A/B: 1 for right, 0 for wrong. Values may leave [0, 1].

    Parameters
    ----------
    gold, predicted : bool arrays, shape (n, K)

    Returns
    -------
    float64 array, shape (n,)

    References
    ----------
    Cochran 1977, Sampling Techniques, section 6.4 (variance of a ratio). Departs from it: none.
    """
    A = 2.0 * (gold & predicted).sum(axis=1)
    B = (gold.sum(axis=1) + predicted.sum(axis=1)).astype(np.float64)
    if not B.any():
        return np.zeros(len(B))
    if np.ptp(B) == 0:
        return np.asarray(A / B)
    F = A.sum() / B.sum()
    return np.asarray(F + (A - F * B) / B.mean())


def surprisal(logits: NDArray[Any], y: NDArray[Any]) -> Doubles:
    """Return -log2 of the probability given to each item's own label(s), in bits.

    Parameters
    ----------
    logits : float array, shape (n, K)
    y : int array, shape (n,); bool array, shape (n, K); or float array, shape (n, K), NaN
        where a label was not asked for

    Returns
    -------
    float64 array, shape (n,)
        For one label per item, under the softmax of the logits: for a probe trained with the
        sigmoid that is the probability of the label given that there is exactly one. For
        several labels, the sum over all binary decisions that were asked for.
    """
    z = logits.astype(np.float64)
    if y.ndim == 1:
        return surprisals(z, y)
    each = np.logaddexp(0, np.where(y == 1, -z, z))
    nats = np.where(np.isnan(y), 0, each).sum(axis=1) if y.dtype != bool else each.sum(axis=1)
    return np.asarray(nats / np.log(2))
