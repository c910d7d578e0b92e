"""The tasks: files, splits, fingerprints, messages."""

import gzip
import hashlib
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sondage.data import Labels, TaskData
from sondage.errors import DataError, ParameterError
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


@pytest.mark.parametrize("cls", ALL)
def test_seeded_split_keeps_equal_sentences_together(bank, cls):
    task = cls(files=bank)
    assert task.randomness == ("split",)
    data = task.load()
    assert isinstance(data, TaskData)
    assert len(data.corpus) == 20
    for seed in range(5):
        split = data.split(seed)
        items = [split.train, split.dev, split.test]
        assert sorted(np.concatenate(items).tolist()) == list(range(len(data.target)))
        seen = [
            {data.corpus.key(s) for s in np.unique(data.target.sentence[i]).tolist()} for i in items
        ]
        assert len(set.union(*seen)) == sum(map(len, seen))
        assert all(seen)


@pytest.mark.parametrize("cls", ALL)
def test_fixed_split_follows_the_files(parts, cls):
    task = cls(**parts)
    assert task.randomness == ()
    data = task.load()
    assert data.split(0) is data.split(1)
    of = [np.unique(data.target.sentence[i]).tolist() for i in vars(data.fixed).values()]
    assert of == [[0, 1, 2], [3, 4, 5], [6, 7]]
    assert data.warnings == {"sentences-also-in-train": 2}


def test_dev_may_be_missing(parts):
    del parts["dev"]
    data = Upos(**parts).load()
    assert len(data.fixed.dev) == 0
    assert len(data.fixed.train)
    assert len(data.fixed.test)


@pytest.mark.parametrize("cls", ALL)
def test_two_loads_agree(bank, cls):
    a, b = cls(files=bank).load(), cls(files=bank).load()
    assert a.corpus.fingerprint == b.corpus.fingerprint
    assert a.target.names == b.target.names == tuple(sorted(a.target.names))
    for name, value in vars(a.target).items():
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(value, getattr(b.target, name))


def test_tasks_over_the_same_files_share_one_corpus(bank):
    assert len({cls(files=bank).corpus_fingerprint for cls in ALL}) == 1
    assert len({cls(files=bank).load().corpus.fingerprint for cls in ALL}) == 1
    assert len({cls(files=bank).fingerprint for cls in ALL}) == len(ALL)


def test_fingerprints_follow_what_changes_the_numbers(bank, parts, tmp_path):
    base = Feats(files=bank)
    assert len(base.fingerprint) == 32
    others = [
        Feats(files=bank, feature="Odd"),
        Feats(files=bank, without="none"),
        Feats(files=bank, ratios=(0.6, 0.2, 0.2)),
        Feats(files=bank, on_error="skip"),
        Feats(files=[bank, parts["dev"]]),
        Feats(**parts),
        Feats(**{**parts, "dev": None}),
        Feats(files=list(parts.values())),
    ]
    assert len({t.fingerprint for t in [base, *others]}) == len(others) + 1
    assert Deprel(files=bank).fingerprint != Deprel(files=bank, subtypes=False).fingerprint
    copy = tmp_path / "elsewhere.conllu"
    copy.write_bytes(Path(bank).read_bytes())
    assert Feats(files=str(copy)).fingerprint == base.fingerprint
    assert Feats(files=bank, ratios=[0.8, 0.1, 0.1]).fingerprint == base.fingerprint


def test_fingerprint_sees_a_changed_file_and_reads_an_unchanged_one_once(bank, monkeypatch):
    monkeypatch.setattr("sondage.files.reading._SETTLED", -1.0)
    first = Upos(files=bank).fingerprint
    with monkeypatch.context() as patched:
        patched.setattr(hashlib, "file_digest", None)
        assert Upos(files=bank).fingerprint == first
    Path(bank).write_text(Path(bank).read_text().replace("w0x0", "v0x0"))
    os.utime(bank, ns=(1, 1))
    assert Upos(files=bank).fingerprint != first


def test_fingerprint_parses_nothing(tmp_path):
    (tmp_path / "x").write_text("this is no CoNLL-U\n")
    task = Upos(files=str(tmp_path / "x"))
    assert task.fingerprint
    assert task.corpus_fingerprint
    with pytest.raises(DataError):
        task.load()


def test_patterns_gzip_and_order(tmp_path):
    (tmp_path / "b.conllu").write_text(sentence("b"))
    (tmp_path / "a.conllu.gz").write_bytes(gzip.compress(sentence("a").encode()))
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "d.conllu").write_text(sentence("d"))
    pattern = str(tmp_path / "*.conllu*")
    deep = str(tmp_path / "**" / "*.conllu")
    assert list(Upos(files=pattern).load().corpus.words) == ["a", "b"]
    assert list(Upos(files=[str(tmp_path / "b.conllu"), pattern]).load().corpus.words) == ["b", "a"]
    assert sorted(Upos(files=deep).load().corpus.words) == ["b", "d"]


def test_a_name_with_pattern_characters_is_a_name_first(tmp_path):
    (tmp_path / "x[1].conllu").write_text(sentence("b"))
    assert list(Upos(files=str(tmp_path / "x[1].conllu")).load().corpus.words) == ["b"]


@pytest.mark.parametrize("use", [lambda t: t.load(), lambda t: t.fingerprint])
def test_missing_files_name_the_nearest(bank, tmp_path, use):
    with pytest.raises(DataError, match=r"no file .*al\.conllu") as caught:
        use(Upos(files=str(tmp_path / "al.conllu")))
    assert caught.value.near == ("all.conllu",)
    with pytest.raises(DataError, match="no file matches"):
        use(Upos(files=str(tmp_path / "*.conlu")))
    with pytest.raises(DataError, match="does not exist"):
        use(Upos(files=str(tmp_path / "nowhere" / "all.conllu")))
    with pytest.raises(DataError, match="is a folder") as caught:
        use(Upos(files=str(tmp_path)))
    assert caught.value.near == ("all.conllu",)
    with pytest.raises(DataError, match="no file matches"):
        use(Upos(files=str(tmp_path / "*" / "x")))


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"train": "a"},
        {"dev": "a", "test": "b"},
        {"files": "a", "test": "b"},
        {"files": "a", "ratios": (0.5, 0.1, 0.1)},
        {"files": "a", "ratios": (1.5, -0.5, 0.0)},
        {"files": "a", "ratios": (float("nan"), 0.5, 0.5)},
    ],
)
def test_parameters_that_do_not_fit(wrong):
    for use in (lambda t: t.load(), lambda t: t.fingerprint):
        with pytest.raises(ParameterError) as caught:
            use(Upos(**wrong))
        assert caught.value.hint
        assert "treebank.upos" in str(caught.value)


def test_one_file_in_two_parts(parts):
    with pytest.raises(DataError, match="one file in two parts"):
        Upos(**{**parts, "test": parts["train"]}).load()


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
