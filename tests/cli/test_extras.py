"""The command line where an extra is not installed: exit code 2 and the line that installs it."""

import sys

import pytest

from sondage import api

REPORT = """
import sondage

class Drawing:
    def write(self, run, folder):
        import altair
        yield folder

@sondage.hookimpl
def sondage_reports():
    return [sondage.ReportSpec(name="drawn.figure", factory=Drawing, summary="s", reference="r")]
"""


@pytest.fixture
def ran(call, both):
    assert call("run", f"{both}:small", "--quiet").code == 0


@pytest.mark.parametrize(
    ("args", "module", "extra"),
    [
        (["run", "{both}:both"], "dask", "run"),
        (["run", "{both}:both", "--workers", "2"], "distributed", "cluster"),
        (["results", "--plot", "a.svg"], "altair", "figures"),
        (["results", "--sql", "select 1"], "duckdb", "sql"),
        (["results", "--parquet", "a.parquet"], "pyarrow", "sql"),
        (["results", "--cells"], "pandas", "run"),
    ],
)
def test_the_line_that_installs_it_is_given(call, both, ran, monkeypatch, args, module, extra):
    monkeypatch.setitem(sys.modules, module, None)
    ended = call(*(a.format(both=both) for a in args))
    assert ended.code == 2
    assert f"needs {module}, which is not installed" in ended.err
    assert f'  try: pip install "sondage[{extra}]"' in ended.err.splitlines()
    assert "Traceback" not in ended.err


def test_planning_and_describing_need_no_extra(call, both, monkeypatch):
    for module in ("dask", "pandas", "distributed", "cryptography", "altair", "duckdb", "pyarrow"):
        monkeypatch.setitem(sys.modules, module, None)
    assert call("plan", f"{both}:both").code == 0
    assert call("list", "probes").code == 0
    assert call("describe", "probe", "toy.centroid").code == 0


def test_a_report_that_lacks_what_draws_is_told_and_results_stay(
    call, both, make_plugin, monkeypatch
):
    make_plugin("drawn", REPORT)
    monkeypatch.setitem(sys.modules, "altair", None)
    ended = call("run", f"{both}:small", "--set", "reports=[drawn.figure]")
    assert ended.code == 0
    said = "report 'drawn.figure' failed: altair is not installed"
    assert said in ended.out + ended.err
    assert 'try: pip install "sondage[figures]"' in ended.out + ended.err
    assert len(api.results().folder.records()) > 0


def test_doctor_names_what_is_missing_as_no_problem(call, toy_registry, monkeypatch):
    monkeypatch.setitem(sys.modules, "duckdb", None)
    out = call("doctor").out
    assert 'ok   extra sql: without duckdb: pip install "sondage[sql]"' in out
    assert "ok   extra run: there" in out
