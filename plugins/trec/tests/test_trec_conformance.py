"""The conformance kit on both tasks, over small files written here."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from sondage.testing import conformance


@cache
def folder():
    path = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return Path(path)


def bank(name, start, n):
    """Return the path of a file of n questions; every seventh is asked twice."""
    lines = []
    for i in range(start, start + n):
        line = f"{'ABC'[i % 3]}:{'xy'[i % 2]} What is n{i} ?"
        lines += [line] * (1 + (i % 7 == 0))
    path = folder() / name
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def one():
    return bank("one.label", 0, 40)


PARTS = {
    "files": None,
    "train": lambda: bank("train.label", 0, 30),
    "dev": lambda: bank("dev.label", 30, 5),
    "test": lambda: bank("test.label", 35, 5),
}
NAMES = ["trec.fine", "trec.coarse"]
VARIANTS = [PARTS, {"encoding": "latin-1"}, {"ratios": (0.6, 0.2, 0.2)}]


@conformance(
    "trec",
    params={name: {"files": one} for name in NAMES},
    variants=dict.fromkeys(NAMES, VARIANTS),
)
def test_conformance(component, check):
    check(component)
