"""The conformance kit on every task of this plugin, over a small file written here."""

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
    """Return the path of a file of n sentences of three to six words."""
    lines = []
    for i in range(start, start + n):
        for j in range(1, 4 + i % 4):
            head, rel = (0, "root") if j == 2 else (2 if j == 1 else j - 1, f"dep:{j % 3}")
            tag, odd = ("NOUN", "VERB", "PUNCT")[j % 3], f"Odd={j % 2}" if j % 4 else "_"
            row = [j, f"w{i}x{j}", "_", tag, tag[:2], odd, head, rel, "_", "_"]
            lines.append("\t".join(map(str, row)))
        lines.append("")
    path = folder() / name
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def one():
    return bank("one.conllu", 0, 40)


PARTS = {
    "files": None,
    "train": lambda: bank("train.conllu", 0, 30),
    "dev": lambda: bank("dev.conllu", 30, 5),
    "test": lambda: bank("test.conllu", 35, 5),
}
OWN = {
    "upos": [{"words": "surface"}],
    "xpos": [],
    "feats": [{"feature": "Odd"}, {"without": "none"}],
    "deprel": [{"subtypes": False}, {"words": "surface"}],
    "tree": [{"subtypes": False}],
}
SHARED = [PARTS, {"on_error": "skip"}, {"ratios": (0.6, 0.2, 0.2)}]


@conformance(
    "treebank",
    params={f"treebank.{name}": {"files": one} for name in OWN},
    variants={f"treebank.{name}": [*SHARED, *own] for name, own in OWN.items()},
)
def test_conformance(component, check):
    check(component)
