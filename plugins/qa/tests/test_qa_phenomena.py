"""The tasks: shared texts, what is counted, what is refused; and real data."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from sondage.errors import DataError
from sondage_qa.phenomena import Abbreviations, AnswerType, Boundary, Coreference, Synonyms

CONTEXT = "The Large Church met. It chose the European Union in 1990. It was random."
ASKED = [
    ("When did the Large Church choose the EU by chance?", "1990"),
    ("Who did?", "The Large Church"),
    ("What is it?", None),
]


def squad(tmp_path, asked=ASKED, context=CONTEXT, name="a.json"):
    qas = [
        {"id": str(k), "question": question, "is_impossible": answer is None,
         "answers": [] if answer is None else
         [{"text": answer, "answer_start": context.index(answer)}]}
        for k, (question, answer) in enumerate(asked)
    ]  # fmt: skip
    path = tmp_path / name
    data = [{"title": "t", "paragraphs": [{"context": context, "qas": qas}]}]
    path.write_text(json.dumps({"version": "v2.0", "data": data}))
    return str(path)


def items(task):
    """Return anchor and match of each item as text."""
    data = task.load()
    target = data.target
    return [
        tuple(
            " ".join(data.corpus.words_of(int(target.units.sentence[u]))[slice(*span[0])])
            for u, span in ((u, target.units.spans[u]) for u in pair)
        )
        for pair in zip(target.anchor, target.match, strict=True)
    ]


@pytest.fixture
def five(tmp_path, folder):
    path = squad(tmp_path)
    return [
        Synonyms(files=path, wordnet=str(folder)), Abbreviations(files=path),
        Coreference(files=path), AnswerType(files=path), Boundary(files=path),
    ]  # fmt: skip


def test_each_finds_its_own(five):
    assert [items(task) for task in five] == [
        [("chance", "random")],
        [("EU", "European Union")],
        [("Large Church", "It")],
        [("When", "1990"), ("Who", "The Large Church")],
        [("When", "1990"), ("Who", "The"), ("Who", "Church")],
    ]


def test_four_share_their_texts_and_the_boundary_has_sentences(five):
    prints = [task.corpus_fingerprint for task in five]
    assert len(set(prints[:4])) == 1
    assert prints[4] != prints[0]
    assert len({task.fingerprint for task in five}) == 5
    corpora = [task.load().corpus for task in five]
    assert len({c.fingerprint for c in corpora[:4]}) == 1
    assert corpora[4].second[0] == "It chose the European Union in 1990 ."
    assert corpora[0].boundary.tolist() == [11, 3]
    assert five[0].load().warnings == {"questions-without-answer": 1}


def test_all_pairs_or_the_first(tmp_path):
    path = squad(tmp_path, [("When did Large Church and European Union?", "1990")],
                 CONTEXT.replace("European", "Roman") + " It is the European Union.")  # fmt: skip
    one, both = Coreference(files=path), Coreference(files=path, pairs="all")
    assert items(one) == [("Large Church", "It")]
    assert items(both) == [("Large Church", "It"), ("European Union", "It")]
    assert one.fingerprint != both.fingerprint
    assert one.corpus_fingerprint == both.corpus_fingerprint


def test_the_logits_reading_has_answers_within_the_sentence(tmp_path):
    task = Boundary(files=squad(tmp_path), reading="logits")
    data = task.load()
    assert task.units == "answers"
    assert data.corpus.second == ["It chose the European Union in 1990.", "The Large Church met."]
    assert data.target.texts == ("1990", "The Large Church")
    for k, text in enumerate(data.target.texts):
        assert data.corpus.second[k][data.target.start[k] : data.target.end[k]] == text
    whole = Boundary(files=squad(tmp_path), reading="logits", context="paragraph").load()
    assert whole.corpus.second == [CONTEXT, CONTEXT]
    assert task.examples(1).rows[0][1:] == ("1990", "It chose the European Union in 1990.")


def test_long_contexts_are_left_out_and_counted(tmp_path):
    path = squad(tmp_path)
    longer = squad(tmp_path, context=CONTEXT + " It is so.", name="b.json")
    task = AnswerType(files=[path, longer], max_words=14)
    assert task.load().warnings["long-contexts"] == 2
    assert len(task.load().corpus) == 2
    with pytest.raises(DataError, match="has no text left of 4 questions"):
        AnswerType(files=[path, longer], max_words=3).load()


def test_a_phenomenon_without_an_example_is_refused(tmp_path, folder):
    path = squad(tmp_path, [("Why so?", "1990")])
    for task in (Abbreviations(files=path), Coreference(files=path), AnswerType(files=path),
                 Synonyms(files=path, wordnet=str(folder))):  # fmt: skip
        with pytest.raises(DataError, match=f"{task.name} finds no example in 1 text\n") as error:
            task.load()
        assert error.value.where == path
        assert error.value.hint
        with pytest.raises(DataError, match="finds no example"):
            task.examples(1)
    only = squad(tmp_path, [("Who did?", "Who")], "Who")
    with pytest.raises(DataError, match=r"boundary finds no example in 1 text; 1 pairs-without"):
        Boundary(files=only).load()


def test_trivial_pairs_are_kept_and_counted_or_dropped(tmp_path):
    path = squad(tmp_path, [("Who met a Church?", "Church met"), ("Who?", "Church met")])
    kept = Boundary(files=path)
    assert kept.load().warnings == {"trivial-pairs": 4}
    shares = kept.examples(0).counts
    assert shares["share of trivial pairs: repeated word"] == 0.5
    assert shares["share of trivial pairs: repeated pair"] == 0.5
    dropped = Boundary(files=path, trivial="drop")
    assert items(dropped) == [("Who", "Church"), ("Who", "met")]
    assert dropped.load().warnings == {"dropped-trivial-pairs": 2}


def test_questions_of_a_paragraph_stay_together(tmp_path):
    paths = [squad(tmp_path, context=CONTEXT + f" No {k}.", name=f"{k}.json") for k in range(8)]
    task = AnswerType(files=paths, ratios=(0.5, 0.0, 0.5))
    assert task.randomness == ("split",)
    data = task.load()
    split = data.split(0)
    contexts = [{data.corpus.second[data.target.sentence[k]] for k in part}
                for part in (split.train, split.test)]  # fmt: skip
    assert not contexts[0] & contexts[1]
    assert len(split.train) == len(split.test) == 8


def real(*names):
    if "SONDAGE_DATA" not in os.environ:
        pytest.skip("SONDAGE_DATA is not set")
    paths = [Path(os.environ["SONDAGE_DATA"], name) for name in names]
    if not all(path.exists() for path in paths):
        pytest.skip("not all data are in SONDAGE_DATA")
    return [*map(str, paths)]


def test_real_questions():
    path, wordnet = real("squad_v2_subset/small.json", "wordnet/wordnet-3.0-dict.tar.xz")
    counts = {}
    tasks = [Synonyms(files=path, wordnet=wordnet)]
    tasks += [kind(files=path) for kind in (Abbreviations, Coreference, AnswerType, Boundary)]
    for task in tasks:
        target = task.load().target
        counts[task.name] = len(target)
        assert (np.diff(target.offsets) > 0).all()
    assert counts == {
        "synonyms": 126, "abbreviations": 1, "coreference": 15, "answer_type": 61, "boundary": 483,
    }  # fmt: skip
