"""What wheels carry, and how little a plugin brings as a library."""

from __future__ import annotations

import email
import re
import zipfile
from pathlib import Path

import pytest
from building import ROOT, ok, sh, wheel

pytestmark = pytest.mark.install

PROJECTS = [ROOT, *sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))]
#: Megabytes beside numpy, scipy and what a new environment has.
MOST = 120


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    out = tmp_path_factory.mktemp("wheels")
    return {project.name: wheel(project, out) for project in PROJECTS}


@pytest.fixture(scope="module")
def thin(tmp_path_factory: pytest.TempPathFactory, wheels: dict[str, Path]) -> Path:
    """A new environment with the similarity plugin as somebody's dependency."""
    folder = tmp_path_factory.mktemp("thin")
    ok("python3", "-m", "venv", "venv", cwd=folder)
    pins = ["-c", ROOT / "constraints.txt"]
    ok("venv/bin/pip", "install", "-q", "--disable-pip-version-check", *pins, wheels[ROOT.name],
       wheels["similarity"], cwd=folder)  # fmt: skip
    return folder


@pytest.mark.parametrize("project", PROJECTS, ids=lambda path: path.name)
def test_a_wheel_has_licence_address_and_a_readme_that_leads_somewhere(
    wheels: dict[str, Path], project: Path
) -> None:
    with zipfile.ZipFile(wheels[project.name]) as file:
        (said,) = [n for n in file.namelist() if n.endswith(".dist-info/METADATA")]
        licence = file.read(said.replace("METADATA", "licenses/LICENSE"))
        metadata = email.message_from_bytes(file.read(said))
    assert licence == (ROOT / "LICENSE").read_bytes()
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Author"] == "The sondage authors"
    assert metadata["Project-URL"].startswith("Repository, https://")
    assert len(metadata.get_all("Classifier")) > 5
    assert metadata["Description-Content-Type"] == "text/markdown"
    readme = metadata.get_payload()
    assert readme.startswith("# ")
    prose = re.sub(r"^( *)(`{3,}).*?^ *\2", "", readme, flags=re.M | re.S)
    assert all(re.match("https?://|#", t) for t in re.findall(r"\]\(([^)]*)\)", prose))


def test_error_pages_travel_in_the_wheel(thin: Path, wheels: dict[str, Path]) -> None:
    for page in (ROOT / "docs" / "errors").glob("*.md"):
        with zipfile.ZipFile(wheels[ROOT.name]) as file:
            assert file.read(f"sondage/error_pages/{page.name}") == page.read_bytes()
    sondage = thin / "venv" / "bin" / "sondage"
    assert ok(sondage, "explain", "data", cwd=thin).startswith("# data\n")
    done = sh(sondage, "explain", "dta", cwd=thin)
    assert (done.returncode, done.stdout) == (2, "")
    assert "closest: data" in done.stderr


def test_a_plugin_as_a_library_brings_little(thin: Path) -> None:
    (site,) = (thin / "venv" / "lib").glob("python*/site-packages")
    there = ("numpy", "scipy", "pip", "setuptools")
    beside = [path for path in site.iterdir() if not path.name.startswith(there)]
    size = sum(f.stat().st_size for path in beside for f in [path, *path.rglob("*")] if f.is_file())
    assert size < MOST * 1e6
    names = {path.name for path in beside}
    assert not names & {"torch", "sklearn", "dask", "distributed", "pandas", "pyarrow", "altair"}
    code = (
        "import numpy as np, sondage_similarity as s; X = np.random.rand(30, 5); "
        "print(round(s.cka(X, X), 6))"
    )
    assert ok(thin / "venv" / "bin" / "python", "-c", code, cwd=thin) == "1.0\n"


TOY = """
import sondage
from sondage.testing.toys import ToyEncoder, ToyTask
ABOUT = {"summary": "s", "reference": "r"}
@sondage.hookimpl
def sondage_encoders():
    return [sondage.EncoderSpec(name="toy.encoder", factory=ToyEncoder, **ABOUT)]
@sondage.hookimpl
def sondage_tasks():
    return [sondage.TaskSpec(name="toy.task", factory=ToyTask, **ABOUT)]
"""
COMPOSITION = """
version: 1
encoders:
  a: {use: toy.encoder}
  b: {use: toy.encoder, seed: 1}
compositions:
  one: {encoders: [a, b], baseline: b, tasks: [toy.task], metrics: [similarity.cka]}
"""


def test_what_lacks_an_extra_ends_with_the_line_that_installs_it(thin: Path) -> None:
    (site,) = (thin / "venv" / "lib").glob("python*/site-packages")
    (site / "toy_plugin.py").write_text(TOY)
    (site / "sondage_toy-1.dist-info").mkdir()
    for name, content in {
        "METADATA": "Metadata-Version: 2.1\nName: sondage-toy\nVersion: 1\n",
        "entry_points.txt": "[sondage]\ntoy = toy_plugin\n",
    }.items():
        (site / "sondage_toy-1.dist-info" / name).write_text(content)
    (thin / "my.yaml").write_text(COMPOSITION)
    sondage = thin / "venv" / "bin" / "sondage"
    assert "similarity.cka" in ok(sondage, "plan", "my.yaml:one", cwd=thin)
    for args, extra in (
        (["run", "my.yaml:one"], "run"),
        (["run", "my.yaml:one", "--workers", "2"], "cluster"),
        (["results", "--sql", "select 1"], "sql"),
    ):
        done = sh(sondage, *args, cwd=thin, SONDAGE_RUNS=str(thin / "runs"))
        assert done.returncode == 2
        assert f'try: pip install "sondage[{extra}]"' in done.stderr
        assert "Traceback" not in done.stderr
    assert (
        "ok   extra sql: without dask, pandas, duckdb and pyarrow: pip"
        in sh(sondage, "doctor", cwd=thin).stdout
    )
