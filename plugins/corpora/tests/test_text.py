"""Plain text: which lines are texts, where they stand, and what is refused."""

import gzip
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sondage.errors import DataError
from sondage_corpora import Text, read_text
from sondage_corpora.reader import in_sentences, is_heading

HERE = Path(__file__).resolve()
DATA = Path(os.environ.get("SONDAGE_DATA", HERE.parents[4] / "shared" / "data"))
WIKI = """ \n = Robert <unk> = \n \n Robert <unk> is an actor . He had a role in 2000 . \n
 = = Career = = \n
 = = = Late = = = \n \n In 2006 , " he said , no . " ( Twice . ) It was so ! \n"""


def write(tmp_path, content, name="x.txt"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def test_a_text_a_line(tmp_path):
    found = read_text(write(tmp_path, WIKI))
    assert list(found.texts) == [
        "= Robert <unk> =",
        "Robert <unk> is an actor . He had a role in 2000 .",
        "= = Career = =",
        "= = = Late = = =",
        'In 2006 , " he said , no . " ( Twice . ) It was so !',
    ]
    assert [found.where(i).rpartition(":")[2] for i in range(5)] == ["2", "4", "6", "8", "10"]
    assert found.warnings == {}


def test_headings_are_left_out_and_lines_are_cut_into_sentences(tmp_path):
    path = write(tmp_path, WIKI)
    assert len(read_text(path, headings=False)) == 2
    found = read_text(path, headings=False, sentences=True, min_words=4)
    assert list(found.texts) == [
        "Robert <unk> is an actor .",
        "He had a role in 2000 .",
        'In 2006 , " he said , no . "',
        "( Twice . )",
        "It was so !",
    ]
    assert found.lines.tolist() == [4, 4, 10, 10, 10]


@pytest.mark.parametrize(
    ("line", "heading"),
    [
        ("= Title =", True), ("= = A = B = =", True), ("=Title=", True), ("= =", False),
        ("= = Title =", False), ("= x", False), ("x =", False), ("a = b", False), ("=", False),
    ],
)  # fmt: skip
def test_what_a_heading_is(line, heading):
    assert is_heading(line) is heading


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("a b", ["a b"]),
        ("a . b", ["a .", "b"]),
        ("a ? ! . b !", ["a ? ! .", "b !"]),
        ('a . " b . " c', ["a .", '" b . "', "c"]),
        ("a . ) b", ["a . )", "b"]),
        (". a", [".", "a"]),
        ("3.5 % e.g. this", ["3.5 % e.g. this"]),
    ],
)
def test_where_a_sentence_ends(text, sentences):
    assert in_sentences(text) == sentences


def test_the_task(tmp_path):
    path = write(tmp_path, WIKI)
    task = Text(files=path, headings=False)
    data = task.load()
    assert data.target is None
    assert (task.units, task.randomness) == ("none", ())
    assert list(data.corpus.texts) == list(read_text(path, headings=False).texts)
    assert list(data.corpus.words_of(0)[:3]) == ["Robert", "<unk>", "is"]
    assert data.corpus.name == "x.txt"
    plain = Text(files=path, words=False, limit=2).load().corpus
    assert (len(plain), plain.words) == (2, None)
    assert len(Text(files=path, limit=99).load().corpus) == 5
    # The name of a file is no part of what it holds; its bytes are.
    again = Text(files=write(tmp_path, WIKI, "y.txt"), headings=False)
    assert again.fingerprint == task.fingerprint
    assert (
        Text(files=write(tmp_path, WIKI + "x", "z.txt")).fingerprint != Text(files=path).fingerprint
    )


def test_packed_files_and_several(tmp_path):
    one = write(tmp_path, "a b\n")
    two = write(tmp_path, gzip.compress(b"c\r\nd\n"), "y.txt.gz")
    found = read_text([one, two])
    assert list(found.texts) == ["a b", "c", "d"]
    assert found.where(2) == f"{two}:2"


@pytest.mark.parametrize(
    ("content", "options", "line", "what"),
    [
        (b"a\n\xff\n", {}, 2, "not UTF-8"),
        (b"a b\n_ _ _\n", {}, 2, "withheld"),
        (b"\n \n", {}, 1, "the file is empty"),
        (b"= A =\n", {"headings": False}, 1, "no line has a text"),
        (b"a b\n", {"min_words": 3}, 1, "no line has a text of 3 words"),
    ],
)
def test_defects_are_told_with_their_place(tmp_path, content, options, line, what):
    path = write(tmp_path, content)
    with pytest.raises(DataError, match=what) as caught:
        read_text(path, **options)
    assert caught.value.where == f"{path}:{line}"


def test_lines_with_a_defect_are_left_out_and_counted(tmp_path):
    path = write(tmp_path, b"a\n\xff\n_ _ _\nb\n")
    data = Text(files=path, on_error="skip").load()
    assert list(data.corpus.texts) == ["a", "b"]
    assert data.warnings == {"skipped-lines": 1, "withheld-sentences": 1}
    with pytest.raises(DataError, match="no file"):
        Text(files=str(tmp_path / "none.txt")).fingerprint  # noqa: B018


@settings(
    deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(content=st.binary(max_size=60) | st.text(st.sampled_from('a =.!"()\n\r\t'), max_size=60))
def test_rubbish_is_read_or_refused(tmp_path, content):
    path = write(tmp_path, content)
    found = outcome(path)
    if isinstance(found, DataError):
        assert found.where
    else:
        assert all(text.strip() == text and text for text in found.texts)


def outcome(path):
    try:
        return read_text(path, headings=False, sentences=True)
    except DataError as error:
        return error


@pytest.mark.skipif(not (DATA / "wikitext-2").is_dir(), reason="no real data: SONDAGE_DATA")
@pytest.mark.parametrize(("name", "texts", "headings"), [("valid", 2461, 620), ("test", 2891, 706)])
def test_the_published_wikitext(name, texts, headings):
    path = str(DATA / "wikitext-2" / f"{name}.txt")
    whole, body = read_text(path), read_text(path, headings=False)
    assert len(whole) == texts
    assert len(whole) - len(body) == headings
    assert sum(len(t.split()) for t in whole.texts) == {"valid": 213886, "test": 241211}[name]
    cut = read_text(path, headings=False, sentences=True)
    assert " ".join(cut.texts) == " ".join(" ".join(t.split()) for t in body.texts)
    assert cut.texts[0].startswith({"valid": "Homarus gammarus ,", "test": "Robert <unk> is"}[name])
