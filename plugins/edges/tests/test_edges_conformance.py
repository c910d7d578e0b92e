"""The conformance kit on every task, over small files written here."""

import atexit
import json
import shutil
import tempfile
import zipfile
from functools import cache
from pathlib import Path

from sondage.testing import conformance


@cache
def folder():
    path = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return Path(path)


def written(name, text):
    path = folder() / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def jsonl(name="one.jsonl", start=0, n=40, many=False):
    lines = []
    for i in range(start, start + n):
        labels = ["AB"[i % 2]] + (["C"] if i % 3 else [])
        target = {"span1": [0, 2], "span2": [3, 4], "label": labels if many else labels[0]}
        lines.append({"text": f"the w{i} saw n{i} .", "targets": [target]})
    return written(name, "".join(json.dumps(line) + "\n" for line in lines))


def semeval():
    kinds = ["Cause-Effect(e1,e2)", "Other", "Entity-Origin(e2,e1)"]
    return written(
        "semeval.txt",
        "".join(
            f'{i}\t"The <e1>fire {i}</e1> came from the <e2>house</e2>."\r\n'
            f"{kinds[i % 3]}\r\nComment:\r\n\r\n"
            for i in range(40)
        ),
    )


def wnut():
    kinds = ["person", "location"]
    return written(
        "wnut.conll",
        "".join(
            f"I\tO\nmet\tO\nAnn{i}\tB-{kinds[i % 2]}\nLee\tI-{kinds[i % 2]}\n.\tO\n\n"
            for i in range(40)
        ),
    )


def gap():
    rows = ["ID\tText\tPronoun\tPronoun-offset\tA\tA-offset\tA-coref\tB\tB-offset\tB-coref\tURL\n"]
    for i in range(40):
        text = f"Ann{i:02} met Eve{i:02}. Then she left."
        a, b = ("TRUE", "FALSE") if i % 2 else ("FALSE", "TRUE")
        rows.append(
            f"x-{i}\t{text}\tshe\t{text.index('she')}\tAnn{i:02}\t0\t{a}"
            f"\tEve{i:02}\t{text.index('Eve')}\t{b}\thttp://x\n"
        )
    return written("gap.tsv", "".join(rows))


def dpr():
    blocks = (
        f"The bee{i} landed on the flower{i} because it had pollen .\nit\n"
        f"The bee{i},the flower{i}\n{'The bee' if i % 2 else 'the flower'}{i}\n\n"
        for i in range(40)
    )
    return written("dpr.txt", "".join(blocks))


def wsc():
    lines = []
    for i in range(40):
        target = {"span1_index": 0, "span1_text": f"Mark{i}", "span2_index": 4, "span2_text": "He"}
        text = f"Mark{i} met Pete yesterday. He laughed."
        lines.append({"idx": i, "text": text, "target": target, "label": bool(i % 2)})
    return written("wsc.jsonl", "".join(json.dumps(line) + "\n" for line in lines))


def conllu():
    rows = (
        f"# sent_id = s{i}\n1\tAnn{i}\tAnn\tPROPN\t_\t_\t2\tnsubj\t_\t_\n"
        f"2\tsaw\tsee\tVERB\t_\t_\t0\troot\t_\t_\n3\tn{i}\tn\tNOUN\t_\t_\t2\tobj\t_\t_\n\n"
        for i in range(40)
    )
    return written("ewt.conllu", "".join(rows))


def ids():
    known = {f"ewt-train-{i + 1}": {"document_id": "d", "sentence_id": f"s{i}"} for i in range(40)}
    return written("ids.json", json.dumps(known))


def proto_roles():
    said = {}
    for i in range(40):
        name = f"ewt-train-{i + 1}"
        answers = {
            kind: {"value": {"a": value, "b": value}, "confidence": {"a": 1, "b": 1}}
            for kind, value in {"awareness": 4 * (i % 2), "volition": 4 * (i % 3 == 0)}.items()
        }
        pair = f"{name}-semantics-pred-2%%{name}-semantics-arg-1"
        said[name] = {pair: {"protoroles": answers}}
    path = folder() / "protoroles.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("protoroles.json", json.dumps({"metadata": {}, "data": said}))
    return str(path)


PARTS = {
    "files": None,
    "train": lambda: jsonl("train.jsonl", 0, 30),
    "dev": lambda: jsonl("dev.jsonl", 30, 5),
    "test": lambda: jsonl("test.jsonl", 35, 5),
}
ONE = {
    "edges.jsonl": {"files": jsonl},
    "edges.semeval2010": {"files": semeval},
    "edges.wnut17": {"files": wnut},
    "edges.gap": {"files": gap},
    "edges.dpr": {"files": dpr},
    "edges.wsc": {"files": wsc},
    "edges.spr2": {"files": conllu, "annotations": proto_roles, "ids": ids},
}
SHARES = [{"ratios": (0.6, 0.2, 0.2)}]


@conformance(
    "edges",
    params=ONE,
    variants={
        **dict.fromkeys(ONE, SHARES),
        "edges.jsonl": [*SHARES, {"labels": "many"}, PARTS, {**PARTS, "dev": None}],
        "edges.spr2": [*SHARES, {"threshold": 2.0}, {"spans": "heads"}],
    },
)
def test_conformance(component, check):
    check(component)


@conformance(
    "edges",
    only=["edges.jsonl"],
    params={"edges.jsonl": {"files": lambda: jsonl("many.jsonl", many=True)}},
)
def test_conformance_of_many_labels(component, check):
    check(component)
