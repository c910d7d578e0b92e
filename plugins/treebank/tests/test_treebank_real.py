"""Real treebanks, with the counts that their own documentation gives."""

import os
from pathlib import Path

import numpy as np
import pytest

from sondage_treebank import Deprel, Feats, Tree, Upos, Xpos, read_conllu

HERE = Path(__file__).resolve()
DATA = Path(os.environ.get("SONDAGE_DATA", HERE.parents[4] / "shared" / "data"))
PUD = "ud_english_pud/en_pud-ud-test.conllu"
TRAIN = "ud_english_ewt/en_ewt-ud-train.conllu.gz"
DEV = "ud_english_ewt/en_ewt-ud-dev.conllu"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="no folder of real data: SONDAGE_DATA")


def real(name):
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{name} is not among the real data")
    return str(path)


@pytest.mark.parametrize(
    ("name", "sentences", "words"),
    [
        (PUD, 1_000, 21_180),
        ("ud_german_pud/de_pud-ud-test.conllu", 1_000, 21_332),
        (DEV, 2_001, 25_147),
        ("ud_english_ewt/en_ewt-ud-train-subset.conllu", 2_449, 41_255),
        (TRAIN, 12_544, 204_577),
    ],
)
def test_counts(name, sentences, words):
    path = real(name)
    bank = read_conllu(path)
    assert (len(bank), bank.n_words) == (sentences, words)
    assert bank.warnings == {}
    assert None not in bank.texts
    assert len(set(bank.sent_ids)) == sentences


def test_pud_tasks():
    pud = real(PUD)
    upos, xpos = Upos(files=pud).load(), Xpos(files=pud).load()
    assert len(upos.target.names) == 17
    assert len(upos.target) == 21_180
    assert len(xpos.target) == 21_180
    relations = Deprel(files=pud).load()
    assert len(relations.target) == 20_180, "every word but the 1,000 roots"
    tree = Tree(files=pud).load()
    assert len(tree.target) == 1_000
    upos_names = np.array(upos.target.names)[upos.target.y]
    np.testing.assert_array_equal(tree.target.scored, upos_names != "PUNCT")
    number = Feats(files=pud, feature="Number").load()
    assert {"Plur", "Sing"} <= set(number.target.names)
    multiword = {"multiword-tokens": 129, "sentences-with-multiword-tokens": 121}
    assert all(data.warnings == multiword for data in (upos, xpos, relations, tree))


def test_ewt_split_from_files():
    data = Deprel(train=real(TRAIN), test=real(DEV)).load()
    assert len(data.fixed.train) == 204_577 - 12_544
    assert len(data.fixed.test) == 25_147 - 2_001
    assert data.fixed.train.max() < data.fixed.test.min()


def test_ids_agree_with_a_grep_over_the_file():
    lines = Path(real(DEV)).read_text(encoding="utf-8").split("\n")
    wanted = [line.split("\t")[1] for line in lines if line.split("\t")[0].isdigit()]
    assert list(read_conllu(real(DEV)).forms) == wanted
