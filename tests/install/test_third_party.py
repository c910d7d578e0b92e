"""A plugin from outside the tree: built, installed, found, run, uninstalled, missed."""

from __future__ import annotations

from pathlib import Path

import pytest
from building import ROOT, ok, sh, wheel

pytestmark = pytest.mark.install

TOY = '''
"""A third party's encoder, task and probe in one file."""
import numpy as np
import sondage
from sondage.testing.toys import ToyEncoder, ToyTask


class Nearest:
    def fit(self, X, y, *, rng):
        self.labels_ = np.unique(y)
        self.means_ = np.stack([X[y == c].mean(axis=0) for c in self.labels_])
        return self

    def predict(self, X):
        return self.labels_[np.linalg.norm(X[:, None] - self.means_, axis=-1).argmin(axis=1)]


@sondage.hookimpl
def sondage_encoders():
    return [sondage.EncoderSpec(name="outside.encoder", factory=ToyEncoder, summary="hashed",
                                reference="none")]


@sondage.hookimpl
def sondage_tasks():
    return [sondage.TaskSpec(name="outside.lengths", factory=ToyTask, summary="length of words",
                             reference="none")]


@sondage.hookimpl
def sondage_probes():
    return [sondage.ProbeSpec(name="outside.nearest", factory=Nearest, summary="closest mean",
                              reference="none")]
'''
PROJECT = """
[build-system]
requires = ["hatchling>=1.25"]
build-backend = "hatchling.build"
[project]
name = "sondage-outside"
version = "2.5"
dependencies = ["sondage>=0.1,<1", "numpy"]
[project.entry-points.sondage]
outside = "sondage_outside"
[tool.hatch.build.targets.wheel]
only-include = ["sondage_outside.py"]
"""
COMPOSITION = """
version: 1
compositions:
  first:
    encoders: [outside.encoder]
    tasks: [outside.lengths]
    probes: [outside.nearest]
    seeds: [0, 1]
"""


def test_a_third_party_plugin_comes_and_goes(fresh: Path) -> None:
    source = fresh / "source"
    source.mkdir()
    (source / "sondage_outside.py").write_text(TOY)
    (source / "pyproject.toml").write_text(PROJECT)
    plugin = wheel(source, fresh)
    work = fresh / "empty"
    work.mkdir()
    (work / "my.yaml").write_text(COMPOSITION)
    env = {"SONDAGE_STORE": str(fresh / "store")}
    bin_ = fresh / "venv" / "bin"

    missed = sh(bin_ / "sondage", "run", "my.yaml:first", cwd=work, **env)
    assert missed.returncode == 2
    assert "brings the plugin 'outside'" in missed.stderr
    assert "my.yaml:5" in missed.stderr

    ok(bin_ / "pip", "install", "-q", "--disable-pip-version-check", "--no-deps", plugin, cwd=work)
    listed = ok(bin_ / "sondage", "plugins", cwd=work, **env)
    assert "outside" in listed
    assert "2.5" in listed
    assert "active" in listed
    out = ok(bin_ / "sondage", "run", "my.yaml:first", cwd=work, **env)
    assert "accuracy" in out
    table = ok(bin_ / "sondage", "results", "--csv", "-", cwd=work, **env)
    assert "outside.nearest" in table

    ok(bin_ / "pip", "uninstall", "-q", "-y", "sondage-outside", cwd=work)
    gone = sh(bin_ / "sondage", "run", "my.yaml:first", cwd=work, **env)
    assert gone.returncode == 2
    assert "sondage-outside 2.5" in gone.stderr
    assert "Traceback" not in gone.stderr
    # What was measured with it can still be read.
    assert "outside.nearest" in ok(bin_ / "sondage", "results", "--csv", "-", cwd=work, **env)


def test_the_shipped_registry_travels_in_the_wheel(fresh: Path) -> None:
    bin_ = fresh / "venv" / "bin"
    assert "quickstart" in ok(bin_ / "sondage", "list", "compositions", cwd=fresh)
    done = sh(bin_ / "sondage", "run", "quickstart", cwd=fresh)
    assert done.returncode == 2
    assert "pip install ./plugins/transformers" in done.stderr


def test_a_new_plugin_of_each_kind_installs_and_passes_the_kit(fresh: Path, tmp_path: Path) -> None:
    bin_ = fresh / "venv" / "bin"
    pins = ["-c", ROOT / "constraints.txt"]
    ok(bin_ / "pip", "install", "-q", "--disable-pip-version-check", *pins, "pytest", "hypothesis",
       "psutil", cwd=tmp_path)  # fmt: skip
    for kind in ("encoder", "task", "probe", "metric", "report"):
        name = f"my{kind}"
        ok(bin_ / "sondage", "new", kind, name, cwd=tmp_path)
        (made,) = tmp_path.glob(f"*{name}")
        built = wheel(made, fresh)
        ok(bin_ / "pip", "install", "-q", "--disable-pip-version-check", "--no-deps", built,
           cwd=tmp_path)  # fmt: skip
        out = ok(bin_ / "python", "-m", "pytest", "-q", "tests", cwd=made)
        assert " passed" in out
        assert " failed" not in out
