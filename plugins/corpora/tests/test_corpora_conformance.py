"""The conformance kit, over small files written here and toy tasks."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from sondage.testing import conformance
from sondage.testing.toys import ToyTask


@cache
def folder():
    path = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return Path(path)


def lines(name, n):
    """Return a function that writes n lines, every fifth a heading, and returns the path."""

    def make():
        rows = [f" = Part {i} = " if i % 5 == 0 else f" Line {i} . And more " for i in range(n)]
        path = folder() / name
        path.write_text("\n \n".join(rows) + "\n")
        return str(path)

    return make


def tasks(*sizes):
    return lambda: [ToyTask(n=n) for n in sizes]


@conformance(
    "corpora",
    params={
        "corpora.text": {"files": lines("a.txt", 40)},
        "corpora.joined": {"tasks": tasks(20, 30), "each": 10},
    },
    variants={
        "corpora.text": [
            {"files": lines("b.txt", 41)},
            {"files": lambda: [lines("a.txt", 40)(), lines("b.txt", 41)()]},
            {"headings": False},
            {"sentences": True},
            {"words": False},
            {"min_words": 4},
            {"limit": 7},
        ],
        "corpora.joined": [
            {"tasks": tasks(30, 20)},
            {"tasks": tasks(20)},
            {"each": 9},
            {"part": "train"},
            {"part": "train", "split_seed": 1},
            {"seed": 1},
            {"seed": None},
        ],
    },
)
def test_conformance(component, check):
    check(component)
