"""STREUSLE dev in both formats and PASTRIE, with counts found by other means."""

import json
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from sondage_streusle import PsFxn, PsRole, read_streusle

HERE = Path(__file__).resolve()
SHARED = HERE.parents[4] / "shared"
DATA = Path(os.environ.get("SONDAGE_DATA", SHARED / "data"))
JSON = "streusle/streusle.ud_dev.json"
LEX = "streusle/streusle.ud_dev.conllulex"
PASTRIE = "pastrie/pastrie.conllulex"
EVERY = ("P", "INF.P", "POSS", "PRON.POSS")
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="no folder of real data: SONDAGE_DATA")


def real(name):
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{name} is not among the real data")
    return str(path)


def named(data):
    return [data.target.names[y] for y in data.target.y]


def test_both_formats_read_alike():
    a, b = read_streusle(real(JSON)), read_streusle(real(LEX))
    assert (len(a), a.n_words) == (554, 5_396)
    for name in ("forms", "lemmas", "upos", "xpos", "lexcats", "ss", "ss2", "sent_ids", "texts"):
        assert list(getattr(a, name)) == list(getattr(b, name)), name
    np.testing.assert_array_equal(a.strong, b.strong)
    np.testing.assert_array_equal(a.offsets, b.offsets)


@pytest.mark.parametrize("cls", [PsRole, PsFxn])
@pytest.mark.parametrize("lexcats", [("P",), EVERY])
def test_both_formats_are_one_task(cls, lexcats):
    a, b = (cls(files=real(name), lexcats=lexcats).load() for name in (JSON, LEX))
    assert a.corpus.fingerprint == b.corpus.fingerprint
    assert a.corpus.texts == b.corpus.texts
    assert a.target.names == b.target.names
    for field in ("sentence", "spans"):
        left, right = (getattr(d.target.units, field) for d in (a, b))
        np.testing.assert_array_equal(left, right)
    np.testing.assert_array_equal(a.target.y, b.target.y)
    assert a.warnings == b.warnings
    for part in ("train", "dev", "test"):
        np.testing.assert_array_equal(getattr(a.split(3), part), getattr(b.split(3), part))


def test_dev_counts():
    role, fxn = PsRole(files=real(JSON)).load(), PsFxn(files=real(JSON)).load()
    assert (len(role.target), len(role.target.names)) == (319, 38)
    assert (len(fxn.target), len(fxn.target.names)) == (319, 34)
    multiword = {"multiword-tokens": 85, "sentences-with-multiword-tokens": 72}
    told = {"special-labels": 6, "multiword-adpositions": 10, **multiword}
    assert role.warnings == fxn.warnings == told
    assert Counter(named(role)).most_common(2) == [("p.Locus", 60), ("p.Theme", 21)]
    every = PsRole(files=real(JSON), lexcats=EVERY).load()
    assert len(every.target) == 319 + 81 + 6 + 27
    assert every.warnings == {"special-labels": 9, "multiword-adpositions": 10, **multiword}


def test_roles_are_those_of_the_reference_inputs_in_their_order():
    path = SHARED / "reference" / "inputs" / "streusle_dev_ss.npy"
    if not path.exists():
        pytest.skip("no ../shared/reference beside the repository")
    assert named(PsRole(files=real(LEX)).load()) == np.load(path).tolist()


@pytest.mark.parametrize(("cls", "key"), [(PsRole, "ss"), (PsFxn, "ss2")])
@pytest.mark.parametrize("lexcats", [("P",), EVERY])
def test_items_against_a_loop_over_the_json(cls, key, lexcats):
    wanted = []
    for i, sentence in enumerate(json.loads(Path(real(JSON)).read_text("utf-8"))):
        for number, swe in sorted(sentence["swes"].items(), key=lambda kv: int(kv[0])):
            if swe["lexcat"] in lexcats and (swe[key] or "").startswith("p."):
                word = sentence["toks"][int(number) - 1]["word"]
                wanted.append((i, int(number) - 1, word, swe[key]))
    data = cls(files=real(LEX), lexcats=lexcats).load()
    word = data.target.units.spans[:, 0, 0]
    found = zip(
        data.target.sentence.tolist(), word.tolist(), data.types(), named(data), strict=True
    )
    assert list(found) == wanted


def test_every_word_with_an_adposition_s_sense_has_one_of_the_four_lexcats():
    bank = read_streusle([real(LEX), real(PASTRIE)])
    single = [
        lexcat
        for lexcat, ss, strong in zip(bank.lexcats, bank.ss, bank.strong, strict=True)
        if ss.startswith("p.") and not strong
    ]
    assert set(single) == set(EVERY)


def test_pastrie_against_a_grep_of_its_columns():
    rows = [line.split("\t") for line in Path(real(PASTRIE)).read_text("utf-8").split("\n")]
    wanted = [r[13] for r in rows if len(r) == 19 and r[10:12] == ["_", "P"] and r[13][:2] == "p."]
    data = PsRole(files=real(PASTRIE)).load()
    assert named(data) == wanted
    assert (len(wanted), len(data.target.names)) == (1_649, 46)
    assert (len(data.corpus), data.corpus.n_words) == (1_133, 22_419)
    assert data.warnings == {"special-labels": 27, "multiword-adpositions": 74}


def test_train_on_one_corpus_and_test_on_the_other():
    data = PsRole(train=real(PASTRIE), test=real(JSON)).load()
    assert (len(data.fixed.train), len(data.fixed.dev), len(data.fixed.test)) == (1_649, 0, 319)
