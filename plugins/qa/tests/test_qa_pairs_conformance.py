"""The conformance kit on the tasks of matching pairs, over small files written here."""

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


def squad(part, n):
    """Return a function that writes n paragraphs, and returns the path."""

    def make():
        paragraphs = []
        for i in range(n):
            context = f"The Large Church of {part} met. It saw the European Union in {i}."
            start = context.rindex(str(i))
            answers = [{"text": str(i), "answer_start": start}]
            question = "When did big Church see the EU?"
            qas = [{"id": f"{part}{i}", "question": question, "answers": answers}]
            paragraphs.append({"context": context, "qas": qas})
        path = folder() / f"{part}.json"
        path.write_text(json.dumps({"version": "1.1", "data": [{"paragraphs": paragraphs}]}))
        return str(path)

    return make


def wordnet():
    """Write a WordNet of one synset."""
    path = folder() / "dict"
    path.mkdir(exist_ok=True)
    for pos in ("noun", "verb", "adj", "adv"):
        for name in (f"index.{pos}", f"data.{pos}", f"{pos}.exc"):
            (path / name).write_text("")
    (path / "index.adj").write_text("big a 1 0 1 0 00000000\nlarge a 1 0 1 0 00000000\n")
    (path / "data.adj").write_text("00000000 00 a 02 big 0 large 0 000 | of size\n")
    return str(path)


def gap(part, n):
    """Return a function that writes n texts of GAP, and returns the path."""
    head = ["Text", "Pronoun", "Pronoun-offset"]
    head += [f"{name}{what}" for name in "AB" for what in ("", "-offset", "-coref")]

    def make():
        rows = ["\t".join(head)]
        for i in range(n):
            text = f"Ann{part}{i} saw Eve{i}. Then she left."
            labels = ("TRUE", "FALSE") if i % 2 else ("FALSE", "TRUE")
            cells = [text, "she", text.index("she"), f"Ann{part}{i}", 0, labels[0], f"Eve{i}",
                     text.index("Eve"), labels[1]]  # fmt: skip
            rows.append("\t".join(map(str, cells)))
        path = folder() / f"{part}.tsv"
        path.write_text("\n".join(rows) + "\n")
        return str(path)

    return make


def wsc(part, n):
    """Return a function that writes n Winograd schemas, and returns the path."""

    def make():
        path = folder() / f"{part}.jsonl"
        lines = []
        for i in range(n):
            target = {"span1_index": 0, "span1_text": f"Sam{part}{i}", "span2_index": 4,
                      "span2_text": "he"}  # fmt: skip
            record = {"text": f"Sam{part}{i} told Bo that he won.", "label": True, "target": target}
            lines.append(json.dumps(record) + "\n")
        path.write_text("".join(lines))
        return str(path)

    return make


SIZES = {"train": 12, "dev": 4, "test": 6}
RATIOS = (0.6, 0.2, 0.2)
QUESTIONS = {
    f"qa.{name}": {"files": squad("all", 20), "ratios": RATIOS}
    for name in ("synonyms", "abbreviations", "coreference", "answer_type", "boundary")
}
QUESTIONS["qa.synonyms"]["wordnet"] = wordnet
PARAMS = {
    **QUESTIONS,
    "qa.coreference_gap": {"files": gap("all", 20), "ratios": RATIOS},
    "qa.coreference_wsc": {"files": wsc("all", 20), "ratios": RATIOS},
}
SHARES = [
    {"ratios": (0.0, 0.0, 1.0)}, {"candidates": "all"}, {"repeats": "in"}, {"trivial": "drop"},
    {"stop_words": ["it"]},
]  # fmt: skip


def variants(write, *more):
    given = {"files": None, **{part: write(part, n) for part, n in SIZES.items()}}
    return [given, *SHARES, *more]


LIMITS = [{"limit": 10}, {"max_words": 300}]
VARIANTS = {
    "qa.synonyms": variants(squad, *LIMITS, {"phrases": 2}, {"pairs": "all"}),
    "qa.abbreviations": variants(squad, *LIMITS, {"ordinary": True}),
    "qa.coreference": variants(squad, *LIMITS, {"anchor": "context"}, {"pronouns": ["it"]}),
    "qa.answer_type": variants(squad, *LIMITS, {"asking": ["when"]}),
    "qa.boundary": variants(squad, *LIMITS, {"ends": "end"}, {"context": "paragraph"}),
    "qa.coreference_gap": variants(gap, {"anchor": "pronoun"}, {"against": "names"}),
    "qa.coreference_wsc": variants(wsc, {"anchor": "pronoun"}),
}


@conformance("qa", only=[*PARAMS], params=PARAMS, variants=VARIANTS)
def test_conformance(component, check):
    check(component)


@conformance(
    "qa",
    only=["qa.boundary"],
    params={
        "qa.boundary": {
            "files": squad("all", 20),
            "reading": "logits",
            "ratios": RATIOS,
        }
    },
    variants={"qa.boundary": [{"context": "paragraph"}, {"ratios": (0.4, 0.2, 0.4)}]},
)
def test_conformance_of_the_logits_reading(component, check):
    check(component)


@conformance("qa", only=["qa.answer_type"], params={"qa.answer_type": {"files": squad("all", 20)}})
def test_conformance_where_all_is_tested_on(component, check):
    check(component)
