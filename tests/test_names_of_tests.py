"""A test has one name in every process: workers that collect in parallel compare the names."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TESTS = sorted((*ROOT.glob("tests/**/*.py"), *ROOT.glob("plugins/*/tests/**/*.py")))


def unsteady(source: str) -> list[int]:
    """Return the lines where a parameter packs bytes with the time of day in their header."""
    found: list[int] = []

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.Lambda):
            return
        packs = isinstance(node, ast.Call) and ast.unparse(node.func) == "gzip.compress"
        if packs and not any(keyword.arg == "mtime" for keyword in node.keywords):
            found.append(node.lineno)
        for child in ast.iter_child_nodes(node):
            visit(child)

    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("parametrize"):
            visit(node)
    return found


def test_parameters_hold_no_time_of_day():
    found = {str(path.relative_to(ROOT)): unsteady(path.read_text("utf-8")) for path in TESTS}
    assert {path: lines for path, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    ("call", "lines"),
    [
        ("gzip.compress(b'x')", [1]),
        ("gzip.compress(b'x', mtime=0)", []),
        ("lambda: gzip.compress(b'x')", []),
    ],
)
def test_the_search_itself(call, lines):
    assert unsteady(f"@pytest.mark.parametrize('raw', [{call}])\ndef f(raw): ...") == lines
