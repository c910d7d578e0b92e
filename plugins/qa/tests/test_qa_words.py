"""Words with their characters, and sentences."""

import itertools
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sondage.errors import DependencyError, ParameterError
from sondage_qa.sentences import sentence_of, sentence_span
from sondage_qa.words import Words, endings_off

TEXTS = st.text(st.sampled_from("ab1 .,'’s-\"é\u0301हि(!\n"), max_size=30)


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ("The U.S. team's e-mail", "The|U.S|.|team|'s|e-mail"),
        ("cost $3.5 million... at 12:30", "cost|$|3.5|million|...|at|12:30"),
        ("\"Don't!\" we've said, it’s", "\"|Don't|!|\"|we|'ve|said|,|it|’s"),
        ("``Yes'' 'no' R&D AC/DC", "``|Yes|''|'|no|'|R&D|AC/DC"),
        ("हिन्दी भाषा, l·l", "हिन्दी|भाषा|,|l·l"),
        ("[1] – (x)", "[|1|]|–|(|x|)"),
        (" \n ", ""),
    ],
)
def test_the_rule(text, forms):
    assert "|".join(Words(text).forms) == forms


@given(TEXTS)
def test_nothing_is_dropped_but_blanks(text):
    words = Words(text)
    assert "".join(words.forms) == "".join(text.split())
    for form, start, end in zip(words.forms, words.starts, words.ends, strict=True):
        assert text[start:end] == form


@given(TEXTS, st.data())
def test_a_span_is_the_words_that_it_touches(text, data):
    words = Words(text)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    if not text[start:end].strip():
        return
    touched = [k for k in range(len(words)) if words.starts[k] < end and words.ends[k] > start]
    assert words.span(start, end) == (touched[0], touched[-1] + 1)
    whole = words.starts[touched[0]] >= start and words.ends[touched[-1]] <= end
    assert words.fits(start, end) == whole


def test_letters_and_endings():
    words = Words("A £ 3 (b)")
    assert words.lettered == (True, False, True, False, True, False)
    assert [*map(endings_off, ["Churches", "asked", "Ann's", "is", "a"])] == [
        "church", "ask", "ann", "is", "a",
    ]  # fmt: skip


def test_sentences_end_at_marks_also_of_abbreviations():
    words = Words('He said "Go!" to Mr. Lee; 3.5 m was all. [2] Why?')
    said = {}
    for form, k in zip(words.forms, sentence_of(words), strict=True):
        said.setdefault(k, []).append(form)
    assert [" ".join(forms) for forms in said.values()] == [
        'He said " Go ! "', "to Mr .", "Lee ;", "3.5 m was all . [", "2 ]", "Why ?",
    ]  # fmt: skip


@given(TEXTS)
def test_sentences_are_numbered_on(text):
    words = Words(text)
    numbers = sentence_of(words)
    assert len(numbers) == len(words)
    assert all(b - a in (0, 1) for a, b in itertools.pairwise(numbers))
    for first in range(len(words)):
        begin, end = sentence_span(numbers, first, first + 1)
        assert [k for k in range(len(words)) if numbers[k] == numbers[first]] == [
            *range(begin, end)
        ]


def test_a_library_may_cut_sentences(monkeypatch):
    class Library:
        @staticmethod
        def segment(language, text):
            assert language == "de"
            return ["Herr Dr. Lee kam. ", "Er ging."]

    words = Words("Herr Dr. Lee kam. Er ging.")
    monkeypatch.setitem(sys.modules, "sentencex", Library)
    assert sentence_of(words, "sentencex", "de") == (0, 0, 0, 0, 0, 0, 1, 1, 1)
    monkeypatch.setitem(sys.modules, "sentencex", None)
    with pytest.raises(DependencyError, match="needs the library sentencex"):
        sentence_of(words, "sentencex")
    with pytest.raises(ParameterError, match="unknown cutter"):
        sentence_of(words, "punkt")
