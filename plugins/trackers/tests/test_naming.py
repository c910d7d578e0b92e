"""What runs and cells are called, by hand; any name is made to fit."""

import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from sondage.contracts import ToldRun
from sondage_trackers.naming import fitting, parameters, score_name, scores, tags

RECORD = {
    "status": "done", "encoder": "minilm", "encoder_label": "MiniLM", "step": None, "other": "",
    "other_label": "", "view": "word", "seed": 0, "task_label": "upos", "component_label": "linear",
    "layer": 3, "scores": {"accuracy": 0.5, "loss": 2},
}  # fmt: skip


def test_scores_by_hand():
    assert score_name(RECORD, "accuracy") == "upos/linear/accuracy/MiniLM word seed 0"
    pair = RECORD | {"other": "b", "other_label": "B", "step": 500, "seed": 1, "layer": None}
    assert score_name(pair, "cka") == "upos/linear/cka/MiniLM step 500 vs B word seed 1"
    assert score_name(RECORD, "a/b").startswith("upos/linear/a_b-")
    failed = RECORD | {"status": "failed"}
    assert scores([RECORD, failed, pair])[:2] == [
        ("upos/linear/accuracy/MiniLM word seed 0", 3, 0.5),
        ("upos/linear/loss/MiniLM word seed 0", 3, 2.0),
    ]
    assert scores([pair])[0][1] == 0


@given(st.text(), st.text())
def test_any_name_fits_and_names_stay_apart(a, b):
    for name in (a, b):
        assert re.fullmatch(r"[A-Za-z0-9_\-. ]{1,40}", fitting(name, 40))
        assert fitting(name, 40).strip(". ")
    assert (fitting(a, 40) == fitting(b, 40)) == (a == b)


def test_parameters_and_tags_by_hand():
    run = ToldRun(
        id="0" * 32, name="x-00000000", composition="x", folder=Path("here"), n_cells=2,
        command="sondage run x", commit="abc+", versions={"sondage": "0.1.0"},
        components=(
            {"kind": "encoder", "label": "m", "shown": "M", "parameters": {"model": "a/b", "n": 1},
             "origins": [{"model": "a/b", "revision": "main"}]},
            {"kind": "probe", "label": "linear", "parameters": {"l2": None}},
        ),
    )  # fmt: skip
    assert parameters(run) == {
        "composition": "x", "cells": "2", "encoder.m.label": "M", "encoder.m.model": "a/b",
        "encoder.m.n": "1", "encoder.m.origin.model": "a/b", "encoder.m.origin.revision": "main",
        "probe.linear.l2": "null",
    }  # fmt: skip
    assert tags(run) == {
        "sondage.run": "0" * 32, "sondage.name": "x-00000000", "sondage.command": "sondage run x",
        "sondage.commit": "abc+", "sondage.folder": "here", "sondage.version.sondage": "0.1.0",
    }  # fmt: skip
