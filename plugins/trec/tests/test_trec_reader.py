"""The reader's rules, one tiny file each, and rubbish."""

import gzip
import re
import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sondage.errors import DataError
from sondage_trec import read_trec

GOOD = "LOC:city Where is the Louvre ?\nNUM:date  When did it open ?\n"
quick = settings(
    deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def read(tmp_path):
    def run(content, name="x", **options):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_trec(path, **options)

    return run


def fails(read, content, line, *words, **options):
    with pytest.raises(DataError) as caught:
        read(content, **options)
    assert caught.value.where.endswith(f"x:{line}" if line else "x")
    for said in words:
        assert said in str(caught.value)
    assert caught.value.hint


def test_columns_and_places(read):
    found = read(GOOD + "\n \nDESC:def What is a caf\u00e9 ?")
    assert list(found.labels) == ["LOC:city", "NUM:date", "DESC:def"]
    assert list(found.questions) == [
        "Where is the Louvre ?",
        "When did it open ?",
        "What is a café ?",
    ]
    assert found.lines.tolist() == [1, 2, 5]
    assert found.file_of.dtype == found.lines.dtype == np.int64
    assert found.where(2).endswith("x:5")
    assert found.warnings == {}
    assert len(found) == 3
    corpus = found.corpus()
    assert list(corpus.words_of(1)) == ["When", "did", "it", "open", "?"]
    assert corpus.texts[1] == "When did it open ?"


def test_several_files(tmp_path):
    for name, text in {"a": "A:x one\n", "b": "B:y two\nB:z three\n"}.items():
        (tmp_path / name).write_text(text)
    found = read_trec([tmp_path / "b", str(tmp_path / "a")])
    assert list(found.questions) == ["two", "three", "one"]
    assert found.file_of.tolist() == [0, 0, 1]
    assert found.where(2).endswith("a:1")


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s.replace("\n", "\r\n"),
        lambda s: "\ufeff" + s,
        lambda s: s.rstrip("\n"),
        lambda s: s.replace(" ", "\t", 1),
        lambda s: s.replace(" ?\n", " ?  \n"),
        lambda s: gzip.compress(("\ufeff" + s).encode()),
    ],
    ids=["crlf", "bom", "no last newline", "tab", "blanks at the end", "gzip with bom"],
)
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_wrappings_that_change_nothing(read, change, encoding):
    found = read(change(GOOD), encoding=encoding)
    assert list(found.labels) == ["LOC:city", "NUM:date"]
    assert list(found.questions) == ["Where is the Louvre ?", "When did it open ?"]


def test_latin1_has_to_be_asked_for(read):
    # The byte that the first distribution has on its line 66.
    raw = GOOD.encode() + b"LOC:city Which is a sister\xf0city ?\n"
    fails(read, raw, 3, "0xf0 is not UTF-8", "encoding: latin-1")
    found = read(raw, encoding="latin-1")
    assert found.questions[2] == "Which is a sister\u00f0city ?"
    assert found.warnings == {}


def test_utf8_read_as_latin1_is_counted(read):
    raw = (GOOD + "DESC:def What is a café ?\nDESC:def What is naïve ?\n").encode()
    found = read(raw + b"DESC:def caf\xe9 ?\n", encoding="latin-1")
    assert found.warnings == {"lines-like-utf-8": 2}
    assert read(raw).warnings == {}


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        (GOOD + "Where is it ?\n", 3, ["'Where'", "no label", "COARSE:fine question"]),
        ("LOC Where ?\n", 1, ["'LOC'"]),
        ("LOC: Where ?\n", 1, ["'LOC:'"]),
        (":city Where ?\n", 1, ["':city'"]),
        ("LOC:city:x Where ?\n", 1, ["'LOC:city:x'"]),
        (GOOD + "LOC:city\n", 3, ["'LOC:city' has no question"]),
        ("LOC:city  \u2003\n", 1, ["no question"]),
        ("x" * 1000 + " y", 1, ["x…"]),
        ("", 1, ["empty"]),
        ("\n \n", 1, ["empty"]),
        (gzip.compress(GOOD.encode(), mtime=0)[:-9], 0, ["gzip"]),
    ],
)
def test_defects_name_the_line(read, content, line, said):
    fails(read, content, line, *said)


def test_no_file_and_no_such_file(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        read_trec(tmp_path / "absent")
    with pytest.raises(DataError, match="no TREC file"):
        read_trec([])


def test_an_empty_file_among_others_is_named(tmp_path):
    (tmp_path / "a").write_text(GOOD)
    (tmp_path / "b").write_text("\n")
    with pytest.raises(DataError, match="empty") as caught:
        read_trec([tmp_path / "a", tmp_path / "b", tmp_path / "a"])
    assert caught.value.where.endswith("b:1")


part = st.text(st.characters(exclude_characters=":", exclude_categories=["Z", "C"]), min_size=1)
question = st.text(st.characters(exclude_characters="\n\r", exclude_categories=["Cs"])).map(
    str.strip
)


@quick
@given(
    rows=st.lists(st.tuples(part, part, question.filter(bool)), min_size=1, max_size=5),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_what_is_written_is_read(tmp_path, rows, end):
    text = "".join(f"{a}:{b} {q}{end}" for a, b, q in rows)
    (tmp_path / "x").write_bytes(text.encode())
    found = read_trec(tmp_path / "x")
    assert list(found.labels) == [f"{a}:{b}" for a, b, _ in rows]
    assert list(found.questions) == [q for *_, q in rows]
    assert found.lines.tolist() == list(range(1, len(rows) + 1))
    corpus = found.corpus()
    assert [list(corpus.words_of(i)) for i in range(len(rows))] == [q.split() for *_, q in rows]
    assert (np.diff(corpus.offsets) > 0).all()


def outcome(path, encoding):
    try:
        return read_trec(path, encoding=encoding)
    except DataError as error:
        return error


@quick
@given(
    content=st.binary(max_size=200)
    | st.text(st.sampled_from("AB:x \t\n\ré\u2028\x85\x00"), max_size=100).map(str.encode),
    encoding=st.sampled_from(["utf-8", "latin-1"]),
)
def test_rubbish(tmp_path, content, encoding):
    path = tmp_path / "x"
    path.write_bytes(content)
    found = outcome(path, encoding)
    if isinstance(found, DataError):
        assert content[:2] == b"\x1f\x8b" or re.search(r":[1-9][0-9]*$", found.where)
        assert found.hint
    else:
        assert len(found) == len(found.labels) > 0
        assert all(q.split() for q in found.questions)
        assert all(label.count(":") == 1 for label in found.labels)


def test_large_rubbish_takes_linear_time(tmp_path):
    for content in (b"\n" * 10**6, b"A:b " * 250_000, b"A:b x\n" * 150_000, b"\xe9" * 10**6):
        (tmp_path / "x").write_bytes(content)
        start = time.perf_counter()
        outcome(tmp_path / "x", "latin-1")
        assert time.perf_counter() - start < 10


def test_broken_lines_are_left_out_and_counted(read):
    content = b"A:x a ?\nno label\nB:y\nB:y caf\xe9\nB:y _ _ ?\nB:y b ?\n"
    with pytest.raises(DataError):
        read(content)
    found = read(content, on_error="skip")
    assert list(found.questions) == ["a ?", "b ?"]
    assert found.lines.tolist() == [1, 6]
    assert found.warnings == {"skipped-lines": 3, "withheld-sentences": 1}
    with pytest.raises(DataError, match="every entry has a defect; of the first: the line begins"):
        read(b"no label\n", on_error="skip")
