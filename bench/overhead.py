"""What plan, execute and results cost a cell: 10,000 cells that compute next to nothing.

The obvious way is a loop of fit and predict over the same arrays that keeps the scores in a
list and writes them once at the end: no ids, no durability, no resumption. Processor time is
what is compared, as other work on the machine makes the hours on the wall longer.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from pathlib import Path

import numpy as np

from sondage import api, registry, scores
from sondage.host import Host, Offer
from sondage.plan import cells, planner
from sondage.registry.build import Builder
from sondage.registry.document import parse_yaml
from sondage.specs import EncoderSpec, ProbeSpec, TaskSpec
from sondage.testing.toys import ToyEncoder, ToyTask

LAYERS, PROBES, SEEDS = 10, 20, 50


class Trivial:
    """Answers the first label it saw."""

    def __init__(self, *, number: int = 0) -> None:
        self.number = number

    def fit(self, X, y, *, rng):
        self.first_ = y[0]
        return self

    def predict(self, X):
        return np.full(len(X), self.first_)


def toy_plan() -> cells.Plan:
    def offer(kind, name, factory):
        spec = kind(name=name, factory=factory, summary="toy", reference="none")
        return Offer(spec, "toy", "toy", "0")

    host = Host(
        [],
        [
            offer(EncoderSpec, "toy.encoder", ToyEncoder),
            offer(TaskSpec, "toy.task", ToyTask),
            offer(ProbeSpec, "toy.trivial", Trivial),
        ],
    )
    probes = "".join(f"  p{i}: {{use: toy.trivial, number: {i}}}\n" for i in range(PROBES))
    text = (
        f"version: 1\nencoders:\n  e: {{use: toy.encoder, n_layers: {LAYERS - 1}}}\n"
        f"tasks:\n  t: {{use: toy.task, n: 40}}\nprobes:\n{probes}compositions:\n  c:\n"
        f"    encoders: [e]\n    tasks: [t]\n    probes: {[f'p{i}' for i in range(PROBES)]}\n"
        f"    seeds: {list(range(SEEDS))}\n"
    ).replace("'", "")
    found = registry.registry_of(parse_yaml(text, "bench"), {})
    return planner.make(found, Builder(host, found), "c")


def obvious(folder: Path) -> int:
    data, encoder = ToyTask(n=40).load(), ToyEncoder(n_layers=LAYERS - 1)
    from sondage.data import Request

    out = []
    chunks = list(encoder.encode(data.corpus, Request(tuple(range(LAYERS)), ("word",))))
    order = np.concatenate([
        np.arange(data.corpus.offsets[s], data.corpus.offsets[s + 1])
        for chunk in chunks
        for s in chunk.sentences
    ])  # fmt: skip
    layers = np.concatenate([chunk.rows["word"] for chunk in chunks], axis=1)
    layers[:, order] = layers.copy()
    for _ in range(PROBES):
        for X in layers:
            for seed in range(SEEDS):
                split = data.split(seed)
                probe = Trivial().fit(X[split.train], data.target.y[split.train], rng=None)
                result = scores.classification(
                    data.target, probe.predict(X[split.test]), split.test, split.train
                )
                out.append(dict(result.scores))
    (folder / "scores.json").write_text(json.dumps(out))
    return len(out)


def once(folder: str) -> dict[str, tuple[float, float]]:
    """Return what each part took, in seconds of the processor and on the wall."""
    os.environ["SONDAGE_STORE"] = f"{folder}/store"
    os.environ["SONDAGE_RUNS"] = f"{folder}/runs"
    n = LAYERS * PROBES * SEEDS
    marks = {"start": (time.process_time(), time.perf_counter())}

    def mark(name: str) -> None:
        marks[name] = (time.process_time(), time.perf_counter())

    planned = toy_plan()
    mark("plan")
    run = api.run_plan(planned)
    mark("run")
    frame = run.frame()
    mark("read")
    assert len(frame) == 2 * n
    assert not run.failed
    api.run_plan(toy_plan())
    mark("again")
    assert obvious(Path(folder)) == n
    mark("obvious")
    ends = list(marks.values())
    took = zip(ends[1:], ends[:-1], strict=True)
    return {
        name: (b[0] - a[0], b[1] - a[1]) for name, (b, a) in zip(list(marks)[1:], took, strict=True)
    }


def main() -> None:
    import pandas  # noqa: F401 - its import is no part of reading a run

    n = LAYERS * PROBES * SEEDS
    rounds = []
    for _ in range(3):
        with tempfile.TemporaryDirectory() as name:
            rounds.append(once(name))
    median = {
        name: tuple(float(np.median([r[name][i] for r in rounds])) for i in (0, 1))
        for name in rounds[0]
    }
    print(f"{n} cells; medians of 3, seconds of the processor (and on the wall):")
    for name, (busy, wall) in median.items():
        print(f"  {name:8} {busy:6.2f} ({wall:.2f})")
    ours = sum(median[name][0] for name in ("plan", "run", "read"))
    over = (ours - median["obvious"][0]) / n * 1000
    print(f"overhead: {over:.2f} ms a cell (target: at most 2)")


if __name__ == "__main__":
    main()
