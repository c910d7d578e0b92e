"""How long what is there already takes: a list of runs, results, a composition run again.

Run ``python bench/finished.py [COMPOSITION]`` (default: quickstart, which runs first; ``-`` leaves
it out). ``sondage runs`` over 500 runs; ``sondage results`` on a run of 20,000 cells, with outcomes
of 100 items each, whose summary the end of the run has computed; a finished composition again.
The obvious ways read every line of every run, and compute means and intervals from all cells.
Medians of 5 whole processes, wall-clock and processor seconds; where more processes want to work
than there are cores, the limit is held against the processor's.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from report_page import make
from startup import REPEATS, SCRIPT, measured

RUNS, CELLS = 500, 20_000
READ = """
import json, sys
from pathlib import Path
for run in sorted(Path(sys.argv[1]).iterdir()):
    header = json.loads((run / "run.json").read_text())
    cells = [json.loads(line) for line in (run / "cells.jsonl").open()]
    done = sum(cell["status"] == "done" for cell in cells)
    print(run.name, header["cells"], done, {c["layer"] for c in cells}, {c["seed"] for c in cells})
"""
COMPUTED = """
import sys
from pathlib import Path
from sondage.records.folder import RunFolder
from sondage.records.frames import summary
print(summary(RunFolder(next(Path(sys.argv[1]).iterdir()))).to_string())
"""


def many(root: Path) -> Path:
    """Make 500 runs of 40 cells, with what the first of them was asked and took."""
    from sondage.records.folder import RunFolder
    from sondage.records.history import worked_on

    make(root, "first-00000000", 40)
    first = root / "first-00000000"
    with worked_on(RunFolder(first), "sondage run first", {"sondage": "0"}):
        pass
    for i in range(1, RUNS):
        # Times stay: by them a list knows that results are those that were counted.
        shutil.copytree(first, root / f"first-{i:08x}", copy_function=shutil.copy2)
    return root


def row(name: str, command: list[str], limit: float | None) -> bool:
    """Print a command's medians; return whether it is over its limit."""
    wall, cpu = measured(command)
    crowded = os.getloadavg()[0] > (os.cpu_count() or 1)
    slow = limit is not None and (cpu if crowded else wall) > limit
    said = "" if limit is None else f"{limit:8.1f}  {'TOO SLOW' if slow else 'ok'}"
    print(f"{name:44}{wall:8.3f}{cpu:8.3f}{said}", flush=True)
    return slow


def main() -> int:
    target = sys.argv[1] if len(sys.argv) > 1 else "quickstart"
    own = os.environ.get("SONDAGE_RUNS")
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; medians of {REPEATS}")
    print(f"{'':44}{'wall s':>8}{'cpu s':>8}{'limit':>8}")
    over = []
    with tempfile.TemporaryDirectory() as scratch:
        listed, large = (Path(scratch, name) for name in ("many", "large"))
        large.mkdir()
        listed.mkdir()
        os.environ["SONDAGE_RUNS"] = str(many(listed))
        over.append(row(f"sondage runs, {RUNS} runs", [SCRIPT, "runs"], 1.0))
        row("obvious: every line read", [sys.executable, "-c", READ, str(listed)], None)
        make(large, "large-00000000", CELLS)
        os.environ["SONDAGE_RUNS"] = str(large)
        over.append(row(f"sondage results, {CELLS:,} cells", [SCRIPT, "results"], 1.5))
        row("obvious: computed from all", [sys.executable, "-c", COMPUTED, str(large)], None)
    os.environ.pop("SONDAGE_RUNS")
    if own is not None:
        os.environ["SONDAGE_RUNS"] = own
    if target != "-":
        subprocess.run([SCRIPT, "run", target], stdout=subprocess.DEVNULL, check=True)
        over.append(row(f"sondage run {target}, finished", [SCRIPT, "run", target], 1.0))
    return int(any(over))


if __name__ == "__main__":
    sys.exit(main())
