"""The conformance kit, over small repositories written here."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from sondage.testing import conformance


def rows(part, n):
    texts = [f"words of {part} {i} ." for i in range(n) for _ in range(1 + (i % 7 == 0))]
    labels = [i % 2 for i in range(len(texts))]
    tokens = [text.split() for text in texts]
    tags = [["ODD" if len(word) % 2 else "EVEN" for word in words] for words in tokens]
    return {"text": texts, "label": labels, "tokens": tokens, "ner_tags": tags}


@cache
def repository(*parts):
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for part in parts:
        n = 40 if part == "train" else 8
        pq.write_table(pa.table(rows(part, n)), Path(folder) / f"{part}-00000-of-00001.parquet")
    return folder


def given():
    return {"repository": repository("train", "validation", "test")}


@conformance(
    "hub",
    params={"hub.text_classification": given(), "hub.token_classification": given()},
    variants={
        f"hub.{kind}_classification": [
            {"repository": repository("train")},
            {"repository": repository("train", "test"), "dev_share": 0.2},
        ]
        for kind in ("text", "token")
    },
)
def test_conformance(component, check):
    check(component)
