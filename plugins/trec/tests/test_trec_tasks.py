"""The tasks: labels, files, splits with and without dev, fingerprints, messages."""

import pickle
import subprocess
import sys

import numpy as np
import pytest

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


def test_fine_and_coarse_share_a_corpus(bank):
    fine, coarse = Fine(files=bank), Coarse(files=bank)
    assert fine.corpus_fingerprint == coarse.corpus_fingerprint
    assert fine.fingerprint != coarse.fingerprint
    assert fine.load().corpus.fingerprint == coarse.load().corpus.fingerprint
    for a, b in zip(indices(fine.load().split(1)), indices(coarse.load().split(1)), strict=True):
        np.testing.assert_array_equal(a, b)


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
