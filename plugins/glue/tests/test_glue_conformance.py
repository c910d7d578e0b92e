"""The conformance kit, over small files written here."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from sondage.testing import conformance

HEADS = {
    "cola": "",
    "sst2": "",
    "rte": "index\tsentence1\tsentence2\tlabel\n",
    "mrpc": "Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\n",
    "mnli": "index\tsentence1\tsentence2\tgold_label\n",
}
LABELS = {"rte": ("entailment", "not_entailment"), "mnli": ("neutral", "contradiction")}


def line(task, part, i):
    label = LABELS.get(task, ("0", "1"))[i % 2]
    text = f"words of {part} {i} ."
    return {
        "cola": f"gj\t{label}\t\t{text}",
        "sst2": f"{text}\t{label}",
        "mrpc": f"{label}\t1\t2\t{text}\tother {i}",
    }.get(task, f"{i}\t{text}\tother {i}\t{label}")


@cache
def folder():
    path = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return Path(path)


def bank(task, part, n):
    """Return a function that writes n rows, every seventh twice, and returns the path."""

    def make():
        rows = [line(task, part, i) for i in range(n) for _ in range(1 + (i % 7 == 0))]
        path = folder() / f"{task}-{part}"
        path.write_text(HEADS[task] + "\n".join(rows) + "\n")
        return str(path)

    return make


def parts(task):
    sizes = {"train": 30, "dev": 6, "test": 6}
    return {part: bank(task, part, n) for part, n in sizes.items()}


VARIANTS = {
    f"glue.{task}": [{**parts(task), "files": None}, {"ratios": (0.6, 0.2, 0.2)}] for task in HEADS
}


@conformance(
    "glue",
    params={f"glue.{task}": {"files": bank(task, "all", 40)} for task in HEADS},
    variants=VARIANTS,
)
def test_conformance(component, check):
    check(component)
