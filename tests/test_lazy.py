"""Names that packages offer lazily: listed, importable, and no module is imported for the list."""

import ast
import importlib
import importlib.util
import sys
from pathlib import Path

import pytest

import sondage
from sondage.host import Host

ROOT = Path(__file__).parents[1]
PACKAGES = ["sondage", "sondage.report", "sondage.testing"]
PACKAGES += sorted(path.name for path in ROOT.glob("plugins/*/src/sondage_*"))


@pytest.fixture(params=PACKAGES)
def package(request):
    if importlib.util.find_spec(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    return importlib.import_module(request.param)


@pytest.fixture
def fruit(tmp_path, monkeypatch):
    folder = tmp_path / "lazyfruit"
    folder.mkdir()
    (folder / "__init__.py").write_text(
        "import os\n"
        "from sondage.lazy import exports\n"
        "ripe = True\n"
        "def hook(): ...\n"
        "__getattr__, __dir__, __all__ = exports(\n"
        "    __name__, {'trees': ['Apple', 'plum'], 'broken': ['Pear']}, own=['ripe'])\n"
    )
    (folder / "trees.py").write_text("Apple, plum = 1, 2\n")
    (folder / "broken.py").write_text("import no_such_library\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("lazyfruit")
    for name in [n for n in sys.modules if n.partition(".")[0] == "lazyfruit"]:
        del sys.modules[name]


def seen_by_checkers(package) -> set[str]:
    tree = ast.parse(Path(package.__file__).read_text(encoding="utf-8"))
    (block,) = [n for n in tree.body if isinstance(n, ast.If)]
    aliases = [a for n in block.body if isinstance(n, ast.ImportFrom) for a in n.names]
    assert all(a.name == a.asname for a in aliases), "a checker takes these for private"
    return {a.name for a in aliases}


def test_public_names_are_listed_and_can_be_imported(package):
    assert set(package.__all__) <= set(dir(package))
    assert len(package.__all__) == len(set(package.__all__)) > 1
    for name in package.__all__:
        assert getattr(package, name) is not None


def test_type_checkers_see_the_same_names(package):
    assert seen_by_checkers(package) == set(package.__all__) - {"__version__"}


def test_no_public_name_is_hidden_by_a_module(package):
    modules = {path.stem for path in Path(package.__file__).parent.iterdir()}
    assert not modules & set(package.__all__)


def test_a_wrong_name_gives_the_nearest(package):
    name = next(n for n in package.__all__ if n[0] != "_")
    with pytest.raises(AttributeError, match=rf"'{name}x'; closest: .*\b{name}\b"):
        getattr(package, f"{name}x")


def test_what_is_listed_is_what_users_look_for(fruit):
    shown = [name for name in dir(fruit) if name[:2] != "__"]
    assert shown == ["Apple", "Pear", "hook", "plum", "ripe"]
    assert fruit.Apple == 1
    assert "trees" in dir(fruit)
    from lazyfruit import plum

    assert plum == 2


def test_listing_imports_nothing(fruit):
    dir(fruit)
    assert "lazyfruit.trees" not in sys.modules


def test_what_a_module_lacks_is_said_as_it_is(fruit):
    with pytest.raises(ModuleNotFoundError, match="no_such_library"):
        _ = fruit.Pear
    with pytest.raises(AttributeError, match=r"no attribute '__wrapped__'$"):
        _ = fruit.__wrapped__


def test_a_star_import_takes_what_is_public(fruit):
    taken = {}
    fruit.__all__.remove("Pear")
    exec("from lazyfruit import *", taken)
    assert {"Apple", "plum", "ripe"} == taken.keys() - {"__builtins__"}


def test_finding_plugins_imports_none_of_their_modules(in_python):
    done = in_python("""
        import sys
        from sondage.host import Host
        active = [r.plugin for r in Host.discover().plugins if r.status == "active"]
        own = {n for n in sys.modules if n.startswith("sondage_") and "." in n}
        # What describes data is data.
        print(sorted(n for n in own if not n.endswith(".data_sets")))
        print(len(active))
    """)
    lines = done.stdout.split("\n")
    assert lines[0] == "[]", done.stderr
    assert int(lines[1]) == sum(r.status == "active" for r in Host.discover().plugins)


def test_a_plan_imports_nothing_that_only_work_needs(in_python):
    done = in_python("""
        import sys
        from sondage import api
        from sondage.host import Host
        found = Host.discover()
        for kind in ("encoder", "task", "probe", "metric", "report", "tracker"):
            for offer in found.offers(kind):
                offer.spec.load()
        api.run, api.results
        heavy = {"altair", "cvxpy", "dask", "numba", "pandas", "pyarrow", "scipy", "sklearn",
                 "tokenizers", "torch", "transformers"}
        print(sorted(heavy & {*sys.modules}))
    """)
    assert done.stdout.split("\n")[0] == "[]", done.stderr


def test_reading_results_imports_nothing_that_plans_or_runs(in_python):
    done = in_python("""
        import sys
        from sondage import api
        api.results, api.Run, api.matching
        rooms = ("sondage.commands", "sondage.execute")
        print(sorted(n for n in sys.modules if n.startswith(rooms)))
        print(sorted(api.__all__) == sorted(n for n in dir(api) if n[:2] != "__"))
    """)
    assert done.stdout.split("\n")[:2] == ["[]", "True"], done.stderr


def test_the_core_lists_its_python_interface():
    assert {"run", "results", "Run", "hookimpl", "ProbeSpec", "__version__"} <= set(dir(sondage))
    assert "TYPE_CHECKING" not in dir(sondage)
