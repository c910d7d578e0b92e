"""What a run's picture is read against, by hand; differences and maps; widths in millimetres."""

import re
import zlib
from dataclasses import replace

import pytest

from sondage import report
from sondage.errors import ResultsError
from sondage.records.summary import Summary
from sondage.report import figure, guides, kinds
from sondage.report.axes import score_axis
from sondage.report.pivot import panels
from sondage.report.theme import size_of

PLACE = {
    "kind": "probe", "task": "t", "component": "linear", "view": "word", "score": "accuracy",
    "encoder": "a", "other": "", "step": None, "low": None, "high": None, "interval": "",
    "n_seeds": 1, "n_groups": None, "p_holm": None, "difference": None, "encoder_label": "a",
    "other_label": "", "task_label": "t", "component_label": "linear", "score_label": "accuracy",
}  # fmt: skip
HEADER = {
    "components": [
        {"kind": "probe", "label": "linear", "key": {"use": "classifiers.linear"}},
        {"kind": "probe", "label": "most", "key": {"use": "classifiers.majority"}},
    ]
}


def row(layer, mean, **more):
    found = PLACE | {"layer": layer, "mean": mean} | more
    return found | {f"{n}_label": found[n] for n in ("encoder", "component", "score")}


ROWS = [
    row(0, 0.5), row(1, 0.9), row(2, 0.8), row(0, 0.4, encoder="b"), row(1, 0.6, encoder="b"),
    row(0, 0.45, score="control_accuracy"), row(1, 0.42, score="control_accuracy"),
    *(row(n, 0.3, component="most", encoder=e) for n in (0, 1) for e in "ab"),
]  # fmt: skip


def summary(rows, header=HEADER):
    primary = [("linear", "accuracy"), ("most", "accuracy"), ("gap", "gap")]
    return Summary("a-run", rows, primary, [], [], len(rows), header)


class Folder:
    def records(self):
        table = {"per_class": {"label": ["x", "y", "z", "w", "v"]}}
        return [{"task": "t", "component": "linear", "tables": table}]


def linear(rows=ROWS):
    return next(p for p in panels(summary(rows)) if p.component == "linear")


def values(spec, part):
    """Return the rows of a part of a chart, wherever Altair put them."""
    data = part.get("data") or spec["data"]
    return spec["datasets"][data["name"]] if "name" in data else data["values"]


def drawn(found, panel):
    (layers,) = figure.by_task([panel], found).values()
    return layers[0].to_dict()


def parts(found, panel):
    return drawn(found, panel)["layer"]


def test_levels_by_hand():
    found = guides.guides_of(summary(ROWS), Folder().records())
    assert found.levels(linear()) == {"majority": 0.3, "chance": 0.2}
    # Without records the number of classes is not known; f1 has no chance.
    assert guides.guides_of(summary(ROWS)).levels(linear()) == {"majority": 0.3}
    assert "chance" not in found.levels(replace(linear(), score="macro_f1"))
    (most,) = [p for p in panels(summary(ROWS)) if p.component == "most"]
    assert "majority" not in found.levels(most)


def test_a_majority_that_hangs_on_the_encoder_is_no_level():
    rows = [*ROWS, row(1, 0.35, component="most", encoder="b")]
    assert guides.guides_of(summary(rows)).majority == {}


def test_a_level_far_away_is_said_and_leaves_the_axis():
    high = [row(0, 0.95), row(1, 0.99)]
    found = guides.Guides({("t", "accuracy"): 0.9}, {("t", "linear"): 0.1})
    assert found.near(linear(high)) == {}
    assert found.far(linear(high)) == "majority 0.90, chance 0.10"
    assert guides.Guides({("t", "accuracy"): 0.92}).near(linear(high)) == {"majority": 0.92}
    panel = figure.by_task([linear(high)], found)["t"][0].to_dict()
    assert panel["title"]["subtitle"] == "linear (majority 0.90, chance 0.10)"


def test_levels_near_each_other_share_their_names():
    y = score_axis([0.0, 1.0], "mean", score="accuracy")
    _, words = guides.level_lines({"chance": 0.2, "majority": 0.21}, y)
    spec = words.to_dict()
    assert [v["name"] for v in values(spec, spec)] == ["majority, chance"]


def test_the_control_task_is_dotted_and_the_axis_reaches_it():
    found = guides.guides_of(summary(ROWS))
    assert [r["mean"] for r in found.control(linear())] == [0.45, 0.42]
    marks = [p["mark"] for p in parts(found, linear())]
    assert [m.get("strokeDash") for m in marks if m["type"] == "line"] == [[1, 3], None]


def test_the_best_layer_has_a_ring_where_more_or_less_is_better():
    def rings(panel):
        spec = drawn(guides.Guides(), panel)
        found = [p for p in spec["layer"] if p["mark"].get("filled") is False]
        return [(v["series"], v["layer"]) for p in found for v in values(spec, p)]

    assert rings(linear()) == [("a", 1), ("b", 1)]
    losses = [row(n, m, score="loss") for n, m in ((0, 2.0), (1, 1.0), (2, 3.0))]
    panel = replace(linear(), score="loss", rows={(r["layer"], "a"): r for r in losses})
    assert rings(replace(panel, encoders=["a"])) == [("a", 1)]
    # Neither a count nor a similarity of models is better or worse.
    assert rings(replace(linear(), score="n_clusters")) == []
    assert rings(replace(linear(), kind="metric")) == []
    # Of what is the same in every layer none is the best.
    assert rings(linear([row(0, 0.5), row(1, 0.5)])) == []


def test_what_a_picture_explains_below_it():
    found = guides.guides_of(summary(ROWS))
    assert found.said_below([linear()]) == "dotted: control task; ring: best layer, chosen on test"
    assert found.said_below([linear([row(0, 0.5), row(1, 0.5)])]) == "dotted: control task"
    one = linear([row(0, 0.5, low=0.4, high=0.6, interval="items")])
    assert guides.Guides().said_below([one]) == "bands and bars: 95% interval over test sentences"


def test_differences_have_their_intervals_a_zero_and_only_their_encoders():
    differ = {"difference": 0.2, "difference_low": 0.1, "difference_high": 0.3}
    rows = [row(n, 0.9, **differ) for n in (0, 1)] + [row(n, 0.7, encoder="b") for n in (0, 1)]
    shown = panels(summary(rows))
    spec = kinds.difference_panels(shown, figure._series(shown))["t"][0].to_dict()
    band = next(p for p in spec["layer"] if p["mark"]["type"] == "area")
    assert {(v["low"], v["mean"], v["high"]) for v in values(spec, band)} == {(0.1, 0.2, 0.3)}
    assert values(spec, spec["layer"][0]) == [{"mean": 0.0}]
    assert band["encoding"]["color"]["scale"]["domain"] == ["a"]
    with pytest.raises(ResultsError, match="no score has a difference"):
        kinds.difference_panels(panels(summary(ROWS)), figure._series(shown))


def test_one_difference_of_all_layers_is_a_point():
    differ = {"difference": 0.2, "difference_low": 0.1, "difference_high": 0.3}
    shown = panels(summary([row(None, 0.9, **differ)]))
    spec = kinds.difference_panels(shown, figure._series(shown))["t"][0].to_dict()
    assert [p["mark"]["type"] for p in spec["layer"]] == ["rule", "point"]
    assert values(spec, spec["layer"][1])[0]["layer"] == "all layers"


def test_a_map_has_a_row_an_encoder_and_a_column_a_layer():
    (panel,) = kinds.map_panels([linear()])["t"]
    spec = panel.to_dict()
    rect, number = spec["layer"]
    cells = {(v["series"], v["layer"]): v["mean"] for v in values(spec, rect)}
    assert cells == {("a", "0"): 0.5, ("a", "1"): 0.9, ("a", "2"): 0.8, ("b", "0"): 0.4,
                     ("b", "1"): 0.6}  # fmt: skip
    assert rect["encoding"]["x"]["sort"] == ["0", "1", "2"]
    low, high = rect["encoding"]["color"]["scale"]["domain"]
    assert 0 <= low <= 0.4
    assert 0.9 <= high <= 1
    assert number["encoding"]["text"]["format"] == ".2f"
    many = [row(n, n / 40) for n in range(40)]
    (rect,) = kinds.map_panels([linear(many)])["t"][0].to_dict()["layer"]
    assert rect["encoding"]["color"]["legend"]["title"] == "accuracy"
    with pytest.raises(ResultsError, match="no map"):
        kinds.map_panels([linear([row(None, 0.5)])])


@pytest.mark.parametrize("kind", ["lines", "map"])
def test_each_kind_is_a_file_of_the_width_that_is_asked(tmp_path, kind):
    figure.plot(summary(ROWS), tmp_path / "a.svg", kind=kind, size="84mm")
    text = (tmp_path / "a.svg").read_text("utf-8")
    width = float(text.partition('width="')[2].partition("pt")[0])
    assert width == pytest.approx(84 * 72 / 25.4, abs=1.5) or (kind == "map" and width < 239)


def test_widths_and_kinds_that_are_none_are_refused(tmp_path):
    assert size_of("84").width == size_of("84 mm").width == pytest.approx(238.11, abs=0.01)
    assert size_of("84").font == 8
    with pytest.raises(ResultsError, match="at least 40"):
        size_of("4mm")
    with pytest.raises(ResultsError, match="no kind 'pie'"):
        figure.plot(summary(ROWS), tmp_path / "a.svg", kind="pie")


def sizes_in_svg(path):
    """Return the points at which each text is printed."""
    text = path.read_text("utf-8")
    wide, units = (
        float(re.search(f, text)[1]) for f in (r'width="([\d.]+)pt"', r'viewBox="0 0 ([\d.]+)')
    )
    said = re.findall(r'<text[^>]* font-size="([\d.]+)px"[^>]*>([^<]+)</text>', text)
    return {words: float(size) * wide / units for size, words in said}, wide


def sizes_in_pdf(path):
    """Return the points at which letters are printed: each font's size, as it is scaled there."""
    raw, out = path.read_bytes(), set()
    streams = (zlib.decompress(s) for s in re.findall(rb"stream\n(.*?)\nendstream", raw, re.DOTALL)
               if s[:1] == b"x")  # fmt: skip
    for stream in (s for s in streams if b" Tf" in s):
        scale, before = 1.0, []
        for line in stream.decode("latin1").splitlines():
            *numbers, what = line.split(" ")
            if what == "q":
                before.append(scale)
            elif what == "Q":
                scale = before.pop()
            elif what == "cm":
                a, b, c, d = map(float, numbers[:4])
                scale *= abs(a * d - b * c) ** 0.5
            elif what == "Tf":
                out.add(round(float(numbers[1]) * scale, 2))
    wide = float(re.search(rb"/MediaBox \[0 0 ([\d.]+)", raw)[1])
    return out, wide


@pytest.mark.parametrize(("width", "font"), [("column", 10), ("60mm", 7), ("page", 12.5)])
def test_text_is_printed_at_the_size_that_is_asked(tmp_path, width, font):
    for name in ("a.svg", "a.pdf"):
        figure.plot(summary(ROWS), tmp_path / name, size=width, font=font)
    wanted = size_of(width).width
    found, wide = sizes_in_svg(tmp_path / "a.svg")
    assert wide == pytest.approx(wanted, abs=2)
    assert found["accuracy"] == found["layer"] == found["b"] == pytest.approx(font, rel=1e-3)
    # Labels a twelfth smaller, titles larger.
    assert found["1.0"] == pytest.approx(font * 11 / 12, rel=1e-3)
    assert found["t"] == pytest.approx(font * 13 / 12, rel=1e-3)
    printed, wide = sizes_in_pdf(tmp_path / "a.pdf")
    assert wide == pytest.approx(wanted, abs=2)
    assert {round(s, 2) for s in found.values()} == printed


def test_a_long_name_does_not_make_a_picture_wider_than_it_is_to_be(tmp_path):
    rows = [r | {"encoder_label": "a rather long name of a model " * 2} for r in ROWS[:3]]
    figure.plot(summary(rows), tmp_path / "a.svg", size="column", font=16)
    assert sizes_in_svg(tmp_path / "a.svg")[1] < 223


@pytest.mark.parametrize(
    ("width", "font", "said"),
    [
        ("column", 3.9, "3.9 points in a picture: at least 4 and at most 36"),
        ("page", 37, "at most 36"),
        ("page", float("nan"), "at most 36"),
        ("column", 16.5, "16.5 points does not fit a picture 77 mm wide"),
        ("screen", 10, "has no width"),
    ],
)
def test_sizes_of_text_that_are_none_are_refused(tmp_path, width, font, said):
    with pytest.raises(ResultsError, match=said):
        figure.plot(summary(ROWS), tmp_path / "a.svg", size=width, font=font)
    assert size_of("column", 16.4).font == 16.4


def test_reports_take_a_size_of_text_and_refuse_nonsense(tmp_path):
    assert report.FigureOptions(size="page", font=34).font == 34
    with pytest.raises(ResultsError, match="has no width"):
        report.FigureOptions(font=9)
    import altair as alt
    import pandas as pd

    one = alt.Chart(alt.InlineData(values=[{"x": 1}])).mark_point().encode(x="x:Q")
    paper = report.Paper(tmp_path, "column", font=11)
    (svg, _) = paper.figure("a", [one.properties(width=200, height=100)], pd.DataFrame({"x": [1]}))
    assert sizes_in_svg(svg)[0]["x"] == pytest.approx(11, rel=1e-3)
