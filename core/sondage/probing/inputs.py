"""What probes ask of their input before they begin, and bits from logits."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sondage.contracts import Problem
from sondage.data import Ints, Labels, Split
from sondage.errors import DataError, EncodingError

#: The usual hint for a target with several labels an item.
ONE_LABEL = "choose a task with one label an item, such as treebank.upos"
_BLOCK = 1 << 14


def labels_of(problem: Problem, probe: str, several: str = ONE_LABEL) -> Labels:
    """Return the problem's labels, one an item.

    Parameters
    ----------
    problem : Problem
    probe : str
        What messages call the probe.
    several : str
        The hint for a target with several labels an item.

    Raises
    ------
    DataError
        For any other target.
    """
    name, target = problem.data.corpus.name, problem.data.target
    if not isinstance(target, Labels):
        raise DataError(
            f"{probe} wants labels, but {name} has {type(target).__name__}",
            hint="choose a task with labels on sentences, words or spans",
        )
    if np.ndim(target.y) != 1 or target.y.dtype.kind not in "iu":
        raise DataError(
            f"{probe} wants one label an item, but the items of {name} carry several "
            f"(labels of shape {np.shape(target.y)}, {target.y.dtype})",
            hint=several,
        )
    return target


def split_of(problem: Problem, seed: int, probe: str, *, dev: bool, without_dev: str = "") -> Split:
    """Return a seed's split; raises `DataError` where a part that is needed is empty.

    Parameters
    ----------
    problem : Problem
    seed : int
    probe : str
        What messages call the probe.
    dev : bool
        Whether the dev part is needed.
    without_dev : str
        Ends the hint for an empty dev part: how to do without one.
    """
    split = problem.splits[seed]
    for part in ("train", "dev", "test") if dev else ("train", "test"):
        if not len(getattr(split, part)):
            raise DataError(
                f"{probe}: the {part} part of {problem.data.corpus.name} (seed {seed}) is empty",
                hint="give more data or other 'ratios'" + (without_dev if part == "dev" else ""),
            )
    return split


def surprisals(logits: NDArray[np.float64], y: Ints) -> NDArray[np.float64]:
    """Return −log2 softmax(logits)[y] of each row, in bits, shape (n,).

    Infinite where the own label's logit is minus infinity: a label unseen in training.
    """
    top = logits.max(axis=1)
    total = np.log(np.exp(logits - top[:, None]).sum(axis=1))
    return np.asarray((total + top - logits[np.arange(len(y)), y]) / np.log(2))


def check_finite(X: NDArray[Any], what: str = "the vectors", rows: Ints | None = None) -> None:
    """Raise `EncodingError` where a row of `X`, or one of `rows`, holds NaN or an infinity.

    Reads a memory map block by block.
    """
    n, bad = len(X) if rows is None else len(rows), 0
    for at in range(0, n, _BLOCK):
        these = slice(at, at + _BLOCK) if rows is None else rows[at : at + _BLOCK]
        bad += int(np.count_nonzero(~np.isfinite(X[these]).all(axis=1)))
    if bad:
        raise EncodingError(
            f"{what}: {bad} of {n} vectors hold NaN or an infinity",
            hint="look at the encoder's dtype (float16 overflows) and at its weights",
        )
