"""The blocks of an online code: in which order items are sent, and where they are cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sondage.data import Ints
from sondage.errors import DataError, ParameterError

#: The paper's timesteps, as shares of the training data.
PORTIONS = (0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.0625, 0.125, 0.25, 0.5, 1.0)

Order = Literal["sentences", "items", "sentence-shares"]


@dataclass(frozen=True)
class Blocks:
    """Where the blocks of an online code end.

    Parameters
    ----------
    ends : int64 array, shape (t,)
        Strictly increasing; the last is the number of items. Items before ``ends[0]`` are
        sent with the uniform code, those of ``ends[i]:ends[i + 1]`` by a probe that was
        trained on all items before.
    portions : float64 array, shape (t,)
        The share that each end stands for.
    merged : int
        Portions without a block of their own: they coincided with another, were empty, or
        held a single label, from which no classifier can be trained.
    """

    ends: Ints
    portions: NDArray[np.float64]
    merged: int


def checked_portions(portions: Sequence[float]) -> NDArray[np.float64]:
    """Return portions as an array; raises `ParameterError` unless they ascend in (0, 1] to 1."""
    shares = np.asarray(portions, np.float64)
    good = shares.ndim == 1 and len(shares) > 0 and np.all(shares > 0)
    if not good or np.any(np.diff(shares) <= 0) or shares[-1] != 1:
        raise ParameterError(
            f"portions {list(portions)} do not ascend within (0, 1] to 1",
            hint="give shares of the training data such as 0.01, 0.1, 1",
        )
    return shares


def blocks_of(
    y: NDArray[Any],
    portions: Sequence[float] = PORTIONS,
    groups: Ints | None = None,
    *,
    of: Literal["items", "groups"] = "items",
) -> Blocks:
    """Cut items, in the order in which they are sent.

    Parameters
    ----------
    y : int array, shape (n,), or bool, (n, K)
        The labels, in that order. With one label per item, the uniform code goes on until a
        portion holds two labels: both sides see the labels sent so far, so both know.
    portions : sequence of float
        Ascending shares, the last 1; a block ends at the rounded number.
    groups : int array, shape (n,), optional
        Runs of items that are not to be torn apart: a block ends with its run.
    of : {'items', 'groups'}
        What portions are shares of.

    Returns
    -------
    Blocks

    Raises
    ------
    DataError
        If there are no items, or all carry one label.
    ParameterError
        For portions that do not ascend to 1.
    """
    shares, n = checked_portions(portions), len(y)
    if n == 0:
        raise DataError("there are no items to send", hint="look at the split")
    last = np.arange(n) + 1 if groups is None else _last(groups)
    if of == "groups":
        ends = np.append(0, last)[np.rint(shares * len(last)).astype(np.int64)]
    else:
        ends = np.rint(shares * n).astype(np.int64)
        ends = np.where(ends > 0, last[np.searchsorted(last, np.maximum(ends, 1))], 0)
    # Of portions that end at the same item, the greatest names the block.
    keep = np.append(np.diff(ends) > 0, True) & (ends > 0)
    if np.ndim(y) == 1:
        second = np.flatnonzero(y != y[0])
        if not len(second):
            raise DataError(
                f"all {n} items to send carry one label",
                hint="a code of labels needs two: take more sentences or another split",
            )
        keep &= ends > second[0]
    return Blocks(ends[keep], shares[keep], int(len(ends) - keep.sum()))


def _last(groups: Ints) -> Ints:
    """Return one past the last item of each run."""
    ends: Ints = np.flatnonzero(np.append(np.diff(groups) != 0, True)) + 1
    return ends


def order_of(
    items: Ints, groups: Ints, rng: np.random.Generator, by: Order
) -> tuple[Ints, Ints | None]:
    """Draw the order in which items are sent.

    Parameters
    ----------
    items, groups : int64 arrays, shape (n,)
        Item indices, and the sentence of each.
    rng : numpy Generator
    by : {'sentences', 'items', 'sentence-shares'}
        Whether a sentence's items stay together (in their own order): in all but 'items'.

    Returns
    -------
    order : int64 array, shape (n,)
    runs : int64 array, shape (n,), or None
        The sentence of each item in that order, where sentences stay together.
    """
    if by == "items":
        return items[rng.permutation(len(items))], None
    found, place = np.unique(groups, return_inverse=True)
    at = np.argsort(rng.permutation(len(found))[place], kind="stable")
    return items[at], groups[at]
