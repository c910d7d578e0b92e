"""The tasks: which words, which labels, files, splits, fingerprints, messages."""

import pickle
import subprocess
import sys

import numpy as np
import pytest

from sondage.errors import DataError
from sondage_streusle import (
    PsFxn,
    PsRole,
    adposition_labels,
    read_streusle,
    sondage_tasks,
)

ALL = [PsRole, PsFxn]


def sentence(*words):
    """Each word is (form, lexcat, ss, ss2), or (form, lexcat, ss, ss2, smwe)."""
    rows = []
    for i, (form, lexcat, ss, ss2, *smwe) in enumerate(words, 1):
        cells = [i, form, "_", "ADP", "IN", "_", 0, "dep", "_", "_", *(smwe or ["_"])]
        rows.append("\t".join(map(str, [*cells, lexcat, "_", ss, ss2, "_", "_", "_", "O"])))
    return "\n".join(rows) + "\n\n"


# As in the format's documentation and the real files; marks tell what becomes of each word.
HAND = sentence(
    ("went", "V", "v.motion", "_"),
    ("to", "P", "p.Goal", "p.Goal"),  # 1
    ("my", "PRON.POSS", "p.SocialRel", "p.Gestalt"),  # possessive
    ("friend", "N", "n.PERSON", "_"),
    ("'s", "POSS", "p.Possessor", "p.Gestalt"),  # possessive
    ("in", "P", "p.Time", "p.Interval"),  # 5
    ("front", "P", "p.Locus", "p.Locus", "1:1"),  # multiword
    ("of", "_", "_", "_", "1:2"),
    ("for", "P", "??", "_"),  # 8, special
    ("to", "INF.P", "p.Purpose", "p.Goal"),  # infinitive
    ("your", "PRON.POSS", "`$", "`$"),
    ("at", "P", "_", "_"),  # unlabelled
)


@pytest.fixture
def hand(tmp_path):
    path = tmp_path / "hand.conllulex"
    path.write_text(HAND)
    return str(path)


@pytest.fixture
def bank(tmp_path):
    """Twenty sentences, of which the last five repeat the first five."""
    path = tmp_path / "all.conllulex"
    senses = ["p.Locus", "p.Time", "p.Goal"]
    many = [
        sentence(
            (f"n{i}", "N", "n.ACT", "_"),
            ("in", "P", senses[i % 3], senses[i % 2]),
            ("??", "P", "??", "_"),
        )
        for i in range(15)
    ]
    path.write_text("".join(many + many[:5]))
    return str(path)


@pytest.fixture
def parts(tmp_path):
    for name, forms in {"train": "abc", "dev": "de", "test": "af"}.items():
        made = (sentence((f, "N", "_", "_"), ("in", "P", "p.A", "p.B")) for f in forms)
        (tmp_path / name).write_text("".join(made))
    return {name: str(tmp_path / name) for name in ("train", "dev", "test")}


def items(labels):
    spans = labels.units.spans[:, 0].tolist()
    assert all(end == start + 1 for start, end in spans)
    return [(start, labels.names[y]) for (start, _), y in zip(spans, labels.y, strict=True)]


def test_by_default_single_prepositions_alone(hand):
    labels, warnings = adposition_labels(read_streusle(hand), "role")
    assert items(labels) == [(1, "p.Goal"), (5, "p.Time")]
    assert warnings == {
        "special-labels": 1,
        "unlabelled-adpositions": 1,
        "multiword-adpositions": 1,
    }
    labels, again = adposition_labels(read_streusle(hand), "function")
    assert items(labels) == [(1, "p.Goal"), (5, "p.Interval")]
    assert again == warnings
    assert labels.names == ("p.Goal", "p.Interval")
    assert labels.y.dtype == np.int64


def test_lexcats_add_possessives_and_infinitives(hand):
    every = ("P", "INF.P", "POSS", "PRON.POSS")
    labels, warnings = adposition_labels(read_streusle(hand), "role", lexcats=every)
    assert [i for i, _ in items(labels)] == [1, 2, 4, 5, 9]
    assert dict(items(labels))[2] == "p.SocialRel"
    assert warnings == {
        "special-labels": 2,
        "unlabelled-adpositions": 1,
        "multiword-adpositions": 1,
    }
    labels, _ = adposition_labels(read_streusle(hand), "function", lexcats=["POSS"])
    assert items(labels) == [(4, "p.Gestalt")]


def test_special_labels_can_be_kept(hand):
    options = {"lexcats": ["P", "PRON.POSS"], "special": "keep"}
    role, warnings = adposition_labels(read_streusle(hand), "role", **options)
    fxn, _ = adposition_labels(read_streusle(hand), "function", **options)
    wanted = [(1, "p.Goal"), (2, "p.SocialRel"), (5, "p.Time"), (8, "??"), (10, "`$")]
    assert items(role) == wanted
    assert [i for i, _ in items(fxn)] == [i for i, _ in wanted]
    assert dict(items(fxn))[8] == "??"
    assert warnings == {"unlabelled-adpositions": 1, "multiword-adpositions": 1}


def test_what_is_not_there_is_an_error(hand, tmp_path):
    with pytest.raises(DataError, match="no single word has a lexical category among PREP") as e:
        adposition_labels(read_streusle(hand), "role", lexcats=["PREP"])
    assert "PP" not in e.value.near
    with pytest.raises(DataError) as caught:
        PsRole(files=hand, lexcats=("INFP",)).load()
    assert "INF.P" in caught.value.near
    with pytest.raises(DataError, match="no single word"):
        PsRole(files=hand, lexcats=()).load()
    path = tmp_path / "x"
    path.write_text(sentence(("in", "P", "_", "_")))
    with pytest.raises(DataError, match="no adposition is labelled"):
        PsFxn(files=str(path)).load()


def test_role_and_function_share_corpus_and_items(bank):
    role, fxn = PsRole(files=bank), PsFxn(files=bank)
    assert role.corpus_fingerprint == fxn.corpus_fingerprint
    assert role.fingerprint != fxn.fingerprint
    a, b = role.load(), fxn.load()
    assert a.corpus.fingerprint == b.corpus.fingerprint
    np.testing.assert_array_equal(a.target.units.spans, b.target.units.spans)
    assert a.types() == ["in"] * 20


def test_fingerprints_follow_what_changes_the_numbers(bank):
    base = PsRole(files=bank)
    assert len(base.fingerprint) == 32
    others = [
        PsRole(files=bank, lexcats=("P", "POSS")),
        PsRole(files=bank, special="keep"),
    ]
    assert len({t.fingerprint for t in [base, *others]}) == len(others) + 1
    same = [
        PsRole(files=bank, lexcats=["P"]),
        PsRole(files=bank, lexcats=("P", "P")),
    ]
    assert {t.fingerprint for t in same} == {base.fingerprint}


def test_a_part_without_items_is_named(parts, tmp_path):
    (tmp_path / "bare").write_text(sentence(("q", "N", "_", "_")))
    with pytest.raises(DataError, match="in its dev part"):
        PsRole(**{**parts, "dev": str(tmp_path / "bare")}).load()


def test_specs_resolve_and_components_pickle(bank):
    specs = sondage_tasks()
    assert [s.name for s in specs] == [f"streusle.{c.name}" for c in ALL]
    for spec, cls in zip(specs, ALL, strict=True):
        assert spec.load() is cls
        again = pickle.loads(pickle.dumps(cls(files=bank)))
        assert again.fingerprint == cls(files=bank).fingerprint


def test_importing_and_constructing_is_cheap():
    heavy = "torch transformers sklearn scipy pandas pydantic"
    code = (
        "import sys, sondage_streusle as t\n"
        "light = set(sys.modules)\n"
        "t.PsRole(files='absent')\n"
        f"assert not set('{heavy}'.split()) & set(sys.modules)\n"
        "assert 'numpy' not in light and 'sondage_streusle.tasks' not in light\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
