"""The conformance kit, over small files written here."""

import atexit
import json
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


def qas(part, i):
    """Return two questions of paragraph i: one with two gold answers, one without any."""
    answers = [{"text": f"stone {i}", "answer_start": 2}, {"text": f"{i}", "answer_start": 8}]
    return [
        {"id": f"{part}-{i}-a", "question": f"What is {i}?", "answers": answers},
        {"id": f"{part}-{i}-b", "question": "Why?", "answers": [], "is_impossible": True},
    ]


def squad(part, n):
    """Return a function that writes n paragraphs, and returns the path."""

    def make():
        paragraphs = [{"context": f"A stone {i} lies.", "qas": qas(part, i)} for i in range(n)]
        articles = [{"title": str(i), "paragraphs": paragraphs[i::5]} for i in range(5)]
        path = folder() / f"{part}.json"
        path.write_text(json.dumps({"version": "v2.0", "data": articles}))
        return str(path)

    return make


PARTS = {"train": squad("train", 30), "dev": squad("dev", 6), "test": squad("test", 6)}
VARIANTS = [
    {**PARTS, "files": None},
    {"ratios": (0.6, 0.2, 0.2)},
    {"together": "article", "ratios": (0.4, 0.2, 0.4)},
    {"unanswerable": False},
    {"limit": 20},
]


@conformance("qa", params={"qa.squad": {"files": squad("all", 40)}}, variants={"qa.squad": VARIANTS})
def test_conformance(component, check):
    check(component)
