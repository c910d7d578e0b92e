"""Pseudo-log-likelihood of sentences of WikiText-2: ours against minicons 0.3.39, one thread.

Both score the same sentences by within-word left-to-right hiding (Kauf and Ivanova 2023), each in
a process of its own. Memory is the growth of the peak resident set beyond what it was after two
sentences. minicons makes the copies of all sentences of a call one batch, padded to the longest of
them, and computes the logits of every place; it is given one sentence a call, its cheapest way,
and ten. It is installed beside the environment for the run; without a network its part is skipped.

Bare are the model's forward passes alone, over the same copies in our own batches. Where every
subword attends to every other, a copy with another subword hidden has other states throughout, so
that whoever scores exactly runs these passes: what minicons takes over bare is the most that there
is to win, and ours over bare what is left of it.

    SONDAGE_DATA=... python bench/mlm_pll.py [FOLDER] [SENTENCES]

FOLDER is a masked language model, such as bench/pretrain_mlm.py makes; without it one is made that
has hardly learned anything.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

PEER = ["minicons==0.3.39", "pillow", "wonderwords==3.0.1"]
LONGEST = 128
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def sentences(limit: int) -> list[str]:
    """Return the first sentences of the test part of WikiText-2."""
    folder = Path(os.environ.get("SONDAGE_DATA", Path(__file__).parents[2] / "shared" / "data"))
    found: list[str] = []
    for line in (folder / "wikitext-2" / "test.txt").read_text(encoding="utf-8").split("\n"):
        if line.strip() and not line.startswith(" ="):
            found += [f"{s.strip()} ." for s in line.split(" . ") if s.strip(" .")]
    # What is longer than the model reads, minicons does not cut.
    return [s for s in found if len(s.split()) <= LONGEST // 3][:limit]


def ours(encoder: Any) -> Any:
    from sondage.data import Corpus
    from sondage_mlm import pseudo_log_likelihood

    def score(texts: list[str]) -> list[float]:
        return (-pseudo_log_likelihood(encoder, Corpus(texts=tuple(texts))).sentence_nats).tolist()

    return score


def copies_of(encoder: Any, score: Any, texts: list[str]) -> list[dict[str, Any]]:
    """Return what the model is given, batch after batch, while texts are scored."""
    network = encoder._engine.network
    run, seen = network.run, []

    def noted(inputs: Any, *rest: Any) -> None:
        seen.append(dict(inputs))
        run(inputs, *rest)

    network.run = noted
    try:
        score(texts)
    finally:
        del network.run
    return seen


def bare(encoder: Any, batches: list[dict[str, Any]]) -> float:
    """Return the processor time of the forward passes alone."""
    import torch

    model = encoder._engine.network.model
    with torch.inference_mode():
        start = time.process_time()
        for inputs in batches:
            model(**inputs)
        return time.process_time() - start


def theirs(folder: str, together: int) -> Any:
    from minicons import scorer

    model = scorer.MaskedLMScorer(folder, "cpu")

    def score(texts: list[str]) -> list[float]:
        found: list[float] = []
        for a in range(0, len(texts), together):
            # Given texts it calls a method that transformers 5 no longer has.
            made = model.tokenizer(
                texts[a : a + together], padding="longest", return_attention_mask=True
            )
            found += model.sequence_score(
                made, reduction=lambda x: x.sum(0).item(), PLL_metric="within_word_l2r"
            )
        return found

    return score


def peak() -> float:
    """Return this process's peak resident set in MiB; Linux."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def measured(way: str, folder: str, limit: int) -> None:
    """Score in this process and print what it took, as JSON."""
    encoder: Any = None
    if way == "ours":
        from sondage_transformers import Pretrained

        encoder = Pretrained(model=folder, device="cpu")
    score = ours(encoder) if encoder else theirs(folder, int(way))
    texts = sentences(limit)
    score(texts[:2])
    before, start, worked = peak(), time.perf_counter(), time.process_time()
    values = score(texts)
    took = {"wall": time.perf_counter() - start, "cpu": time.process_time() - worked}
    took |= {"memory": peak() - before}
    if encoder:
        batches = copies_of(encoder, score, texts)
        took |= {"bare": bare(encoder, batches)}
    print(json.dumps(took | {"values": values}))


def child(way: str, folder: str, limit: int, site: str) -> dict[str, Any]:
    """Measure a way in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--way", way, folder, str(limit)],
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | {"PYTHONPATH": site},
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def installed(site: str) -> bool:
    """Install the peer into a folder of its own; whether that worked."""
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", site, *PEER]
    return not subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode


def untrained(goal: str) -> str:
    """Make a model of the usual size."""
    script = Path(__file__).parent / "pretrain_mlm.py"
    command = [sys.executable, str(script), goal, "--steps", "1"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return goal


def main() -> int:
    if sys.argv[1:2] == ["--way"]:
        measured(sys.argv[2], sys.argv[3], int(sys.argv[4]))
        return 0
    limit = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    with tempfile.TemporaryDirectory() as scratch:
        folder = sys.argv[1] if len(sys.argv) > 1 else untrained(f"{scratch}/model")
        mine = child("ours", folder, limit, "")
        print(f"pseudo-log-likelihood of {limit} sentences of WikiText-2, one thread")
        print(f"  ours             {_line(mine)}")
        over = mine["cpu"] / mine["bare"]
        print(
            f"  bare passes      {mine['bare']:25.1f} s of processor time; ours takes {over:.2f}×"
        )
        if not installed(f"{scratch}/site"):
            print("  minicons could not be installed: its part is skipped")
            return 0
        for together in (1, 10):
            other = child(str(together), folder, limit, f"{scratch}/site")
            apart = max(abs(a - b) for a, b in zip(mine["values"], other["values"], strict=True))
            time_ratio, memory_ratio = (other[k] / mine[k] for k in ("cpu", "memory"))
            print(
                f"  minicons, {together:2} a call {_line(other)}\n"
                f"    {time_ratio:.1f}× our processor time, {other['cpu'] / mine['bare']:.1f}× the "
                f"bare passes', {memory_ratio:.1f}× our memory, "
                f"at most {apart:.1e} nats a sentence apart"
            )
    return 0


def _line(found: dict[str, Any]) -> str:
    return (
        f"{found['wall']:7.1f} s, {found['cpu']:7.1f} s of processor time, "
        f"peak +{found['memory']:.0f} MB"
    )


if __name__ == "__main__":
    sys.exit(main())
