"""The five phenomena on a paragraph in which each is known, and candidates against a slow way."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sondage.data import Rankings
from sondage_qa import (
    Question,
    WordNet,
    abbreviation_pairs,
    answer_type_pairs,
    boundary_pairs,
    coreference_pairs,
    matched,
    synonym_pairs,
    wordings_of,
)
from sondage_qa.abbreviations import explained_abbreviations
from sondage_qa.coreference import names
from sondage_qa.pairs import Pair, candidates_of
from sondage_qa.words import Words

#: After table 1 of the paper: a song, its singer, and cells.
CONTEXT = (
    "“Locked Out of Heaven” is a song by Bruno Mars. It was released on October 1, 2012. "
    "The Large Church of Spain established a form of government; it was random. "
    "In tests the donor red blood cells were destroyed."
)


def ask(question, answer, context=CONTEXT, more=()):
    """Return a question in words; its gold answers stand where the context has them first."""
    texts = (answer, *more)
    starts = tuple(context.index(text) for text in texts)
    ends = tuple(s + len(text) for s, text in zip(starts, texts, strict=True))
    return wordings_of([Question("q", question, context, starts, ends, texts, "f:1")]).items[0]


def told(wording, pairs):
    """Return anchor and match of each pair as text."""
    out = []
    for pair in pairs:
        words = wording.context if pair.within else wording.question
        out.append((" ".join(words.forms[slice(*pair.anchor)]),
                    " ".join(wording.context.forms[slice(*pair.match)])))  # fmt: skip
    return out


@pytest.fixture
def wordnet(folder):
    return WordNet(folder)


def test_synonyms(wordnet):
    wording = ask("What was founded by chance in the big church?", "a form of government")
    found = synonym_pairs(wording, wordnet)
    # 'church' stands in both and is no pair; 'chance' and 'random' are adjectives as well.
    assert told(wording, found) == [
        ("founded", "established"), ("chance", "random"), ("big", "Large"),
    ]  # fmt: skip


def test_synonyms_of_several_words_as_in_table_1(wordnet):
    wording = ask("What kind of political system does Spain have?", "a form of government")
    assert synonym_pairs(wording, wordnet) == []
    found = synonym_pairs(wording, wordnet, phrases=3)
    assert told(wording, found) == [("political system", "form of government")]


def test_stop_words_are_no_synonyms(wordnet):
    wording = ask("What chance has it?", "random")
    assert told(wording, synonym_pairs(wording, wordnet)) == [("chance", "random")]
    assert synonym_pairs(wording, wordnet, stop_words=frozenset({"chance"})) == []
    assert synonym_pairs(wording, wordnet, stop_words=frozenset({"random"})) == []


def test_further_synonyms_of_a_word_are_no_candidates(wordnet):
    wording = ask("Did it find them?", "chance", "By chance it did happen by chance to them.")
    first, second = synonym_pairs(wording, wordnet)
    assert told(wording, [first, second]) == [("find", "chance"), ("find", "happen")]
    assert first.also == {4, 6}
    assert second.also == {1, 6}
    left = [wording.context.forms[a] for a, _ in candidates_of(wording, first)]
    assert left == ["By", "it", "did", "by", "to", "them"]


def test_abbreviation_as_in_table_1():
    wording = ask("what happens to the rbc in acute hemolytic reaction?", "destroyed")
    assert told(wording, abbreviation_pairs(wording)) == [("rbc", "red blood cells")]


@pytest.mark.parametrize(
    ("question", "context", "long"),
    [
        ("Who leads the EU?", "A head of the European Union spoke.", "European Union"),
        ("Who leads the E.U.?", "A head of the European Union spoke.", "European Union"),
        (
            "Who is in the DoI?",
            "The Department of the Interior paid.",
            "Department of the Interior",
        ),
        (
            "Who is at arts?",
            "Alpha Radio Television Service began.",
            "Alpha Radio Television Service",
        ),
        ("What is ENR?", "It is the Engineering News-Record (ENR).", "Engineering News-Record"),
        ("What is an HMM?", "Use a hidden markov model (HMM) here.", "hidden markov model"),
        ("What is a BM?", "A BM (big memory) and a bad man.", "big memory"),
        ("Did the war end?", "We are right and it did end.", None),  # an ordinary word
        ("Was it by EU?", "The EU union was by eu.", None),  # the word itself
        ("Who is PO?", "A person of rank.", None),  # a stop word at an end
        ("Who is XY?", "X and Y spoke.", None),  # letters are no words
        ("Who is DI?", "The Department (Interior) paid.", None),  # not consecutive
        ("Who is DA?", "Department of the very and so agency.", None),  # too much between
        ("In 12?", "one two.", None),
    ],
)
def test_abbreviations(question, context, long):
    wording = ask(question, context[:3], context)
    found = [match for _, match in told(wording, abbreviation_pairs(wording))]
    assert found[:1] == ([long] if long else [])


def test_ordinary_words_may_be_initials():
    wording = ask("Did the war end?", "We", "We are right and it did end. War is.")
    assert abbreviation_pairs(wording) == []
    found = abbreviation_pairs(wording, ordinary=True, stop_words=frozenset())
    assert told(wording, found) == [("war", "We are right")]


@pytest.mark.parametrize(
    ("text", "explained"),
    [
        ("the heat shock protein (HSP) is", [("hsp", "heat shock protein")]),
        ("It was. gamma interferon (IFN-g)", []),  # letters in another order
        ("Ten of them saw the World Health Organization (WHO; UN)",
         [("who", "World Health Organization")]),
        ("NASA (National Aeronautics and Space Administration, 1958) is",
         [("nasa", "National Aeronautics and Space Administration")]),
        ("Oxford (of x-raying from our roof and door) is", []),
        ("some words (a whole remark in brackets) more", []),
        ("(AB) () (1958) alpha (a b c)", []),
        ("a (B) c", []),
    ],
)  # fmt: skip
def test_explained_abbreviations(text, explained):
    found = [(short, text[a:b]) for short, (a, b) in explained_abbreviations(text)]
    assert found == explained


def test_coreference_as_in_table_1():
    wording = ask("when did locked out of heaven come out?", "October 1, 2012")
    pairs = coreference_pairs(wording)
    assert told(wording, pairs) == [("locked out of heaven", "It")]
    # The name's own words in the context are no candidates, nor is the other 'it'.
    left = [wording.context.folded[a] for a, _ in candidates_of(wording, pairs[0])]
    assert not {"locked", "out", "of", "heaven", "it"} & set(left)
    within = coreference_pairs(wording, anchor="context")
    assert told(wording, within) == [("Locked Out of Heaven", "It")]


@pytest.mark.parametrize(
    ("question", "answer", "pairs"),
    [
        # Its sentence has no pronoun.
        ("Who sang Locked Out of Heaven?", "Bruno Mars", []),
        # The name stands in the answer's sentence too.
        ("What did Spain have?", "a form of government", []),
        # Of two names each is a pair; 'When' begins the question and is none.
        ("When did Bruno Mars sing Locked Out of Heaven?", "October 1, 2012",
         [("Bruno Mars", "It"), ("Locked Out of Heaven", "It")]),
        # A date is no name, and the pronoun is no answer.
        ("What was in October?", "It", []),
    ],
)  # fmt: skip
def test_coreference(question, answer, pairs):
    wording = ask(question, answer)
    assert told(wording, coreference_pairs(wording)) == pairs


def test_pronouns_of_another_language():
    context = "Anna Maier kam. Sie ging 1990."
    wording = ask("Wann ging Anna Maier?", "1990", context)
    assert coreference_pairs(wording) == []
    found = coreference_pairs(wording, pronouns=frozenset({"sie"}))
    assert told(wording, found) == [("Anna Maier", "Sie")]


def test_names_of_a_text():
    words = Words(
        'The Bank of England met Super Bowl 50. Ten men saw "a big day" in May 1990, Rome.'
    )
    found = [" ".join(words.forms[a:b]) for a, b in names(words)]
    assert found == ["a big day", "Bank of England", "Super Bowl 50", "Rome"]
    # One that begins a sentence is a name if it is known to be one.
    assert names(Words("Rome fell.")) == []
    assert names(Words("Rome fell."), frozenset({"rome"})) == [(0, 1)]


def test_answer_type():
    wording = ask("When did it come out?", "October 1, 2012", more=("1, 2012",))
    (pair,) = answer_type_pairs(wording)
    assert told(wording, [pair]) == [("When", "October 1 , 2012")]
    assert answer_type_pairs(ask("In what year did it?", "2012")) == []
    wann = ask("Wann kam es?", "2012")
    assert told(wann, answer_type_pairs(wann, asking=["wann"])) == [("Wann", "2012")]


def test_other_gold_answers_are_no_candidates():
    wording = ask("Who?", "Bruno Mars", more=("song by Bruno", "Mars. It"))
    (pair,) = answer_type_pairs(wording)
    left = {wording.context.folded[a] for a, _ in candidates_of(wording, pair)}
    assert not {"song", "by"} & left
    assert "spain" in left


def test_boundary_within_the_sentence():
    wording = ask("When did it come out?", "October 1, 2012", more=("1, 2012",)).cropped()
    assert wording.context.text == "It was released on October 1, 2012."
    pairs = boundary_pairs(wording)
    assert told(wording, pairs) == [("When", "October"), ("When", "2012")]
    assert told(wording, boundary_pairs(wording, ends="end")) == [("When", "2012")]
    # Where another gold answer begins is no candidate for the beginning, but for the end.
    start, end = (
        [wording.context.forms[a] for a, _ in candidates_of(wording, pair)] for pair in pairs
    )
    assert start == ["It", "was", "released", "on", "2012"]
    assert end == ["It", "was", "released", "on", "October", "1"]


def test_the_boundary_of_one_word_is_one_pair_and_punctuation_is_no_word():
    assert len(boundary_pairs(ask("When?", "2012"))) == 1
    quoted = ask("What is it?", "“Locked Out of Heaven”")
    assert told(quoted, boundary_pairs(quoted)) == [("What", "Locked"), ("What", "Heaven")]
    assert boundary_pairs(ask("What?", "“")) == []


def test_an_answer_over_several_sentences_keeps_them():
    wording = ask("What?", "song by Bruno Mars. It", more=("Large",)).cropped()
    assert wording.context.text.endswith("2012.")
    assert wording.context.text.startswith("“Locked")
    assert len(wording.answers) == 1


def test_candidates_by_option():
    wording = ask("Is it it, a cat?", "b", "It, a b cat! It is it.")
    pair = Pair((1, 2), (3, 4))  # it, b
    for how, left in [
        ({}, ["a", "cat", "is"]),
        ({"candidates": "content"}, ["cat"]),
        ({"candidates": "all"}, [",", "a", "cat", "!", "is", "."]),
        ({"repeats": "in"}, ["it", "a", "cat", "it", "is", "it"]),
    ]:
        assert [wording.context.folded[a] for a, _ in candidates_of(wording, pair, **how)] == left


def pairs_of(wording):
    return [Pair((0, 1), (k, k + 1)) for k in range(3)]


def test_trivial_pairs_are_counted_or_dropped():
    texts = [("Cats who?", "cat who b x"), ("Cats or?", "b b cats y")]
    wordings = [ask(q, c[:1], c) for q, c in texts]
    kept = matched(wordings, pairs_of, which="all")
    assert kept.trivial.tolist() == [
        [True, False, False],  # cats, cat
        [False, True, False],  # 'who' stands in the question
        [False, False, False],
        [False, False, True],  # (cats, b) was there before
        [False, False, True],
        [True, True, False],
    ]
    assert kept.warnings() == {"trivial-pairs": 5}
    shown = kept.examples(2)
    assert shown.counts == pytest.approx({
        "examples": 6, "texts": 2, "texts with an example": 2, "candidates an example": 14 / 6,
        "share of trivial pairs": 5 / 6, "share of trivial pairs: same word": 2 / 6,
        "share of trivial pairs: repeated word": 2 / 6,
        "share of trivial pairs: repeated pair": 2 / 6,
    })  # fmt: skip
    assert shown.rows[0] == ("Cats", "cat", "3", "[Cats] who ?", "[cat] who b x")
    dropped = matched(wordings, pairs_of, which="all", trivial="drop")
    assert told(wordings[0], [p for _, p in dropped.pairs]) == [("Cats", "b")]
    assert dropped.warnings() == {"dropped-trivial-pairs": 5, "trivial-pairs": 0}
    first = matched(wordings, pairs_of)
    assert [(i, pair.match) for i, pair in first.pairs] == [(0, (0, 1)), (1, (0, 1))]


def test_pairs_without_candidates_are_left_out_and_counted():
    found = matched([ask("Cats?", "a", "a b .")], lambda w: [Pair((0, 1), (0, 2))])
    assert (len(found), found.warnings()["pairs-without-candidates"]) == (0, 1)
    assert len(found.examples(3).rows) == 0


WORDS = st.lists(st.sampled_from(["a", "b", "of", "cat", ",", "A", "12"]), min_size=4, max_size=9)


@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=4), st.data())
def test_rankings_are_what_a_slow_reading_gives(texts, data):
    wordings = [ask(" ".join(q), c[0], " ".join(c)) for q, c in texts]
    kinds = data.draw(st.sampled_from(["words", "content", "all"]))
    repeats = data.draw(st.sampled_from(["out", "in"]))
    chosen = []
    for wording in wordings:
        n, m = len(wording.context), len(wording.question)
        a, b = sorted(data.draw(st.tuples(*[st.integers(0, n)] * 2).filter(lambda p: p[0] != p[1])))
        within = data.draw(st.booleans())
        k = data.draw(st.integers(0, (n if within else m) - 1))
        chosen.append(Pair((k, k + 1), (a, b), frozenset({n - 1}), within))
    found = matched(
        wordings,
        lambda w: [chosen[[x is w for x in wordings].index(True)]],
        candidates=kinds,
        repeats=repeats,
    )
    target = found.target() if len(found) else None
    item = 0
    for wording, pair in zip(wordings, chosen, strict=True):
        at = len(wording.question)
        every = [*wording.question.forms, *wording.context.forms]
        anchor = {k + at * pair.within for k in range(*pair.anchor)}
        match = {k + at for k in range(*pair.match)}
        words = {every[k].lower() for k in anchor | match} if repeats == "out" else set()
        slow = [
            k
            for k in range(at, len(every))
            if k not in anchor | match | {len(every) - 1}
            and every[k].lower() not in words
            and (every[k].isalnum() or kinds == "all")
            and (kinds != "content" or every[k].lower() not in ("a", "of"))
        ]
        if not slow:
            continue
        assert isinstance(target, Rankings)
        sentence = wordings.index(wording)
        units = [target.anchor[item], target.match[item],
                 *target.candidates[target.offsets[item] : target.offsets[item + 1]]]  # fmt: skip
        assert {int(target.units.sentence[u]) for u in units} == {sentence}
        spans = [set(range(*target.units.spans[u, 0])) for u in units]
        assert spans == [anchor, match, *({k} for k in slow)]
        item += 1
    assert item == len(found)
    if target is not None:
        keys = np.column_stack([target.units.sentence, target.units.spans[:, 0]])
        assert len(np.unique(keys, axis=0)) == len(keys)
