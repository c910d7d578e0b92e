"""Kill workers, the scheduler or the run itself at random moments; count what is lost or doubled.

``python bench/kills.py [MOMENTS] [SEED]``: a Dask cluster of a scheduler and two workers, each a
process, and a run on it. At each moment one of the four gets SIGKILL; what is dead is started
again, with the same command. A run that came to its end is compared with one that nothing
disturbed: every cell has one finished line, with the same scores. Then it begins from nothing.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

PLUGIN = """
    import time
    import numpy as np
    import sondage
    from sondage.testing.toys import ToyEncoder, ToyTask

    ABOUT = {"summary": "s", "reference": "r"}

    class Slow(ToyEncoder):
        def encode(self, corpus, request):
            for chunk in super().encode(corpus, request):
                time.sleep(0.1)
                yield chunk

    class Centroid:
        def fit(self, X, y, *, rng):
            time.sleep(0.05)
            self.labels = np.unique(y)
            self.means = np.stack([X[y == c].mean(axis=0) for c in self.labels])
            return self
        def predict(self, X):
            gaps = np.linalg.norm(X[:, None] - self.means, axis=-1)
            return self.labels[gaps.argmin(axis=1)]

    @sondage.hookimpl
    def sondage_encoders():
        return [sondage.EncoderSpec(name="killed.encoder", factory=Slow, **ABOUT)]
    @sondage.hookimpl
    def sondage_tasks():
        return [sondage.TaskSpec(name="killed.task", factory=ToyTask, **ABOUT)]
    @sondage.hookimpl
    def sondage_probes():
        return [sondage.ProbeSpec(name="killed.centroid", factory=Centroid, **ABOUT)]
"""

REGISTRY = """
version: 1
encoders:
  a: {use: killed.encoder, seed: 0, n_layers: 3}
  b: {use: killed.encoder, seed: 1, n_layers: 3}
tasks:
  t: {use: killed.task, n: 60}
probes:
  centroid: {use: killed.centroid}
compositions:
  all: {encoders: [a, b], tasks: [t], probes: [centroid], seeds: [0, 1, 2, 3]}
"""

#: The parts that are killed, in the order in which they are started.
PARTS = ("scheduler", "worker 1", "worker 2", "run")
MAIN = "from sondage.cli import main; main()"


class Kills:
    """A cluster and a run on it, started again whenever a part is dead.

    Parameters
    ----------
    folder : Path
    seed : int
    """

    def __init__(self, folder: Path, seed: int = 0) -> None:
        self.folder, self.random = folder, random.Random(seed)
        self.counts: Counter[str] = Counter()
        self.parts: dict[str, subprocess.Popen[bytes]] = {}
        self.env = os.environ | {
            "PYTHONPATH": os.pathsep.join([str(_plugin(folder)), os.environ.get("PYTHONPATH", "")]),
            "DASK_LOGGING__DISTRIBUTED": "critical",
        }
        self.registry = folder / "r.yaml"
        self.registry.write_text(REGISTRY, "utf-8")
        self.expected: dict[str, Any] = {}

    def run(self, moments: int) -> Counter[str]:
        """Kill so often, and bring the last run to its end; return what was counted."""
        whole = [sys.executable, "-c", MAIN, "run", f"{self.registry}:all", "--quiet"]
        subprocess.run(whole, env=self._env("plain"), check=True, stdout=subprocess.DEVNULL)
        self.expected = self._done("plain")
        left = list(self._chosen(moments))
        try:
            while left or not self.counts["runs that ended"]:
                self._start()
                if self._ended(self.random.uniform(0.2, 9) if left else 120):
                    continue
                part = left.pop()
                self.parts.pop(part).kill()
                self.counts[f"kills of the {part.split()[0]}"] += 1
        finally:
            for process in self.parts.values():
                process.kill()
                process.wait()
        return self.counts

    def _chosen(self, moments: int) -> list[str]:
        """Return whom to kill: each part as often as the others, in any order."""
        every = (PARTS * moments)[:moments]
        return self.random.sample(every, len(every))

    def _ended(self, seconds: float) -> bool:
        """Wait; return whether the run ended meanwhile, by itself."""
        run = self.parts["run"]
        try:
            code = run.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        del self.parts["run"]
        self.counts[f"the run ended with code {code}"] += 1
        if code == 0:
            self._check(f"n{self.counts['runs that ended']}")
            self.counts["runs that ended"] += 1
        return True

    def _check(self, name: str) -> None:
        found = self._done(name)
        self.counts["cells lost"] += len(self.expected.keys() - found.keys())
        self.counts["cells of other numbers"] += sum(
            found[key] != self.expected[key] for key in found.keys() & self.expected.keys()
        )
        left = [*(self.folder / name / "store" / "tmp").glob("*")]
        self.counts["files left"] += len(left)

    def _done(self, name: str) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for file in (self.folder / name / "runs").glob("*/cells.jsonl"):
            for line in map(json.loads, file.read_text("utf-8").splitlines()):
                if line["status"] != "done":
                    self.counts["cells that failed, and were tried again"] += 1
                    continue
                self.counts["cells doubled"] += line["id"] in out
                self.counts["cells"] += name != "plain"
                out[line["id"]] = line["scores"]
        return out

    def _env(self, name: str) -> Mapping[str, str]:
        here = self.folder / name
        return self.env | {
            "SONDAGE_STORE": str(here / "store"), "SONDAGE_RUNS": str(here / "runs"),
        }  # fmt: skip

    def _start(self) -> None:
        """Start what is dead; a new scheduler needs new workers."""
        if "scheduler" not in self.parts or self.parts["scheduler"].poll() is not None:
            for part in [p for p in self.parts if p.startswith("worker")]:
                self.parts.pop(part).kill()
            self.address.unlink(missing_ok=True)
        dask = [sys.executable, "-m", "dask"]
        at = ["--no-dashboard", "--host", "127.0.0.1", "--scheduler-file", str(self.address)]
        worker = [*dask, "worker", *at, "--nthreads", "1", "--no-nanny", "--memory-limit", "0"]
        run = [sys.executable, "-c", MAIN, "run", f"{self.registry}:all", "--quiet"]
        commands = {
            "scheduler": [*dask, "scheduler", *at, "--port", "0"],
            "worker 1": worker, "worker 2": worker,
            "run": [*run, "--cluster", str(self.address)],
        }  # fmt: skip
        for part in PARTS:
            if part in self.parts and self.parts[part].poll() is None:
                continue
            if part == "run" and part in self.parts:
                continue  # How it ended is not looked at yet.
            self.parts[part] = subprocess.Popen(
                commands[part], env=self._env(f"n{self.counts['runs that ended']}"),
                stdout=subprocess.DEVNULL, stderr=(self.folder / "errors").open("ab"),
            )  # fmt: skip
            while part == "scheduler" and not _there(self.address):
                time.sleep(0.02)

    @property
    def address(self) -> Path:
        """The file in which the scheduler says where it is."""
        return self.folder / "scheduler.json"


def _there(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > 0


def _plugin(folder: Path) -> Path:
    """Write the plugin as if it were installed; return the folder for the path."""
    site = folder / "site"
    info = site / "sondage_killed-0.1.dist-info"
    info.mkdir(parents=True)
    (site / "sondage_killed.py").write_text(dedent(PLUGIN), "utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: sondage-killed\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text("[sondage]\nkilled = sondage_killed\n", "utf-8")
    return site


def main() -> None:
    numbers = [int(word) for word in sys.argv[1:]] or [100]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory() as name:
        begun = time.monotonic()
        kills = Kills(Path(name), *numbers[1:2])
        counts = kills.run(numbers[0])
        print(f"{numbers[0]} kills in {time.monotonic() - begun:.0f} s")
        for what, n in sorted(counts.items()):
            print(f"  {what}: {n}")
        wrong = ("cells lost", "cells doubled", "cells of other numbers", "files left")
        assert not any(counts[what] for what in wrong)


if __name__ == "__main__":
    main()
