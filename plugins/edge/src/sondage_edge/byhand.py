"""The network of one cell in plain arrays, and its gradient written out.

The same network as `sondage_edge.network`, whose gradient autograd finds; that one takes any
device and many cells. On a processor this one takes half the time: nothing is padded, traced or
copied, and a cell's arrays stay in the cache.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from sondage_edge.network import Floats, Shape
from sondage_edge.ragged import Batch, Pool

#: What layer normalisation adds to a variance, as in torch.
TINY = 1e-5
Weights = Mapping[str, Floats]


def split(shape: Shape, values: Floats) -> dict[str, Floats]:
    """Return one cell's parameters by name, as views of `values`, shape (sum of sizes,)."""
    parts = np.split(values, np.cumsum(shape.sizes)[:-1])
    named = zip(shape.parts.items(), parts, strict=True)
    return {name: part.reshape(size) for (name, size), part in named}


@dataclass(frozen=True)
class Pooled:
    """What the backward pass needs of one role's spans.

    Parameters
    ----------
    own : float32 array, shape (u, width)
        The rows that they touch.
    joined : float32 array, shape (width, hidden), or None
        A U, where that is cheaper.
    projected : float32 array, shape (u, projection), or None
        X A, where that is.
    values : float32 array, shape (u, hidden)
        X A U.
    shares : float32 array, shape (f,), or None where all spans are single words
        The weight of each word in its span.
    """

    own: Floats
    joined: Floats | None
    projected: Floats | None
    values: Floats
    shares: Floats | None


@dataclass(frozen=True)
class Passed:
    """What the backward pass needs of a forward pass: all of shape (items, hidden), but for `rest`.

    Parameters
    ----------
    roles : list of Pooled
    active : float32 array
        After the tanh.
    normal : float32 array
        After layer normalisation.
    rest : float32 array, shape (items, 1)
        What normalisation multiplied with.
    last : float32 array
        What the last map took.
    keep : float32 array, or None
    """

    roles: list[Pooled]
    active: Floats
    normal: Floats
    rest: Floats
    last: Floats
    keep: Floats | None


def forward(w: Weights, X: Floats, batch: Batch, keep: Floats | None) -> tuple[Floats, Passed]:
    """Return the scores of all labels, shape (items, labels), and what `backward` needs.

    Parameters
    ----------
    w : mapping of name to array
        From `split`.
    X : float32 array, shape (rows, width)
    batch : Batch
    keep : float32 array, shape (items, hidden), or None
        What dropout multiplies the hidden units with.
    """
    roles = [_pooled(w, k, X, pool) for k, pool in enumerate(batch.pools)]
    hidden = _means(roles[0], batch.pools[0])
    for role, pool in zip(roles[1:], batch.pools[1:], strict=True):
        hidden += _means(role, pool)
    hidden += sum((w[f"b{k}"] @ w[f"U{k}"] for k in range(len(roles))), w["c"])
    active = np.tanh(hidden, out=hidden)
    share = np.full(active.shape[1], 1 / active.shape[1], np.float32)
    normal = active - (active @ share)[:, None]
    variance = np.einsum("ih,ih->i", normal, normal)[:, None] / np.float32(len(share))
    rest = 1 / np.sqrt(variance + np.float32(TINY))
    normal *= rest
    last = normal * w["scale"]
    last += w["shift"]
    if keep is not None:
        last *= keep
    scores = last @ w["V"]
    scores += w["o"]
    return scores, Passed(roles, active, normal, rest, last, keep)


def _pooled(w: Weights, k: int, X: Floats, pool: Pool) -> Pooled:
    A, U, v = w[f"A{k}"], w[f"U{k}"], w[f"att{k}"]
    own = X if pool.rows is None else X[pool.rows]
    joined = A @ U if pool.n_rows > X.shape[1] else None
    projected = own @ A if joined is None else None
    values = own @ joined if projected is None else projected @ U
    shares = None
    if len(pool.index) > len(pool.length):
        scores = own @ (A @ v) if projected is None else projected @ v
        shares = _softmax(scores[pool.index], pool)
    return Pooled(own, joined, projected, values, shares)


def _softmax(scores: Floats, pool: Pool) -> Floats:
    """Return the softmax over each span."""
    first, length = pool.first, pool.length
    scores -= np.repeat(np.maximum.reduceat(scores, first), length)
    np.exp(scores, out=scores)
    scores /= np.repeat(np.add.reduceat(scores, first), length)
    return scores


def _means(role: Pooled, pool: Pool) -> Floats:
    """Return the weighted mean of each span's rows, shape (items, hidden)."""
    if role.shares is None:
        return role.values[pool.index]
    out: Floats = _matrix(pool, role.shares) @ role.values
    return out


def _matrix(pool: Pool, shares: Floats | None) -> Any:
    """Return the sparse matrix (items, rows) of each word's weight in its span."""
    ones = np.ones(len(pool.index), np.float32) if shares is None else shares
    ends = np.append(pool.first, len(pool.index))
    return csr_array((ones, pool.index, ends), shape=(len(pool.length), pool.n_rows))


def backward(
    w: Weights, X: Floats, batch: Batch, passed: Passed, slope: Floats, out: dict[str, Floats],
    wanted: bool,
) -> Floats | None:  # fmt: skip
    """Write the loss's derivatives with respect to the parameters, as sums, to `out`.

    Parameters
    ----------
    w, X, batch, passed
        As given to `forward`, and what it returned.
    slope : float32 array, shape (items, labels)
        The derivative with respect to the scores.
    out : mapping of name to array
        From `split`; overwritten.
    wanted : bool
        Whether the derivative with respect to X is.

    Returns
    -------
    float32 array, shape (rows, width), or None
    """
    ones = np.ones(len(slope), np.float32)
    np.matmul(passed.last.T, slope, out=out["V"])
    np.matmul(ones, slope, out=out["o"])
    d = slope @ w["V"].T
    if passed.keep is not None:
        d *= passed.keep
    np.matmul(ones, d, out=out["shift"])
    room = d * passed.normal
    np.matmul(ones, room, out=out["scale"])
    # What normalisation takes away: the mean, and what lies along its outcome.
    share = w["scale"] / np.float32(d.shape[1])
    mean, along = (d @ share)[:, None], (room @ share)[:, None]
    d *= w["scale"]
    d -= mean
    d -= np.multiply(passed.normal, along, out=room)
    d *= passed.rest
    np.multiply(passed.active, passed.active, out=room)
    room *= d
    d -= room
    np.matmul(ones, d, out=out["c"])
    dX = None
    for k, (pool, role) in enumerate(zip(batch.pools, passed.roles, strict=True)):
        part = _role_back(w, k, pool, role, d, out, wanted)
        if part is not None:
            dX = _added(dX, part, pool, X)
    return dX


def _added(total: Floats | None, part: Floats, pool: Pool, X: Floats) -> Floats:
    """Return the sum, in place, of what was found before and what concerns a pool's rows."""
    if pool.rows is None:
        return part if total is None else np.add(total, part, out=total)
    total = np.zeros_like(X) if total is None else total
    total[pool.rows] += part
    return total


def _role_back(
    w: Weights, k: int, pool: Pool, role: Pooled, d: Floats, out: dict[str, Floats], wanted: bool
) -> Floats | None:
    """Write the derivatives of one role; return that with respect to its rows, if wanted."""
    A, U, b, v = (w[f"{name}{k}"] for name in ("A", "U", "b", "att"))
    dA, dU, db, dv = (out[f"{name}{k}"] for name in ("A", "U", "b", "att"))
    dQ = _spread(pool, role.shares, d)
    ds = None if role.shares is None else _scores_back(pool, role, role.shares, d)
    total = out["c"]
    np.matmul(U, total, out=db)
    dv[...] = 0
    if role.projected is None:
        assert role.joined is not None
        dW = role.own.T @ dQ
        np.matmul(dW, U.T, out=dA)
        np.matmul(A.T, dW, out=dU)
        rows = dQ @ role.joined.T if wanted else None
        if ds is not None:
            down = ds @ role.own
            dA += np.outer(down, v)
            np.matmul(down, A, out=dv)
            if rows is not None:
                rows += np.outer(ds, A @ v)
    else:
        np.matmul(role.projected.T, dQ, out=dU)
        dP = dQ @ U.T
        if ds is not None:
            dP += np.outer(ds, v)
            np.matmul(ds, role.projected, out=dv)
        np.matmul(role.own.T, dP, out=dA)
        rows = dP @ A.T if wanted else None
    dU += np.outer(b, total)
    return rows


def _spread(pool: Pool, shares: Floats | None, d: Floats) -> Floats:
    """Return what of each item's derivative each row gets, shape (u, hidden)."""
    if shares is None and pool.n_rows == len(d):
        # Every row is one item's.
        found = np.empty_like(d)
        found[pool.index] = d
        return found
    out: Floats = _matrix(pool, shares).T @ d
    return out


def _scores_back(pool: Pool, role: Pooled, shares: Floats, d: Floats) -> Floats:
    """Return the derivative with respect to the attention's scores, shape (u,)."""
    # Spans of one word have the share 1 whatever the score.
    wide = np.flatnonzero(pool.length > 1)
    length = pool.length[wide]
    flat = np.flatnonzero(np.repeat(pool.length > 1, pool.length))
    at, own = pool.index[flat], shares[flat]
    change = np.einsum("fh,fh->f", d[np.repeat(wide, length)], role.values[at])
    change *= own
    first = np.cumsum(length) - length
    change -= own * np.repeat(np.add.reduceat(change, first), length)
    found: Floats = np.bincount(at, change, pool.n_rows).astype(np.float32)
    return found
