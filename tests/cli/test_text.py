"""Nothing that a terminal obeys leaves the program."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from sondage.cli import text
from sondage.errors import RegistryError

ANY = st.text(st.characters())
EVIL = "\x1b]0;title\x07\x1b[31mred\x9b2J[bold]b[/bold]\u202eabc\r\x08:smile:"


@given(ANY)
def test_clean_leaves_no_control_character(value):
    left = {c for c in text.clean(value) if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")}
    assert left <= {"\n", "\t"}
    flat = text.flat(value)
    assert not {"\n", "\t"} & set(flat)
    assert text.clean(flat) == flat


@given(st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp", "Cf"))))
def test_clean_keeps_what_can_be_read(value):
    assert text.clean(value) == value


def test_clean_writes_out_what_it_takes_away():
    assert text.clean("a\x1b[1mb\u202e") == "a\\x1b[1mb\\u202e"


def test_a_plain_table_is_aligned_and_clean(capsys):
    text.table(["name", "n"], [[EVIL, 1], ["b\nc", 22], [None, 3]], title=EVIL, right=["n"])
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "[bold]b[/bold]" in out
    lines = out.splitlines()[1:]
    assert len({len(line) for line in lines}) == 1
    assert lines[2].startswith("b c ")
    assert lines[3].endswith("    3")


def test_a_table_on_a_terminal_obeys_neither_markup_nor_escapes(capsys, monkeypatch):
    monkeypatch.setattr(text, "on_terminal", lambda: True)
    text.table([EVIL, "n"], [[EVIL, 1], [":smile: [link=x]y[/link]", 2]], right=["n"])
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\x9b" not in out
    assert ":smile: [link=x]y[/link]" in out
    assert "[bold]" in out


def test_a_narrow_terminal_loses_no_text(capsys, monkeypatch):
    monkeypatch.setattr(text, "on_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", "30")
    text.table(["a", "b"], [["x" * 40, "y" * 40]])
    out = capsys.readouterr().out
    assert (out.count("x"), out.count("y")) == (40, 40)


def test_an_error_is_explained_in_its_parts(capsys):
    text.tell_error(RegistryError(EVIL, where="f:1\x1b", near=["\x1ba"], hint="\x1bdo"))
    err = capsys.readouterr().err
    assert "\x1b" not in err
    assert [line.split(":")[0].strip() for line in err.splitlines()[-4:]] == [
        "at f", "closest", "try", "about",
    ]  # fmt: skip
    assert err.endswith("about: sondage explain registry\n")


def test_sizes_and_durations_are_in_words():
    assert [text.size(n) for n in (0, 1023, 1024, 5 << 20, 3 << 30, 2 << 40)] == [
        "0 B", "1023 B", "1.0 KiB", "5.0 MiB", "3.0 GiB", "2.0 TiB",
    ]  # fmt: skip
    assert [text.duration(s) for s in (0.4, 59.6, 200, 7500)] == [
        "0 s", "1 min 0 s", "3 min 20 s", "2 h 5 min",
    ]  # fmt: skip
    assert [text.counted(n, "entry") for n in (1, 2)] == ["1 entry", "2 entries"]
