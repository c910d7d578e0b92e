"""The committed pages on contracts and data are what the code says, and all of it."""

from __future__ import annotations

import importlib.util
import inspect
import sys
import typing
from pathlib import Path
from types import ModuleType

import pytest

from sondage import contracts, data
from sondage.plan.product import FITS
from sondage.testing.checks.every import RANDOMNESS

DOCS = Path(__file__).parents[2] / "docs"
REFERENCE = DOCS / "reference"


def load() -> ModuleType:
    path = DOCS / "_ext" / "contract_pages.py"
    spec = importlib.util.spec_from_file_location("docs_contract_pages", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


pages = load()


def committed(name: str) -> str:
    return (REFERENCE / f"{name}.md").read_text("utf-8")


def rules(title: str) -> str:
    return committed("rules").partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def part(page: str, name: str) -> str:
    return page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize("name", ["contracts", "data"])
def test_pages_are_those_of_the_code(name: str, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(pages, "REFERENCE", tmp_path)
    pages.write()
    made = (tmp_path / f"{name}.md").read_text("utf-8")
    assert made == committed(name), "run: python docs/_ext/contract_pages.py"


def test_every_contract_is_there_with_every_attribute_and_method() -> None:
    found = {
        n for n, c in vars(contracts).items()
        if inspect.isclass(c) and getattr(c, "_is_protocol", False)
    } - {"Protocol"}  # fmt: skip
    assert found == set(pages.CONTRACTS)
    for name in found:
        kind, said = getattr(contracts, name), part(committed("contracts"), name)
        declared = {*kind.__annotations__, *vars(kind)}
        for member in (n for n in declared if not n.startswith("_")):
            inner = vars(kind).get(member)
            shown = f"### `{member}(" if inspect.isfunction(inner) else f"{member}"
            assert shown in said, f"{name}.{member}"


@pytest.mark.parametrize("name", pages.DATA)
def test_every_field_has_a_meaning(name: str) -> None:
    kind, said = getattr(data, name), part(committed("data"), name)
    assert len(said.split()) > 10
    for field in kind.__dataclass_fields__:
        assert field in said, f"{name}.{field}"


def test_no_attribute_of_a_contract_is_without_words() -> None:
    for name in pages.CONTRACTS:
        said = pages.sections(getattr(contracts, name))
        for entry, _, meaning in pages.entries(said.get("Attributes", "")):
            assert meaning, f"{name}: {entry}"


def test_the_table_of_units_is_that_of_the_plan() -> None:
    lines = [line for line in pages.units().splitlines() if line.startswith("| `")]
    tasks = typing.get_args(contracts.TaskUnits)
    found = {}
    for line in lines:
        name, *fits = (cell.strip() for cell in line.strip("|").split("|"))
        found[name.strip("`")] = tuple(t for t, yes in zip(tasks, fits, strict=True) if yes)
    assert found == {k: tuple(t for t in tasks if t in v) for k, v in FITS.items()}
    assert set(found) == set(typing.get_args(contracts.ProbeUnits))


def test_the_words_of_randomness_are_those_that_the_kit_takes() -> None:
    said = rules("The words of `randomness`")
    assert "`split`" in next(line for line in said.splitlines() if line.startswith("| a task"))
    assert "`resample`" in next(line for line in said.splitlines() if "| a metric" in line)
    assert (RANDOMNESS["task"], RANDOMNESS["metric"]) == (("split",), ("resample",))
    # What the shipped probes say is among the words that the page shows.
    from sondage.host import Host

    for offer in Host.discover().offers("probe"):
        declared = inspect.getattr_static(offer.spec.load(), "randomness", ())
        for word in declared if isinstance(declared, tuple) else ():
            assert f"`{word}`" in said, f"{offer.spec.name}: {word}"
