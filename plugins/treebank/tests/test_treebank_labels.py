"""Targets from columns, derived by hand from one small file."""

import numpy as np
import pytest

from sondage.errors import DataError
from sondage_treebank import read_conllu
from sondage_treebank.labels import feature_labels, relation_labels, trees, word_labels

# form upos xpos feats head deprel
TEXT = """\
She PRON PRP Case=Nom|Number=Sing 3 nsubj:pass
was AUX VBD Number=Sing 3 aux:pass
seen VERB _ VerbForm=Part 0 root
. PUNCT . _ 3 punct

dogs NOUN NNS Number=Plur 2 nsubj
run _ VBP Mood=Ind 0 root

Hm INTJ UH _ _ _
! PUNCT . _ _ _

a X FW _ 0 root
b X FW PronType=Int,Rel 0 root
c X FW _ 2 flat
"""


@pytest.fixture
def bank_of(tmp_path):
    def build(text=TEXT):
        lines = []
        for block in text.strip().split("\n\n"):
            for i, row in enumerate(block.split("\n"), 1):
                form, upos, xpos, feats, head, rel = row.split(" ")
                lines.append("\t".join([str(i), form, "_", upos, xpos, feats, head, rel, "_", "_"]))
            lines.append("")
        path = tmp_path / "x.conllu"
        path.write_text("\n".join(lines) + "\n")
        return read_conllu(path)

    return build


def listed(labels):
    return [
        (int(s), *(int(a) for a, _ in spans), labels.names[y])
        for s, spans, y in zip(labels.sentence, labels.units.spans, labels.y, strict=True)
    ]


def test_upos_leaves_out_and_counts_words_without(bank_of):
    labels, warnings = word_labels(bank_of(), "upos")
    assert labels.names == ("AUX", "INTJ", "NOUN", "PRON", "PUNCT", "VERB", "X")
    assert listed(labels)[:6] == [
        (0, 0, "PRON"), (0, 1, "AUX"), (0, 2, "VERB"), (0, 3, "PUNCT"), (1, 0, "NOUN"),
        (2, 0, "INTJ"),
    ]  # fmt: skip
    assert warnings == {"unlabelled-words": 1}
    assert np.all(labels.units.spans[:, :, 1] == labels.units.spans[:, :, 0] + 1)


def test_xpos(bank_of):
    labels, warnings = word_labels(bank_of(), "xpos")
    assert labels.names == (".", "FW", "NNS", "PRP", "UH", "VBD", "VBP")
    assert warnings == {"unlabelled-words": 1}


def test_one_feature(bank_of):
    labels, warnings = feature_labels(bank_of(), "Number")
    assert listed(labels) == [(0, 0, "Sing"), (0, 1, "Sing"), (1, 0, "Plur")]
    # Of eleven words three have the feature.
    assert warnings == {"words-without-feature": 8}
    labels, _ = feature_labels(bank_of(), "PronType")
    assert listed(labels) == [(3, 1, "Int,Rel")]


def test_feature_or_none(bank_of):
    labels, _ = feature_labels(bank_of(), "Number", without="none")
    assert labels.names == ("Plur", "Sing", "none")
    assert [labels.names[y] for y in labels.y] == (
        ["Sing", "Sing", "none", "none", "Plur"] + ["none"] * 6
    )
    with pytest.raises(DataError, match="cannot stand for"):
        feature_labels(bank_of("a X _ A=none 0 root"), "A", without="none")


def test_whole_feats(bank_of):
    labels, _ = feature_labels(bank_of())
    assert listed(labels)[0] == (0, 0, "Case=Nom|Number=Sing")
    assert len(labels) == 6
    labels, _ = feature_labels(bank_of(), without="none")
    assert len(labels) == 11


def test_unknown_feature_and_malformed_feats(bank_of):
    with pytest.raises(DataError) as caught:
        feature_labels(bank_of(), "Numbr")
    assert caught.value.near[0] == "Number"
    for broken in ("Number", "=Sing", "A=B|C="):
        with pytest.raises(DataError, match="not Name=Value") as caught:
            feature_labels(bank_of(f"a X _ _ 0 root\nb X _ {broken} 1 dep"), "Number")
        assert caught.value.where.endswith("x.conllu:2")


def test_deprel_is_head_then_dependent_without_roots(bank_of):
    labels, warnings = relation_labels(bank_of())
    assert listed(labels) == [
        (0, 2, 0, "nsubj:pass"), (0, 2, 1, "aux:pass"), (0, 2, 3, "punct"),
        (1, 1, 0, "nsubj"), (3, 1, 2, "flat"),
    ]  # fmt: skip
    assert "root" not in labels.names
    assert warnings == {"sentences-without-heads": 1}
    labels, _ = relation_labels(bank_of(), subtypes=False)
    assert labels.names == ("aux", "flat", "nsubj", "punct")


def test_trees(bank_of):
    target, warnings = trees(bank_of())
    assert target.heads.tolist() == [2, 2, -1, 2, 1, -1, -1, -1, -1, -1, 1]
    assert target.scored.tolist() == [True] * 3 + [False] + [True] * 3 + [False] + [True] * 3
    assert target.sentence.tolist() == [0, 1], "two roots and no heads make no tree"
    assert [target.names[r] for r in target.relations[:2]] == ["nsubj:pass", "aux:pass"]
    assert warnings == {"sentences-without-heads": 1}
    assert "nsubj" in trees(bank_of(), subtypes=False)[0].names


def test_relations_that_are_only_a_colon_stay(bank_of):
    target, _ = trees(bank_of("a X _ _ 0 root\nb X _ _ 1 :"), subtypes=False)
    assert target.names == (":", "root")


@pytest.mark.parametrize(
    ("make", "column"),
    [
        (lambda b: word_labels(b, "upos"), "UPOS"),
        (lambda b: word_labels(b, "xpos"), "XPOS"),
        (lambda b: feature_labels(b), "FEATS"),
        (lambda b: feature_labels(b, "Number"), "FEATS"),
        (lambda b: feature_labels(b, without="none"), "FEATS"),
        (relation_labels, "HEAD"),
        (trees, "HEAD"),
    ],
)
def test_a_column_without_any_annotation_is_named(bank_of, make, column):
    with pytest.raises(DataError, match=f"column {column} is not annotated") as caught:
        make(bank_of("a _ _ _ _ _\nb _ _ _ _ _"))
    assert caught.value.where.endswith("x.conllu")


def test_heads_without_relations(bank_of):
    bank = bank_of("a X _ _ 0 root\nb X _ _ 1 _")
    with pytest.raises(DataError, match="column DEPREL"):
        relation_labels(bank)
    bank = bank_of("a X _ _ 0 root\nb X _ _ 1 _\nc X _ _ 1 dep")
    assert relation_labels(bank)[1] == {"unlabelled-words": 1}


@pytest.mark.parametrize("make", [relation_labels, trees])
def test_heads_that_are_0_everywhere_are_said_to_be_that(bank_of, make):
    with pytest.raises(DataError, match="HEAD is 0 for every word, so that each is a root"):
        make(bank_of("a X _ _ 0 dep\nb X _ _ 0 dep\n\nc X _ _ 0 dep"))
    with pytest.raises(DataError, match="HEAD is 0 for every word that has one"):
        make(bank_of("a X _ _ 0 dep\nb X _ _ 0 dep\n\nc X _ _ _ dep"))
    with pytest.raises(DataError, match="no sentence has exactly one root"):
        trees(bank_of("a X _ _ 0 root\nb X _ _ 0 root\nc X _ _ 1 dep"))


def test_heads_that_are_0_everywhere_do_no_harm_to_other_columns(bank_of):
    labels, _ = word_labels(bank_of("a X _ _ 0 dep\nb Y _ _ 0 dep"), "upos")
    assert labels.names == ("X", "Y")
