"""DirectProbe against the published program: processor time, growth, agreement, memory.

    python bench/directprobe.py [PUD_FOLDER]

The stored cases are those of ``../shared/reference`` beside the repository: their times are of
the published program on a machine of the same kind. PUD_FOLDER may hold ``pud_L0.npy``,
``pud_L3.npy``, ``pud_L6.npy`` and ``pud_y.npy``, all words of UD English PUD in the order that
the reference page gives: then growth and the whole treebank are measured too. Without either,
random clouds.
"""

from __future__ import annotations

import json
import resource
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import sklearn.svm  # noqa: F401 - up before the counting starts
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_limits

from sondage_directprobe import DirectProbe, nearest
from sondage_directprobe.points import points_of
from sondage_directprobe.separable import separability

REFERENCE = Path(__file__).parents[2] / "shared" / "reference"
#: Seconds that the reference page gives, where no stored case has them.
TABLE = {("L0", 2000): 160.0, ("L6", 4000): 30.6, ("L6", 8000): 155.0}


def timed(X: Any, y: Any, repeats: int) -> tuple[float, DirectProbe]:
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        probe = DirectProbe().fit(X, y)
        seconds.append(time.process_time() - start)
    return statistics.median(seconds), probe


def stored() -> None:
    print("stored cases: clusters, agreement (adjusted Rand index), seconds of both, ratio")
    for at in sorted((REFERENCE / "directprobe").glob("*")):
        y, theirs = np.load(at / "y.npy"), np.load(at / "assign.npy")
        case = json.loads((at / "result.json").read_text())
        if (at / "X.npy").is_file():
            X = np.load(at / "X.npy")
        else:
            layer = at.name.split("_L")[1][0]
            kind = "streusle_dev_layer" if "streusle" in at.name else "pud_upos_L"
            (path,) = (REFERENCE / "inputs").glob(f"{kind}{layer}*")
            X = np.load(path)[: len(y)]
        seconds, probe = timed(X, y, 3)
        print(
            f"  {at.name:24} {probe.n_clusters_:4} / {case['clusters']:4}   "
            f"{adjusted_rand_score(theirs, probe.assignments_):.4f}   "
            f"{seconds:7.3f} / {case['cluster_s']:6.2f}   {case['cluster_s'] / seconds:6.0f}×"
        )


def growth(folder: Path) -> None:
    y = np.load(folder / "pud_y.npy")
    sizes = (1000, 2000, 4000, 8000)
    for layer in ("L0", "L6"):
        X = np.load(folder / f"pud_{layer}.npy")
        spent = []
        for n in sizes:
            seconds, probe = timed(X[:n], y[:n], 3 if n < 8000 else 1)
            spent.append(seconds)
            known = TABLE.get((layer, n))
            ratio = f"   {known / seconds:5.0f}× faster than {known:g} s" if known else ""
            counts = probe.counts_
            print(
                f"  {layer} n = {n}: {seconds:7.3f} s, {probe.n_clusters_} clusters, "
                f"{counts.solved if counts else 0} nearest-point problems, peak {peak()}{ratio}",
                flush=True,
            )
        slope = np.log(spent[-1] / spent[0]) / np.log(sizes[-1] / sizes[0])
        fitted = np.polyfit(np.log(sizes), np.log(spent), 1)[0]
        print(f"  {layer}: growth exponent {slope:.2f} end to end, {fitted:.2f} fitted")


def peak() -> str:
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB"


def one_by_one(probe: DirectProbe, hulls: list[Any], rows: Any) -> list[int]:
    """Find each row's nearest hull by itself, hull after hull, each until it is too far."""
    found = []
    for x in rows:
        squares = [((hull - x) ** 2).sum(axis=1) for hull in hulls]
        best, far = -1, np.inf
        for k in np.argsort([s.min() for s in squares], kind="stable"):
            one, zero = np.ones(1), np.zeros(1, np.int64)
            start = (zero, one, squares[k].argmin(keepdims=True), one)
            tolerance = probe._fitted.tolerance
            got = nearest(x[None], hulls[k], tolerance=tolerance, cutoff=far, start=start)
            if got.status != "far" and got.upper < far:
                best, far = int(k), got.upper
            if far <= tolerance:
                break
        found.append(best)
    return found


def prediction(folder: Path, layer: str = "L6", n: int = 8000, rows: int = 200) -> None:
    X, y = np.load(folder / f"pud_{layer}.npy"), np.load(folder / "pud_y.npy")
    probe = DirectProbe().fit(X[:n], y[:n])
    points = probe._fitted
    Q = np.multiply(X[n : n + rows], points.scale, dtype=np.float64) - points.centre
    start = time.process_time()
    alone = one_by_one(probe, [points.X[c] for c in probe.clusters_], Q)
    slow = (time.process_time() - start) / rows
    start = time.process_time()
    together = probe.predict_cluster(X[n : n + rows])
    fast = (time.process_time() - start) / rows
    print(
        f"  {layer}, nearest of {probe.n_clusters_} hulls of {n}: {1e3 * fast:.1f} ms a word, "
        f"one by one {1e3 * slow:.1f} ms ({slow / fast:.1f}×), "
        f"same hull {np.mean(together == alone):.1%}"
    )


def whole(folder: Path) -> None:
    y = np.load(folder / "pud_y.npy")
    for layer in ("L3", "L6"):
        X = np.load(folder / f"pud_{layer}.npy")
        start = time.process_time()
        found = separability(points_of(X, y, memory=4.0))
        overlapping = int(found.overlap.sum() // 2)
        print(
            f"  {layer}, all {len(y)} words: separability {time.process_time() - start:.1f} s, "
            f"{overlapping} of {found.overlap.shape[0] * (found.overlap.shape[0] - 1) // 2} pairs "
            "of labels overlap",
            flush=True,
        )
        seconds, probe = timed(X, y, 1)
        start = time.process_time()
        pairs = np.isfinite(probe.distances_).sum() // 2
        print(
            f"  {layer}: clusters {seconds:.1f} s ({probe.n_clusters_}), {pairs} distances "
            f"{time.process_time() - start:.1f} s; peak of the process "
            f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB",
            flush=True,
        )


def literal() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 3)), rng.integers(0, 3, 60)
    fast, probe = timed(X, y, 5)
    start = time.process_time()
    slow = DirectProbe(reference=True).fit(X, y)
    seconds = time.process_time() - start
    print(
        f"  60 random points, 3 labels: {fast:.3f} s, literal {seconds:.1f} s "
        f"({seconds / fast:.0f}×), same clusters: "
        f"{bool((slow.assignments_ == probe.assignments_).all())}"
    )


def main() -> None:
    # One thread: on a busy machine two threads measure the neighbours.
    threadpool_limits(1)
    print("DirectProbe, one BLAS thread, medians of up to 3 repeats")
    if REFERENCE.is_dir():
        stored()
    print("the literal algorithm with a linear program a pair, in this process")
    literal()
    if len(sys.argv) > 1:
        print("UD English PUD, universal parts of speech, MiniLM")
        growth(Path(sys.argv[1]))
        prediction(Path(sys.argv[1]))
        whole(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
