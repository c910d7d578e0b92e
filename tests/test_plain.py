"""Text made harmless: what a terminal would obey is written out."""

import pytest

from sondage.plain import clean, flat, shown


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("plain ß 文 \N{GRINNING FACE}", "plain ß 文 \N{GRINNING FACE}"),
        ("a\x1b[31m", "a\\x1b[31m"),
        ("\u202eright to left", "\\u202eright to left"),
        ("half \ud800", "half \\ud800"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        (None, "None"),
    ],
)
def test_what_is_obeyed_is_written_out(given, wanted):
    assert clean(given) == wanted
    assert flat(given) == wanted.replace("\n", " ").replace("\t", " ")


def test_a_value_is_shown_short_if_it_can_say_what_it_is():
    class Mute:
        def __repr__(self):
            raise ValueError

    assert shown([1]) == "[1]"
    assert shown("x" * 200) == f"'{'x' * 79}"
    assert shown(Mute()) == ""
