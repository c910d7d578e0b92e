"""Quick cells share a turn of their component's; what happens to one of them stays its own."""

import json
import signal
from collections import Counter

import pytest

from sondage import api
from sondage.execute import turns
from sondage.guard.isolation import Isolation

PROBE = """
    import numpy as np, signal, sys, time, sondage

    class Cells:
        '''Seed 2 is odd; the others are answered at once, or after a while.'''
        def __init__(self, *, does: str = "", seconds: float = 0.0):
            self.does, self.seconds = does, seconds
        def run_layers(self, problem):
            for layer in problem.layers:
                for seed in problem.seeds:
                    time.sleep(self.seconds)
                    if seed == 2 and self.does == "raises":
                        raise ValueError("odd")
                    if seed == 2 and self.does == "relabels":
                        problem.data.target.y.flags.writeable = True
                        problem.data.target.y[0] += 1
                    if seed == 2 and self.does == "stopped":
                        signal.raise_signal(signal.SIGINT)
                    yield layer, seed, sondage.data.Result({"x": float(seed)})

    @sondage.hookimpl
    def sondage_probes():
        return [sondage.ProbeSpec(name="quick.cells", factory=Cells, summary="s", reference="r")]
"""


@pytest.fixture
def turn_counted(make_plugin, monkeypatch):
    make_plugin("toy")
    make_plugin("quick", PROBE)
    counted, turn = Counter(), Isolation.turn

    def counting(self):
        counted[self] += 1
        return turn(self)

    monkeypatch.setattr(Isolation, "turn", counting)
    return lambda: max(counted.values())


def composition(tmp_path, **parameters):
    path = tmp_path / "quick.yaml"
    declared = {
        "version": 1,
        "encoders": {"e": {"use": "toy.encoder", "n_layers": 1}},
        "tasks": {"t": {"use": "toy.task", "n": 40}},
        "probes": {"p": {"use": "quick.cells", **parameters}},
        "compositions": {
            "c": {"encoders": ["e"], "tasks": ["t"], "probes": ["p"], "layers": [0],
                  "seeds": [0, 1, 2, 3]}
        },
    }  # fmt: skip
    path.write_text(json.dumps(declared), "utf-8")
    return f"{path}:c"


def statuses(run):
    return {r["seed"]: r["status"] for r in run.folder.records()}


def test_quick_cells_share_a_turn(turn_counted, tmp_path, monkeypatch):
    monkeypatch.setattr(turns, "_TURN", 60.0)
    run = api.run(composition(tmp_path))
    assert statuses(run) == dict.fromkeys(range(4), "done")
    assert [r["scores"]["x"] for r in run.folder.records()] == [0, 1, 2, 3]
    assert turn_counted() == 1


def test_a_slow_cell_has_a_turn_of_its_own(turn_counted, tmp_path):
    run = api.run(composition(tmp_path, seconds=0.06))
    assert statuses(run) == dict.fromkeys(range(4), "done")
    # The last turn finds that there are no more.
    assert turn_counted() == 5


@pytest.mark.parametrize("does", ["raises", "relabels"])
def test_what_was_done_before_in_the_same_turn_stays(turn_counted, tmp_path, monkeypatch, does):
    monkeypatch.setattr(turns, "_TURN", 60.0)
    run = api.run(composition(tmp_path, does=does))
    assert statuses(run) == {0: "done", 1: "done", 2: "failed", 3: "failed"}


@pytest.fixture
def interruptible():
    """SIGINT is an interrupt, however the tests were started: in the background it is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible", "turn_counted")
def test_an_interrupt_leaves_what_was_done_in_the_same_turn(tmp_path, monkeypatch):
    monkeypatch.setattr(turns, "_TURN", 60.0)
    target = composition(tmp_path, does="stopped")
    with pytest.raises(KeyboardInterrupt):
        api.run(target)
    (file,) = (tmp_path / "runs").glob("*/cells.jsonl")
    found = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert {r["seed"]: r["status"] for r in found} == {0: "done", 1: "done"}
