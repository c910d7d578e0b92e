"""What tasks over files are built on: which files, which split, which fingerprint."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sondage.data import Corpus, Labels, Split, TaskData, Units, digest
from sondage.errors import DataError, ParameterError
from sondage.parts import (
    FileTask,
    Parts,
    Rows,
    check_ratios,
    name_of,
    sentence_labels,
    with_two_labels,
)


@pytest.fixture
def files(tmp_path):
    out = {}
    for name in ("train", "dev", "test"):
        out[name] = str(tmp_path / f"{name}.txt")
        (tmp_path / f"{name}.txt").write_text(name)
    return out


def labelled(texts):
    return Labels(Units.of_sentences(len(texts)), np.zeros(len(texts), np.int64), ("A",))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "names no files"),
        ({"train": "train"}, "lacks 'train' or 'test'"),
        ({"files": "train", "dev": "dev"}, "has both 'files'"),
        ({"files": "train", "ratios": (0.5, 0.5, 0.5)}, "not three shares of 1"),
        ({"train": "train", "test": "test", "dev_share": 1.0}, "has dev_share 1.0"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(files, given, message):
    given = {k: files.get(v, v) if isinstance(v, str) else v for k, v in given.items()}
    with pytest.raises(ParameterError, match=message) as caught:
        Parts("x.task", **given).groups()
    assert caught.value.hint


def test_a_file_in_two_parts_is_refused(files):
    with pytest.raises(DataError, match="one file in two parts"):
        Parts("x.task", train=files["train"], test=files["train"]).groups()


def test_what_determines_the_split_is_in_its_key(files):
    train, dev, test = files.values()
    keys = [
        Parts("x", [train, dev]).split_key,
        Parts("x", [train, dev], ratios=(0.6, 0.2, 0.2)).split_key,
        Parts("x", train=train, dev=dev, test=test).split_key,
        Parts("x", train=[train, dev], test=test).split_key,
        Parts("x", train=train, dev=dev, test=test, dev_share=0.1).split_key,
        Parts("x", train=train, test=test, dev_share=0.1).split_key,
        Parts("x", train=train, test=test, dev_share=0.2).split_key,
    ]
    assert len({str(key) for key in keys}) == len(keys)
    apart = Parts("x", train=train, test=test, dev_share=0.1)
    assert (apart.randomness, Parts("x", train=train, test=test).randomness) == (("split",), ())
    assert apart.paths == [train, test]
    assert len(set(apart.hashes)) == 2


def test_parts_become_a_split_and_repetitions_are_counted(files):
    texts = ["a", "b", "c", "a", "d"]
    parts = Parts("x", **{k: files[k] for k in ("train", "dev", "test")})
    file_of = np.array([0, 0, 1, 2, 2])
    data = parts.data(Corpus(texts), labelled(texts), file_of, {"odd": 1, "none": 0})
    assert data.warnings == {"odd": 1, "sentences-also-in-train": 1}
    split = data.split(0)
    assert [p.tolist() for p in (split.train, split.dev, split.test)] == [[0, 1], [2], [3, 4]]
    with pytest.raises(DataError, match="nothing to predict in its dev part"):
        parts.data(Corpus(texts), labelled(texts), np.array([0, 0, 0, 2, 2]), {})


def test_names_and_ratios():
    assert (name_of(["d/a.txt"]), name_of(["d/a.txt", "b", "c"])) == ("a.txt", "a.txt and 2 more")
    check_ratios("x", (0.8, 0.1, 0.1))
    with pytest.raises(ParameterError, match="shares"):
        check_ratios("x", (1.2, -0.1, -0.1))


@settings(deadline=None)
@given(
    texts=st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=20),
    share=st.floats(0.001, 0.999),
    seed=st.integers(0, 9),
)
def test_dev_is_drawn_from_train_by_sentence(texts, share, seed):
    n = len(texts)
    fixed = Split(np.arange(n), np.zeros(0, np.int64), np.array([n]))
    data = TaskData(Corpus([*texts, "x"]), labelled([*texts, "x"]), fixed=fixed, dev_share=share)
    split = data.split(seed)
    in_dev = {texts[i] for i in split.dev}
    assert split.test.tolist() == [n]
    assert sorted([*split.train, *split.dev]) == list(range(n))
    assert not in_dev & {texts[i] for i in split.train}
    distinct = len(set(texts))
    wanted = min(max(round(share * distinct), 1), distinct - 1)
    assert len(in_dev) == wanted
    np.testing.assert_array_equal(data.split(seed).dev, split.dev)


def test_a_sentence_with_two_labels_is_counted_once():
    corpus = Corpus(["a", "b", "a", "c", "b", "a"])
    assert with_two_labels(corpus, np.array([0, 1, 1, 0, 1, 2])) == 1


class Plain(FileTask):
    plugin = "x"
    name = "plain"


class Tables(FileTask):
    plugin = "x"
    name = "tables"
    what = "table"
    suffixes = (".tsv",)
    needs_test = False


def test_a_task_hands_on_its_parameters_and_what_its_files_are():
    assert Plain().parts == Parts("x.plain", dev_share=0.1)
    files = {"files": "f", "train": ["a"], "dev": "b", "test": "c"}
    given = {**files, "ratios": (0.5, 0.3, 0.2), "dev_share": 0.2}
    kind = {"what": "table", "suffixes": (".tsv",), "needs_test": False}
    assert Tables(**given).parts == Parts("x.tables", **given, **kind)


@pytest.mark.parametrize(
    ("given", "drawn"),
    [
        ({"files": "f"}, ("split",)),
        ({"train": "a", "test": "c"}, ("split",)),
        ({"train": "a", "test": "c", "dev_share": 0.0}, ()),
        ({"train": "a", "dev": "b", "test": "c"}, ()),
    ],
)
def test_a_task_says_what_the_seed_draws(given, drawn):
    assert Plain(**given).randomness == drawn


def test_a_task_over_files_says_what_it_reads_and_has_the_rest(files):
    class Lines(FileTask):
        plugin, name, reader = "toy", "lines", "toy-1"

        def read(self, paths):
            found = Rows()
            found.files, found.warnings = tuple(paths), {"odd": 2, "even": 0}
            found.file_of = np.arange(len(paths))
            return found

        def problem(self, found, name):
            corpus = Corpus(tuple(map(str, found.file_of)), name=name)
            return corpus, sentence_labels(list("aba")), {"more": 1}

    task = Lines(**files)
    data = task.load()
    assert data.corpus.name == "train.txt and 2 more"
    assert (data.warnings, data.fixed.test.tolist()) == ({"odd": 2, "more": 1}, [2])
    hashes = task.parts.hashes
    assert task.corpus_fingerprint == digest("toy-1", hashes)
    assert task.fingerprint == digest(task.corpus_fingerprint, task.parts.split_key, "lines")
    assert Lines(**files, on_error="skip").corpus_fingerprint == digest("toy-1", hashes, "skip")
