"""How long the page of a run of 5,000 cells takes, how much memory, and how soon it is painted.

Run ``python bench/report_page.py``. The run is made here: 4 encoders, 5 tasks, 25 layers, 10 seeds,
each cell with outcomes of 100 items; its summary is computed before, as the end of a run does.
The obvious way writes every row of every cell as HTML. Needs ``/usr/bin/chromium`` and playwright
for the time until 10,000 cells are painted; without them only the rest is measured.
"""

from __future__ import annotations

import html
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

REPEATS = 3
SECONDS, MEGABYTES, PAINTED = 3.0, 500.0, 2.0
CHROMIUM = Path("/usr/bin/chromium")
PAGE = """
import resource, sys
from sondage import api
api.write_page(api.results(sys.argv[1]), sys.argv[2])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def make(root: Path, name: str, n: int) -> None:
    """Make a run of `n` cells, and its summary."""
    from sondage.data import Outcomes
    from sondage.records.folder import RunFolder
    from sondage.records.outcomes import pack
    from sondage.records.summary import read_summary

    rng = np.random.default_rng(0)
    items = np.arange(100)
    records = []
    for i in range(n):
        seed, layer, task, encoder = i % 10, i // 10 % 25, i // 250 % 5, i // 1250
        right = rng.random(100) < 0.5 + 0.01 * layer
        records.append(
            {
                "id": f"{i:032x}", "status": "done", "kind": "probe",
                "encoder": f"encoder-{encoder}", "other": "", "task": f"task-{task}",
                "component": "linear", "step": None, "view": "word", "layer": layer, "seed": seed,
                "scores": {"accuracy": float(right.mean())}, "intervals": {}, "warnings": {},
                "outcomes": pack(Outcomes(items, items, right)), "tables": {}, "seconds": 0.1,
            }
        )  # fmt: skip
    folder = RunFolder(root / name)
    encoders = dict.fromkeys(r["encoder"] for r in records)
    parts = [{"kind": "encoder", "label": e, "key": {}} for e in encoders]
    parts += [{"kind": "task", "label": f"task-{t}", "key": {}} for t in range(5)]
    parts += [{"kind": "probe", "label": "linear", "key": {}}]
    folder.open({"composition": name, "declared": {"baseline": "encoder-0"}, "components": parts,
                 "notes": [], "cells": n})  # fmt: skip
    folder.append(records)
    read_summary(folder)


def written(name: str, file: Path) -> tuple[float, float]:
    """Return the median seconds of a whole process, and its peak megabytes."""
    walls, peaks = [], []
    for _ in range(REPEATS):
        start = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", PAGE, name, str(file)], check=True,
                              capture_output=True, text=True)  # fmt: skip
        walls.append(time.perf_counter() - start)
        peaks.append(float(done.stdout.split()[-1]))
    return statistics.median(walls), max(peaks)


def obvious(name: str, file: Path) -> None:
    """Write every cell as a row."""
    from sondage import api

    frame = api.results(name).frame()
    rows = ("".join(f"<td>{html.escape(str(v))}</td>" for v in row) for row in frame.to_numpy())
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    file.write_text(f"<!DOCTYPE html><title>run</title><table>{body}</table>", "utf-8")


def painted(file: Path) -> float | None:
    """Return the median seconds until a page has painted first and all its script is done."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    if not CHROMIUM.exists():
        return None
    asked = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        times = []
        for _ in range(REPEATS):
            page = browser.new_page()
            page.goto(file.as_uri())
            # The page lets nobody evaluate text in it, what waits for functions neither.
            while not page.evaluate(asked):
                time.sleep(0.01)
            ended = "performance.getEntriesByType('navigation')[0].loadEventEnd"
            times.append(page.evaluate(f"Math.max({asked}, {ended})") / 1000)
            page.close()
        browser.close()
    return statistics.median(times)


def megabytes(file: Path) -> str:
    return f"{file.stat().st_size / 1e6:.2f} MB"


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        os.environ["SONDAGE_RUNS"] = str(root)
        make(root, "five-00000000", 5000)
        make(root, "ten-00000000", 10_000)
        page, large, plain = (root / f"{n}.html" for n in ("five", "ten", "plain"))
        seconds, peak = written("five-00000000", page)
        written("ten-00000000", large)
        obvious("ten-00000000", plain)
        kept = json.loads(large.read_text("utf-8").split('id="island">')[1].split("</script>")[0])
        seen, theirs = painted(large), painted(plain)
        load = os.getloadavg()[0]
        print(f"load average {load:.1f}; medians of {REPEATS}, whole processes")
        print(f"page of 5,000 cells: {seconds:.2f} s (limit {SECONDS:g})")
        print(f"peak memory: {peak:.0f} MB (limit {MEGABYTES:g})")
        print(
            f"size: {megabytes(page)}; of 10,000 cells {megabytes(large)}, "
            f"every row written {megabytes(plain)}"
        )
        if seen is None:
            print("painting was not measured: there is no chromium or no playwright")
        else:
            print(
                f"10,000 cells painted after {seen:.2f} s (limit {PAINTED:g}), "
                f"every row {theirs:.2f} s"
            )
        assert kept["cells"]["rows"] == 10_000
        return int(seconds > SECONDS or peak > MEGABYTES or (seen or 0) > PAINTED)


if __name__ == "__main__":
    sys.exit(main())
