"""What may import what, how long a module may be, and which pages have to exist."""

import ast
import re
import tokenize
from pathlib import Path

import pytest

from sondage import errors

ROOT = Path(__file__).parent.parent
CORE = ROOT / "core" / "sondage"
MODULES = sorted(CORE.rglob("*.py"))
PLUGIN_MODULES = sorted(ROOT.glob("plugins/*/src/**/*.py"))

#: What no installation of the core alone has, or what belongs to methods.
FOREIGN = {"torch", "transformers", "sklearn", "cvxpy", "ot", "jax", "tensorflow"}
LONGEST = 500
LONGEST_OF_CORE = 300
#: Lines of code that a function has at most, and how many of the core may have more.
LONGEST_FUNCTION, LONGER_ONES = 40, 8


def name_of(path: Path) -> str:
    """Return the dotted name of a core module."""
    parts = path.relative_to(CORE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> set[str]:
    """Return every module that a file imports, wherever in it, under a full name."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = path.parent
                for _ in range(node.level - 1):
                    package = package.parent
                base = ".".join(p for p in (package.name, base) if p)
            found |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    return found


def of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


@pytest.fixture(scope="module")
def core_imports():
    return {path: imports(path) for path in MODULES}


def test_imports_are_seen_wherever_they_are(tmp_path):
    path = tmp_path / "package" / "module.py"
    path.parent.mkdir()
    path.write_text(
        "import a.b as c\nfrom d import e\ndef f():\n    from . import g\n    from .h import i\n"
    )
    wanted = {"a.b", "d", "d.e", "package", "package.g", "package.h", "package.h.i"}
    assert imports(path) == wanted


def test_the_core_imports_no_method_library_and_no_plugin(core_imports):
    for path, found in core_imports.items():
        tops = {name.partition(".")[0] for name in found}
        assert not tops & FOREIGN, of(path)
        assert not {t for t in tops if t.startswith("sondage_")}, of(path)


#: The rooms of the core from the ground up: each may use what lies below it, not beside it.
FLOORS = (
    ("errors", "plain", "specs"),
    ("data", "files", "guard", "lazy", "stats"),
    ("answers", "contracts", "control", "defects", "host", "scores", "store"),
    ("parts", "probing", "registry"),
    ("plan",),
    ("records",),
    ("execute", "report"),
    ("commands",),
    ("api",),
    ("testing",),
    ("cli",),
)
FLOOR = {room: i for i, floor in enumerate(FLOORS) for room in floor}


def room_of(name: str) -> str:
    """Return the room that a module of the core is in; the core's own name is in none."""
    return name.split(".")[1] if "." in name else ""


def test_every_room_has_a_floor():
    rooms = {room_of(name_of(path)) for path in MODULES} - {"", "templates"}
    assert rooms == set(FLOOR)


def test_nothing_imports_upward(core_imports):
    for path, found in core_imports.items():
        own = room_of(name_of(path))
        if own not in FLOOR:
            continue
        for name in found:
            room = room_of(name) if within(name, "sondage") else ""
            if room in FLOOR and room != own:
                assert FLOOR[room] < FLOOR[own], f"{of(path)} imports {name}"


@pytest.mark.parametrize("room", ["errors", "lazy", "specs", "data", "contracts"])
def test_contracts_stand_on_nothing(room, core_imports):
    allowed = {"data": {"errors"}, "contracts": {"errors", "data"}, "lazy": {"errors"}}
    for path, found in core_imports.items():
        if room_of(name_of(path)) == room:
            used = {room_of(n) for n in found if within(n, "sondage")} - {"", room}
            assert used <= allowed.get(room, set()), f"{of(path)} imports {used}"


def test_the_architecture_page_names_every_room_and_module():
    page = (ROOT / "docs" / "explanation" / "architecture.md").read_text(encoding="utf-8")
    missing = [
        name
        for path in MODULES
        if (name := path.stem if path.stem != "__init__" else path.parent.name)
        and path != CORE / "__init__.py"
        and not {"templates", "checks"} & set(path.parts)
        and f"`{name}`" not in page
    ]
    assert not missing


def test_the_door_of_the_core_is_short():
    rooms = {p.name for p in CORE.iterdir()} - {"__pycache__", "py.typed"}
    assert len(rooms) <= 28, "put it into a room"


def test_plugins_never_import_each_other():
    for path in PLUGIN_MODULES:
        own = path.relative_to(ROOT / "plugins").parts[2]
        tops = {name.partition(".")[0] for name in imports(path)}
        others = {t for t in tops if t.startswith("sondage_") and t != own}
        assert not others, f"{of(path)} imports {others}"


def test_plugins_use_no_private_names_of_the_core():
    for path in PLUGIN_MODULES:
        private = {n for n in imports(path) if within(n, "sondage") and "._" in n}
        assert not private, f"{of(path)} imports {private}"


@pytest.mark.parametrize("path", [*MODULES, *PLUGIN_MODULES], ids=of)
def test_modules_are_short(path):
    lines = len(path.read_text(encoding="utf-8").splitlines())
    most = LONGEST_OF_CORE if CORE in path.parents else LONGEST
    assert lines <= most, f"{lines} lines"


def long_functions(path: Path) -> list[str]:
    """Return the functions of a file with too many lines of code; comments and texts are none."""
    spaces = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    with tokenize.open(path) as file:
        tokens = [t for t in tokenize.generate_tokens(file.readline) if t.type not in spaces]
    code = {n for t in tokens for n in range(t.start[0], t.end[0] + 1)}
    out = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            said = node.body[0] if ast.get_docstring(node) is not None else node
            lines = code & {*range(node.lineno, node.end_lineno + 1)}
            if said is not node:
                lines -= {*range(said.lineno, said.end_lineno + 1)}
            if len(lines) > LONGEST_FUNCTION:
                out.append(f"{of(path)}:{node.lineno} {node.name}: {len(lines)} lines")
    return out


def test_functions_of_the_core_are_short():
    found = [function for path in MODULES for function in long_functions(path)]
    assert len(found) <= LONGER_ONES, "\n".join(found)


def test_libraries_do_not_print():
    for path in [*MODULES, *PLUGIN_MODULES]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id != "print", f"{of(path)}:{node.lineno}"


def kinds_of(error: type[errors.SondageError]) -> list[type[errors.SondageError]]:
    return [error, *(kind for sub in error.__subclasses__() for kind in kinds_of(sub))]


ERRORS = [kind for kind in kinds_of(errors.SondageError) if kind.__module__ == "sondage.errors"]


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_every_error_has_a_page(kind):
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", kind.slug)
    page = (ROOT / "docs" / "errors" / f"{kind.slug}.md").read_text(encoding="utf-8")
    assert page.startswith(f"# {kind.slug}\n"), "the title is not the slug"
    assert f"`{kind.__name__}`" in page, "the class is not named"
    for heading in ("## What it means", "## Common causes", "## What to do"):
        assert heading in page, f"no section {heading!r}"


def test_every_page_is_of_an_error():
    slugs = [kind.slug for kind in ERRORS]
    assert len(set(slugs)) == len(slugs)
    pages = {path.stem for path in (ROOT / "docs" / "errors").glob("*.md")} - {"index"}
    assert pages == set(slugs)


def test_every_error_exits_with_a_code():
    for kind in ERRORS:
        assert kind.exit_code not in (0, 1), f"{kind.__name__}: 1 is for cells that failed"
