"""Formats: detection by the rule, declared ones, malformed lines, fuzz."""

import gzip
import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sondage.errors import DataError, ParameterError
from sondage_senteval import read_senteval

quick = settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def write(tmp_path, text, name="x.txt"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def test_the_official_format(tmp_path):
    path = write(tmp_path, "tr\tO\tA b .\nte\tI\tb A .\r\n\nva\tO\tc d\n")
    found = read_senteval(path)
    assert found.layout == "senteval"
    assert list(found.sentences) == ["A b .", "b A .", "c d"]
    assert list(found.labels) == ["O", "I", "O"]
    assert found.part.tolist() == [0, 2, 1]
    assert found.lines.tolist() == [1, 2, 4]
    assert found.where(2) == f"{path}:4"
    assert list(found.corpus().words_of(1)) == ["b", "A", "."]


def test_two_columns_either_way_and_gzip(tmp_path):
    one = read_senteval(write(tmp_path, "A b .\tO\nc\tI\n", "1"))
    two = read_senteval(write(tmp_path, gzip.compress(b"O\tA b .\nI\tc"), "2"))
    assert (one.layout, two.layout) == ("sentence-label", "label-sentence")
    assert list(one.sentences) == list(two.sentences) == ["A b .", "c"]
    assert list(one.labels) == list(two.labels) == ["O", "I"]
    assert one.part is None


def test_a_byte_order_mark_and_odd_line_separators(tmp_path):
    found = read_senteval(write(tmp_path, "\ufefftr\tO\ta\u2028b c\x85d\n"))
    assert found.part.tolist() == [0]
    assert list(found.sentences) == ["a\u2028b c\x85d"]


@pytest.mark.parametrize("text", ["O\tyes\nI\tno\n", "a b\tc d\n", "O\tI\n"])
def test_what_cannot_be_told_has_to_be_declared(tmp_path, text):
    path = write(tmp_path, text)
    with pytest.raises(DataError, match="cannot be told") as caught:
        read_senteval(path)
    assert "format: sentence-label" in caught.value.hint
    assert len(read_senteval(path, format="label-sentence")) == text.count("\n")


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("tr\tO\ta b\ntr\tO\n", 2, "2 columns, but line 1 has 3"),
        ("tr\tO\ta\nxx\tO\tb\n", 2, "not tr, va or te"),
        ("\n\na b c\n", 3, "1 column,"),
        ("a\tb\tc\td\n", 1, "4 columns"),
        ("tr\tO\ta b\nva\t \tb c\n", 2, "empty label"),
        ("a b\tO\n\tO\n", 2, "empty sentence"),
        ("", 1, "file is empty"),
        (" \n\t\n", 1, "file is empty"),
        (b"a b\tO\n\xff c\tI\n", 2, "not UTF-8"),
    ],
)
def test_malformed_lines(tmp_path, text, line, what):
    path = write(tmp_path, text)
    with pytest.raises(DataError, match=what) as caught:
        read_senteval(path)
    assert caught.value.where == f"{path}:{line}"
    assert caught.value.hint


@pytest.mark.parametrize(
    ("format", "text", "what"),
    [
        ("senteval", "tr\tO\ta\nO\tb\n", "2 columns where"),
        ("senteval", "xx\tO\ta\n", "the part is 'xx'"),
        ("sentence-label", "a b\tO\nc\n", "1 column where"),
        ("label-sentence", "O\ta\tb\n", "3 columns where"),
    ],
)
def test_lines_that_are_not_in_the_declared_format(tmp_path, format, text, what):
    with pytest.raises(DataError, match=what) as caught:
        read_senteval(write(tmp_path, text), format=format)
    assert re.search(r":[12]$", caught.value.where)


def test_other_bad_input(tmp_path):
    a, b = write(tmp_path, "a b\tO\n", "a"), write(tmp_path, "O\ta b\n", "b")
    with pytest.raises(DataError, match="this file is label-sentence") as caught:
        read_senteval([a, b])
    assert caught.value.where == f"{b}:1"
    with pytest.raises(ParameterError, match="unknown format"):
        read_senteval(a, format="tsv")
    with pytest.raises(DataError, match="no file was named"):
        read_senteval([])
    with pytest.raises(DataError, match="damaged"):
        read_senteval(write(tmp_path, b"\x1f\x8bxx", "c"))
    with pytest.raises(DataError, match="cannot be read"):
        read_senteval(str(tmp_path / "absent"))


word = st.text(st.characters(exclude_categories=["Z", "C"]), min_size=1, max_size=4)
row = st.tuples(st.sampled_from(["tr", "va", "te"]), word, st.lists(word, min_size=2, max_size=5))


@quick
@given(rows=st.lists(row, min_size=1, max_size=6), end=st.sampled_from(["\n", "\r\n"]))
def test_what_is_written_is_read(tmp_path, rows, end):
    wanted = [" ".join(words) for *_, words in rows]
    texts = {
        "senteval": [f"{p}\t{label}\t{' '.join(w)}" for p, label, w in rows],
        "sentence-label": [f"{' '.join(w)}\t{label}" for _, label, w in rows],
        "label-sentence": [f"{label}\t{' '.join(w)}" for _, label, w in rows],
    }
    for layout, lines in texts.items():
        path = write(tmp_path, "".join(line + end for line in lines))
        for format in ("auto", layout):
            found = read_senteval(path, format=format)
            assert found.layout == layout
            assert list(found.sentences) == wanted
            assert list(found.labels) == [label for _, label, _ in rows]
            assert [list(found.corpus().words_of(i)) for i in range(len(rows))] == [
                s.split() for s in wanted
            ]
            if layout == "senteval":
                assert found.part.tolist() == [["tr", "va", "te"].index(p) for p, *_ in rows]


@quick
@given(
    content=st.binary(max_size=120)
    | st.text(st.sampled_from("tr vae\tOI\n\r é\u2028\x00"), max_size=120).map(str.encode),
    format=st.sampled_from(["auto", "senteval", "sentence-label", "label-sentence"]),
)
def test_rubbish_is_read_or_refused_with_its_place(tmp_path, content, format):
    path = write(tmp_path, content)
    found = outcome(path, format)
    if isinstance(found, DataError):
        assert content[:2] == b"\x1f\x8b" or re.search(r":[1-9][0-9]*$", found.where)
        assert found.hint
    else:
        assert len(found) == len(found.labels) == len(found.lines) > 0
        assert all(s.split() for s in found.sentences)
        assert all(found.labels)
        assert (np.diff(found.lines) > 0).all()


def outcome(path, format):
    try:
        return read_senteval(path, format=format)
    except DataError as error:
        return error


@pytest.mark.parametrize("format", ["auto", "senteval"])
def test_broken_lines_are_left_out_and_counted(tmp_path, format):
    lines = ["tr\t0\ta b", "tr\t1\t", "xx\t1\tc d", "va\t1", "te\t1\t_ __ .", "te\t1\te f"]
    path = write(tmp_path, "\n".join(lines).encode() + b"\nte\t1\t\xff g")
    with pytest.raises(DataError):
        read_senteval(path, format=format)
    found = read_senteval(path, format=format, on_error="skip")
    assert list(found.sentences) == ["a b", "e f"]
    assert found.part.tolist() == [0, 2]
    assert found.lines.tolist() == [1, 6]
    assert found.warnings == {"skipped-lines": 4, "withheld-sentences": 1}


def test_broken_lines_of_two_columns(tmp_path):
    path = write(tmp_path, "0\ta b\n1\t\nx\n1\tc d\n1\te\tf\n")
    found = read_senteval(path, on_error="skip")
    assert found.layout == "label-sentence"
    assert list(found.sentences) == ["a b", "c d"]
    assert found.warnings == {"skipped-lines": 3}
    with pytest.raises(DataError, match="every entry has a defect; of the first: an empty sent"):
        read_senteval(write(tmp_path, "1\t\n"), format="label-sentence", on_error="skip")
