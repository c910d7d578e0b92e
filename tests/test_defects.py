"""What readers do about defects, and that every task over files lets its user say."""

import inspect

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sondage.commands.describe import documented
from sondage.data import Corpus, Labels, Units
from sondage.defects import WITHHELD, Defects, check_file, check_words
from sondage.errors import DataError
from sondage.host import Host
from sondage.parts import FileTask, Parts

#: Tasks over files of this repository, by plugin: others are not looked at here.
OURS = ("edges", "glue", "qa", "senteval", "streusle", "trec", "treebank")


def offers():
    return [
        offer
        for offer in Host.discover().offers("task")
        if offer.spec.name.partition(".")[0] in OURS
    ]


def test_every_task_over_files_takes_on_error_and_explains_it():
    found = [offer.spec.load() for offer in offers()]
    if not found:
        pytest.skip("no plugin with a task over files is installed")
    for task in found:
        parameter = inspect.signature(task).parameters.get("on_error")
        assert parameter is not None, f"{task.__name__} has no on_error"
        assert parameter.default == "raise"
        assert documented(task).get("on_error"), task.__name__


def numbers(texts, defects):
    kept = []
    for place, text in enumerate(texts):
        with defects.entry():
            if not text.isdigit():
                raise DataError(f"{text} is no number", where=f"x:{place}", hint="digits")
            kept.append(int(text))
    return kept


def test_the_first_defect_is_raised():
    with pytest.raises(DataError, match="b is no number"):
        numbers(["1", "b", "c"], Defects())
    with pytest.raises(DataError, match="on_error is 'ignore'"):
        Defects("ignore")


def test_or_entries_are_left_out_and_counted():
    defects = Defects("skip", "skipped-lines")
    assert numbers(["1", "b", "3", "c"], defects) == [1, 3]
    assert defects.added_to({"other": 1, "none": 0}) == {"other": 1, "skipped-lines": 2}
    error = defects.none_left(DataError("nothing"))
    assert error.message == "every entry has a defect; of the first: b is no number"
    assert (error.where, error.hint) == ("x:1", "digits")
    defects.start()
    assert defects.none_left(DataError("nothing")).message == "nothing"


def test_other_errors_are_no_defects():
    with pytest.raises(ZeroDivisionError), Defects("skip").entry():
        raise ZeroDivisionError


def test_bytes_that_are_not_utf8_are_a_defect_of_their_line(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"1\n\xff\n3\n")
    with pytest.raises(DataError, match="byte 0xff is not UTF-8"):
        Defects().lines(str(path))
    defects = Defects("skip")
    lines = defects.lines(str(path))
    assert lines[::2] == ["1", "3"]
    for number, line in enumerate(lines, 1):
        with defects.entry():
            defects.check_bytes(line, f"{path}:{number}")
    assert defects.counts == {"skipped-sentences": 1}
    assert defects.first.where == f"{path}:2"


@pytest.mark.parametrize(
    "words",
    [
        ["_", "_"],
        ["_", "____", "."],
        ["___", ",", "___"],
        ["_", "2", "_", "_", "3.5", "_"],
        ["_", "(", "1998", ")", "_"],
        ["John", *["_"] * 10, "."],
    ],
)
def test_words_that_are_withheld(words):
    with pytest.raises(DataError, match="words are withheld") as caught:
        check_words(words, "x:3")
    assert caught.value.where == "x:3"
    defects = Defects("skip")
    with defects.entry():
        check_words(words, "x:3")
    assert defects.counts == {WITHHELD: 1}


@pytest.mark.parametrize(
    "words",
    [
        ["_"],
        ["________"],
        ["_", "."],
        ["_", "a", "_"],
        [],
        ["a_b"],
        ["___", ":", "2", "/", "3"],
        ["Name", "____", "Date", "____", "Phone", "(", "___", ")", "___", "-", "____"],
    ],
)
def test_words_that_are_there(words):
    check_words(words, "x:3")


@given(st.lists(st.sampled_from(["_", "__", "a", "."])))
def test_half_of_a_file_may_be_underscores(words):
    blanks, spoken = sum(set(word) == {"_"} for word in words), len(words) - words.count(".")
    if 2 * blanks <= spoken:
        check_file(words, "x")
    else:
        with pytest.raises(DataError, match=f"stands for {blanks} of {spoken}"):
            check_file(words, "x")


def test_no_task_of_words_gets_past_its_parts(tmp_path):
    """So a third party's reader that does not look for it is told as well."""
    path = tmp_path / "x"
    path.write_text("x")
    corpus = Corpus.of_words([["a", "b"], ["_", "_"]])
    target = Labels(Units.of_sentences(2), np.zeros(2, np.int64), ("A",))
    parts = Parts("x.task", files=str(path))
    with pytest.raises(DataError, match="withheld") as caught:
        parts.data(corpus, target, np.zeros(2, np.int64), {})
    assert caught.value.where == str(path)


def test_the_default_changes_no_fingerprint():
    class Task(FileTask):
        plugin, name = "x", "task"

    assert Task().leniency == ()
    assert Task(on_error="skip").leniency == ("skip",)
