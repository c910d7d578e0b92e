"""What the distributions say of themselves: one licence, one address, links that lead somewhere."""

import importlib.util
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECTS = [ROOT / "pyproject.toml", *sorted(ROOT.glob("plugins/*/pyproject.toml"))]
CORE = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


@pytest.fixture(params=PROJECTS, ids=lambda path: path.parent.name)
def project(request):
    return request.param.parent, tomllib.loads(request.param.read_text("utf-8"))["project"]


def absolute(readme: str, repository: str) -> str:
    """Call the build's function; the build's library is not installed with sondage."""
    code = (ROOT / "hatch_build.py").read_text("utf-8")
    code = re.sub(r"^from hatchling.*$", "MetadataHookInterface = object", code, flags=re.M)
    spec = importlib.util.spec_from_loader("hatch_build", loader=None)
    module = importlib.util.module_from_spec(spec)
    exec(compile(code, "hatch_build.py", "exec"), vars(module))
    return module.absolute(readme, repository)


def test_every_distribution_carries_the_licence(project):
    folder, said = project
    assert said["license"] == "Apache-2.0"
    assert said["license-files"] == ["LICENSE"]
    assert (folder / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
    assert not (folder / "LICENSE").is_symlink()


def test_every_distribution_says_whose_it_is_and_what_for(project):
    folder, said = project
    assert said["authors"] == CORE["authors"]
    assert said["authors"][0]["name"] in (ROOT / "CITATION.cff").read_text("utf-8")
    assert said["urls"] == CORE["urls"]
    assert said["classifiers"] == CORE["classifiers"]
    assert list(folder.glob("**/py.typed")), "the classifier says that it is typed"


def test_every_readme_leads_somewhere_from_an_index(project):
    folder, said = project
    readme = (folder / "README.md").read_text("utf-8")
    if folder == ROOT:
        assert "readme" in said["dynamic"]
        assert "](docs/" in readme
        readme = absolute(readme, "https://r.example")
    prose = re.sub(r"^( *)(`{3,}).*?^ *\2", "", readme, flags=re.M | re.S)
    for target in re.findall(r"\]\(([^)]*)\)", prose):
        assert re.match(r"https?://|#", target), target


def test_links_and_pictures_are_made_absolute():
    said = "[a](docs/x.md#y) ![b c](d/e.svg) [f](https://g) [h](#i) [j](mailto:k) `[l](m n)`"
    assert absolute(said, "https://r.example") == (
        "[a](https://r.example/blob/main/docs/x.md#y) ![b c](https://r.example/raw/main/d/e.svg) "
        "[f](https://g) [h](#i) [j](mailto:k) `[l](m n)`"
    )
