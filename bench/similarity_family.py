"""SVCCA, PWCCA and Procrustes of 20,000 × 384, all three; and the cost of a permutation null.

Ours: one pass of second moments for all three. The peers, both right: an SVD of each centred
side a measure, as published code does it, in NumPy without its faults (null directions dropped,
thresholds on centred variances); and, stronger than any that is published, each measure from
matrices of products of its own. Calibration: `SVCCA.null` of 200 orders of the stimuli, against
one product of the centred sides.

    python bench/similarity_family.py [ROWS [ORDERS]]

Times are of the processor, with one thread each: a busy machine changes them little.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from _compare import peak
from threadpoolctl import threadpool_limits

from sondage_similarity import PWCCA, SVCCA, Procrustes, orders_of
from sondage_similarity.linear import first, gathered

CUT = 1e-12
Three = tuple[float, float, float]


def inputs(n: int, width: int = 384) -> tuple[Any, Any]:
    """Return two related sides as a LayerNorm leaves them: float32, a null direction each."""
    rng = np.random.default_rng(0)
    scales = np.arange(1, width + 1) ** -0.7

    def normed(x: Any) -> Any:
        x = x - x.mean(axis=1, keepdims=True)
        return (x / x.std(axis=1, keepdims=True)).astype(np.float32)

    z = rng.standard_normal((n, width)) * scales
    mixed = z @ (rng.standard_normal((width, width)) / np.sqrt(width))
    turned = mixed + 0.3 * rng.standard_normal((n, width)) * scales
    return normed(z @ np.linalg.qr(rng.standard_normal((width, width)))[0]), normed(turned)


def ours(X: Any, Y: Any) -> Three:
    moments = gathered(X, Y)
    one, two, three = (m.result(moments) for m in (SVCCA(), PWCCA(), Procrustes()))
    return first(one), first(two), first(three)


def _centred(X: Any) -> Any:
    x = X.astype(np.float64)
    return x - x.mean(axis=0)


def _left(X: Any, variance: float) -> tuple[Any, Any, Any]:
    u, s, vt = np.linalg.svd(_centred(X), full_matrices=False)
    kept = int(np.count_nonzero(s**2 > CUT * s[0] ** 2))
    if variance < 1:
        shares = np.cumsum(s[:kept] ** 2) / np.sum(s[:kept] ** 2)
        kept = int(np.searchsorted(shares, variance)) + 1
    return u[:, :kept], s[:kept], vt[:kept]


def _weighted(rho: Any, variates: Any, X: Any) -> float:
    weights = np.abs(variates.T @ X).sum(axis=1)
    return float(weights @ rho / weights.sum())


def by_svd(X: Any, Y: Any) -> Three:
    (a, _, _), (b, _, _) = _left(X, 0.99), _left(Y, 0.99)
    svcca = np.linalg.svd(a.T @ b, compute_uv=False).mean()
    (a, _, _), (b, _, _) = _left(X, 1), _left(Y, 1)
    u, rho, vt = np.linalg.svd(a.T @ b, full_matrices=False)
    sides = _weighted(rho, a @ u, _centred(X)), _weighted(rho, b @ vt.T, _centred(Y))
    x, y = _centred(X), _centred(Y)
    nuclear = np.linalg.svd(x.T @ y, compute_uv=False).sum()
    return (
        float(svcca),
        sum(sides) / 2,
        float(1 - nuclear / np.linalg.norm(x) / np.linalg.norm(y)),
    )


def _directions(x: Any, variance: float) -> tuple[Any, Any]:
    values, vectors = np.linalg.eigh(x.T @ x)
    values, vectors = values[::-1], vectors[:, ::-1]
    kept = int(np.count_nonzero(values > CUT * values[0]))
    if variance < 1:
        shares = np.cumsum(values[:kept]) / values[:kept].sum()
        kept = int(np.searchsorted(shares, variance)) + 1
    return values[:kept], vectors[:, :kept]


def by_products(X: Any, Y: Any) -> Three:
    def whitened(variance: float) -> tuple[Any, Any, Any]:
        x, y = _centred(X), _centred(Y)
        (p, a), (q, b) = _directions(x, variance), _directions(y, variance)
        return (a / np.sqrt(p)).T @ (x.T @ y) @ (b / np.sqrt(q)), (p, a), (q, b)

    svcca = np.linalg.svd(whitened(0.99)[0], compute_uv=False).mean()
    between, (p, a), (q, b) = whitened(1)
    u, rho, vt = np.linalg.svd(between, full_matrices=False)
    sides = []
    for turns, values, vectors in ((u, p, a), (vt.T, q, b)):
        weights = np.abs((turns.T * np.sqrt(values)) @ vectors.T).sum(axis=1)
        sides.append(float(weights @ rho / weights.sum()))
    x, y = _centred(X), _centred(Y)
    nuclear = np.linalg.svd(x.T @ y, compute_uv=False).sum()
    return (
        float(svcca),
        sum(sides) / 2,
        float(1 - nuclear / np.linalg.norm(x) / np.linalg.norm(y)),
    )


WAYS = {"ours": ours, "by_svd": by_svd, "by_products": by_products}


def timed(way: Any, *given: Any) -> tuple[Any, float]:
    start = time.process_time()
    found = way(*given)
    return found, time.process_time() - start


def main() -> None:
    """Time the ways by turns, measure each one's memory in a process of its own, print."""
    threadpool_limits(1)
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    X, Y = inputs(n)
    if len(sys.argv) == 4:
        way = WAYS[sys.argv[3]]
        way(X[:1000], Y[:1000])
        # Making the inputs took more: the peak starts anew from what is held now.
        Path("/proc/self/clear_refs").write_text("5")
        before = peak()
        way(X, Y)
        print(peak() - before)
        return
    orders = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    times: dict[str, list[float]] = {name: [] for name in WAYS}
    values: dict[str, Three] = {}
    for _ in range(3):
        for name, way in WAYS.items():
            values[name], seconds = timed(way, X, Y)
            times[name].append(seconds)
    print(f"SVCCA, PWCCA and Procrustes of {n:,} × {X.shape[1]} {X.dtype}, one thread, 3 by turns")
    print("memory: growth of the peak resident set (VmHWM) in a fresh process, inputs not counted")
    for name in WAYS:
        child = subprocess.run(
            [sys.executable, sys.argv[0], str(n), "0", name],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        apart = max(abs(a - b) for a, b in zip(values[name], values["ours"], strict=True))
        middle = statistics.median(times[name])
        ratio, grown = middle / statistics.median(times["ours"]), int(child.stdout) / 1024
        print(
            f"  {name:12} median {middle:6.3f} s   "
            f"{ratio:5.1f}×   peak +{grown:.0f} MB   from ours {apart:.1e}"
        )
    print("  values " + "  ".join(f"{v:.9f}" for v in values["ours"]))
    if orders:
        calibration(X, Y, orders)


def calibration(X: Any, Y: Any, count: int) -> None:
    """Print what a null costs, in products of the centred sides."""
    x, y = _centred(X), _centred(Y)
    products = [timed(np.matmul, x.T, y)[1] for _ in range(5)]
    del x, y
    drawn, seconds = timed(SVCCA().null, X, Y, orders_of(len(X), count, 0))
    products += [timed(np.matmul, _centred(X).T, _centred(Y))[1] for _ in range(4)]
    one = statistics.median(products)
    print(
        f"calibration of SVCCA, {count} orders: {seconds:.1f} s, "
        f"{seconds / one:.0f} times one product ({one:.3f} s); null {drawn.min():.4f} to "
        f"{drawn.max():.4f}"
    )


if __name__ == "__main__":
    main()
