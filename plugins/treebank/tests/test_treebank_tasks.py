"""The tasks: files, splits, fingerprints, messages."""

import pickle
import subprocess
import sys

import pytest

from sondage.data import Labels
from sondage.errors import DataError
from sondage_treebank import Deprel, Feats, Tree, Upos, Xpos, sondage_tasks

ALL = [Upos, Xpos, Feats, Deprel, Tree]


def sentence(*forms, xpos="NN"):
    rows = []
    for i, form in enumerate(forms, 1):
        head, rel = (0, "root") if i == 1 else (i - 1, f"dep:{i % 3}")
        upos = ["NOUN", "VERB", "ADJ"][i % 3]
        cells = [i, form, form, upos, xpos, f"Odd={i % 2}", head, rel, "_", "_"]
        rows.append("\t".join(map(str, cells)))
    return "\n".join(rows) + "\n\n"


@pytest.fixture
def bank(tmp_path):
    """Twenty sentences, of which the last five repeat the first five."""
    path = tmp_path / "all.conllu"
    many = [sentence(*(f"w{i}x{j}" for j in range(3 + i % 4))) for i in range(15)]
    path.write_text("".join(many + many[:5]))
    return str(path)


@pytest.fixture
def parts(tmp_path):
    for name, forms in {"train": "abcd", "dev": "ef", "test": "ab"}.items():
        more = sentence(name, "z") if name != "test" else ""
        (tmp_path / f"{name}.conllu").write_text(sentence(*forms) + sentence("x", "y") + more)
    return {name: str(tmp_path / f"{name}.conllu") for name in ("train", "dev", "test")}


def test_tasks_over_the_same_files_share_one_corpus(bank):
    assert len({cls(files=bank).corpus_fingerprint for cls in ALL}) == 1
    assert len({cls(files=bank).load().corpus.fingerprint for cls in ALL}) == 1
    assert len({cls(files=bank).fingerprint for cls in ALL}) == len(ALL)


def test_a_part_without_annotation_is_named(parts, tmp_path):
    (tmp_path / "bare.conllu").write_text(sentence("q", "r", xpos="_"))
    with pytest.raises(DataError, match="in its dev part"):
        Xpos(**{**parts, "dev": str(tmp_path / "bare.conllu")}).load()


def test_skip_counts_and_all_tasks_see_the_same_sentences(bank):
    with open(bank, "a") as f:
        f.write("1\tbroken\n\n")
    with pytest.raises(DataError, match="2 columns"):
        Upos(files=bank).load()
    loaded = [cls(files=bank, on_error="skip").load() for cls in ALL]
    assert {len(d.corpus) for d in loaded} == {20}
    assert all(d.warnings == {"skipped-sentences": 1} for d in loaded)


def test_escapes_in_labels_and_words_are_only_data(tmp_path):
    nasty = "<b>\x1b[31m&amp;'\""
    (tmp_path / "x").write_text(sentence(nasty, nasty).replace("NN", nasty))
    data = Xpos(files=str(tmp_path / "x")).load()
    assert isinstance(data.target, Labels)
    assert data.target.names == (nasty,)
    assert data.corpus.words[0] == nasty


def test_specs_resolve_and_components_pickle(bank):
    specs = sondage_tasks()
    assert [s.name for s in specs] == [f"treebank.{c.name}" for c in ALL]
    for spec, cls in zip(specs, ALL, strict=True):
        assert spec.load() is cls
        assert spec.summary
        assert spec.reference
        again = pickle.loads(pickle.dumps(cls(files=bank)))
        assert again.fingerprint == cls(files=bank).fingerprint


def test_importing_and_constructing_is_cheap():
    heavy = "torch transformers sklearn scipy pandas pydantic"
    code = (
        "import sys, sondage_treebank as t\n"
        "light = set(sys.modules)\n"
        "t.Feats(files='absent')\n"
        f"assert not set('{heavy}'.split()) & set(sys.modules)\n"
        "assert 'numpy' not in light and 'sondage_treebank.tasks' not in light\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
