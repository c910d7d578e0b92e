"""A new environment that tests of wheels share."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from building import ROOT, ok, wheel


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new environment with the core's wheel, all its extras, and nothing else of ours."""
    folder = tmp_path_factory.mktemp("fresh")
    core = wheel(ROOT, folder)
    ok(sys.executable, "-m", "venv", "venv", cwd=folder)
    pins = ["-c", ROOT / "constraints.txt"]
    ok("venv/bin/pip", "install", "-q", "--disable-pip-version-check", *pins, f"{core}[all]",
       cwd=folder)  # fmt: skip
    return folder
