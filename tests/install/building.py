"""Building wheels and calling what they install."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def sh(*command: object, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(c) for c in command], cwd=cwd, text=True, capture_output=True, timeout=900,
        check=False,
        env={k: v for k, v in os.environ.items() if not k.startswith("PYTHON")} | env,
    )  # fmt: skip


def ok(*command: object, cwd: Path, **env: str) -> str:
    done = sh(*command, cwd=cwd, **env)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def wheel(source: Path, out: Path) -> Path:
    """Build with the project's own back end, which is installed beside this test."""
    before = set(out.glob("*.whl"))
    ok(sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", out, source, cwd=out)
    (made,) = set(out.glob("*.whl")) - before
    return made
