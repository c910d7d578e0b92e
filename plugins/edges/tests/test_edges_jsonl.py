"""The edge-probing format: read by hand, refused with file and line, written and read back."""

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sondage.data import Corpus, Labels, TaskData, Units
from sondage.errors import DataError, SondageError
from sondage_edges.jsonl import read_jsonl
from sondage_edges.writer import edges_jsonl

quick = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
GOOD = {"text": "Ian ate ice cream", "targets": [{"span1": [2, 4], "label": "NP"}]}


def with_target(**more):
    return json.dumps({**GOOD, "targets": [{**GOOD["targets"][0], **more}]})


def test_by_hand(tmp_path):
    path = tmp_path / "a"
    path.write_text(f"{json.dumps(GOOD)}\n\n{with_target(span1=[0, 1], label='N')}\n")
    edges = read_jsonl(path)
    assert edges.spans.tolist() == [[[2, 4]], [[0, 1]]]
    assert edges.target().names == ("N", "NP")
    assert edges.target().y.tolist() == [1, 0]
    assert edges.where(1) == f"{path}:3"


@pytest.mark.parametrize(
    "bad",
    [
        "{",
        "[]",
        '{"text": 3, "targets": []}',
        '{"text": " ", "targets": []}',
        '{"text": "\\ud800", "targets": []}',
        '{"text": "a"}',
        '{"text": "a", "targets": [3]}',
        with_target(span1=[2, 2]),
        with_target(span1=[3, 2]),
        with_target(span1=[2, 5]),
        with_target(span1=[-1, 2]),
        with_target(span1=[0, True]),
        with_target(span2=[0, 1]),
        with_target(span3=[0, 1]),
        with_target(label=["NP"]),
        with_target(label=""),
        with_target(label=None),
    ],
)
def test_bad_lines(tmp_path, bad):
    path = tmp_path / "a"
    path.write_text(f"{json.dumps(GOOD)}\n{bad}\n")
    with pytest.raises(DataError) as found:
        read_jsonl(path)
    assert found.value.where == f"{path}:2"


def test_unknown_mode(tmp_path):
    (tmp_path / "a").write_text(json.dumps(GOOD))
    with pytest.raises(DataError, match="labels is"):
        read_jsonl(tmp_path / "a", labels="two")


@quick
@given(st.lists(st.text(max_size=30) | st.just(json.dumps(GOOD)), max_size=5))
def test_rubbish(tmp_path, lines):
    (tmp_path / "r").write_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
    try:
        read_jsonl(tmp_path / "r")
    except SondageError:
        return


word = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=4).filter(
    lambda w: w.split() == [w]
)


@st.composite
def tasks(draw):
    sentences = draw(st.lists(st.lists(word, min_size=1, max_size=5), min_size=1, max_size=4))
    k, many = draw(st.sampled_from([1, 2])), draw(st.booleans())
    where = sorted(draw(st.lists(st.integers(0, len(sentences) - 1), min_size=1, max_size=6)))
    spans = []
    for s in where:
        for _ in range(k):
            start = draw(st.integers(0, len(sentences[s]) - 1))
            spans.append([start, draw(st.integers(start + 1, len(sentences[s])))])
    n = len(where)
    if many:
        cells = draw(st.lists(st.booleans(), min_size=3 * n, max_size=3 * n))
        y = np.array(cells, bool).reshape(n, 3)
    else:
        y = np.array(draw(st.lists(st.integers(0, 2), min_size=n, max_size=n)), np.int64)
    units = Units(np.array(where, np.int64), np.array(spans, np.int64).reshape(n, k, 2))
    return TaskData(Corpus.of_words(sentences), Labels(units, y, ("a", "b b", "ü")))


@quick
@given(tasks(), st.sampled_from(["x.jsonl", "x.jsonl.gz"]))
def test_what_is_written_is_read(tmp_path, data, name):
    assert edges_jsonl(data, tmp_path / name) == len(data.corpus)
    edges, target = read_jsonl(tmp_path / name), data.target
    assert tuple(edges.words) == data.corpus.words
    assert edges.offsets.tolist() == data.corpus.offsets.tolist()
    assert edges.sentence.tolist() == target.sentence.tolist()
    assert edges.spans.tolist() == target.units.spans.tolist()
    assert edges.many == (target.y.ndim == 2)
    names = np.array(target.names)
    rows = [y if edges.many else [y] for y in target.y]
    assert [tuple(names[row]) for row in rows] == list(edges.labels)


def small(words=("a", "b"), span=(0, 1), y=0, names=("N",)):
    units = Units(np.zeros(1, np.int64), np.array([[span]], np.int64))
    return TaskData(Corpus.of_words([list(words)]), Labels(units, np.array([y]), names))


@pytest.mark.parametrize(
    ("data", "more"),
    [
        (small(words=()), {}),
        (small(words=("a b",)), {}),
        (small(span=(1, 1)), {}),
        (small(span=(1, 3)), {}),
        (small(y=1), {}),
        (small(y=-1), {}),
        (small(names=("",)), {}),
        (small(words=("\ud800",)), {}),
        (small(), {"items": [1]}),
        (small(), {"items": [True]}),
        (small(), {"info": {"x": object()}}),
        (small(), {"info": {"x": float("nan")}}),
    ],
)
@pytest.mark.parametrize("name", ["x", "x.gz"])
def test_what_cannot_be_written_leaves_no_file(tmp_path, data, more, name):
    with pytest.raises(DataError):
        edges_jsonl(data, tmp_path / name, **more)
    assert list(tmp_path.iterdir()) == []


def test_malformed_json_is_said_with_the_file_s_line_alone(tmp_path):
    good = '{"text": "a b", "targets": [{"span1": [0, 1], "label": "A"}]}\n'
    path = tmp_path / "cut.jsonl"
    path.write_text(good + '{"text": "a b", "targets": [\n')
    with pytest.raises(
        DataError, match=r"^the line is not JSON: Expecting value at character 29"
    ) as e:
        read_jsonl(path)
    assert e.value.where == f"{path}:2"
    assert "line 1" not in str(e.value)


def test_blanks_in_words_are_replaced_where_that_is_said(tmp_path):
    data = small(words=("nhà  trường", "b", " "), span=(0, 3))
    assert edges_jsonl(data, tmp_path / "x", blanks="_") == 1
    found = read_jsonl(tmp_path / "x")
    assert list(found.words) == ["nhà_trường", "b", "_"]
    assert found.spans.tolist() == [[[0, 3]]]
    for wrong in ("", " ", "a b"):
        with pytest.raises(DataError, match="blanks is"):
            edges_jsonl(data, tmp_path / "y", blanks=wrong)


def test_what_was_asked_goes_round(tmp_path):
    units = Units(np.zeros(2, np.int64), np.array([[[0, 1]], [[1, 2]]], np.int64))
    y = np.array([[1, 0, 0], [0, 0, 1]], bool)
    asked = np.array([[1, 1, 0], [0, 0, 1]], bool)
    labels = Labels(units, y, ("A", "B", "C"), asked)
    edges_jsonl(TaskData(Corpus.of_words([["a", "b"]]), labels), tmp_path / "x")
    found = read_jsonl(tmp_path / "x").target()
    assert found.names == ("A", "B", "C")
    assert (found.y == y).all()
    assert (found.asked == asked).all()


@pytest.mark.parametrize(
    ("label", "asked", "said"),
    [
        ('["A"]', '["B"]', "'A' is no label in asked"),
        ('["A"]', '"A"', "wanted a list of strings"),
        ('["A"]', "[1]", "wanted a list of strings"),
        ('"A"', '["A"]', "labels are single"),
    ],
)
def test_asked_that_does_not_fit(tmp_path, label, asked, said):
    target = f'{{"span1": [0, 1], "label": {label}, "asked": {asked}}}'
    (tmp_path / "x").write_text(f'{{"text": "a b", "targets": [{target}]}}\n')
    with pytest.raises(DataError, match=said) as caught:
        read_jsonl(tmp_path / "x")
    assert caught.value.where == f"{tmp_path / 'x'}:1"
