"""The conformance kit on both tasks, over small files written here."""

import atexit
import json
import shutil
import tempfile
from functools import cache
from pathlib import Path

from sondage.testing import conformance

SENSES = ["p.Locus", "p.Time", "p.Goal", "p.Topic"]


@cache
def folder():
    path = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return Path(path)


def swe(number, lexcat, ss=None, ss2=None):
    return {"lexcat": lexcat, "ss": ss, "ss2": ss2, "toknums": [number]}


def bank(name, start, n):
    """Return the path of a JSON file of n sentences: noun, preposition, noun, possessive."""
    out = []
    for i in range(start, start + n):
        words = [f"n{i}", ("in", "at", "on")[i % 3], f"m{i % 7}", "'s", "of"]
        swes = {
            "1": swe(1, "N"),
            "2": swe(2, "P", SENSES[i % 3], SENSES[i % 4]),
            "3": swe(3, "N"),
            "4": swe(4, "POSS", SENSES[i % 2], SENSES[i % 2]),
            "5": swe(5, "P", "??"),
        }
        toks = [{"#": j, "word": w} for j, w in enumerate(words, 1)]
        out.append({"sent_id": f"s{i}", "toks": toks, "swes": swes, "smwes": {}})
    path = folder() / name
    path.write_text(json.dumps(out))
    return str(path)


def one():
    return bank("one.json", 0, 40)


PARTS = {
    "files": None,
    "train": lambda: bank("train.json", 0, 30),
    "dev": lambda: bank("dev.json", 30, 5),
    "test": lambda: bank("test.json", 35, 5),
}
NAMES = ["streusle.ps_role", "streusle.ps_fxn"]
VARIANTS = [PARTS, {"lexcats": ("P", "POSS")}, {"special": "keep"}, {"ratios": (0.6, 0.2, 0.2)}]


@conformance(
    "streusle",
    params={name: {"files": one} for name in NAMES},
    variants=dict.fromkeys(NAMES, VARIANTS),
)
def test_conformance(component, check):
    check(component)
