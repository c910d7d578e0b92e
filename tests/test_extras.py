"""What extras bring: the table, the metadata and the imports agree; who lacks one is told."""

import ast
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import sondage
from sondage import api
from sondage.errors import DependencyError
from sondage.execute.workers import connected
from sondage.host import extras
from sondage.records.frames import frame, summary, table
from sondage.report import plot, query

ROOT = Path(__file__).parents[1]
CORE = ROOT / "core" / "sondage"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
MODULES = {module: extra for extra, modules in extras.EXTRAS.items() for module in modules}


def names(requirements):
    return {Requirement(r).name for r in requirements}


def module_of(distribution):
    return distribution.removesuffix("-python").replace("-", "_")


@pytest.mark.parametrize("extra", extras.EXTRAS)
def test_the_table_is_what_the_metadata_say(extra):
    said = PROJECT["optional-dependencies"][extra]
    assert {module_of(n) for n in names(said) - {"sondage"}} == set(extras.EXTRAS[extra])
    assert extra == "run" or "sondage[run]" in said


def test_one_extra_has_all_and_the_core_has_none():
    (everything,) = PROJECT["optional-dependencies"]["all"]
    assert Requirement(everything).extras | {"run"} == set(extras.EXTRAS)
    assert "sondage[all]" in PROJECT["optional-dependencies"]["quickstart"]
    assert not names(PROJECT["dependencies"]) & set(MODULES)


def test_the_core_imports_extras_only_where_they_are_needed():
    for path in CORE.rglob("*.py"):
        for node in ast.parse(path.read_text("utf-8")).body:
            found = [node] if isinstance(node, ast.Import | ast.ImportFrom) else []
            tops = {a.name for n in found if isinstance(n, ast.Import) for a in n.names}
            tops |= {n.module for n in found if isinstance(n, ast.ImportFrom)}
            assert not {str(t).partition(".")[0] for t in tops} & set(MODULES), path


@pytest.fixture
def without(monkeypatch):
    """Make modules look as if they were not installed."""

    def hide(*modules):
        for name in [n for n in sys.modules if n.partition(".")[0] in modules]:
            monkeypatch.delitem(sys.modules, name)
        for module in modules:
            monkeypatch.setitem(sys.modules, module, None)

    return hide


def test_nothing_is_missing_here():
    assert not [m for extra in extras.EXTRAS for m in extras.lacking(extra)]


def test_a_run_without_its_extra_is_refused_before_it_begins(toy_registry, without):
    without("dask", "pandas")
    with pytest.raises(DependencyError) as caught:
        sondage.run(f"{toy_registry}:small")
    assert caught.value.message == "running a composition needs dask and pandas, which are not " \
        "installed"  # fmt: skip
    assert caught.value.hint == 'pip install "sondage[run]"'
    planned = api.make_plan(f"{toy_registry}:small")
    assert not api.folder_of(planned).path.exists()


def test_workers_without_their_extra_are_refused(toy_registry, without):
    without("distributed")
    for options in ({"workers": 2}, {"cluster": "tcp://127.0.0.1:1"}):
        with pytest.raises(DependencyError, match="needs distributed, which is") as caught:
            sondage.run(f"{toy_registry}:small", **options)
        assert caught.value.hint == 'pip install "sondage[cluster]"'
    with pytest.raises(DependencyError), connected(2, None):
        pass


def test_results_without_their_extra_are_refused(tmp_path, without):
    without("pandas", "duckdb", "vl_convert")
    for ask in (lambda: frame([]), lambda: summary(None), lambda: table(None, "x")):
        with pytest.raises(DependencyError, match="pandas") as caught:
            ask()
        assert caught.value.hint == 'pip install "sondage[run]"'
    with pytest.raises(DependencyError, match="pandas and duckdb") as caught:
        query(tmp_path, "select 1")
    assert caught.value.hint == 'pip install "sondage[sql]"'
    with pytest.raises(DependencyError, match="vl_convert") as caught:
        plot(None, "a.svg")
    assert caught.value.hint == 'pip install "sondage[figures]"'


def test_what_a_plugin_imports_itself_is_explained(without):
    without("altair")
    with pytest.raises(ModuleNotFoundError) as caught:
        import altair  # noqa: F401
    assert extras.explained(caught.value).hint == 'pip install "sondage[figures]"'
    assert extras.explained(ModuleNotFoundError("no", name="altair.vegalite")) is not None
    assert extras.explained(ModuleNotFoundError("no", name="theirs")) is None
    assert extras.explained(ImportError("broken", name="altair")) is None
    assert extras.explained(ValueError("altair")) is None
