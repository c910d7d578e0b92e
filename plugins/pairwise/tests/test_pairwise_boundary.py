"""`pairwise.boundary`: by hand, against a loop, and in a run from registry to report."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pointing_toy import ToyPointing

import sondage
from sondage.contracts import Pointing
from sondage.data import PositionLogits, Split
from sondage.errors import DataError, EncodingError
from sondage.testing import conformance, toys
from sondage.testing.asking import AskingProblem
from sondage.testing.questions import question_data
from sondage_pairwise import Boundary, placed

EVERY = np.arange(3)
ROWS = [
    # Subwords ad, fb, ge, c: by the first letter a f g c, by the last d b e c.
    ("which ?", "adfbgec", [(2, "fbge")]),
    ("which ?", "adfbgec", [(0, "ad"), (4, "ge")]),
    ("which ?", "adfbgec", []),
]


def asked(rows, encoder=None, test=EVERY):
    data = question_data(rows, Split(test[:0], test[:0], test))
    encoder = ToyPointing() if encoder is None else encoder
    return AskingProblem(data, encoder=encoder, split=True, seeds=(0,))


def test_two_questions_by_hand():
    ((layer, seed, result),) = Boundary().run_layers(asked(ROWS))
    assert (layer, seed) == (None, 0)
    # First: f beats a and c, not g; e beats all of d, b and c. Second: the other answer's ends are
    # no positions, so that a is against f and c, and d against b and c.
    assert result.outcomes.values == pytest.approx([(2 / 3 + 1) / 2, (0 + 1) / 2])
    assert result.scores == pytest.approx({
        "boundary_auc": (5 / 6 + 1 / 2) / 2, "start_auc": 1 / 3, "end_auc": 1.0,
        "start_found": 0.0, "end_found": 1.0,
    })  # fmt: skip
    assert result.warnings == {"questions-without-answer": 1}
    table = result.tables["pointed"]
    assert (table["end"], table["questions"], table["contexts"]) == (
        ["both", "start", "end"], [2, 2, 2], [1, 1, 1],
    )  # fmt: skip


@given(
    text=st.text("abc", min_size=1, max_size=9),
    cuts=st.sets(st.integers(1, 8)),
    spans=st.lists(st.tuples(st.integers(0, 8), st.integers(1, 9)), min_size=1, max_size=3),
    gap=st.integers(0, 9),
    draw=st.randoms(use_true_random=False),
)
@settings(deadline=None, max_examples=150)
def test_places_are_those_of_a_loop(text, cuts, spans, gap, draw):
    golds = [(a, text[a:b]) for a, b in spans if a < b <= len(text)]
    if not golds:
        return
    data = question_data([("which ?", text, golds)])
    ends = sorted({0, len(text)} | {c for c in cuts if c < len(text)})
    # One subword may be missing, as where a tokenizer drops a character.
    pieces = [p for k, p in enumerate(pairwise(ends)) if k != gap]
    values = np.array([[draw.randint(0, 3) for _ in pieces] for _ in "ab"], np.float32)
    logits = PositionLogits(
        np.zeros(1, np.int64), np.array([0, len(pieces)]),
        np.array(pieces, np.int64).reshape(-1, 2), *values, np.zeros(1),
    )  # fmt: skip
    for side, row in (("start", values[0]), ("end", values[1])):
        places = [a if side == "start" else a + len(t) - 1 for a, t in golds]
        at = [next((k for k, (a, b) in enumerate(pieces) if a <= c < b), None) for c in places]
        rest = [v for k, v in enumerate(row) if k not in at]
        found = placed(logits, data.target, side)
        if at[0] is None or not rest:
            assert np.isnan(found.share[0])
            continue
        won = [1.0 if v < row[at[0]] else 0.5 * (v == row[at[0]]) for v in rest]
        assert found.share[0] == pytest.approx(np.mean(won))
        assert found.found[0] == all(w == 1 for w in won)


def test_what_it_cannot_read_is_said():
    with pytest.raises(EncodingError, match="points at answers"):
        list(Boundary().run_layers(asked(ROWS, toys.ToyEncoder())))
    with pytest.raises(DataError, match="no question of the test part has an answer"):
        list(Boundary().run_layers(asked(ROWS, test=np.array([2]))))
    with pytest.raises(DataError, match="none of 1 answers has a place"):
        list(Boundary().run_layers(asked([("which ?", "ad", [(0, "ad")])], test=np.array([0]))))
    words = toys.ToyTask().load()
    problem = AskingProblem(words, encoder=ToyPointing(), split=True, seeds=(0,))
    with pytest.raises(DataError, match="wants answers"):
        list(Boundary().run_layers(problem))


@conformance("pairwise", only=["pairwise.boundary"], encoders={"pairwise.boundary": ToyPointing})
def test_conformance(component, check):
    check(component)


PLUGIN = """
import sondage
from pointing_toy import ToyPointing
from sondage.testing.questions import ToyQuestions

class Asked(ToyQuestions):
    def __init__(self):
        super().__init__()

@sondage.hookimpl
def sondage_tasks():
    return [sondage.TaskSpec(name="toypoint.asked", factory=Asked, summary="s", reference="r")]

@sondage.hookimpl
def sondage_encoders():
    return [sondage.EncoderSpec(name="toypoint.toy", factory=ToyPointing, summary="s",
                                reference="r")]
"""

REGISTRY = """
version: 1
encoders:
  tuned: {use: toypoint.toy}
tasks:
  ends: {use: toypoint.asked}
compositions:
  pointed:
    encoders: [tuned]
    tasks: [ends]
    probes: [pairwise.boundary]
    reports: [pairwise.cai2020]
    seeds: [0]
"""


def test_a_run_has_its_figure_and_table(tmp_path, monkeypatch):
    site = tmp_path / "site"
    info = site / "sondage_toypoint-0.1.dist-info"
    info.mkdir(parents=True)
    (site / "toypoint.py").write_text(PLUGIN)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: sondage-toypoint\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text("[sondage]\ntoypoint = toypoint\n")
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("SONDAGE_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("SONDAGE_RUNS", str(tmp_path / "runs"))
    path = tmp_path / "registry.yaml"
    path.write_text(REGISTRY)
    run = sondage.run(f"{path}:pointed")
    assert run.failed == []
    (row,) = run.summary().query("score == 'boundary_auc'").itertuples()
    assert row.low <= row.mean <= row.high
    folder = next((tmp_path / "runs").rglob("boundary-logits.csv")).parent
    table = pd.read_csv(folder / "boundary-logits.csv")
    assert table["end"].tolist() == ["both", "start", "end"]
    assert table["value"][0] == pytest.approx(row.mean)
    assert (folder / "boundary-logits.svg").exists()
    assert isinstance(ToyPointing(), Pointing)
