"""How long ``sondage --help``, ``import sondage`` and a finished run take, with all plugins.

Run ``python bench/startup.py [COMPOSITION]`` (default: quickstart, which runs first if it has
no results in ``SONDAGE_RUNS``; ``-`` leaves it out). The obvious way is a command line that
imports at its top what its commands need. Medians of 5, wall-clock and processor seconds.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import sysconfig
import time
from importlib.metadata import entry_points
from pathlib import Path

REPEATS = 5
EAGER = "import typer, rich.table, pydantic, numpy, pandas, dask, duckdb, altair, torch"
SCRIPT = str(Path(sysconfig.get_path("scripts")) / "sondage")


def measured(command: list[str]) -> tuple[float, float]:
    """Return medians of wall-clock and processor seconds."""
    walls, busy = [], []
    for _ in range(REPEATS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        walls.append(time.perf_counter() - start)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        busy.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(walls), statistics.median(busy)


def main() -> None:
    target = sys.argv[1] if len(sys.argv) > 1 else "quickstart"
    python = [sys.executable, "-c"]
    rows: list[tuple[str, list[str], float | None]] = [
        ("python alone", [*python, "pass"], None),
        ("import sondage", [*python, "import sondage"], 0.2),
        ("sondage --version", [SCRIPT, "--version"], None),
        ("sondage --help", [SCRIPT, "--help"], 0.3),
        ("sondage plugins", [SCRIPT, "plugins"], None),
        ("obvious: import all at the top", [*python, EAGER], None),
    ]
    if target != "-":
        subprocess.run([SCRIPT, "run", target], stdout=subprocess.DEVNULL, check=True)
        rows.append((f"run {target} again, finished", [SCRIPT, "run", target], 1.0))
    plugins = len(entry_points(group="sondage"))
    print(
        f"{plugins} plugins installed; load average {os.getloadavg()[0]:.1f}; median of {REPEATS}"
    )
    print(f"{'':34}{'wall s':>8}{'cpu s':>8}{'limit':>8}")
    for name, command, limit in rows:
        wall, cpu = measured(command)
        verdict = "" if limit is None else f"{limit:8.1f}  {'ok' if wall < limit else 'TOO SLOW'}"
        print(f"{name:34}{wall:8.3f}{cpu:8.3f}{verdict}")


if __name__ == "__main__":
    main()
