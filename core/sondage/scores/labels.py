"""Classification scores from labels and predictions: one definition for every probe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sondage.data import Ints, Labels, Outcomes, Result


def per_class(y: Ints, predicted: Ints, names: tuple[str, ...]) -> dict[str, list[Any]]:
    """Return a table of one row per label that occurs or is predicted.

    Parameters
    ----------
    y, predicted : int arrays, shape (n,), values in 0..len(names)-1
    names : tuple of str

    Returns
    -------
    dict of columns ``label, n, predicted, correct, precision, recall, f1``
        Precision, recall and F1 are 0 where their denominator is.
    """
    k = len(names)
    n = np.bincount(y, minlength=k)
    p = np.bincount(predicted, minlength=k)
    hit = np.bincount(y[y == predicted], minlength=k)
    return per_label_of(names, n, p, hit)


def per_label_of(names: Sequence[str], n: Ints, p: Ints, hit: Ints) -> dict[str, list[Any]]:
    """Return counts of items, predictions and hits, and what follows, for labels that occur.

    Returns
    -------
    dict of columns ``label, n, predicted, correct, precision, recall, f1``
        0 where a denominator is.
    """
    keep = np.flatnonzero(n + p)
    n, p, hit = n[keep], p[keep], hit[keep]
    return {
        "label": [names[i] for i in keep.tolist()],
        "n": n.tolist(),
        "predicted": p.tolist(),
        "correct": hit.tolist(),
        "precision": (hit / np.maximum(p, 1)).tolist(),
        "recall": (hit / np.maximum(n, 1)).tolist(),
        "f1": (2 * hit / (n + p)).tolist(),
    }


def classification(
    labels: Labels, predicted: Ints, test: Ints, train: Ints | None = None
) -> Result:
    """Score predictions on test items.

    Parameters
    ----------
    labels : Labels
        The whole target, with int labels.
    predicted : int array, shape (len(test),)
    test : int array
        Item indices that were predicted.
    train : int array, optional
        Item indices trained on: test labels absent there are counted as ``unseen-label``.

    Returns
    -------
    Result
        Scores ``accuracy`` (a share of items) and ``macro_f1`` (unweighted mean over the
        labels that occur or are predicted, as scikit-learn's default); table ``per_class``;
        outcomes 1 for right, 0 for wrong.
    """
    y: NDArray[np.int64] = labels.y[test]
    table = per_class(y, predicted, labels.names)
    right = y == predicted
    warnings = {}
    if train is not None:
        unseen = int(np.isin(y, np.unique(labels.y[train]), invert=True).sum())
        if unseen:
            warnings["unseen-label"] = unseen
    return Result(
        scores={
            "accuracy": float(right.mean()),
            "macro_f1": float(np.mean(np.asarray(table["f1"], float))),
        },
        outcomes=Outcomes(items=test, groups=labels.sentence[test], values=right),
        tables={"per_class": table},
        warnings=warnings,
    )
