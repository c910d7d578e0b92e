"""Runs to make pages of: a plain one, and one whose every name is hostile."""

from __future__ import annotations

import numpy as np
import pytest

from sondage.data import Outcomes
from sondage.records.folder import RunFolder
from sondage.records.outcomes import pack
from sondage.records.runs import Run

#: What would run, load, turn or colour something if it were not text.
SCRIPT = "</script><script>alert(1)</script>"
IMAGE = "<img src=x onerror=alert(2)>"
ANSI, TURNED, TEX = "\x1b[31mred", "abc\u202edef", r"50% \input{x} & $y$_{z}"

SVG = """<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
 width="80" height="40" viewBox="0 0 80 40" onload="alert(3)">
<script>alert(4)</script><style>@import url(https://far.example/a.css);</style>
<rect width="80" height="40" fill="white"/>
<defs><clipPath id="clip0"><rect width="9" height="9"/></clipPath></defs>
<foreignObject><iframe xmlns="http://www.w3.org/1999/xhtml" src="https://far.example"/></foreignObject>
<image href="https://far.example/a.png"/><a xlink:href="javascript:alert(5)"><text>go</text></a>
<g clip-path="url(#clip0)" style="opacity:.5;background:url(https://far.example/b)">
<path d="M0.123456,1.5L10.000000001,-2" fill="url(https://far.example/c)" stroke="#333333"/>
<text class="x" onclick="alert(6)" font-size="9">a &lt; b</text></g></svg>"""


def record(n, scores, *, right=None, **place):
    base = {
        "id": f"{n:032x}", "kind": "probe", "encoder": "a", "other": "", "step": None,
        "task": "t", "component": "p", "view": "word", "layer": 0, "seed": 0, "status": "done",
        "scores": scores, "warnings": {}, "seconds": 0.1,
    }  # fmt: skip
    if right is not None:
        index = np.arange(len(right))
        base["outcomes"] = pack(Outcomes(index, index, np.asarray(right, bool)))
    return base | place


def write(path, records, *, encoders=("b", "a"), task="t", probe="p", cells=None, **header):
    folder = RunFolder(path)
    parts = [("encoder", e) for e in encoders] + [("task", task), ("probe", probe)]
    components = [{"kind": k, "label": n, "key": {"use": f"toy.{k}"}, "parameters": {}}
                  for k, n in parts]  # fmt: skip
    folder.open(
        {"composition": "one", "declared": {"baseline": encoders[0]}, "components": components,
         "notes": [], "cells": len(records) if cells is None else cells} | header
    )  # fmt: skip
    folder.append(records)
    return Run(folder)


def cells(encoders=("b", "a"), **place):
    """Two layers, three seeds: on layer 1 the second encoder is right 80 of 200 times more."""
    out = []
    for layer in (0, 1):
        for encoder in encoders:
            for seed in (0, 1, 2):
                good = 180 if (encoder, layer) == (encoders[1], 1) else 100
                right = np.arange(200) < good
                out.append(
                    record(len(out), {"accuracy": float(right.mean())}, right=right,
                           encoder=encoder, layer=layer, seed=seed, **place)
                )  # fmt: skip
    return out


def failed(n, message, **place):
    error = {"type": "ValueError", "message": message, "traceback": message}
    return record(n, {}, status="failed", error=error, **place)


@pytest.fixture
def plain(tmp_path):
    records = cells(warnings={"lost-words": 3})
    records[0]["tables"] = {"per_class": {"label": ["x", "y"], "f1": [0.25, 0.5]}}
    return write(tmp_path / "runs" / "one-00000000", records)


@pytest.fixture
def hostile(tmp_path):
    encoders = (f"b{TURNED}", SCRIPT)
    place = {"task": IMAGE, "component": f"p{ANSI}{TEX}"}
    records = cells(encoders, **place, warnings={f"w{SCRIPT}": 1})
    records[0]["tables"] = {SCRIPT: {IMAGE: [SCRIPT, "\u2028</script>"], "n": [1, 2]}}
    records.append(failed(99, f"{SCRIPT}{IMAGE}{ANSI}", encoder=SCRIPT, **place))
    run = write(
        tmp_path / "runs" / "one-00000001", records, encoders=encoders, task=IMAGE,
        probe=place["component"], composition=SCRIPT,
        declared={"baseline": encoders[0], "summary": IMAGE, "paper": TEX},
        versions={SCRIPT: IMAGE}, notes=[SCRIPT],
    )  # fmt: skip
    report = run.folder.path / "reports" / "drawn<b>"
    report.mkdir(parents=True)
    for name in ("one", "two"):
        (report / f"{name}.svg").write_text(SVG, "utf-8")
    (report / "bad.svg").write_text("<svg", "utf-8")
    (report / "numbers.csv").write_text(f'name,value\n"{IMAGE}",0.123456789\n', "utf-8")
    (report / "README.md").write_text(
        f"# R\n\n- {SCRIPT} [two.svg](two.svg)\n- first: [one.svg](one.svg)\n", "utf-8"
    )
    return run
