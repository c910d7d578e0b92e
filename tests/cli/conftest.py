"""A command line to call in this process, and a toy plugin with a metric."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

METRIC = """
import numpy as np, sondage
from sondage.data import Result

class Sums:
    def __init__(self): self.total, self.n = 0.0, 0
    def update(self, a, b, rows):
        self.total += float(np.abs(a - b).sum())
        self.n += a.size
    def merge(self, other):
        self.total, self.n = self.total + other.total, self.n + other.n
        return self
    def compute(self): return Result({"gap": self.total / self.n}, warnings={"odd-rows": 3})

class Gap:
    units, symmetric, bounds, self_value = "vectors", True, (0.0, float("inf")), 0.0
    invariances, randomness = frozenset({"translation"}), ()
    def begin(self, seed): return Sums()

@sondage.hookimpl
def sondage_metrics():
    return [sondage.MetricSpec(name="far.gap", factory=Gap, summary="mean gap", reference="none")]
"""

COMPOSITIONS = """
  both:
    summary: a probe and a metric
    encoders: [a, b]
    baseline: b
    tasks: [t]
    probes: [slow]
    metrics: [far.gap]
    seeds: [0, 1]
    settings: {wait: probes.slow.wait}
"""


NAMED = """
import sondage
from dataclasses import dataclass
from sondage.contracts import Encoder
from sondage.testing.toys import ToyEncoder

ABOUT = {"summary": "s", "reference": "r"}

class Named(ToyEncoder):
    def __init__(self, *, model: str, revision: str | None = None):
        super().__init__(seed=sum(map(ord, model)), n_layers=2)
        self.model, self.revision = model, revision
    @property
    def origin(self):
        return {"model": self.model, "revision": self.revision or "", "files": "00" * 16}

class Shifted(ToyEncoder):
    def __init__(self, *, base: Encoder, seed: int = 0):
        super().__init__(seed=base.seed + 1000 + seed, n_layers=2)
        self.base = base

@sondage.hookimpl
def sondage_encoders():
    return [sondage.EncoderSpec(name="named.model", factory=Named, **ABOUT),
            sondage.EncoderSpec(name="named.shifted", factory=Shifted, **ABOUT)]
"""

OF_NAMED = """
version: 1
encoders:
  base: {use: named.model, model: org/first}
  base-2: {use: named.shifted, base: base}
  tuned: {use: named.shifted, base: base-2, seeds: [0, 1]}
tasks:
  t: {use: toy.task, n: 40, label: "Parts of speech"}
probes:
  slow: {use: toy.centroid, label: Centroid}
scores:
  accuracy: {label: "Acc. (%)"}
compositions:
  c:
    encoders: [base, base-2, tuned]
    baseline: base
    tasks: [t]
    probes: [slow]
    layers: [0, 2]
    settings: {model: encoders.base.model}
"""


@dataclass
class Ended:
    code: int
    out: str
    err: str


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Call ``sondage`` with arguments, as its script does."""

    def run(*args: object) -> Ended:
        from sondage.cli.app import app

        with pytest.raises(SystemExit) as end:
            app([str(a) for a in args])
        said = capsys.readouterr()
        return Ended(int(end.value.code or 0), said.out, said.err)

    return run


@pytest.fixture
def both(toy_registry: Path, make_plugin: Callable[..., Path]) -> Path:
    """The toy registry with a composition ``both`` of a probe and a metric."""
    make_plugin("far", METRIC)
    with toy_registry.open("a", encoding="utf-8") as file:
        file.write(COMPOSITIONS)
    return toy_registry


@pytest.fixture
def named(tmp_path: Path, toy_registry: Path, make_plugin: Callable[..., Path]) -> Path:
    """A registry over encoders that say which model they are, beside the toy one."""
    make_plugin("named", NAMED)
    path = tmp_path / "r.yaml"
    path.write_text(OF_NAMED, "utf-8")
    return path


#: Runs the script's own entry point in a fresh interpreter, then shows what was imported.
SCRIPT = """
import sys
sys.argv = ["sondage", *{args!r}]
from sondage.cli import main
try:
    main()
finally:
    heavy = sorted({heavy!r} & sys.modules.keys())
    print("imported:", *heavy, file=sys.stderr)
"""


@pytest.fixture
def script(in_python):
    def run(*args, heavy=("torch",), **options):
        return in_python(SCRIPT.format(args=[str(a) for a in args], heavy=set(heavy)), **options)

    return run
