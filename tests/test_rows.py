"""What readers of files return."""

import numpy as np
import pytest

from sondage.defects import Defects
from sondage.errors import DataError
from sondage.parts import Rows, Sentences, numbered, read_rows, sentence_labels


def test_rows_of_several_files_know_where_they_stand():
    files = {"a": [(1, "x"), (3, "y")], "b": [(2, "z")]}
    rows, file_of, lines = read_rows(tuple(files), files.get, Defects())
    assert rows == ["x", "y", "z"]
    found = Rows()
    found.files, found.file_of, found.lines = ("a", "b"), file_of, lines
    assert len(found) == 3
    assert [found.where(i) for i in range(3)] == ["a:1", "a:3", "b:2"]


def test_a_file_without_a_row_is_an_error_with_the_first_defect():
    with pytest.raises(DataError, match="no rows") as caught:
        read_rows(("a", "b"), {"a": [(1, "x")], "b": []}.get, Defects())
    assert caught.value.where == "b:1"
    defects = Defects("skip")

    def broken(name):
        with defects.entry():
            raise DataError("broken", where=f"{name}:7")
        return []

    with pytest.raises(DataError, match=r"every entry has a defect; .*broken") as caught:
        read_rows(("a",), broken, defects)
    assert caught.value.where == "a:7"


def test_sentences():
    found = Sentences(
        forms=["A", "b", "c"], offsets=np.array([0, 2, 3]), sent_ids=(None, None),
        texts=(None, "C!"), files=("a",), file_of=np.array([0, 0]), lines=np.array([1, 2, 5]),
    )  # fmt: skip
    assert found.n_words == 3
    assert (found.where(0, 1), found.where(1)) == ("a:2", "a:5")
    assert found.corpus().texts == ("A b", "C!")
    assert (found.corpus().name, found.corpus("x").name) == ("corpus", "x")


def test_labels_are_numbered_by_sorted_or_given_names():
    y, names = numbered(["b", "a", "b"])
    assert (y.tolist(), y.dtype, names) == ([1, 0, 1], np.int64, ("a", "b"))
    labels = sentence_labels(["b", "a"], ["c", "b", "a"])
    assert (labels.y.tolist(), labels.names) == ([1, 2], ("c", "b", "a"))
    assert labels.sentence.tolist() == [0, 1]
