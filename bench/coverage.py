"""How often 95% intervals hold their target: simulated test sets of 6 to 200 sentences.

``python bench/coverage.py [DRAWS]`` prints a Markdown table: in percent of the draws (2,000),
ours and, after the stroke, percentiles of 1,000 bootstrap resamples of sentences (of a tenth of
the draws). The standard error of 95% in 2,000 draws is 0.5, in 200 draws 1.5.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sondage.execute import metric_job
from sondage.stats import cluster_interval, paired_difference
from sondage_similarity.alignment import CKA
from sondage_structural.intervals import by_length, ratio
from sondage_structural.measures import average

SIZES = (6, 10, 20, 50, 200)
RESAMPLES = 1000
Rng = np.random.Generator
Floats = NDArray[np.float64]
#: An estimate's interval by ours, and its sums over sentences: numerators and denominators.
Draw = tuple[float | None, float | None, Floats | None, Floats | None]


def lengths_of(rng: Rng, n: int) -> NDArray[np.int64]:
    """Return lengths of sentences as a treebank has them: 21 words, from 2 to 70."""
    return np.clip(np.rint(rng.gamma(4.5, 4.7, n)), 2, 70).astype(np.int64)


def chances(rng: Rng, n: int, p: float, within: float) -> Floats:
    """Return each sentence's chance that a word is right; words correlate by `within`."""
    if within == 0:
        return np.full(n, p)
    k = (1 - within) / within
    return rng.beta(p * k, (1 - p) * k, n)


def accuracy(p: float, within: float, *, single: bool = False) -> Callable[[Rng, int], Draw]:
    def draw(rng: Rng, n: int) -> Draw:
        counts = np.ones(n, np.int64) if single else lengths_of(rng, n)
        groups = np.repeat(np.arange(n), counts)
        right = rng.random(len(groups)) < chances(rng, n, p, within)[groups]
        out = cluster_interval(right, groups)
        return out.low, out.high, np.bincount(groups, right, n), counts.astype(float)

    return draw


def level(rng: Rng, n: int) -> Draw:
    """A real value a word, half of whose variance is its sentence's."""
    counts = lengths_of(rng, n)
    groups = np.repeat(np.arange(n), counts)
    values = rng.normal(size=n)[groups] + rng.normal(size=len(groups))
    out = cluster_interval(values, groups)
    return out.low, out.high, np.bincount(groups, values, n), counts.astype(float)


def uuas(*, outcomes: bool) -> Callable[[Rng, int], Draw]:
    def draw(rng: Rng, n: int) -> Draw:
        gold = lengths_of(rng, n) - 1
        found = rng.binomial(gold, chances(rng, n, 0.75, 0.05))
        low, high = ratio(found, gold)
        if outcomes:
            whole = found.sum() / gold.sum()
            own = cluster_interval(whole + (found - whole * gold) / gold.mean(), np.arange(n))
            return own.low, own.high, found.astype(float), gold.astype(float)
        return low, high, found.astype(float), gold.astype(float)

    return draw


def difference(gain: float, loss: float, *, single: bool = False) -> Callable[[Rng, int], Draw]:
    """Words or sentences that one encoder has right and the other wrong, by sentences' leanings."""

    def draw(rng: Rng, n: int) -> Draw:
        counts = np.ones(n, np.int64) if single else lengths_of(rng, n)
        groups = np.repeat(np.arange(n), counts)
        lean = 2 * rng.beta(4, 4, n)[groups]
        u = rng.random(len(groups))
        gained, lost = u < gain * lean, u > 1 - loss * (2 - lean)
        out = paired_difference(~lost, ~gained, groups, permutations=1)
        net = np.bincount(groups, gained.astype(float) - lost, n)
        return out.low, out.high, net, counts.astype(float)

    return draw


def correlations(rng: Rng, n: int) -> tuple[Floats, NDArray[np.int64]]:
    """Long sentences are harder; a sentence's mean correlation is surer the longer it is."""
    lengths = lengths_of(rng, n)
    mean = 0.85 - 0.004 * lengths
    k = mean * (1 - mean) / (0.25**2 * 5 / lengths) - 1
    return rng.beta(np.maximum(mean * k, 0.2), np.maximum((1 - mean) * k, 0.2)), lengths


def percentiles(drawn: Floats) -> tuple[float, float]:
    low, high = np.quantile(drawn, (0.025, 0.975))
    return float(low), float(high)


def ratios(rng: Rng, part: Floats, whole: Floats) -> tuple[float, float]:
    drawn = rng.integers(0, len(part), (RESAMPLES, len(part)))
    return percentiles(part[drawn].sum(axis=1) / whole[drawn].sum(axis=1))


def means_by_length(rng: Rng, values: Floats, lengths: NDArray[np.int64]) -> tuple[float, float]:
    drawn = rng.integers(0, len(values), (RESAMPLES, len(values)))
    means = [average(values[d], lengths[d])[0] for d in drawn]
    return percentiles(np.array([m for m in means if m == m]))


def share(found: list[tuple[float | None, float | None]], target: float) -> float:
    ends = np.array(found, float)
    return 100 * float(np.mean((ends[:, 0] <= target) & (target <= ends[:, 1])))


def of_ratio(draw: Callable[[Rng, int], Draw], target: float) -> Iterator[str]:
    for n in SIZES:
        rng = np.random.default_rng(n)
        drawn = [draw(rng, n) for _ in range(DRAWS)]
        ours = share([d[:2] for d in drawn], target)
        plain = [ratios(rng, *d[2:]) for d in drawn[: DRAWS // 10]]  # type: ignore[arg-type]
        yield f"{ours:.1f} / {share(plain, target):.0f}"


def of_lengths() -> Iterator[str]:
    for n in SIZES:
        rng = np.random.default_rng(n)
        # A test set of short or long sentences alone has no score.
        drawn = [correlations(rng, n) for _ in range(DRAWS)]
        target = float(np.nanmean([average(*correlations(rng, n))[0] for _ in range(10 * DRAWS)]))
        ours = share([by_length(*d) for d in drawn], target)
        plain = [means_by_length(rng, *d) for d in drawn[: DRAWS // 20]]
        yield f"{ours:.1f} / {share(plain, target):.0f}"


def of_metric() -> Iterator[str]:
    """CKA of two encoders of words, one a noisy turn of the other, by jackknife."""
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(8, 8)))[0]

    def rows(rng: Rng, n: int) -> tuple[Any, Any, Any]:
        groups = np.repeat(np.arange(n), lengths_of(rng, n))
        scale = np.arange(8, 0, -1) / 8
        x = scale * (rng.normal(size=(n, 8))[groups] + rng.normal(size=(len(groups), 8)))
        noise = rng.normal(size=(n, 8))[groups] + rng.normal(size=x.shape)
        return x, x @ turn + 0.7 * noise, groups

    def parts(x: Any, y: Any, groups: Any, number: int) -> list[Any]:
        out = []
        for i in range(number):
            part = CKA().begin(0)
            own = groups % number == i
            part.update(x[own], y[own], np.flatnonzero(own))
            out.append(part)
        return out

    big = rows(np.random.default_rng(1), 20_000)
    target = metric_job._merged(parts(*big, 1)).compute().scores["cka"]
    for n in SIZES:
        rng = np.random.default_rng(n)
        found: list[tuple[float | None, float | None]] = []
        for _ in range(DRAWS // 2):
            some = parts(*rows(rng, n), min(metric_job.JACKKNIFE_GROUPS, n))
            result = metric_job._merged(some).compute()
            found.append(
                metric_job._jackknife(some, result, CKA().bounds).get("cka", (np.nan, np.nan))
            )
        yield f"{share(found, target):.1f}"


def main() -> None:
    start = time.perf_counter()
    heads = (*(f"{n} sentences" for n in SIZES),)
    print("| interval | of | " + " | ".join(heads) + " |")
    print("|---" * (len(heads) + 2) + "|")
    both = (0.05 - 0.03, 0.15 - 0.05)
    for name, what, values in (
        ("items", "words, 60% right", of_ratio(accuracy(0.6, 0.1), 0.6)),
        ("items", "words, 85% right", of_ratio(accuracy(0.85, 0.1), 0.85)),
        ("items", "words, 95% right", of_ratio(accuracy(0.95, 0.05), 0.95)),
        ("items", "words, 85% right, in lumps (0.5)", of_ratio(accuracy(0.85, 0.5), 0.85)),
        ("items", "words, 90% right, in lumps (0.9)", of_ratio(accuracy(0.9, 0.9), 0.9)),
        ("items", "words, 95% right, in lumps (0.1)", of_ratio(accuracy(0.95, 0.1), 0.95)),
        ("items", "words, 95% right, in lumps (0.3)", of_ratio(accuracy(0.95, 0.3), 0.95)),
        ("items", "one item a sentence, 70% right", of_ratio(accuracy(0.7, 0, single=True), 0.7)),
        ("items", "one item a sentence, 90% right", of_ratio(accuracy(0.9, 0, single=True), 0.9)),
        ("items", "a real value a word", of_ratio(level, 0.0)),
        ("items", "outcomes of UUAS", of_ratio(uuas(outcomes=True), 0.75)),
        ("structural", "UUAS", of_ratio(uuas(outcomes=False), 0.75)),
        ("structural", "DSpr., NSpr.", of_lengths()),
        ("difference", "words: 5% gained, 3% lost", of_ratio(difference(0.05, 0.03), both[0])),
        ("difference", "sentences: 15% gained, 5% lost",
         of_ratio(difference(0.15, 0.05, single=True), both[1])),
        ("groups", "CKA", of_metric()),
    ):  # fmt: skip
        print(f"| {name} | {what} | " + " | ".join(values) + " |", flush=True)
    print(f"\n{DRAWS:,} draws, {time.perf_counter() - start:.0f} s")


DRAWS = int(sys.argv[1]) if len(sys.argv) > 1 else 2000

if __name__ == "__main__":
    main()
