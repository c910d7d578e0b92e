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


def page(part, i):
    """Return an example of Natural Questions: every third has no short answer."""
    words = ["<P>", "A", "stone", str(i), "lies", ".", "</P>"]
    at, tokens = 0, []
    for word in words:
        span = {"start_byte": at, "end_byte": at + len(word)}
        tokens.append({"token": word, "html_token": word[0] == "<", **span})
        at += len(word) + 1
    whole = {"start_token": 0, "end_token": 7, "start_byte": 0, "end_byte": at - 1}
    answer = {"start_token": 2, "end_token": 4, "start_byte": 6, "end_byte": 12 + len(str(i))}
    annotation = {
        "long_answer": {**whole, "candidate_index": 0},
        "short_answers": [answer][: i % 3],
        "yes_no_answer": "NONE",
    }
    return {
        "example_id": f"{part}-{i}", "question_text": f"what is {i}",
        "document_html": " ".join(words), "document_tokens": tokens,
        "document_url": f"?title={i // 2}",
        "long_answer_candidates": [whole], "annotations": [annotation],
    }  # fmt: skip


def pages(part, n):
    """Return a function that writes n examples, and returns the path."""

    def make():
        path = folder() / f"{part}.jsonl"
        path.write_text("".join(json.dumps(page(part, i)) + "\n" for i in range(n)))
        return str(path)

    return make


SIZES = {"train": 30, "dev": 6, "test": 6}
VARIANTS = [
    {"ratios": (0.6, 0.2, 0.2)},
    {"together": "article", "ratios": (0.4, 0.2, 0.4)},
    {"unanswerable": False},
    {"limit": 20},
]


@conformance(
    "qa",
    params={
        "qa.squad": {"files": squad("all", 40)},
        "qa.natural_questions": {"files": pages("all", 40)},
    },
    variants={
        "qa.squad": [{**{p: squad(p, n) for p, n in SIZES.items()}, "files": None}, *VARIANTS],
        "qa.natural_questions": [
            {**{p: pages(p, n) for p, n in SIZES.items()}, "files": None},
            *VARIANTS,
        ],
    },
)
def test_conformance(component, check):
    check(component)
