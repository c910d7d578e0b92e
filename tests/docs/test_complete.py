"""Everything that a user can meet is documented, and what is documented exists."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import pkgutil
import re
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

import sondage
from sondage import api, errors
from sondage.commands.describe import description
from sondage.host import DATA_HOOK, HOOKS, Host, hookspecs
from sondage.registry.models import Composition, Contents

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
CORE = Path(sondage.__file__).parent


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"docs_{path.stem}", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


pages = load(DOCS / "_ext" / "reference_pages.py")
page = load(Path(__file__).parent / "page.py")


def text(*parts: str) -> str:
    return DOCS.joinpath(*parts).read_text("utf-8")


def written() -> dict[Path, str]:
    files = [
        *ROOT.glob("*.md"),
        *ROOT.glob("plugins/*/README.md"),
        *(f for f in DOCS.rglob("*.md") if "generated" not in f.parts and "_build" not in f.parts),
    ]
    return {file: file.read_text("utf-8") for file in files}


def all_errors(kind: type[errors.SondageError] = errors.SondageError) -> set[str]:
    return {kind.slug}.union(*(all_errors(below) for below in kind.__subclasses__()))


@pytest.mark.parametrize("hook", [*HOOKS.values(), DATA_HOOK])
def test_every_hook_has_a_page(hook: str) -> None:
    assert hook in text("reference", "hooks", "index.md")
    assert f"def {hook}(" in text("reference", "hooks", f"{hook}.md")
    assert hasattr(hookspecs, hook)


def test_no_page_is_of_a_hook_that_is_gone() -> None:
    names = {file.stem for file in (DOCS / "reference" / "hooks").glob("sondage_*.md")}
    assert names == {*HOOKS.values(), DATA_HOOK}


def test_every_error_has_a_page() -> None:
    for module in pkgutil.walk_packages([str(CORE)], "sondage."):
        if ".testing." not in module.name:
            importlib.import_module(module.name)
    assert all_errors() == {f.stem for f in (DOCS / "errors").glob("*.md")} - {"index"}


def test_every_command_is_in_the_reference_with_every_option() -> None:
    made = pages.command_line()
    for name, command in pages.commands():
        section = made.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        assert command.help, name
        for parameter in command.params:
            shown = parameter.opts[0] if parameter.opts[0].startswith("-") else ""
            assert shown in section, (name, parameter.opts)


@pytest.mark.parametrize("name", [name for name, _ in pages.commands()])
def test_every_command_is_shown_in_a_block_that_runs(name: str) -> None:
    shown = [
        block.text
        for content in written().values()
        for block in page.blocks(content)
        if block.language == "console" and "not run" not in block.marks
    ]
    assert any(re.search(rf"^\$ sondage {name}\b", block, re.M) for block in shown)


def test_environment_variables_are_those_of_the_code() -> None:
    code = "\n".join(file.read_text("utf-8") for file in CORE.rglob("*.py"))
    used = set(re.findall(r"SONDAGE_[A-Z]+", code))
    documented = set(
        re.findall(r"^\| `(SONDAGE_[A-Z]+)`", text("reference", "environment.md"), re.M)
    )
    assert documented == used


def test_every_key_of_a_composition_is_explained() -> None:
    explained = text("reference", "registry.md")
    for key in [*Composition.model_fields, *(set(Contents.model_fields) - {"version"})]:
        assert f"`{key}`" in explained, key


def test_every_field_and_column_of_results_is_explained(toy_registry: Path) -> None:
    run = api.run(f"{toy_registry}:small", settings={"baseline": "a"})
    explained = text("reference", "results.md")
    names = {*run.folder.header(), *run.frame().columns, *run.summary().columns}
    for record in run.folder.records():
        names |= set(record)
    assert len(names) > 40
    assert sorted(name for name in names if f"`{name}`" not in explained) == []


def test_every_component_has_a_method_page() -> None:
    methods = "\n".join(content for f, content in written().items() if f.parent == DOCS / "methods")
    readmes = list(ROOT.glob("plugins/*/README.md"))
    # Method pages take parts of the plugins' READMEs in.
    methods += "".join(readme.read_text("utf-8") for readme in readmes)
    mine = {readme.parent.name for readme in readmes}
    host = Host.discover()
    names = [offer.spec.name for offer in host.catalogue.values() if offer.plugin in mine]
    assert names
    assert [name for name in names if name not in methods] == []


def test_every_parameter_is_described_where_it_is_asked_for() -> None:
    mine = {readme.parent.name for readme in ROOT.glob("plugins/*/README.md")}
    offers = [offer for offer in Host.discover().catalogue.values() if offer.plugin in mine]
    assert offers
    unsaid = [
        f"{offer.spec.name}: {parameter.name}"
        for offer in offers
        for parameter in description(offer).parameters
        # A class of the code says nothing to who reads `sondage describe`.
        if not parameter.description or parameter.description.startswith("As `")
    ]
    assert unsaid == []


def test_links_between_files_lead_somewhere() -> None:
    broken = []
    for file, content in written().items():
        prose = re.sub(r"^( *)(`{3,}).*?^ *\2", "", content, flags=re.M | re.S)
        for target in re.findall(r"\]\(([^)\s#]+)(?:#[^)]*)?\)", prose):
            if re.match(r"[a-z]+:", target):
                continue
            there = file.parent / target
            if not there.exists() and not there.with_name(there.name + ".md").exists():
                generated = "generated" in target and target.rpartition("/")[2] in pages.PAGES
                if not generated:
                    broken.append(f"{file.relative_to(ROOT)}: {target}")
    assert broken == []


def test_the_readme_sets_everything_up() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    commands = dict(
        re.findall(r"<!-- (quickstart|tests) -->\n```console\n\$ (.+?)\n```", readme, re.S)
    )
    assert set(commands) == {"quickstart", "tests"}
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for needed in extras["optional-dependencies"]["quickstart"]:
        plugin = re.match(r"sondage-([a-z]+)", needed)
        if plugin:
            assert f"./plugins/{plugin[1]} " in commands["quickstart"]
    for command in commands.values():
        assert "-c constraints.txt" in command
    assert (ROOT / "constraints.txt").exists()


def test_a_changelog_fragment_has_a_known_type(tmp_path: Path) -> None:
    assert pages.fragments()["feature"]
    (tmp_path / "3.novelty.md").write_text("Something.", "utf-8")
    with pytest.raises(ValueError, match=r"novelty|fragment"):
        pages.fragments(tmp_path)


def test_public_names_are_in_the_api_page() -> None:
    api = text("reference", "api.md")
    for name in set(sondage.__all__) - {"__version__", "hookimpl"}:
        home = inspect.getmodule(getattr(sondage, name))
        assert home
        shown = (
            f"{home.__name__}.{name}",
            f"sondage.api.{name}",
            f"automodule:: {home.__name__}\n",
        )
        assert any(text in api for text in shown), name
