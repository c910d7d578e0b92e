"""What all reports draw with: colours, axes, panels with intervals, sizes, figures and tables."""

import itertools
import json
import re
import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from sondage import report
from sondage.errors import ResultsError
from sondage.report import axes, figure, marks, page, palette, pdf, theme


def svg_size(text):
    found = re.search(r'<svg[^>]* width="([\d.]+)(pt|)" height="([\d.]+)', text)
    return float(found[1]), found[2], float(found[3])


def curve(encoders=("a", "b"), layers=(0, 1, 2), *, low=0.1, high=0.1):
    rows = [(e, n, 0.5 + 0.1 * i + 0.02 * n) for i, e in enumerate(encoders) for n in layers]
    data = pd.DataFrame(rows, columns=["encoder", "layer", "accuracy"])
    return data.assign(low=data["accuracy"] - low, high=data["accuracy"] + high)


def panel(data, **options):
    y = report.score_axis(data["accuracy"], "accuracy", ends=[*data["low"], *data["high"]])
    x, by = report.layer_axis(data["layer"]), report.series("encoder", data["encoder"])
    return report.lines(data, x, y, by, **options)


def drawn_marks(chart):
    """Return the kind of each mark with the rows that it draws."""
    spec = chart.to_dict()
    out = {}
    for layer in spec["layer"]:
        name = layer.get("data", spec.get("data", {})).get("name")
        out[layer["mark"]["type"]] = spec["datasets"][name]
    return out


# Colours


@pytest.mark.parametrize("n", [0, 1, 7, 8, 20, 60])
def test_no_two_colours_are_alike(n):
    found = palette.colours(n)
    assert len(found) == len(set(found)) == n
    assert found[:7] == list(palette.COLOURS)[:n]
    points = np.array([palette.lab(c) for c in found]).reshape(n, 3)
    apart = np.linalg.norm(points[:, None] - points[None], axis=-1) + 9 * np.eye(n)
    assert apart.min(initial=9) > 0.03
    assert points[:, 0].max(initial=0) < 0.8, "too light for white paper"


def test_more_series_than_colours_are_refused_not_repeated():
    with pytest.raises(ResultsError, match="10000 lines in one picture"):
        palette.colours(10_000)


@pytest.mark.parametrize("colour", [*palette.COLOURS, palette.GREY])
@pytest.mark.parametrize("n", [1, 2, 5, 40])
def test_shades_go_from_light_to_dark(n, colour):
    lightness = [palette.lab(c)[0] for c in palette.shades(n, colour)]
    assert len(lightness) == n
    assert all(a > b for a, b in itertools.pairwise(lightness))


def test_the_steps_of_an_encoder_are_shades_and_other_encoders_are_not():
    names = [("a", None), *(("b", step) for step in (100, 0, 10)), ("c", 5), ("b", None)]
    found = dict(zip(names, palette.series_colours(names), strict=True))
    assert len(set(found.values())) == len(names)
    assert [found["a", None], found["c", 5], found["b", None]] == [
        palette.COLOURS[i] for i in (0, 2, 3)
    ]
    light = [palette.lab(found["b", step])[0] for step in (0, 10, 100)]
    assert light == sorted(light, reverse=True)


def test_a_known_colour_in_oklab():
    # White, and red as the author of OKLab gives it.
    assert palette.lab("#FFFFFF") == pytest.approx((1, 0, 0), abs=1e-4)
    assert palette.lab("#FF0000") == pytest.approx((0.6280, 0.2249, 0.1258), abs=1e-3)


# Axes


@pytest.mark.parametrize(
    ("low", "high"), [(0.61, 0.93), (0.5, 0.5), (-3.2, 0.1), (1e5, 9e5), (0.0, 0.0), (1e-7, 2e-7)]
)
def test_axis_marks_enclose_the_numbers(low, high):
    steps = axes.round_marks(low, high)
    slack = 1e-9 * max(abs(low), abs(high))
    assert steps[0] <= low + slack
    assert steps[-1] >= high - slack
    assert 2 <= len(steps) <= 8
    gaps = np.diff(steps)
    np.testing.assert_allclose(gaps, gaps[0], rtol=1e-6)


@pytest.mark.parametrize(
    ("score", "values", "ends", "wanted"),
    [
        ("accuracy", [0.98, 0.99], [0.93, 1.04], (0.92, 1.0)),
        ("micro_f1", [0.02, 0.01], [-0.05, 0.08], (0.0, 0.08)),
        ("selectivity", [0.9, 0.95], [1.3, 0.5], (0.4, 1.0)),
        ("dev_loss", [0.9, 1.0], [0.7, 1.3], (0.6, 1.4)),
        ("gap", [0.9, 1.0], [0.7, 1.3], (0.6, 1.4)),
        ("accuracy", [1.0, 1.0], [], (0.5, 1.0)),
        ("accuracy", [0.0, 0.0], [], (0.0, 0.5)),
        # In percent, it is not the score that ends at 1.
        ("accuracy", [93.0, 97.0], [], (93.0, 97.0)),
        ("accuracy", [], [], (0.0, 1.0)),
    ],
)
def test_the_axis_of_a_score_ends_at_its_bounds(score, values, ends, wanted):
    found = axes.score_axis(values, "mean", score=score, ends=[*ends, None, float("nan"), pd.NA])
    assert found.ends == pytest.approx(wanted)
    assert (found.marks[0], found.marks[-1]) == found.ends


@pytest.mark.parametrize("score", ["control_accuracy", "uuas", "las", "dev_macro_f1", "cka"])
def test_scores_are_known_by_their_last_word(score):
    assert axes.bounds_of(score) == (0.0, 1.0)


def test_a_standard_deviation_of_a_score_is_not_the_score():
    assert axes.bounds_of("accuracy_std") == (0.0, None)
    assert axes.bounds_of("accuracy_gap") == (None, None)


def test_layers_and_steps_are_marked_at_whole_numbers():
    assert axes.layer_axis(range(7)).marks == (0, 1, 2, 3, 4, 5, 6)
    assert axes.layer_axis(range(25)).marks[:3] == (0, 2, 4)
    assert len(axes.layer_axis(range(97)).marks) <= 13
    assert axes.layer_axis([-1, 0, 2]).marks == (-1, 0, 1, 2)
    assert axes.layer_axis([6]).ends == (6, 7)
    assert axes.layer_axis([]).marks == (0,)
    assert axes.step_axis([0, 268]).marks == (0, 100, 200)
    assert axes.step_axis([0, 3, 1_000_000]).ends == (0, 1_000_000)


def test_counts_far_apart_are_on_a_logarithmic_axis():
    far = axes.count_axis([17, 400], "clusters")
    assert far.log
    assert far.ends == (10, 500)
    assert far.marks == (10, 20, 50, 100, 200, 500)
    assert set(axes.count_axis([3, 70_000], "n").marks) == {10, 100, 1000, 10_000, 100_000}
    tens = axes.count_axis([31, 79], "clusters")
    line = report.lines(
        curve().assign(clusters=[31, 79, 40] * 2), axes.layer_axis([0, 2]), tens,
        report.series("encoder", ["a", "b"]),
    )  # fmt: skip
    text = page.drawn([[line]], across=1, size=theme.Size())
    assert ">80<" in text
    assert "e+" not in text
    near = axes.count_axis([4, 5], "clusters")
    assert not near.log
    assert not axes.count_axis([0, 50], "n").log


def test_marks_keep_off_the_labels():
    x, y = axes.layer_axis([0, 6]), axes.score_axis([0.5], "accuracy")
    across, up = x.x().to_dict(), y.y().to_dict()
    assert across["scale"]["padding"] > axes.ROOM >= 7, "half a mark"
    assert across["axis"]["offset"] == axes.ROOM
    assert not up["axis"]["domain"]


# Panels


def test_intervals_are_bands_where_they_have_neighbours_and_bars_where_not():
    data = curve()
    data.loc[(data["encoder"] == "b") & (data["layer"] == 1), ["low", "high"]] = None
    found = drawn_marks(panel(data))
    assert set(found) == {"area", "line", "point", "rule"}
    assert [(r["encoder"], r["layer"]) for r in found["rule"]] == [("b", 0), ("b", 2)]
    assert len(found["point"]) == 6
    assert set(drawn_marks(panel(curve(layers=[3])))) == {"line", "point", "rule"}
    without = curve().drop(columns="low").assign(low=np.nan)
    assert set(drawn_marks(panel(without))) == {"line", "point"}


def test_intervals_are_cut_at_the_bounds_and_the_data_is_not():
    data = curve(high=0.6)
    found = drawn_marks(panel(data))["area"]
    assert max(r["high"] for r in found) == 1.0
    assert data["high"].max() > 1


def test_what_comes_later_in_the_legend_is_drawn_on_top():
    data = curve(["b", "a"], [1, 0])
    points = drawn_marks(panel(data))["point"]
    assert [(p["encoder"], p["layer"]) for p in points] == [("b", 0), ("b", 1), ("a", 0), ("a", 1)]


def test_dots_show_every_interval_and_take_no_room_for_what_is_not_there():
    data = curve(["a", "c"], [6]).assign(layer="layer 6")
    by = report.series("encoder", ["a", "b", "c"])
    y = report.score_axis(data["accuracy"], "accuracy")
    spec = report.dots(data, "layer", y, by).to_dict()
    rule, point = (layer["encoding"] for layer in spec["layer"])
    assert rule["xOffset"]["sort"] == point["xOffset"]["sort"] == ["a", "c"]
    assert point["color"]["scale"]["domain"] == ["a", "b", "c"]
    sideways = report.dots(data, "layer", y, by, sideways=True).to_dict()
    assert sideways["layer"][0]["encoding"]["x2"] == {"field": "high"}


def test_a_legend_has_each_name_in_one_look():
    by = report.series("encoder", ["b", "a", "b", "evil\x1b[31m"], first=palette.GREY)
    assert by.names == ("b", "a", "evil\\x1b[31m")
    assert by.colours == (palette.GREY, *palette.COLOURS[:2])
    assert len(set(report.series("layer", range(9), ordered=True).colours)) == 9


def test_trainings_of_several_seeds_have_one_name():
    names = ["tuned#0", "tuned#1", "base"]
    data = pd.DataFrame({"encoder": names, "other": ["", "a#3@last", "a@5"], "v": [1.0, 3.0, 5.0]})
    found = report.by_family(data)
    assert found["encoder"].tolist() == ["tuned", "tuned", "base"]
    assert found["other"].tolist() == ["", "a@last", "a@5"]
    assert found["encoder_seed"].tolist() == [0, 1, pd.NA]
    assert found["other_seed"].fillna(-1).tolist() == [-1, 3, -1]
    assert data["encoder"].tolist() == names
    means = report.over_seeds(found, ["encoder"], "v")
    assert means[["encoder", "v", "n_seeds"]].values.tolist() == [
        ["tuned", 2.0, 2],
        ["base", 5.0, 1],
    ]
    assert list(report.by_family(data[["v"]])) == ["v"]


def test_values_over_seeds_have_the_interval_of_student():
    data = pd.DataFrame({"k": list("aaab"), "v": [0.1, 0.2, 0.3, 0.5]})
    found = report.over_seeds(data, ["k"], "v")
    assert found["v"].tolist() == pytest.approx([0.2, 0.5])
    half = 4.302653 * 0.1 / 3**0.5
    assert found.loc[0, "high"] - 0.2 == pytest.approx(half, rel=1e-5)
    assert np.isnan(found.loc[1, ["low", "high"]].astype(float)).all()
    assert found["n_seeds"].tolist() == [3, 1]
    assert found.columns.tolist() == ["k", "v", "low", "high", "n_seeds"]


def test_intervals_over_seeds_are_cut_at_what_a_score_can_be():
    # Two values 0.02 apart reach 12.7 times 0.01 either way.
    data = pd.DataFrame({"k": list("aabbcc"), "micro_f1": [0.95, 0.97, 0.02, 0.04, 0.5, 0.52]})
    found = report.over_seeds(data, ["k"], "micro_f1").set_index("k")
    assert found.loc["a", ["low", "high"]].tolist() == pytest.approx([0.96 - 0.127062, 1.0])
    assert found.loc["b", ["low", "high"]].tolist() == pytest.approx([0.0, 0.03 + 0.127062])
    assert found.loc["c", "high"] == pytest.approx(0.51 + 0.127062)
    # The scores may be named by a column, or the bounds given.
    named = data.rename(columns={"micro_f1": "v"}).assign(score=["dev_matthews"] * 2 + ["x"] * 4)
    found = report.over_seeds(named, ["k", "score"], "v", score="score").set_index("k")
    assert found.loc["a", "high"] == 1.0
    assert found.loc["b", "low"] == pytest.approx(0.03 - 0.127062)
    found = report.over_seeds(named, ["k"], "v", bounds=(0.0, None)).set_index("k")
    assert found.loc["a", "high"] == pytest.approx(0.96 + 0.127062)
    assert found.loc["b", "low"] == 0.0
    # Values beyond them are of another score.
    found = report.over_seeds(named, ["k"], "v", bounds=(0.03, 0.6)).set_index("k")
    assert found.loc["a", "high"] > 1
    assert found.loc["b", "low"] < 0
    assert found.loc["c", "high"] == 0.6


# The run's own picture


def table(layer, encoder, mean, *, step=None, low=None, high=None):
    return {"layer": layer, "encoder": encoder, "step": step, "other": "", "mean": mean,
            "low": low, "high": high, "interval": "", "p_holm": None, "n_groups": None}  # fmt: skip


def shown(*rows):
    from sondage.report.pivot import Panel, column_of

    by = {(r["layer"], column_of(r)): r for r in rows}
    names = list(dict.fromkeys(n for _, n in by))
    layers = sorted({r["layer"] for r in rows}, key=str)
    return Panel("probe", "t", "p", "word", "accuracy", names, layers, by, False)


@pytest.mark.parametrize("layer", [None, 6])
def test_a_panel_of_one_layer_or_of_all_shows_its_intervals(layer):
    rows = [table(layer, e, 0.6, low=0.5, high=0.7) for e in "ab"]
    spec = figure.chart([shown(*rows)]).to_dict()["vconcat"][0]["hconcat"][0]
    assert [part["mark"]["type"] for part in spec["layer"]] == ["rule", "point"]
    assert spec["layer"][0]["encoding"]["y2"] == {"field": "high"}


def test_a_score_of_all_layers_beside_single_ones_has_its_interval_too():
    rows = [table(n, "a", 0.6, low=0.5, high=0.7) for n in (0, 1)]
    rows.append(table(None, "a", 0.8, low=0.75, high=0.85))
    spec = figure.chart([shown(*rows)]).to_dict()["vconcat"][0]["hconcat"][0]
    kinds = [part["mark"]["type"] for part in spec["layer"]]
    assert kinds == ["rect", "rule", "area", "line", "point"]


def test_the_steps_of_an_encoder_have_shades_in_the_picture():
    rows = [table(n, "a", 0.6, step=s) for n in (0, 1) for s in (0, 10, 20)]
    found = figure._series([shown(*rows, *(table(n, "b", 0.5) for n in (0, 1)))])
    assert found.names == ("a @0", "a @10", "a @20", "b")
    assert list(found.colours[:3]) == palette.shades(3)
    assert len(set(found.shapes[:3])) == 1
    assert found.shapes[3] != found.shapes[0]


# Sizes


@pytest.mark.parametrize(("size", "points"), [("column", 219), ("page", 455)])
def test_a_figure_is_as_wide_as_the_paper_asks(tmp_path, size, points):
    data = curve(["an encoder with a rather long name", *"bcdefghij"])
    panels = [panel(data, title=f"a task with a long name, number {i}") for i in range(4)]
    files = report.save_figure(
        panels, data, tmp_path / "a", title="A long title over all of the panels below",
        note="a note " * 30, size=size, pdf=True,
    )  # fmt: skip
    assert [f.name for f in files] == ["a.svg", "a.csv", "a.pdf"]
    text = files[0].read_text("utf-8")
    wide, unit, high = svg_size(text)
    assert unit == "pt"
    assert wide == pytest.approx(points, abs=1)
    box = re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", files[2].read_bytes())
    assert [float(n) for n in box.groups()] == pytest.approx([wide, high], abs=0.1)
    # Axis titles are of the size that was asked for: 12 of so many units in 8 points.
    units = float(re.search(r'viewBox="0 0 ([\d.]+)', text)[1])
    assert 12 * wide / units == pytest.approx(8, rel=1e-3)


def test_a_square_panel_stays_one_and_is_never_enlarged():
    spec = {"width": 200, "height": 200}
    assert not page._resize(spec, 100, 200, 200)
    assert (spec["width"], spec["height"]) == (100, 100)
    assert page._resize(spec, 500, 200, 200)
    assert (spec["width"], spec["height"]) == (200, 200)
    line = {}
    page._resize(line, 500, 250, 190)
    assert (line["width"], line["height"]) == (500, 190)
    page._resize(line, 125, 250, 190)
    assert (line["width"], line["height"]) == (125, 95)


def test_another_size_than_the_two_can_be_made():
    own = theme.Size(160, 10)
    assert theme.size_of(own) is own
    text = page.drawn([[panel(curve())]], across=1, size=own)
    assert svg_size(text)[:2] == (pytest.approx(160, abs=1), "pt")


# Files


def test_a_figure_is_the_same_every_time_and_its_data_lies_beside_it(tmp_path):
    data = curve(["=1+1", "b"])
    kept = []
    for name in ("a", "b"):
        files = report.save_figure([panel(data)], data, tmp_path / name, pdf=True)
        kept.append([f.read_bytes() for f in files])
    assert kept[0] == kept[1]
    ElementTree.fromstring(kept[0][0])
    assert kept[0][1].decode().splitlines()[1].startswith("'=1+1,0")


def test_a_pdf_is_put_in_order_and_stays_whole(tmp_path):
    import vl_convert

    made = vl_convert.svg_to_pdf(page.drawn([[panel(curve())]], across=1, size=theme.Size()))
    found = pdf.ordered(made)
    assert len(found) == len(made)
    assert pdf.ordered(found) == found
    table = int(re.search(rb"startxref\n(\d+)", found)[1])
    places = [int(n) for n in re.findall(rb"(\d{10}) 00000 n", found[table:])]
    for number, at in enumerate(places, start=1):
        assert found[at:].startswith(b"%d 0 obj" % number)
    assert b"/Type /Catalog" in found[places[0] : places[1]]
    for text in (b"", b"%PDF-1.7", made[:-40], b"startxref\n3\n%%EOF"):
        assert pdf.ordered(text) == text


def test_a_table_is_whole_as_csv_and_readable_as_latex(tmp_path):
    data = pd.DataFrame({
        "task": ["a_b", "=c"], "mean": [0.12345, np.nan], "n": [3, 4], "more": [1.5, 2.0],
    })  # fmt: skip
    shown = {"task": "the task", "mean": "F1 & co", "n": "items", "absent": "no"}
    files = report.save_table(data, tmp_path / "t", caption="50% of it", shown=shown, digits=2)
    assert [f.name for f in files] == ["t.csv", "t.tex"]
    assert files[0].read_text().splitlines()[0] == "task,mean,n,more"
    lines = files[1].read_text().splitlines()
    assert lines[2] == r"\caption{50\% of it}"
    assert lines[3] == r"\begin{tabular}{lrr}"
    assert lines[5] == r"the task & F1 \& co & items \\"
    assert lines[7:9] == [r"a\_b & \(0.12\) & 3 \\", r"=c & -- & 4 \\"]
    text = pd.DataFrame({"task": ["x"], "score": ["0.1 [0.0, 0.2]"]})
    report.save_table(data, tmp_path / "t", caption="c", shown=text)
    assert r"\begin{tabular}{lr}" in files[1].read_text()
    assert r"x & 0.1 [0.0, 0.2] \\" in files[1].read_text()


def test_a_paper_lists_what_is_there_and_what_is_not(tmp_path):
    paper = report.Paper(tmp_path, "column", pdf=True)
    parts = {
        "figure 1": (lambda: paper.figure("one", [panel(curve())], curve()), "a probe"),
        "table 2": (list, "a metric"),
    }
    files = paper.write("T", parts, said=["Said."], missing=["gone: all"])
    assert [f.name for f in files] == ["README.md", "one.svg", "one.csv", "one.pdf"]
    assert (tmp_path / "README.md").read_text() == (
        "# T\n\nSaid.\n\n- figure 1: [one.svg](one.svg), [one.csv](one.csv), [one.pdf](one.pdf)\n"
        "\n## Not in this run\n\n- gone: all\n- table 2: needs a metric\n"
    )


@pytest.mark.parametrize("name", ["a.eps", "a"])
def test_other_kinds_of_files_are_refused(tmp_path, name):
    with pytest.raises(ResultsError, match=r"none of \.svg, \.pdf and \.png"):
        page.write_picture("<svg/>", tmp_path / name)


def test_names_of_files_are_harmless():
    assert report.file_name("figure", "a/b c", "x@5") == "figure-a-b-c-x@5"
    assert report.file_name("../..") == "figure"


def test_the_package_shows_its_names_and_imports_nothing_heavy():
    code = (
        "import json, sys, sondage.report as r; names = dir(r);"
        "r.colours, r.Size, r.Series, r.save_figure, r.score_axis;"
        "print(json.dumps([names, sorted({'pandas', 'altair', 'vl_convert'} & set(sys.modules))]))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    names, heavy = json.loads(out.stdout)
    assert heavy == []
    assert set(report.__all__) <= set(names)
    for name in report.__all__:
        assert getattr(report, name) is not None
    assert marks.ENDS == ("low", "high")


def test_labels_of_encoders_have_their_seeds_and_steps_behind_them():
    frame = pd.DataFrame({
        "encoder": ["tuned#0", "tuned#1", "base", "bare"], "other": ["", "base", "", ""],
        "encoder_label": ["Tuned on x#0", "Tuned on x#1", "tuned", "bare"],
        "other_label": ["", "tuned", "", ""], "task": ["t"] * 4, "task_label": ["A\ntask"] * 4,
    })  # fmt: skip
    labels = report.Labels(frame)
    given = ["tuned", "tuned#1", "tuned#0@last", "base@5", "bare", "unknown"]
    shown = ["Tuned on x", "Tuned on x#1", "Tuned on x#0@last", "tuned@5", "bare", "unknown"]
    assert [labels.of("encoder", name) for name in given] == shown
    assert [labels.name("encoder", label) for label in shown] == given
    assert labels.of("task", "t") == "A task"
    table = pd.DataFrame({"encoder": ["base", "tuned"], "on": ["t", None], "step": [1, 2]})
    found = labels.printed(table, on="task")
    # One label is another's name: nothing is renamed twice.
    assert found["encoder"].tolist() == ["tuned", "Tuned on x"]
    assert found["on"].tolist()[:1] == ["A task"]
    assert found["on"].isna().tolist() == [False, True]
    assert table["encoder"].tolist() == ["base", "tuned"]
    bare = report.Labels(frame[["encoder", "task"]])
    assert (bare.of("encoder", "base"), bare.of("task", "t")) == ("base", "t")
