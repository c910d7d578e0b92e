"""Data files: what is found, what is read, and what is said when it cannot be."""

import gzip
import hashlib
import os
import pickle

import pytest

from sondage.errors import DataError
from sondage.files import (
    Columns,
    file_hash,
    find_files,
    find_one,
    read_bytes,
    read_lines,
    read_text,
)


def test_names_and_patterns_mean_files_each_once(tmp_path, monkeypatch):
    for name in ("b.txt", "a.txt", "c.tsv"):
        (tmp_path / name).write_text("x")
    monkeypatch.setenv("HOME", str(tmp_path))
    a, b, c = (str(tmp_path / name) for name in ("a.txt", "b.txt", "c.tsv"))
    assert find_files([b, f"{tmp_path}/*.txt", "~/c.tsv"]) == (b, a, c)
    assert find_one(f"{tmp_path}/*.tsv") == c


@pytest.mark.parametrize(
    ("given", "message", "near"),
    [
        ("corpus.tx", "no file", "corpus.txt"),
        ("*.csv", "no file matches", ""),
        ("nowhere/corpus.txt", "does not exist", ""),
        ("", "is a folder, not a table", "corpus.txt"),
    ],
)
def test_a_missing_file_is_told_with_what_is_there(tmp_path, given, message, near):
    (tmp_path / "corpus.txt").write_text("x")
    with pytest.raises(DataError, match=message) as caught:
        find_files(f"{tmp_path}/{given}", what="table", suffixes=(".txt",))
    assert caught.value.hint
    assert near in " ".join(caught.value.near)


def test_several_files_are_not_one_and_none_are_none(tmp_path):
    for name in "ab":
        (tmp_path / name).write_text("x")
    with pytest.raises(DataError, match="means 2 files, wanted one key"):
        find_one(f"{tmp_path}/*", what="key")
    with pytest.raises(DataError, match="no file is named"):
        find_files([])


def test_gzip_marks_and_line_ends_do_not_matter(tmp_path):
    path = tmp_path / "data"
    path.write_bytes(gzip.compress("\ufeffone\r\ntwo\u2028three\r\n".encode()))
    assert read_bytes(str(path)) == "one\ntwo\u2028three\n".encode()
    assert read_lines(str(path)) == ["one", "two\u2028three"]
    path.write_text("one\n\n")
    assert read_lines(str(path)) == ["one", ""]


@pytest.mark.parametrize(
    ("raw", "message", "line"),
    [
        (b"", "empty", ":1"),
        (b" \r\n", "empty", ":1"),
        (b"fine\nna\xefve\n", "0xef is not UTF-8", ":2"),
        (gzip.compress(b"x" * 100, mtime=0)[:20], "damaged", ""),
        (b"\x1f\x8b\x00", "damaged", ""),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(tmp_path, raw, message, line):
    path = tmp_path / "data"
    path.write_bytes(raw)
    with pytest.raises(DataError, match=message) as caught:
        read_text(str(path))
    assert caught.value.where == f"{path}{line}"


@pytest.mark.parametrize("replaced", [False, True])
def test_data_swapped_under_the_same_size_and_time_are_seen(replaced, tmp_path, monkeypatch):
    monkeypatch.setattr("sondage.files.reading._SETTLED", -1.0)
    path, other = tmp_path / "data", tmp_path / "other"
    path.write_bytes(b"abc")
    os.utime(path, ns=(1, 1))
    first = file_hash(str(path))
    other = other if replaced else path
    other.write_bytes(b"abd")
    os.utime(other, ns=(1, 1))
    os.replace(other, path)
    assert file_hash(str(path)) != first


def test_a_hash_is_of_the_bytes_and_is_made_once(tmp_path, monkeypatch):
    path = tmp_path / "data"
    path.write_bytes(b"abc")
    os.utime(path, ns=(1, 1))
    monkeypatch.setattr("sondage.files.reading._SETTLED", -1.0)
    wanted = hashlib.blake2b(b"abc", digest_size=16).hexdigest()
    assert file_hash(str(path)) == wanted
    with monkeypatch.context() as patched:
        patched.setattr(hashlib, "file_digest", None)
        assert file_hash(str(path)) == wanted
    path.write_bytes(b"abd")
    os.utime(path, ns=(1, 1))
    assert file_hash(str(path)) != wanted
    with pytest.raises(DataError, match="cannot be read"):
        file_hash(str(tmp_path / "absent"))


def test_a_packed_file_that_grows_beyond_reason_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("sondage.files.reading._PLAIN_GROWTH", 10_000)
    path = tmp_path / "grows.gz"
    path.write_bytes(gzip.compress(b"a" * 300_000))
    with pytest.raises(DataError, match="grow to more than 32,"):
        read_bytes(str(path))
    # Within bounds, and of several members as some tools write them.
    path.write_bytes(gzip.compress(b"a" * 9_000) + gzip.compress(b"b" * 900))
    assert read_bytes(str(path)) == b"a" * 9_000 + b"b" * 900


def test_what_no_file_answers_to_is_in_the_error_whatever_it_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "one.txt").touch()
    (tmp_path / "two.txt").touch()
    for given in ("nowhere/x.txt", "x.txt", "*.csv", str(tmp_path)):
        with pytest.raises(DataError) as caught:
            find_files(["one.txt", given])
        assert caught.value.named == given
        assert pickle.loads(pickle.dumps(caught.value)).named == given
    with pytest.raises(DataError) as caught:
        find_one("*.txt")
    assert caught.value.named == "*.txt"
    assert DataError("no file 'x.txt'").named == ""


def test_cells_are_found_by_the_names_in_the_first_line():
    columns = Columns.named('id\tthe "text"\tlabel', ["label", "id"], "a.tsv")
    assert columns.cells('7\t"It" rains.\t', "a.tsv:2") == {
        "id": "7", 'the "text"': '"It" rains.', "label": "",
    }  # fmt: skip
    with pytest.raises(DataError, match="the row has 2 columns, wanted 3") as caught:
        columns.cells("7\tIt rains.", "a.tsv:3")
    assert caught.value.where == "a.tsv:3"
    with pytest.raises(DataError, match="names no column 'label'") as caught:
        Columns.named("id\ttext", ["text", "label"], "b.tsv")
    assert (caught.value.where, list(caught.value.near)) == ("b.tsv:1", ["id", "text"])
