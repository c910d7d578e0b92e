"""What notebooks show: small tables with nothing in them that runs, charts, labelled arrays."""

import math
import re

import pytest

import sondage
from sondage import api, report
from sondage.plain import MOST_ROWS, html_table
from sondage.records.runs import Run
from sondage.testing import toys

HOSTILE = "<script>alert(1)</script>\x1b[31m\u202e\"'&"


@pytest.fixture
def run(toy_registry):
    settings = {"seeds": [0, 1], "encoders.a.label": HOSTILE}
    return api.run(f"{toy_registry}:small", settings=settings)


def tags(page):
    return set(re.findall(r"</?([a-z]+)", page))


def test_a_table_escapes_all_and_counts_what_it_leaves_out():
    page = html_table([HOSTILE], [[HOSTILE, None, 1]] * (MOST_ROWS + 2), HOSTILE)
    assert tags(page) == {"p", "table", "thead", "tbody", "tr", "th", "td"}
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert "&lt;script&gt;" in page
    assert page.count("<tr>") == MOST_ROWS + 1
    assert page.endswith("<p>and 2 more</p>")
    assert html_table(["a"], []) == ""


def test_a_run_shows_its_best_layers_and_nothing_that_runs(run):
    page = run._repr_html_()
    assert "script" not in tags(page)
    assert "&lt;script&gt;" in page
    assert f"<p>{run.name}: 24 cells" not in page  # two seeds: 16
    assert f"<p>{run.name}: 16 cells, 0 failed</p>" in page
    best = run.summary()
    best = best[(best["score"] == "accuracy") & (best["encoder"] == "b")]["mean"].max()
    assert f"<td>{best:.3f}" in page


def test_less_is_better_where_the_name_says_so():
    from sondage.records.glance import best_of

    rows = [{"score": "dev_loss", "mean": m} for m in (2.0, 1.0)]
    assert best_of(rows)["mean"] == 1.0
    assert best_of([r | {"score": "accuracy"} for r in rows])["mean"] == 2.0


def test_a_plan_and_what_plugins_offer_are_shown(toy_registry):
    plan = api.make_plan(f"{toy_registry}:small")
    page = plan._repr_html_()
    assert "<p>small: 24 cells</p>" in page
    assert "<td>slow</td><td>t</td><td>a</td><td>4</td><td>3</td><td>12</td>" in page
    assert repr(plan) == "<Plan small: 24 cells>"
    assert "<td>probe</td><td>toy.centroid</td><td>s</td>" in api.Host.discover()._repr_html_()


def test_plugins_that_cannot_be_used_are_shown(make_plugin):
    make_plugin("bad", "raise ValueError('<b>')")
    page = api.Host.discover()._repr_html_()
    assert "<td>bad</td><td>broken</td><td>ValueError: &lt;b&gt;</td>" in page


def test_all_runs_are_shown(run):
    found = sondage.all_runs()
    assert [one.name for one in found] == [run.name]
    page = found._repr_html_()
    assert f"<td>1</td><td>{run.name}</td>" in page
    assert "<td>finished</td><td>16/16</td>" in page
    assert "script" not in tags(page)


def test_labelled_arrays_are_the_frame(run):
    pytest.importorskip("xarray", reason="xarray is not installed")
    cube = run.to_xarray()
    assert dict(cube["slow.accuracy"].sizes) == {
        "task": 1, "view": 1, "encoder": 2, "layer": 4, "seed": 2,
    }  # fmt: skip
    for row in run.frame().itertuples():
        place = {n: getattr(row, n) for n in ("task", "view", "encoder", "layer", "seed")}
        assert cube[f"slow.{row.score}"].sel(place).item() == row.value
    for row in run.summary().itertuples():
        place = {n: getattr(row, n) for n in ("task", "view", "encoder", "layer")}
        for end in ("low", "high"):
            assert cube[f"slow.{row.score}.{end}"].sel(place).item() == getattr(row, end)
    assert cube.attrs["baseline"] == "b"
    assert "sondage" in cube.attrs["versions"]
    assert "<script>" in cube["encoder_label"].sel(encoder="a").item()
    assert "\x1b" not in cube["encoder_label"].sel(encoder="a").item()


def test_what_has_no_layer_steps_and_pairs_have_their_places(monkeypatch):
    pytest.importorskip("xarray", reason="xarray is not installed")
    from sondage.records import cube as module
    from sondage.records.frames import in_floats, summary

    found = toys.findings()
    folder = found._folder()
    rows = summary(folder)
    plain = in_floats(rows).astype(object).where(rows.notna(), None).to_dict("records")

    class Kept:
        pass

    Kept.rows = plain
    monkeypatch.setattr(module, "read_summary", lambda _: Kept)
    cube = Run(folder).to_xarray()
    assert list(cube["encoder"].values) == ["a", "b", "tuned", "tuned@0", "tuned@100"]
    assert list(cube["pair"].values) == ["a ~ b"]
    assert cube["mix.accuracy"].dims == ("task", "view", "encoder", "seed")
    assert cube["gap.gap"].dims == ("task", "view", "pair", "layer", "seed")
    assert list(cube["layer"].values) == [0, 1, 2]
    failed = {"task": "words", "view": "word", "encoder": "b", "layer": 2, "seed": 1}
    assert math.isnan(cube["linear.accuracy"].sel(failed).item())
    for record in folder.records():
        if record["component"] == "mix":
            at = {"task": "words", "view": "word", "encoder": record["encoder"], "seed": 0}
            value = cube["mix.accuracy"].sel(at).item()
            assert value == record["scores"]["accuracy"]


def test_an_empty_run_has_no_variables(tmp_path):
    pytest.importorskip("xarray", reason="xarray is not installed")
    from sondage.records.folder import RunFolder

    folder = RunFolder(tmp_path / "none-00000000")
    folder.open({"schema": 1, "composition": "none", "cells": 0})
    assert list(Run(folder).to_xarray()) == []
    assert Run(folder)._repr_html_() == "<p>none-00000000: 0 cells, 0 failed</p>"


def test_a_chart_is_altairs_and_draws_the_summary(run):
    chart = report.chart(run)
    spec = chart.to_dict()
    values = [p["mean"] for data in spec["datasets"].values() for p in data if "mean" in p]
    summary = run.summary()
    first = summary[summary["score"] == "accuracy"]["mean"]
    assert {round(v, 9) for v in values} >= {round(v, 9) for v in first}
    assert spec["config"]["legend"]["columns"] >= 1
    assert "\x1b" not in str(spec)
