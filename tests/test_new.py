"""What ``sondage new`` writes installs and passes the kit as it is."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from sondage.commands.new import IN_PASSING, SAMPLES, write_plugin
from sondage.errors import ParameterError
from sondage.specs import SPECS


def pretend_to_install(plugin: Path, site: Path) -> None:
    """Write the metadata that an installer would make of the plugin's pyproject.toml."""
    project = tomllib.loads((plugin / "pyproject.toml").read_text())["project"]
    info = site / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir(parents=True)
    required = "".join(f"Requires-Dist: {r}\n" for r in project["dependencies"])
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n{required}"
    )
    points = project["entry-points"]["sondage"]
    (info / "entry_points.txt").write_text(
        "[sondage]\n" + "".join(f"{name} = {value}\n" for name, value in points.items())
    )


def run_in(plugin: Path, site: Path, *arguments: str) -> subprocess.CompletedProcess:
    paths = [str(site), str(plugin / "src"), os.environ.get("PYTHONPATH", "")]
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=plugin,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in paths if p)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("kind", "in_passing"), [*((kind, False) for kind in SPECS), ("metric", True), ("probe", True)]
)
def test_what_is_written_passes_its_own_tests(kind, in_passing, tmp_path):
    plugin = write_plugin(kind, f"fresh_{kind}", tmp_path, in_passing=in_passing)
    pretend_to_install(plugin, tmp_path / "site")
    done = run_in(
        plugin, tmp_path / "site", "-m", "pytest", "-W", "error", "-p", "no:cacheprovider"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed" in done.stdout
    assert "failed" not in done.stdout


def test_a_plugin_that_is_broken_afterwards_fails(tmp_path):
    plugin = write_plugin("metric", "fresh", tmp_path)
    module = plugin / "src/sondage_fresh/cosine.py"
    module.write_text(module.read_text().replace("symmetric = True", "symmetric = False"))
    pretend_to_install(plugin, tmp_path / "site")
    done = run_in(plugin, tmp_path / "site", "-m", "pytest", "-p", "no:cacheprovider")
    assert done.returncode == 1
    assert "test_conformance[fresh.cosine:check_symmetry_is_as_declared]" in done.stdout
    assert "1 failed" in done.stdout


def test_every_kind_has_a_sample():
    assert {*SAMPLES} - {*IN_PASSING.values()} == {*SPECS}


def test_the_range_of_the_core_holds_this_one(tmp_path):
    from packaging.requirements import Requirement

    from sondage import __version__

    plugin = write_plugin("probe", "fresh", tmp_path)
    project = tomllib.loads((plugin / "pyproject.toml").read_text())["project"]
    core = Requirement(project["dependencies"][0])
    assert core.name == "sondage"
    assert core.specifier.contains(__version__)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Nearest-Mean", "sondage new probe nearest_mean"),
        ("../escape", "sondage new probe escape"),
        ("3d", "sondage new probe my_probe"),
        ("", "sondage new probe my_probe"),
        ("two words", "sondage new probe two_words"),
        ("naïve", "sondage new probe na_ve"),
    ],
)
def test_names_that_do_not_fit(name, hint, tmp_path):
    with pytest.raises(ParameterError) as caught:
        write_plugin("probe", name, tmp_path)
    assert caught.value.slug == "parameter"
    assert caught.value.hint == hint
    assert list(tmp_path.iterdir()) == []


def test_an_existing_folder_is_left_alone(tmp_path):
    (tmp_path / "sondage-nearest").mkdir()
    with pytest.raises(ParameterError) as caught:
        write_plugin("probe", "nearest", tmp_path)
    assert "exists" in caught.value.message
    assert list((tmp_path / "sondage-nearest").iterdir()) == []


def test_what_cannot_be_measured_in_passing(tmp_path):
    with pytest.raises(ParameterError, match="writes no task that is measured in passing"):
        write_plugin("task", "nearest", tmp_path, in_passing=True)


def test_an_unknown_kind_names_the_nearest(tmp_path):
    with pytest.raises(ParameterError) as caught:
        write_plugin("prob", "nearest", tmp_path)
    assert caught.value.near[0] == "probe"


def test_no_placeholder_is_left(tmp_path):
    for kind in SPECS:
        for path in write_plugin(kind, kind, tmp_path).rglob("*"):
            assert "NAME" not in path.name
            if path.is_file() and path.name != "README.md":
                assert "$" not in path.read_text()
