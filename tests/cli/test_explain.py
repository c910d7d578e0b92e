"""``sondage explain``: the page on a kind of error, wherever sondage is."""

import pytest

from sondage import errors
from sondage.cli import text
from sondage.commands import explain


@pytest.mark.parametrize("asked", ["data", "DataError"])
def test_a_page_is_printed_without_links(call, asked):
    ended = call("explain", asked)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("# data\n\nRaised as `DataError`.\n")
    assert "## What to do" in ended.out
    assert "(see failed cells)" in call("explain", "error").out


def test_every_kind_of_error_is_explained(call):
    listed = call("explain").out
    kinds = [k for k in vars(errors).values() if isinstance(k, type)]
    for kind in (k for k in kinds if issubclass(k, errors.SondageError)):
        assert call("explain", kind.slug).out.startswith(f"# {kind.slug}\n")
        assert f"\n{kind.slug} " in listed
    assert "A data file, or what is in it, cannot be used\n" in listed
    assert "index" not in explain.slugs()


@pytest.mark.parametrize(
    ("asked", "near"),
    [("dta", "data"), ("Encoding", "encoding"), ("parameters", "parameter"), ("zzz", "cluster")],
)
def test_an_unknown_slug_gives_the_nearest(call, asked, near):
    ended = call("explain", asked)
    assert ended.code == 2
    assert ended.out == ""
    lines = ended.err.splitlines()
    assert lines[0] == f"no kind of error is called '{asked}'"
    assert lines[1].startswith(f"  closest: {near}")


def test_no_path_is_read(call):
    assert call("explain", "../howto/plugins").code == 2
    assert call("explain", "index").code == 2
    assert call("explain", "Iterable").code == 2


def test_a_terminal_gets_a_page_that_is_set(call, monkeypatch):
    monkeypatch.setattr(text, "on_terminal", lambda: True)
    out = call("explain", "dependency").out
    assert "## " not in out
    assert "What to do" in out
    assert "distributed, cryptography" in out


def test_an_errors_last_line_is_the_command(capsys):
    for kind in (errors.DataError, errors.DependencyError):
        text.tell_error(kind("x"))
        last = capsys.readouterr().err.splitlines()[-1]
        assert last == f"  about: sondage explain {kind.slug}"
        assert explain.read_page(kind.slug)
