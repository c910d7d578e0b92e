"""What the core's tests share: folders of their own, and plugins made on the spot."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import settings

# How long an example takes says more of the machine than of the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

TOY = """
    import numpy as np, sondage, time, os
    from sondage.testing.toys import ToyEncoder, ToyTask

    ABOUT = {"summary": "s", "reference": "r"}

    class Centroid:
        def __init__(self, *, wait: float = 0.0):
            self.wait = wait
        def fit(self, X, y, *, rng):
            time.sleep(self.wait)
            self.labels_ = np.unique(y)
            self.means_ = np.stack([X[y == c].mean(axis=0) for c in self.labels_])
            self.means_ = self.means_ + rng.normal(size=self.means_.shape) * 0.1
            return self
        def predict(self, X):
            gaps = np.linalg.norm(X[:, None] - self.means_, axis=-1)
            return self.labels_[gaps.argmin(axis=1)]

    @sondage.hookimpl
    def sondage_encoders():
        return [sondage.EncoderSpec(name="toy.encoder", factory=ToyEncoder, **ABOUT)]
    @sondage.hookimpl
    def sondage_tasks():
        return [sondage.TaskSpec(name="toy.task", factory=ToyTask, **ABOUT)]
    @sondage.hookimpl
    def sondage_probes():
        return [sondage.ProbeSpec(name="toy.centroid", factory=Centroid, **ABOUT)]
"""

REGISTRY = """
version: 1
encoders:
  a: {use: toy.encoder, seed: 0, n_layers: 3}
  b: {use: toy.encoder, seed: 1, n_layers: 3}
tasks:
  t: {use: toy.task, n: 60}
probes:
  slow: {use: toy.centroid, wait: 0.005}
compositions:
  small:
    encoders: [a, b]
    baseline: b
    tasks: [t]
    probes: [slow]
    seeds: [0, 1, 2]
"""


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SONDAGE_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("SONDAGE_RUNS", str(tmp_path / "runs"))
    monkeypatch.delenv("SONDAGE_BLOCK", raising=False)
    monkeypatch.delenv("SONDAGE_STRICT", raising=False)


MakePlugin = Callable[..., Path]


@pytest.fixture
def make_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakePlugin:
    """Write a plugin's module and metadata into a folder on the path, as if installed."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")]))

    def make(
        name: str,
        code: str = TOY,
        *,
        distribution: str = "",
        version: str = "0.1",
        requires: str = "",
        module: str = "",
    ) -> Path:
        distribution = distribution or f"sondage-{name}"
        module = module or f"m_{distribution.replace('-', '_')}_{abs(hash(str(tmp_path)))}"
        (site / f"{module}.py").write_text(dedent(code), "utf-8")
        info = site / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        lines = ["Metadata-Version: 2.1", f"Name: {distribution}", f"Version: {version}"]
        lines += [f"Requires-Dist: {requires}"] if requires else []
        (info / "METADATA").write_text("\n".join(lines) + "\n", "utf-8")
        (info / "entry_points.txt").write_text(f"[sondage]\n{name} = {module}\n", "utf-8")
        return info

    return make


@pytest.fixture
def toy_registry(tmp_path: Path, make_plugin: MakePlugin) -> Path:
    """A registry file over the toy plugin, which is installed."""
    make_plugin("toy")
    path = tmp_path / "toy.yaml"
    path.write_text(REGISTRY, "utf-8")
    return path


@pytest.fixture
def in_python() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run code in a fresh interpreter with this one's environment."""

    def run(code: str, **options: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", dedent(code)],
            capture_output=True, text=True, timeout=120, check=False, **options,  # type: ignore[call-overload]
        )  # fmt: skip

    return run
