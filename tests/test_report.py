"""Summaries, panels, LaTeX, SQL and the picture, from records with known numbers."""

import json
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sondage import api, report
from sondage.cli import outcome
from sondage.data import Outcomes
from sondage.errors import ResultsError
from sondage.records import frames
from sondage.records import summary as kept
from sondage.records.folder import RunFolder
from sondage.records.outcomes import pack
from sondage.records.summary import read_summary
from sondage.report import figure, pivot, tex

EVIL = '<script>alert("x")</script> \x1b[31m\x00\uffff & 50% \\input{x} #_^~{}$'


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


def write(path, records, *, baseline="b", labels=("a", "b")):
    folder = RunFolder(path)
    components = [{"kind": "encoder", "label": label, "key": {}} for label in labels]
    components += [{"kind": "probe", "label": "p"}, {"kind": "metric", "label": "m"}]
    folder.open({"declared": {"baseline": baseline}, "components": components, "notes": []})
    folder.append(records)
    return folder


@pytest.fixture
def folder(tmp_path):
    """Encoder ``b`` first in the alphabet's other order; a clear difference on layer 1 only."""
    records = []
    for layer in (0, 1):
        for encoder in ("b", "a"):
            for seed in (0, 1, 2):
                good = 180 if (encoder, layer) == ("a", 1) else 100
                right = np.arange(200) < good + 2 * seed
                records.append(
                    record(
                        len(records), {"accuracy": right.mean(), "extra": 5.0 + seed},
                        right=right, encoder=encoder, layer=layer, seed=seed,
                        warnings={"lost-words": 3 + seed},
                    )
                )  # fmt: skip
    records.append(record(99, {"gap": 0.25}, kind="metric", component="m", other="b"))
    records[-1]["intervals"] = {"gap": [0.2, 0.35]}
    return write(tmp_path / "runs" / "one-00000000", records)


def test_panels_hold_means_and_half_widths(folder):
    probe, metric = report.panels(read_summary(folder))
    assert (probe.title, metric.title) == ("t · p · accuracy", "t · m · gap")
    assert (probe.encoders, metric.encoders) == (["a", "b"], ["a ~ b"])
    assert probe.layers == [0, 1]
    # Accuracies 0.50, 0.51, 0.52: t(2, 0.975) = 4.303, half-width 4.303 × 0.01 / √3 = 0.0248.
    assert probe.cell(0, "b") == "0.510 ± 0.025"
    assert probe.cell(1, "a") == "0.910 ± 0.025*"
    assert metric.cell(0, "a ~ b") == "0.250 ± 0.075"
    assert probe.cell(7, "a") == ""
    assert [note[0] for note in probe.notes] == ["±", "*"]
    assert "jackknife" in metric.notes[0]


def test_every_score_is_shown_on_request_the_first_one_first(folder):
    shown = report.panels(read_summary(folder), every_score=True)
    assert [panel.score for panel in shown] == ["accuracy", "extra", "gap"]
    assert shown[1].cell(0, "a").startswith("6.000 ± 2.484")


def test_large_scores_need_fewer_digits(tmp_path):
    found = read_summary(write(tmp_path / "r", [record(0, {"bits": 123456.7})]))
    assert report.panels(found)[0].cell(0, "a") == "123457"


def test_a_probe_over_all_layers_and_two_views_have_their_rows(tmp_path):
    records = [
        record(0, {"s": 0.5}, layer=None),
        record(1, {"s": 0.6}, view="mean"),
    ]
    shown = report.panels(read_summary(write(tmp_path / "r", records)))
    assert {panel.title for panel in shown} == {"t · p · s · word", "t · p · s · mean"}
    assert {tuple(panel.layers) for panel in shown} == {(None,), (0,)}


def test_summaries_count_warnings_and_failures(folder):
    failed = record(7777, {}, status="failed", error={"message": "no", "slug": "data"})
    folder.append([failed])
    found = read_summary(folder)
    assert found.warnings == [
        {"warning": "lost-words", "least": 3, "most": 5, "cells": 12, "component": "p", "task": "t"}
    ]
    assert [(f["component"], f["error"]["message"]) for f in found.failed] == [("p", "no")]
    assert found.n_cells == 14


def test_summaries_are_kept_and_computed_again_when_results_change(folder, monkeypatch):
    calls = []
    compute = kept._compute
    monkeypatch.setattr(kept, "_compute", lambda f: calls.append(1) or compute(f))
    first = read_summary(folder)
    assert read_summary(folder) == first
    assert len(calls) == 1
    folder.append([record(500, {"accuracy": 1.0}, layer=2)])
    second = read_summary(folder)
    assert len(calls) == 2
    assert len(second.rows) == len(first.rows) + 1
    header = folder.path / "run.json"
    header.write_text(header.read_text("utf-8").replace('"baseline": "b"', '"baseline": null'))
    assert read_summary(folder).baseline == ""
    assert len(calls) == 3


@pytest.mark.parametrize(
    "module",
    [
        "stats/inference",
        "stats/resampling",
        "records/frames",
        "records/summary",
        "a/new/package/module",
    ],
)
def test_summaries_are_computed_again_when_the_code_behind_them_changes(
    folder, monkeypatch, tmp_path, module
):
    core = tmp_path / "sondage"
    real = Path(kept.__file__).parents[1]
    shutil.copytree(real, core, ignore=lambda _, names: {n for n in names if n[-3:] == "pyc"})
    (core / "a" / "new" / "package").mkdir(parents=True)
    (core / "a" / "new" / "package" / "module.py").touch()
    monkeypatch.setattr(kept, "CORE", core)
    read_summary(folder)
    calls = []
    compute = kept._compute
    monkeypatch.setattr(kept, "_compute", lambda f: calls.append(1) or compute(f))
    read_summary(folder)
    assert not calls
    with (core / f"{module}.py").open("a", encoding="utf-8") as file:
        file.write("# edited\n")
    read_summary(folder)
    assert calls == [1]


def test_every_module_behind_a_summary_counts():
    code = (
        "import sys, sondage.records.summary, sondage.records.frames;"
        "print(*(m.__file__ for n, m in sys.modules.items() if n.partition('.')[0] == 'sondage'))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    counted = {str(path) for path in kept.CORE.rglob("*.py")}
    assert len(ran.stdout.split()) > 10
    assert set(ran.stdout.split()) <= counted


def test_code_that_cannot_be_looked_at_is_an_error(folder, monkeypatch, tmp_path):
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "gone.py").symlink_to(tmp_path / "nowhere.py")
    monkeypatch.setattr(kept, "CORE", tmp_path / "core")
    with pytest.raises(FileNotFoundError, match=r"gone\.py"):
        read_summary(folder)


def test_a_run_s_summary_is_the_one_that_is_kept(folder, monkeypatch):
    run = api.Run(folder)
    first = run.summary()
    monkeypatch.setattr(kept, "_compute", lambda _: pytest.fail("computed again"))
    assert run.summary().equals(first)
    assert frames.in_floats(read_summary(folder).frame()).equals(first)


@pytest.mark.parametrize("sentences", [19, 20])
def test_too_few_test_sentences_are_said_where_intervals_are_seen(tmp_path, sentences, capsys):
    right = np.arange(3 * sentences) % 7 > 0
    cell = record(0, {"accuracy": right.mean()}, right=right)
    groups = np.repeat(np.arange(sentences), 3)
    cell["outcomes"] = pack(Outcomes(np.arange(len(right)), groups, right))
    found = read_summary(write(tmp_path / "r", [cell]))
    assert found.frame()["n_groups"].tolist() == [sentences]
    (panel,) = pivot.panels(found)
    rough = [note for note in panel.notes if "rough" in note]
    assert rough == ([] if sentences == 20 else [
        "intervals over test sentences are rough below 20 of them (here 19); so are those of "
        "differences"
    ])  # fmt: skip
    outcome.tables(found)
    assert ("rough below 20" in capsys.readouterr().out) is (sentences < 20)
    assert ("rough below 20" in report.latex(found)) is (sentences < 20)


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"stamp": 1}', "null"])
def test_a_damaged_summary_is_ignored(folder, damage):
    first = read_summary(folder)
    kept = folder.path / "summary.json"
    found = json.loads(kept.read_text("utf-8"))
    kept.write_text(damage, "utf-8")
    assert read_summary(folder) == first
    assert json.loads(kept.read_text("utf-8")) == found
    del found["rows"]
    kept.write_text(json.dumps(found), "utf-8")
    assert read_summary(folder) == first


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_summaries_of_a_folder_that_cannot_be_written(folder):
    folder.path.chmod(0o500)
    try:
        assert read_summary(folder).rows
    finally:
        folder.path.chmod(0o700)


def test_the_kept_summary_equals_the_computed_one(folder):
    read_summary(folder)
    kept, computed = api.Run(folder).summary(), frames.summary(folder)
    pd.testing.assert_frame_equal(kept, computed)
    assert computed["p_holm"].dtype == "float64"
    assert dict(read_summary(folder).frame().dtypes.astype(str)) == frames.SUMMARY


def test_latex_escapes_what_it_prints(tmp_path):
    folder = write(tmp_path / "r", [record(0, {"s": 0.5}, encoder=EVIL, task=EVIL)])
    made = report.latex(read_summary(folder))
    assert "\x1b" not in made
    body = re.sub(r"\\[&%#_{}$]|\\text\w+\{\}", "", made)
    assert "\\input" not in body
    assert "\\textbackslash{}input\\{x\\}" in made
    # Two unescaped ampersands at most: between the header's columns and the row's.
    assert len(re.findall(r"(?<!\\)&", made)) == 2


def test_latex_marks_significant_differences(folder):
    made = report.latex(read_summary(folder))
    assert r"1 & \(0.910 \pm 0.025^{*}\) & \(0.510 \pm 0.025\) \\" in made
    assert made.count(r"\toprule") == 2


def test_escaping_latex_keeps_letters():
    assert tex.escape("naïve β") == "naïve β"


def test_query_counts_a_cell_that_two_runs_hold_once(folder, tmp_path):
    root = folder.path.parent
    same = record(0, {"accuracy": 0.5}, encoder="b")
    retried = record(1, {}, status="failed", error={"message": "x"})
    write(root / "two-00000000", [same, retried])
    counted = report.query(root, "select count(distinct id) n, count(*) m from cells")
    assert counted.iloc[0].tolist() == [13, 25]
    assert report.query(root, "select * from cells where status = 'failed'").empty
    names = report.query(root, "select distinct run from summary order by 1")["run"].tolist()
    assert names == ["one-00000000", "two-00000000"]
    mean = report.query(
        root,
        "select avg(value) v from cells where score = 'accuracy' and encoder = 'a' and layer = 1",
    )
    assert mean["v"][0] == pytest.approx(0.91)


def test_query_without_runs_has_empty_tables_with_their_columns(tmp_path):
    assert report.query(tmp_path, "select count(*) n from cells")["n"][0] == 0
    answer = report.query(tmp_path, "select sum(mean), max(layer), min(task) from summary")
    assert answer.isna().all(axis=None)


@pytest.mark.parametrize(
    "sql",
    [
        "select * from nothing",
        "select * from read_text('/etc/hostname')",
        "copy cells to '{}/out.csv'",
        "set enable_external_access = true; select 1",
        "select * from folders",
    ],
)
def test_query_reaches_nothing_outside(folder, tmp_path, sql):
    with pytest.raises(ResultsError, match="cannot be answered"):
        report.query(folder.path.parent, sql.format(tmp_path))
    assert not (tmp_path / "out.csv").exists()


def test_query_leaves_the_runs_as_they_are(folder):
    before = folder.cells.read_bytes()
    report.query(folder.path.parent, "delete from cells")
    assert folder.cells.read_bytes() == before


def test_the_picture_shows_every_panel_and_escapes_its_text(tmp_path):
    records = [
        record(i, {"s_core": 0.1 * layer + 0.3}, layer=layer, encoder=encoder, task=EVIL)
        for i, (layer, encoder) in enumerate([(0, "a"), (1, "a"), (0, EVIL), (1, EVIL)])
    ]
    records.append(record(50, {"s_core": 0.7}, layer=None, component="mix", task=EVIL))
    folder = write(tmp_path / "r", records, baseline=None)
    api_run = api.Run(folder)
    report.plot(api_run, tmp_path / "a.svg")
    text = (tmp_path / "a.svg").read_text("utf-8")
    assert "<script" not in text
    said = [e.text for e in ET.fromstring(text).iter() if e.tag.endswith("}text") and e.text]
    assert said.count("s core") == 2
    assert {"p", "mix", "layer", "a"} <= set(said)
    report.plot(api_run, tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    report.plot(api_run, tmp_path / "a.pdf", size="column")
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")


def test_the_picture_draws_the_numbers(folder):
    drawn = figure.chart(report.panels(read_summary(folder))).to_dict()
    probe, metric = drawn["vconcat"][0]["hconcat"]
    values = drawn["datasets"][probe["data"]["name"]]
    points = {(p["layer"], p["series"]): p for p in values}
    row = points[1, "a"]
    assert row["mean"] == pytest.approx(0.91)
    assert row["high"] - row["low"] == pytest.approx(2 * 4.302653 * 0.01 / 3**0.5, rel=1e-5)
    assert drawn["datasets"][metric["data"]["name"]][0]["series"] == "a ~ b"


@pytest.mark.parametrize("name", ["a.eps", "a", "a.svg.html"])
def test_other_kinds_of_pictures_are_refused(folder, tmp_path, name):
    with pytest.raises(ResultsError, match="neither"):
        report.plot(api.Run(folder), tmp_path / name)


def test_nothing_to_draw_or_no_place_to_draw_to(folder, tmp_path):
    empty = write(tmp_path / "empty", [record(0, {}, status="failed", error={})])
    with pytest.raises(ResultsError, match="no finished cells"):
        report.plot(api.Run(empty), tmp_path / "a.svg")
    with pytest.raises(ResultsError, match="cannot be written"):
        report.plot(api.Run(folder), tmp_path / "no" / "a.svg")


@pytest.mark.parametrize(("wrong", "told"), [(0, True), (4, True), (16, False), (44, False)])
def test_scores_near_0_or_1_are_said_to_have_too_narrow_intervals(tmp_path, wrong, told):
    right = np.arange(60) >= wrong
    cell = record(0, {"accuracy": right.mean()}, right=right)
    cell["outcomes"] = pack(Outcomes(np.arange(60), np.repeat(np.arange(20), 3), right))
    found = read_summary(write(tmp_path / "r", [cell]))
    (panel,) = pivot.panels(found)
    said = "of scores so near 0 or 1 intervals over so few test sentences may be too narrow"
    assert (said in panel.notes) is told
