"""Multiword tokens: counted, and read as they are written when asked for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sondage.errors import ParameterError
from sondage_treebank import Deprel, Tree, Upos, read_conllu

# "Er ging zum Haus im Wald" and a sentence without a multiword token.
TEXT = """\
# text = Er ging zum Haus im Wald
1\tEr\t_\tPRON\t_\t_\t2\tnsubj\t_\t_
2\tging\t_\tVERB\t_\t_\t0\troot\t_\t_
3-4\tzum\t_\t_\t_\t_\t_\t_\t_\t_
3\tzu\t_\tADP\t_\t_\t5\tcase\t_\t_
4\tdem\t_\tDET\t_\t_\t5\tdet\t_\t_
5\tHaus\t_\tNOUN\t_\t_\t2\tobl\t_\t_
6-7\tim\t_\t_\t_\t_\t_\t_\t_\t_
6\tin\t_\tADP\t_\t_\t8\tcase\t_\t_
7\tdem\t_\tDET\t_\t_\t8\tdet\t_\t_
8\tWald\t_\tNOUN\t_\t_\t5\tnmod\t_\t_

1\tGeh\t_\tVERB\t_\t_\t0\troot\t_\t_
2\theim\t_\tADV\t_\t_\t1\tadvmod\t_\t_

"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a.conllu"
    path.write_text(TEXT)
    return str(path)


def test_the_reader_keeps_them_beside_the_words(file):
    bank = read_conllu([file, file])
    assert bank.multiword.tolist() == [[2, 4], [5, 7], [12, 14], [15, 17]]
    assert list(bank.written) == ["zum", "im"] * 2


def test_an_encoder_is_given_the_words_by_default_and_that_is_counted(file):
    data = Upos(files=file).load()
    assert " ".join(data.corpus.words_of(0)) == "Er ging zu dem Haus in dem Wald"
    assert data.warnings == {"multiword-tokens": 2, "sentences-with-multiword-tokens": 1}


def test_surface_gives_the_token_as_written_and_each_word_its_vector(file):
    data = Upos(files=file, words="surface").load()
    assert " ".join(data.corpus.words_of(0)) == "Er ging zum Haus im Wald"
    assert list(data.corpus.words_of(1)) == ["Geh", "heim"]
    spans = data.target.units.spans
    assert spans[:, 0, 0].tolist() == [0, 1, 2, 2, 3, 4, 4, 5, 0, 1]
    assert (spans[:, :, 1] - spans[:, :, 0] == 1).all()
    assert [data.target.names[y] for y in data.target.y[2:4]] == ["ADP", "DET"]
    assert data.warnings == {"words-in-one-token": 4}


def test_pairs_point_to_the_tokens_of_head_and_dependent(file):
    words, written = Deprel(files=file).load(), Deprel(files=file, words="surface").load()
    assert np.array_equal(words.target.y, written.target.y)
    # zu <- Haus, dem <- Haus: both are the pair (Haus, zum).
    assert written.target.units.spans[1:3, :, 0].tolist() == [[3, 2], [3, 2]]


def test_the_two_readings_are_two_corpora_and_two_tasks(file):
    one, two = Upos(files=file), Upos(files=file, words="surface")
    assert one.corpus_fingerprint != two.corpus_fingerprint
    assert one.fingerprint != two.fingerprint
    assert Deprel(files=file, words="surface").corpus_fingerprint == two.corpus_fingerprint


def test_trees_stand_over_words(file):
    with pytest.raises(ParameterError, match="syntactic"):
        _ = Tree(files=file, words="surface").fingerprint


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(1, 3), min_size=1, max_size=5), min_size=1, max_size=4))
def test_every_word_finds_its_token(tmp_path_factory, sizes):
    lines, tokens = [], []
    for sentence in sizes:
        at, forms = 0, []
        for k, n in enumerate(sentence):
            if n > 1:
                lines.append(f"{at + 1}-{at + n}\tt{k}" + "\t_" * 8)
            forms += [f"t{k}" if n > 1 else f"w{at}"] * n
            for i in range(at, at + n):
                lines.append(f"{i + 1}\tw{i}\t_\tX\t_\t_\t{i}\tdep\t_\t_")
            at += n
        lines.append("")
        tokens.append(forms)
    path = tmp_path_factory.mktemp("t") / "a.conllu"
    path.write_text("\n".join(lines) + "\n")
    data = Upos(files=str(path), words="surface").load()
    found = [
        data.corpus.words_of(int(s))[int(span[0, 0])]
        for s, span in zip(data.target.sentence, data.target.units.spans, strict=True)
    ]
    assert found == [form for forms in tokens for form in forms]
    assert data.corpus.n_words == sum(map(len, sizes))


def test_a_token_without_its_form_is_left_as_its_words(tmp_path):
    path = tmp_path / "a.conllu"
    path.write_text(TEXT.replace("zum\t", "_\t", 1))
    data = Upos(files=str(path), words="surface").load()
    assert data.corpus.words_of(0) == ("Er", "ging", "zu", "dem", "Haus", "im", "Wald")
    assert data.warnings["multiword-tokens"] == 1
    assert data.warnings["sentences-with-multiword-tokens"] == 1
    assert data.warnings["words-in-one-token"] == 2
