"""Measures of rows of attention, each row a distribution over the positions it looks at."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sondage.errors import DataError, ParameterError
from sondage_attention.options import Ground, Unit, scale_of
from sondage_attention.shares import Shares, booleans, check, shares, slices, tensor_of

#: Values of a map worked on at a time: as many as stay in a processor's cache.
BLOCK = 1 << 18


def js(a: Any, b: Any, keys: Any = None, *, unit: Unit = "nats") -> NDArray[np.float64]:
    """Return the Jensen-Shannon divergence of each row of two maps.

    Parameters
    ----------
    a, b : arrays or tensors of real numbers, shape (..., t)
        Attention after the softmax: row by row what each position is given.
    keys : bool array, optional
        Positions that count, of a shape that broadcasts to that of `a`, such as
        ``mask[:, None, None, :]`` for maps of shape (b, heads, t, t). The others may hold
        anything; what is left of a row is divided by its sum.
    unit : {'nats', 'bits'}
        The divergence is at most log 2, or 1 bit.

    Returns
    -------
    float64 array, shape (...)
        The divergence, not its square root. NaN for a row that gives nothing to any position.

    Raises
    ------
    DataError
        For shapes that differ, and for values that are NaN, infinite or below 0.

    Notes
    -----
    In the wider type of the two, at least float32. Two logarithms a value, of p / m and q / m,
    where m = (p + q) / 2, as log1p(±(p - q) / (p + q)): nothing cancels where p is close to q.

    References
    ----------
    Hao, Dong, Wei and Xu 2020, Investigating Learning Dynamics of BERT Fine-Tuning, section 3.
    Departs from it: nothing; the paper does not give the base of its logarithm.
    """
    scale = scale_of(unit)
    return _of_rows((a, b), keys, "js", lambda _, p, q: js_rows(p, q) * scale)


def entropy(
    a: Any, keys: Any = None, *, unit: Unit = "nats", relative: bool = False
) -> NDArray[np.float64]:
    """Return the entropy of each row of a map.

    Parameters
    ----------
    a : array or tensor of real numbers, shape (..., t)
    keys : bool array, optional
        As in `js`.
    unit : {'nats', 'bits'}
    relative : bool
        Divide by the logarithm of the number of positions that count: 1 for a row that looks
        at all of them alike. NaN where there is only one.

    Returns
    -------
    float64 array, shape (...)
        NaN for a row that gives nothing to any position. Errors are those of `js`.

    References
    ----------
    Mosbach, Khokhlova, Hedderich and Klakow 2020, arXiv:2010.02616, section 5.1, equation 1.
    Departs from it: the equation is printed without its minus.
    """
    scale = scale_of(unit)

    def measured(among: Tensor, p: Tensor) -> Tensor:
        return entropy_rows(p) / log_size(among) if relative else entropy_rows(p) * scale

    return _of_rows((a,), keys, "entropy", measured)


def emd(
    a: Any, b: Any, keys: Any = None, *, ground: Ground = "position", relative: bool = False
) -> NDArray[np.float64]:
    """Return the earth mover's distance between the rows of two maps.

    Parameters
    ----------
    a, b : arrays or tensors of real numbers, shape (..., t)
    keys : bool array, optional
        As in `js`. Positions that do not count still take up their place on the line.
    ground : {'position', 'uniform'}
        What moving from one position to another costs: how many positions they are apart, or
        1. The first is the sum of the absolute differences of the cumulative distributions, in
        positions; the second the total variation distance, from 0 to 1.
    relative : bool
        Divide by the largest distance there is in the row, from its first to its last position
        that counts. NaN where there is only one. Without effect for ``uniform``.

    Returns
    -------
    float64 array, shape (...)
        NaN for a row that gives nothing to any position. Errors are those of `js`.

    Notes
    -----
    Values in float32 have their cumulative sums in float64. On positions what is left is the
    rounding of the row's sum, up to 3e-7 of its length; give float64 for more digits.

    References
    ----------
    Mosbach, Khokhlova, Hedderich and Klakow 2020, arXiv:2010.02616, section 5.1; Rubner, Tomasi
    and Guibas 1998. Departs from it: nothing; the paper gives no ground distance.
    """

    def measured(among: Tensor, p: Tensor, q: Tensor) -> Tensor:
        values = emd_rows(p, q, ground)
        return values / reach(among) if relative and ground == "position" else values

    return _of_rows((a, b), keys, "emd", measured)


def js_rows(p: Tensor, q: Tensor) -> Tensor:
    """Return the divergence in nats of rows that sum to 1."""
    low = torch.finfo(p.dtype).eps / 2 - 1
    # Where both are 0 the quotient is of no account; it must only be a number.
    both = (p + q).clamp_min_(torch.finfo(p.dtype).tiny)
    tilt = (p - q).div_(both).clamp_(low, -low)
    sums = torch.log1p(tilt, out=both).mul_(p)
    sums.addcmul_(tilt.neg_().log1p_(), q)
    return sums.sum(-1).double().mul_(0.5).clamp_(0, math.log(2))


def entropy_rows(p: Tensor) -> Tensor:
    """Return the entropy in nats of rows that sum to 1."""
    logs = p.clamp_min(torch.finfo(p.dtype).tiny).log_()
    return logs.mul_(p).sum(-1).double().neg_().clamp_min_(0)


def emd_rows(p: Tensor, q: Tensor, ground: Ground) -> Tensor:
    """Return the distance between rows that sum to 1, the first of which it overwrites."""
    apart = p.sub_(q)
    if ground == "position":
        return apart.cumsum(-1, dtype=torch.float64).abs_().sum(-1)
    if ground == "uniform":
        return apart.abs_().sum(-1).double().mul_(0.5).clamp_max_(1)
    raise ParameterError(f"ground distance '{ground}' is neither 'position' nor 'uniform'")


def extent(some: Tensor) -> slice:
    """Return from the first to the last column with anything in it; the first if none has."""
    (there,) = some.reshape(-1, some.shape[-1]).any(0).nonzero(as_tuple=True)
    return slice(int(there[0]), int(there[-1]) + 1) if len(there) else slice(0, 1)


def log_size(among: Tensor) -> Tensor:
    """Return the logarithm of the number of positions that count; NaN for one or none."""
    size = among.sum(-1).double()
    return size.masked_fill(size < 2, torch.nan).log()


def reach(among: Tensor) -> Tensor:
    """Return how far the last position that counts is from the first; NaN for one or none."""
    places = torch.arange(among.shape[-1], dtype=torch.float64)
    last = places.where(among, -torch.inf).amax(-1)
    first = places.where(among, torch.inf).amin(-1)
    return (last - first).where(last > first, torch.nan)


def alike(*sides: Shares) -> list[Tensor]:
    """Return distributions in the wider of their types."""
    wide = functools.reduce(torch.promote_types, [side.of.dtype for side in sides])
    return [side.of.to(wide) for side in sides]


def _of_rows(
    maps: tuple[Any, ...],
    keys: Any,
    who: str,
    measured: Callable[..., Tensor],
) -> NDArray[np.float64]:
    """Return what is measured of each row of some maps, some rows at a time.

    Parameters
    ----------
    maps, keys, who
        As the public functions take them, and the name of the one that asks.
    measured : callable
        Given which positions count, and each map's distributions, returns a value a row.
    """
    sides, among = _alike_shaped([tensor_of(x, who) for x in maps], keys, who)
    shape = sides[0].shape[:-1]
    out, totals = torch.zeros(shape, dtype=torch.float64), torch.zeros((len(sides), *shape))
    below = torch.zeros(totals.shape, dtype=torch.bool)
    for block in slices(len(out), BLOCK * len(out) // max(sides[0].numel(), 1)):
        there = among[block] if len(among) > 1 else among
        # Padding that all of them share is not worked on.
        across = extent(there)
        there = there[..., across]
        kept = None if bool(there.all()) else there
        parts = [shares(x[block][..., across], kept) for x in sides]
        for i, part in enumerate(parts):
            totals[i, block] = part.total
            if part.below is not None:
                below[i, block] = part.below
        out[block] = measured(there, *alike(*parts))
    check(totals, below, who)
    out.masked_fill_((totals == 0).any(0), torch.nan)
    return out.reshape(np.shape(maps[0])[:-1]).numpy()


def _alike_shaped(sides: list[Tensor], keys: Any, who: str) -> tuple[list[Tensor], Tensor]:
    """Return maps of one shape, at least (n, t), and which positions count, of as many axes."""
    shape = sides[0].shape
    if any(x.shape != shape for x in sides):
        shapes = " and ".join(str(tuple(x.shape)) for x in sides)
        raise DataError(f"{who} compares row with row, but was given maps of shape {shapes}")
    if not len(shape) or not shape[-1]:
        raise DataError(f"{who} needs rows of at least one position, and has shape {tuple(shape)}")
    if keys is None:
        return [x.reshape(-1, shape[-1]) for x in sides], torch.ones(
            (1, shape[-1]), dtype=torch.bool
        )
    among = booleans(keys)
    try:
        among.expand(shape)
    except RuntimeError:
        raise DataError(
            f"{who}: keys of shape {tuple(among.shape)} do not broadcast to rows of shape "
            f"{tuple(shape)}",
            hint="for maps of shape (b, heads, t, t) write keys[:, None, None, :]",
        ) from None
    if len(shape) == 1:
        return [x[None] for x in sides], among.expand(shape)[None]
    among = among.reshape([1] * (len(shape) - among.ndim) + list(among.shape))
    return sides, among.expand(*among.shape[:-1], shape[-1])
