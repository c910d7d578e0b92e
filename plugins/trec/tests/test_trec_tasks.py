"""The tasks: labels, files, splits with and without dev, fingerprints, messages."""

import gzip
import hashlib
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sondage.data import Corpus, Labels, Split, TaskData, Units
from sondage.errors import DataError, ParameterError
from sondage_trec import Coarse, Fine, sondage_tasks

ALL = [Fine, Coarse]


@pytest.fixture
def bank(tmp_path):
    """Sixty questions, of which the last ten repeat the first ten, one with another label."""
    path = tmp_path / "all.label"
    lines = [f"{'AB'[i % 2]}:{'xyz'[i % 3]} What is n{i} ?" for i in range(50)]
    again = [*lines[:9], lines[9].replace("B:x", "B:z")]
    path.write_text("\n".join(lines + again) + "\n")
    return str(path)


@pytest.fixture
def parts(tmp_path):
    """Thirty questions to train on, in pairs of equal ones; one test question is among them."""
    train = [f"{'AB'[i % 2]}:x Q t{i // 2} ?" for i in range(30)]
    made = {"train": train, "dev": ["A:x Q d ?"], "test": ["A:x Q t3 ?", "C:w Q u ?"]}
    for name, lines in made.items():
        (tmp_path / f"{name}.label").write_text("\n".join(lines))
    return {name: str(tmp_path / f"{name}.label") for name in made}


def indices(split):
    return [split.train, split.dev, split.test]


def test_fine_keeps_the_coarse_part_and_coarse_is_all_before_the_colon(bank):
    fine, coarse = Fine(files=bank).load(), Coarse(files=bank).load()
    assert fine.target.names == ("A:x", "A:y", "A:z", "B:x", "B:y", "B:z")
    assert coarse.target.names == ("A", "B")
    assert [fine.target.names[y] for y in fine.target.y[:4]] == ["A:x", "B:y", "A:z", "B:x"]
    assert coarse.target.y[:4].tolist() == [0, 1, 0, 1]
    assert fine.target.units.arity == coarse.target.units.arity == 0
    assert fine.warnings == {"questions-with-two-labels": 1}
    assert coarse.warnings == {}
    assert fine.types()[0] == "What is n0 ?"
    assert list(fine.corpus.words_of(0)) == ["What", "is", "n0", "?"]
    assert fine.target.sentence.tolist() == list(range(60))


@pytest.mark.parametrize("cls", ALL)
def test_seeded_split_keeps_repetitions_together(bank, cls):
    task = cls(files=bank)
    assert task.randomness == ("split",)
    data = task.load()
    for seed in range(5):
        found = indices(data.split(seed))
        assert sorted(np.concatenate(found).tolist()) == list(range(60))
        seen = [{data.corpus.texts[i] for i in part} for part in found]
        assert sum(map(len, seen)) == 50
        assert len(set.union(*seen)) == 50
        assert [len(s) for s in seen] == [40, 5, 5]


@pytest.mark.parametrize("cls", ALL)
def test_the_files_parts_where_all_are_given(parts, cls):
    task = cls(**parts)
    assert task.randomness == ()
    data = task.load()
    assert data.split(0) is data.split(1)
    assert [p.tolist() for p in indices(data.fixed)] == [list(range(30)), [30], [31, 32]]
    assert data.warnings["sentences-also-in-train"] == 1


@pytest.mark.parametrize("cls", ALL)
def test_dev_is_drawn_from_train_where_there_is_none(parts, cls):
    del parts["dev"]
    task = cls(**parts, dev_share=0.2)
    assert task.randomness == ("split",)
    data = task.load()
    drawn = set()
    for seed in range(4):
        split = data.split(seed)
        assert split.test.tolist() == [30, 31]
        assert sorted([*split.train, *split.dev]) == list(range(30))
        texts = [{data.corpus.texts[i] for i in part} for part in (split.train, split.dev)]
        assert not texts[0] & texts[1]
        assert [len(t) for t in texts] == [12, 3]
        drawn.add(tuple(split.dev))
        np.testing.assert_array_equal(split.dev, data.split(seed).dev)
    assert len(drawn) == 4


def test_dev_may_stay_empty(parts):
    del parts["dev"]
    task = Fine(**parts, dev_share=0.0)
    assert task.randomness == ()
    assert [len(p) for p in indices(task.load().split(7))] == [30, 0, 2]


@settings(deadline=None, max_examples=200)
@given(
    texts=st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=20),
    tests=st.lists(st.sampled_from("abcxyz"), min_size=1, max_size=5),
    share=st.floats(0.001, 0.999),
    seed=st.integers(0, 9),
)
def test_carving_against_its_definition(texts, tests, share, seed):
    n, m = len(texts), len(tests)
    labels = Labels(Units.of_sentences(n + m), np.zeros(n + m, np.int64), ("A",))
    none = np.zeros(0, np.int64)
    fixed = Split(np.arange(n), none, np.arange(n, n + m))
    data = TaskData(Corpus([*texts, *tests]), labels, fixed=fixed, dev_share=share)
    split = data.split(seed)
    assert split.test.tolist() == list(range(n, n + m))
    assert sorted([*split.train, *split.dev]) == list(range(n))
    assert (np.diff(split.train) > 0).all()
    assert (np.diff(split.dev) > 0).all()
    distinct = len(set(texts))
    in_dev = {texts[i] for i in split.dev}
    assert not in_dev & {texts[i] for i in split.train}
    assert len(split.train)
    if distinct > 1:
        assert len(in_dev) == min(max(round(share * distinct), 1), distinct - 1)
    else:
        assert not in_dev


def test_fine_and_coarse_share_a_corpus(bank):
    fine, coarse = Fine(files=bank), Coarse(files=bank)
    assert fine.corpus_fingerprint == coarse.corpus_fingerprint
    assert fine.fingerprint != coarse.fingerprint
    assert fine.load().corpus.fingerprint == coarse.load().corpus.fingerprint
    for a, b in zip(indices(fine.load().split(1)), indices(coarse.load().split(1)), strict=True):
        np.testing.assert_array_equal(a, b)


def test_fingerprints_follow_what_changes_the_numbers(bank, parts, tmp_path):
    base = Fine(files=bank)
    assert len(base.fingerprint) == 32
    carved = {**parts, "dev": None}
    others = [
        Fine(files=bank, encoding="latin-1"),
        Fine(files=bank, ratios=(0.6, 0.2, 0.2)),
        Fine(files=[bank, parts["dev"]]),
        Fine(**parts),
        Fine(**carved),
        Fine(**carved, dev_share=0.2),
        Fine(**carved, dev_share=0),
        Fine(files=list(parts.values())),
    ]
    assert len({t.fingerprint for t in [base, *others]}) == len(others) + 1
    assert Fine(**parts, dev_share=0.3).fingerprint == Fine(**parts).fingerprint
    assert Fine(files=bank, dev_share=0.3).fingerprint == base.fingerprint
    assert Fine(files=bank, ratios=[0.8, 0.1, 0.1]).fingerprint == base.fingerprint
    copy = tmp_path / "elsewhere"
    copy.write_bytes(Path(bank).read_bytes())
    assert Fine(files=str(copy)).fingerprint == base.fingerprint


def test_fingerprint_parses_nothing_and_sees_a_changed_file(tmp_path, monkeypatch):
    monkeypatch.setattr("sondage.files.reading._SETTLED", -1.0)
    path = tmp_path / "x"
    path.write_text("nothing of the kind\n")
    task = Coarse(files=str(path))
    first = task.fingerprint
    with monkeypatch.context() as patched:
        patched.setattr(hashlib, "file_digest", None)
        assert task.fingerprint == first
    path.write_text("nothing of the sort\n")
    os.utime(path, ns=(1, 1))
    assert task.fingerprint != first
    with pytest.raises(DataError, match="no label"):
        task.load()


def test_patterns_gzip_and_order(tmp_path):
    (tmp_path / "b.label").write_text("A:x b\n")
    (tmp_path / "a.label.gz").write_bytes(gzip.compress(b"A:x a\n"))
    pattern = str(tmp_path / "*.label*")
    assert list(Fine(files=pattern).load().corpus.texts) == ["a", "b"]
    both = [str(tmp_path / "b.label"), pattern]
    assert list(Fine(files=both).load().corpus.texts) == ["b", "a"]


@pytest.mark.parametrize("use", [lambda t: t.load(), lambda t: t.fingerprint])
def test_missing_files_name_the_nearest(bank, tmp_path, use):
    with pytest.raises(DataError, match=r"no file .*al\.label") as caught:
        use(Fine(files=str(tmp_path / "al.label")))
    assert caught.value.near == ("all.label",)
    with pytest.raises(DataError, match="no file matches"):
        use(Fine(files=str(tmp_path / "*.lable")))
    with pytest.raises(DataError, match="does not exist"):
        use(Fine(files=str(tmp_path / "nowhere" / "x")))
    with pytest.raises(DataError, match="is a folder") as caught:
        use(Fine(files=str(tmp_path)))
    assert caught.value.near == ("all.label",)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"train": "a"},
        {"dev": "a", "test": "b"},
        {"files": "a", "test": "b"},
        {"files": "a", "ratios": (0.5, 0.1, 0.1)},
        {"files": "a", "ratios": (float("nan"), 0.5, 0.5)},
        {"train": "a", "test": "b", "dev_share": 1.0},
        {"train": "a", "test": "b", "dev_share": -0.1},
        {"train": "a", "test": "b", "dev_share": float("nan")},
    ],
)
def test_parameters_that_do_not_fit(wrong):
    for use in (lambda t: t.load(), lambda t: t.fingerprint):
        with pytest.raises(ParameterError) as caught:
            use(Coarse(**wrong))
        assert caught.value.hint
        assert "trec.coarse" in str(caught.value)


def test_one_file_in_two_parts(parts):
    with pytest.raises(DataError, match="one file in two parts"):
        Fine(**{**parts, "test": parts["train"]}).load()


def test_specs_resolve_and_components_pickle(bank, parts):
    specs = sondage_tasks()
    assert [s.name for s in specs] == [f"trec.{c.name}" for c in ALL]
    for spec, cls in zip(specs, ALL, strict=True):
        assert spec.load() is cls
        again = pickle.loads(pickle.dumps(cls(files=bank)))
        assert again.fingerprint == cls(files=bank).fingerprint
    data = Fine(**{**parts, "dev": None}).load()
    again = pickle.loads(pickle.dumps(data))
    np.testing.assert_array_equal(again.split(3).dev, data.split(3).dev)


def test_importing_and_constructing_is_cheap():
    heavy = "torch transformers sklearn scipy pandas pydantic"
    code = (
        "import sys, sondage_trec as t\n"
        "light = set(sys.modules)\n"
        "t.Fine(files='absent')\n"
        f"assert not set('{heavy}'.split()) & set(sys.modules)\n"
        "assert 'numpy' not in light and 'sondage_trec.tasks' not in light\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
