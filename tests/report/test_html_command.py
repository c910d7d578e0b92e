"""``sondage report RUN -o FILE.html``, and what is no such command."""

from __future__ import annotations

import pytest


@pytest.fixture
def call(capsys):
    def run(*args):
        from sondage.cli.app import app

        with pytest.raises(SystemExit) as end:
            app([str(a) for a in args])
        said = capsys.readouterr()
        return int(end.value.code or 0), said.out, said.err

    return run


def test_a_run_is_written_as_a_page(plain, call, tmp_path):
    file = tmp_path / "page.html"
    for words in (["report", "one", "-o", file], ["report", "--output", file]):
        assert call(*words) == (0, f"{file}\n", f"{plain.name}\n")
        assert "<h1>one</h1>" in file.read_text("utf-8")
        file.unlink()


@pytest.mark.parametrize(
    ("words", "said", "hint"),
    [
        (["a", "one", "-o", "x.html"], "'a' and 'one' are two names", "report one -o x.html"),
        (["one", "-o", "x.html", "--set", "a=1"], "a page has none", "--set KEY=VALUE"),
        (["one", "-o", "x.pdf"], "does not end in .html", "-o x.html"),
        (["nosuch", "-o", "x.html"], "there is no run 'nosuch'", "sondage runs"),
        ([], "no report is named", "sondage report [RUN] -o FILE.html"),
        (["one-00000000"], "'one-00000000' is a run", "report one-00000000 -o run.html"),
    ],
)
def test_wrong_words_are_told(plain, call, words, said, hint):
    code, out, err = call("report", *words)
    assert (code, out) == (2, "")
    assert said in err
    assert hint in err
