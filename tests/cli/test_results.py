"""results: tables, files, SQL and pictures."""

import csv
import io
import os
import time

import pytest

from sondage import api
from sondage.errors import ResultsError
from sondage.records import lines as lines_of
from sondage.store import paths


@pytest.fixture
def ran(call, both):
    call("run", f"{both}:both", "--quiet")
    return api.results()


def test_the_last_run_is_shown(call, ran):
    ended = call("results")
    assert ended.code == 0
    assert ended.out.startswith(f"{ran.name}\n\nt · slow · accuracy\n")
    assert "macro_f1" in ended.out.partition("more scores: ")[2]
    assert "t · slow · macro_f1" in call("results", "--all").out


@pytest.fixture
def three(call, both):
    """Two runs of ``both`` and then one of ``small``, in the order of being run."""
    names = []
    for age, words in enumerate(
        (["both"], ["both", "--layers", "0"], ["small", "--layers", "0,1"])
    ):
        call("run", f"{both}:{words[0]}", "--quiet", *words[1:])
        (folder,) = (f for f in paths.runs_folder().iterdir() if f.name not in names)
        names.append(folder.name)
        # Well apart, whatever the file system's clock.
        then = time.time() - 1000 + 100 * age
        for path in (folder / "run.json", folder / "cells.jsonl", folder):
            os.utime(path, (then, then))
    return names


def test_reading_an_older_run_does_not_make_it_the_last(call, three):
    older, old, last = three
    call("results", last)
    for name in (old, older):
        (paths.runs_folder() / name / "summary.json").unlink(missing_ok=True)
        call("results", name)
        assert (paths.runs_folder() / name / "summary.json").is_file()
    (paths.runs_folder() / old / "summary.json").unlink()
    call("results", "--sql", "select * from summary")
    assert api.results().name == last
    assert call("results").out.startswith(f"{last}\n")


def test_a_run_asked_for_again_is_the_last_and_its_summary_stays(call, three, both, monkeypatch):
    older, _, _ = three
    call("results", older)
    from sondage.records import summary

    monkeypatch.setattr(summary, "_compute", lambda folder: pytest.fail("computed again"))
    call("run", f"{both}:both", "--quiet")
    assert call("results").out.startswith(f"{older}\n")


def test_a_composition_names_its_last_run_and_says_so(call, three):
    older, old, last = three
    ended = call("results", "both")
    assert ended.out.startswith(f"{old}\n")
    assert ended.err == f"{old}; 'both' fits 1 older run too: {older}\n"
    assert call("results", "bo", "--csv", "-").err.startswith(f"{old}; 'bo' fits 1 older run")
    # Only what leaves it open is remarked on; what does not print the name says it.
    assert call("results", older).err == ""
    assert call("results", older, "--cells").err == ""
    assert call("results", "small").err == ""
    assert call("results", "small", "--cells").err == f"{last}\n"
    assert call("results", "--table", "per_class").err == f"{last}\n"


def test_a_beginning_of_several_compositions_is_refused_with_the_list(call, three):
    older, old, last = three
    root = paths.runs_folder()
    (root / older).rename(root / "smaller-0a1b2c3d")
    ended = call("results", "sm")
    assert ended.code == 2
    assert ended.out == ""
    assert "'sm' fits runs of 2 compositions" in ended.err
    assert f"closest: {last}, smaller-0a1b2c3d" in ended.err
    assert old not in ended.err
    assert call("results", "sm", "--sql", "select 1").code == 2
    # A composition's whole name is no beginning of another's.
    assert call("results", "small").out.startswith(f"{last}\n")
    assert call("results", "smaller").out.startswith("smaller-0a1b2c3d\n")
    with pytest.raises(ResultsError, match="2 compositions"):
        api.results("sm")


def test_of_very_many_runs_the_compositions_are_listed(call, three):
    root = paths.runs_folder()
    for i in range(11):
        folder = root / f"small-{i:08d}"
        folder.mkdir()
        (folder / "cells.jsonl").write_bytes((root / three[2] / "cells.jsonl").read_bytes())
    (root / three[0]).rename(root / "smaller-0a1b2c3d")
    assert "closest: small, smaller\n" in call("results", "s").err


def test_an_unknown_run_names_those_that_exist(call, ran):
    ended = call("results", "nosuch")
    assert ended.code == 2
    assert ran.name in ended.err
    assert call("results", ran.name[:6]).code == 0


def test_without_results_it_says_what_to_do(call):
    ended = call("results")
    assert ended.code == 2
    assert "sondage run NAME" in ended.err


def test_csv_holds_the_summary_or_every_cell(call, ran, tmp_path):
    rows = list(csv.DictReader(io.StringIO(call("results", "--csv", "-").out)))
    assert len(rows) == 4 * 2 * 2 + 4
    assert {r["component"] for r in rows} == {"slow", "far.gap"}
    cells = list(csv.DictReader(io.StringIO(call("results", "--cells", "--csv", "-").out)))
    assert len(cells) == 16 * 2 + 4
    ended = call("results", "--csv", tmp_path / "a.csv")
    assert (ended.out, ended.code) == ("", 0)
    assert len((tmp_path / "a.csv").read_text("utf-8").splitlines()) == len(rows) + 1
    assert call("results", "--csv", tmp_path / "no" / "a.csv").code == 2


def test_parquet_is_read_back(call, ran, tmp_path):
    import pandas as pd

    assert call("results", "--parquet", tmp_path / "a.parquet").code == 0
    back = pd.read_parquet(tmp_path / "a.parquet")
    assert len(back) == 20
    assert back["mean"].notna().all()
    assert call("results", "--parquet", tmp_path / "no" / "a.parquet").code == 2


def test_a_named_table(call, ran):
    ended = call("results", "--table", "per_class")
    assert ended.out.startswith("in all rows: kind probe, task t, component slow, view word")
    assert ended.out.splitlines()[1].split()[-7:] == [
        "label", "n", "predicted", "correct", "precision", "recall", "f1",
    ]  # fmt: skip
    wrong = call("results", "--table", "perclass")
    assert wrong.code == 2
    assert "closest: per_class" in wrong.err


def test_sql_over_all_runs(call, ran, both):
    call("run", f"{both}:both", "--quiet", "--layers", "0")
    ended = call(
        "results", "--sql",
        "select count(*) n, count(distinct id) ids from cells "
        "where component = 'slow' and score = 'accuracy'",
    )  # fmt: skip
    # The second run's cells are the first one's: each is counted once.
    assert ended.out.splitlines()[1].split() == ["16", "16"]
    both_runs = call("results", "--sql", "select count(distinct run) from summary")
    assert both_runs.out.splitlines()[1].strip() == "2"


def test_sql_over_the_run_that_is_named(call, three):
    older, old, last = three
    ask = "select count(*) n, count(distinct run) r, min(run) m from {}"
    for name in (older, old, last):
        for table in ("cells", "summary"):
            ended = call("results", name, "--sql", ask.format(table), "--csv", "-")
            (row,) = csv.DictReader(io.StringIO(ended.out))
            run = api.results(name)
            whole = run.frame() if table == "cells" else run.summary()
            # Cells that an older run has as well are there too, under this run's name.
            assert (row["n"], row["r"], row["m"]) == (str(len(whole)), "1", name)
            assert ended.err == ""
    assert call("results", "nosuch", "--sql", "select 1").code == 2
    assert call("results", "small", "--sql", "select 1").err == f"{last}\n"
    whole = call("results", "--sql", "select distinct run from summary")
    assert sorted(whole.out.split()[1:]) == sorted(three)
    assert whole.err.startswith("asked of all 3 runs; ")


@pytest.mark.parametrize(
    "query",
    [
        "selec",
        "select * from cels",
        "select * from read_csv('/etc/passwd')",
        "copy cells to '/tmp/sondage-must-not-exist.csv'",
        "set enable_external_access = true",
        "install httpfs",
        "attach '/tmp/sondage-must-not-exist.db'",
    ],
)
def test_bad_queries_end_with_2(call, ran, query):
    ended = call("results", "--sql", query)
    assert ended.code == 2
    assert ended.err.startswith("the query cannot be answered: ")
    assert "cells(run, kind," in ended.err
    assert "Traceback" not in ended.err


def test_latex_and_pictures(call, ran, tmp_path):
    out = call("results", "--latex", "-").out
    assert out.count("\\begin{table}") == 2
    assert "0 & \\(" in out
    ended = call("results", "--plot", tmp_path / "a.svg", "--latex", tmp_path / "a.tex")
    assert ended.code == 0
    assert (tmp_path / "a.svg").read_text("utf-8").startswith("<svg")
    assert (tmp_path / "a.tex").is_file()
    wrong = call("results", "--plot", tmp_path / "a.eps")
    assert wrong.code == 2
    assert "a.svg" in wrong.err
    assert call("results", "--plot", tmp_path / "a.svg", "--size", "column").code == 0
    assert 'pt" height=' in (tmp_path / "a.svg").read_text("utf-8")
    narrow = (tmp_path / "a.svg").read_text("utf-8")
    given = ("--plot", tmp_path / "a.svg", "--width", "column", "--font")
    assert call("results", *given, "11").code == 0
    assert (tmp_path / "a.svg").read_text("utf-8") != narrow
    wrong = call("results", *given, "20")
    assert (wrong.code, "at most 16.4 points" in wrong.err) == (2, True)
    wrong = call("results", "--plot", tmp_path / "a.svg", "--size", "poster")
    assert wrong.code == 2
    assert "screen, column, page" in wrong.err


def test_no_cell_failed(call, ran):
    assert call("results", "--failed").out == f"no cell of {ran.name} failed\n"


def test_a_run_that_is_not_finished_says_so(call, ran, tmp_path):
    lines = ran.folder.cells.read_bytes().splitlines(keepends=True)
    ran.folder.cells.write_bytes(b"".join(lines[:5]))
    said = f"5 of {len(lines)} cells"
    assert call("results").out.startswith(f"{ran.name}: {said}, not finished\n")
    for options in (["--csv", "-"], ["--cells"], ["--sql", "select 1", ran.name]):
        assert said in call("results", *options).err
    assert said in call("results", "--latex", "-").out
    assert f"{said}, not finished" in call("results", "--latex", "-").out
    ended = call("results", "--parquet", "-")
    assert ended.code == 2
    assert "--csv - prints" in ended.err


def test_failed_cells_are_said_to_have_failed_and_not_to_be_to_come(call, ran):
    lines = ran.folder.cells.read_bytes().splitlines(keepends=True)

    def failing(line):
        return lines_of.line(
            lines_of.parsed(line) | {"status": "failed", "scores": {}, "error": {"message": "no"}}
        )

    ran.folder.cells.write_bytes(b"".join([*lines[:-2], *map(failing, lines[-2:])]))
    said = f"2 of {len(lines)} cells failed"
    shown = call("results").out
    assert shown.startswith(f"{ran.name}: {said}\n")
    assert "not finished" not in shown
    assert f"{ran.name}: {said}" in call("results", "--csv", "-").err
    assert said in call("results", "--latex", "-").out
    ran.folder.cells.write_bytes(b"".join([*lines[:3], *map(failing, lines[-2:])]))
    both = f"{ran.name}: 3 of {len(lines)} cells, not finished (2 more failed)\n"
    assert call("results").out.startswith(both)
