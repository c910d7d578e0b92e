"""Reading CoNLL-U: our columns and their blocks, against a dictionary per word and libraries.

python bench/conllu_reader.py FILE [REPEATS]
"""

from __future__ import annotations

import gzip
import io
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sondage.files import read_text
from sondage.files.conllu import read_blocks
from sondage_treebank import read_conllu

NAMES = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")


def text_of(path: str) -> str:
    raw = Path(path).read_bytes()
    return (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode()


def obvious(path: str) -> list[list[dict[str, Any]]]:
    """A dictionary a word, nothing checked."""
    sentences = []
    for block in text_of(path).strip().split("\n\n"):
        rows = [line.split("\t") for line in block.split("\n") if not line.startswith("#")]
        words = [dict(zip(NAMES, r, strict=True)) for r in rows if r[0].isdigit()]
        for word in words:
            word["head"] = int(word["head"])
        sentences.append(words)
    return sentences


def ways() -> dict[str, Callable[[str], Any]]:
    found: dict[str, Callable[[str], Any]] = {
        "sondage": read_conllu,
        "blocks": lambda path: list(read_blocks(read_text(path), path)),
        "dictionaries": obvious,
    }
    try:
        import conllu

        found["conllu"] = lambda path: list(conllu.parse_incr(io.StringIO(text_of(path))))
    except ImportError:
        pass
    try:
        import pyconll

        found["pyconll"] = lambda path: pyconll.load_from_string(text_of(path))
    except ImportError:
        pass
    return found


def main(path: str, repeats: int = 5) -> None:
    times: dict[str, list[float]] = {name: [] for name in ways()}
    for _ in range(repeats):
        for name, way in ways().items():
            start = time.perf_counter()
            way(path)
            times[name].append(time.perf_counter() - start)
    ours = statistics.median(times["sondage"])
    for name, way in ways().items():
        tracemalloc.start()
        kept = way(path)
        held, peak = (x / 2**20 for x in tracemalloc.get_traced_memory())
        tracemalloc.stop()
        median = statistics.median(times[name])
        print(
            f"{name:13} {median:6.3f} s  {median / ours:5.1f} x ours  "
            f"{len(kept)} sentences, holds {held:.0f} MiB, peak {peak:.0f} MiB"
        )
    bank, plain = read_conllu(path), obvious(path)
    agree = list(bank.forms) == [w["form"] for s in plain for w in s] and (
        bank.heads.tolist() == [w["head"] - 1 for s in plain for w in s]
    )
    print("forms and heads agree:", agree)


if __name__ == "__main__":
    main(sys.argv[1], *(int(a) for a in sys.argv[2:]))
