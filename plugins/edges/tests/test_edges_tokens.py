"""Words of running text, in other scripts than Latin too."""

import pytest

from sondage_edges.tokens import Words, occurrences


@pytest.mark.parametrize(
    "text",
    [
        "हिन्दी भाषा में , क्षत्रिय",
        "বাংলা ভাষা",
        "தமிழ் மொழி",
        "မြန်မာ ဘာသာ",
        "ភាសា ខ្មែរ",
        "עִבְרִית שָׁלוֹם",
        'צה"ל ארה״ב',
        "اَلْعَرَبِيَّةُ لغة",
        "می\u200cخواهم بروم",
        "ක්\u200dෂ සිංහල",
        "Straf\xadrecht cafe\u0301s a\u0331\u0301b",
        "שלום\u200f abc\u200e",
        "col·lecció",
        "👩\u200d👩\u200d👧 👍🏽 🇫🇷 ❤\ufe0f",
        "𐐀𐐁 x\U000e0100y",
        "U.S e-mail 3.5 don't 12:30 R&D x² ½",
    ],
)
def test_no_word_is_torn(text):
    assert Words(text).words == text.split()


def test_zero_width_spaces_part_words_and_are_none():
    words = Words("ภาษา\u200bไทย")
    assert (words.words, words.starts, words.ends) == (["ภาษา", "ไทย"], [0, 5], [4, 8])


def test_endings_marks_and_runs_are_words_as_before():
    assert Words("It's they'll -- \"wait...\" (no)!!").words == [
        *("It", "'s", "they", "'ll", "--", '"', "wait", "...", '"', "(", "no", ")", "!!"),
    ]  # fmt: skip


def test_a_name_does_not_stand_in_a_longer_one():
    assert occurrences("हिन्दी हिन्द हिन्दीहिन्द", "हिन्द") == [(7, 12)]
    assert occurrences("Ann's Anne , ann", "Ann", ignore_case=True) == [(0, 3), (13, 16)]


@pytest.mark.parametrize(
    ("text", "span", "words", "found"),
    [
        ("Sam\u00ad told", (0, 3), ["Sam\u00ad", "told"], (0, 1)),
        ("\u0915\u094d\u200d \u0938\u0940", (0, 1), ["\u0915\u094d\u200d", "\u0938\u0940"], (0, 1)),
        ("co\u00adop ran", (2, 5), ["co\u00ad", "op", "ran"], (1, 2)),
        ("e\u0301a ran", (0, 1), ["e\u0301", "a", "ran"], (0, 1)),
        ("a \u0301b", (2, 4), ["a", "\u0301b"], (1, 2)),
    ],
)
def test_no_cut_parts_a_sign_from_its_character(text, span, words, found):
    cut = Words(text, span)
    assert cut.words == words
    assert cut.span(*span) == found
