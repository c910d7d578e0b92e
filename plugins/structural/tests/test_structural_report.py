"""Pictures and the report that writes them."""

from xml.etree import ElementTree

import pandas as pd
import pytest

from sondage.errors import DataError
from sondage.testing import toys
from sondage_structural import draw
from sondage_structural.chain import Chain
from sondage_structural.component import Distance
from sondage_structural.picture import INK, MISSED, RIGHT, WRONG, gold_edges
from sondage_structural.report import Arcs

SVG = "{http://www.w3.org/2000/svg}"
WORDS = ["The", "<b>", "saw\x1b[31m", "日本語", "."]
GOLD = gold_edges([1, 2, -1, 2, 2], [True, True, True, True, False])


def arcs(text):
    """Colours of the arcs; those of the legend are drawn with a relative line."""
    tree = ElementTree.fromstring(text)
    return [p.get("stroke") for p in tree.iter(f"{SVG}path") if " h" not in p.get("d")]


def test_gold_edges_leave_punctuation_out():
    assert GOLD == [(0, 1), (1, 2), (2, 3)]
    assert gold_edges([-1, 0]) == [(0, 1)]


def test_arcs_are_coloured_by_what_they_are():
    text = draw(WORDS, GOLD, [(1, 0), (2, 1), (3, 0)], title="a & b")
    assert sorted(arcs(text)) == sorted([INK, INK, MISSED, RIGHT, RIGHT, WRONG])
    tree = ElementTree.fromstring(text)
    shown = [t.text for t in tree.iter(f"{SVG}text")]
    assert shown[:6] == ["a & b", "The", "<b>", "saw\\x1b[31m", "日本語", "."]


def test_higher_arcs_span_lower_ones():
    text = draw(list("abcd"), [(0, 1), (0, 3), (1, 2)], [])
    tops = {}
    for path in ElementTree.fromstring(text).iter(f"{SVG}path"):
        if " h" not in path.get("d"):
            start, bend = path.get("d").split(" ")[:2]
            x, y = start[1:].split(",")
            tops[float(x), float(path.get("d").split(" ")[-1].split(",")[0])] = float(y) - float(
                bend[1:].split(",")[1]
            )
    widest = max(tops, key=lambda ends: ends[1] - ends[0])
    assert all(tops[widest] > rise for ends, rise in tops.items() if ends != widest)


def test_odd_pictures():
    for words, gold in (([], []), (["alone"], []), (["x"] * 60, [(0, 59)])):
        ElementTree.fromstring(draw(words, gold, gold))


@pytest.mark.parametrize("edge", [(0, 0), (-1, 2), (0, 5)])
def test_an_edge_must_join_two_words(edge):
    with pytest.raises(DataError, match="an edge joins"):
        draw(WORDS, [edge], [])


def cells():
    whole = toys.tree_problem(n=60)
    out = []
    for layer, seed, result in Distance(rank=8, epochs=5, pictures=4).run_layers(whole):
        out.append(
            toys.cell(result.scores, layer=layer, seed=seed, task="trees", component="distance",
                      tables=result.tables, arrays=result.arrays)
        )  # fmt: skip
    for _, seed, result in Chain().run_layers(whole):
        out.append(
            toys.cell(result.scores, layer=None, seed=seed, task="trees", component="chain",
                      encoder="b@x/../y", step=3, tables=result.tables)
        )  # fmt: skip
    return out


def test_the_best_layer_is_drawn_with_its_edges(tmp_path):
    found = toys.ToyFindings(cells())
    index, *paths = Arcs(sentences=2).write(found, tmp_path)
    assert len(paths) == 2 * 2 * 2
    assert all(p.parent == tmp_path and p.exists() for p in paths)
    scores = found.frame()
    scores = scores[(scores["score"] == "uuas") & (scores["component"] == "distance")]
    best = int(scores.groupby("layer")["value"].mean().idxmax())
    mine = [p for p in paths if f"trees-distance-a-layer-{best}" in p.name]
    assert len(mine) == 4
    data = pd.read_csv(next(p for p in mine if p.suffix == ".csv"))
    both = data[data["in_both"]].groupby("kind")[["first", "second"]]
    a, b = (set(map(tuple, part.to_numpy())) for _, part in both)
    assert a == b
    assert (data["kind"] == "gold").sum() == (data["kind"] == "predicted").sum()
    picture = next(p for p in mine if p.suffix == ".svg").read_text("utf-8")
    assert len(arcs(picture)) == len(data)
    assert "UUAS of this cell" in index.read_text("utf-8")


def test_labels_are_what_is_printed(tmp_path):
    index, *paths = Arcs(sentences=1).write(toys.ToyFindings(cells(), labels=True), tmp_path)
    assert any(p.name.startswith("trees-distance-a-layer") for p in paths)
    assert "## the trees, the distance, the a, layer" in index.read_text("utf-8")
    assert any(t.startswith("the trees, the chain, the b@x") for t in toys.printed(paths))


def test_another_layer_can_be_asked_for(tmp_path):
    _, *paths = Arcs(sentences=1, layer=0).write(toys.ToyFindings(cells()), tmp_path)
    assert any("layer-0" in p.name for p in paths)
    assert not any("layer-1" in p.name for p in paths)


def test_nothing_to_draw_is_said(tmp_path):
    (index,) = Arcs().write(toys.findings(), tmp_path)
    assert "Nothing to draw" in index.read_text("utf-8")
