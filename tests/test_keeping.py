"""A run that keeps results alone: the disk of one model; nothing is lost or taken from others."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sondage import api
from sondage.commands.target import make_plan
from sondage.data import offsets_of
from sondage.errors import ParameterError
from sondage.execute import keeping
from sondage.execute.graph import Node
from sondage.execute.listener import Silent
from sondage.plan.cells import Encoding
from sondage.store import Key, Store, disk
from sondage.store.claims import claimed
from sondage.store.machine import this_machine
from sondage.store.writer import Writer

MODELS = """
version: 1
encoders:
  a: {use: toy.encoder, seed: 0, n_layers: 3}
  b: {use: toy.encoder, seed: 1, n_layers: 3}
  c: {use: toy.encoder, seed: 2, n_layers: 3}
  d: {use: toy.encoder, seed: 3, n_layers: 3}
  e: {use: toy.encoder, seed: 4, n_layers: 3}
  f: {use: toy.encoder, seed: 5, n_layers: 3}
tasks:
  t: {use: toy.task, n: 60}
compositions:
  some: {encoders: [a], tasks: [t], probes: [toy.centroid], seeds: [0, 1]}
"""


@pytest.fixture
def some(tmp_path, make_plugin):
    make_plugin("toy")
    path = tmp_path / "some.yaml"
    path.write_text(MODELS, "utf-8")
    return f"{path}:some"


@pytest.fixture
def peak(monkeypatch):
    """The most bytes of entries at a time, counted whenever one is put in place."""
    found = [0]
    place = Writer._place

    def counted(self, key, folder):
        place(self, key, folder)
        found[0] = max(found[0], entries_bytes(self._store.root))

    monkeypatch.setattr(Writer, "_place", counted)
    return found


class Heard(Silent):
    def __init__(self, store=None):
        self.titles, self.encodings = [], []
        self.store, self.most = store, 0

    def started(self, title):
        self.titles.append(title)

    def encoded(self, title, warnings, seconds):
        self.encodings.append(title)

    def recorded(self, records):
        if self.store is not None:
            self.most = max(self.most, entries_bytes(self.store))


def entries_bytes(root):
    return disk.folder_size(root / "entries")


def entry(store, layer=0):
    key = Key("e" * 32, "c" * 32, "word", layer)
    writer = store.writer([key], 1, np.dtype("f4"), offsets_of([1]))
    writer.write(np.arange(1), np.ones((1, 1, 1), "f4"), [0])
    writer.publish({})
    return key


def values(run):
    frame = run.frame()
    return dict(zip(zip(frame["id"], frame["score"], strict=True), frame["value"], strict=True))


def test_the_disk_is_that_of_one_model_however_many_there_are(some, tmp_path, peak, monkeypatch):
    peaks = {}
    for models in ("a", "ab", "abcd"):
        peak[0] = 0
        monkeypatch.setenv("SONDAGE_RUNS", str(tmp_path / f"runs-{models}"))
        run = api.run(some, settings={"encoders": [*models]}, keep="results")
        assert run.failed == []
        assert len(run.frame()) == len(models) * 4 * 2 * 2
        peaks[models] = peak[0]
        assert entries_bytes(tmp_path / "store") == 0
        assert not [*(tmp_path / "store" / "claims").iterdir()]
    assert peaks["a"] == peaks["ab"] == peaks["abcd"] > 0
    # What is kept grows.
    peak[0] = 0
    monkeypatch.setenv("SONDAGE_RUNS", str(tmp_path / "kept"))
    api.run(some, settings={"encoders": [*"abcd"]})
    assert entries_bytes(tmp_path / "store") == peak[0] == pytest.approx(4 * peaks["a"], rel=0.01)


def test_numbers_are_those_of_a_run_that_keeps_all_and_a_second_one_computes_nothing(
    some, tmp_path, monkeypatch
):
    settings = {"encoders": ["a", "b"]}
    whole = api.run(some, settings=settings)
    monkeypatch.setenv("SONDAGE_RUNS", str(tmp_path / "other"))
    monkeypatch.setenv("SONDAGE_STORE", str(tmp_path / "otherstore"))
    found = api.run(some, settings=settings, keep="results")
    assert values(found) == values(whole)
    again = Heard()
    api.run(some, settings=settings, keep="results", listener=again)
    assert (again.titles, again.encodings) == ([], [])
    assert entries_bytes(tmp_path / "otherstore") == 0


def test_metrics_keep_both_encoders_until_they_are_compared(some, tmp_path, peak):
    path = Path(some.rpartition(":")[0])
    more = MODELS.replace("[toy.centroid]", "[toy.centroid], metrics: [toy.gap], baseline: a")
    path.write_text(more, "utf-8")
    plugin = next((tmp_path / "site").glob("m_*.py"))
    plugin.write_text(plugin.read_text("utf-8") + METRIC, "utf-8")
    run = api.run(some, settings={"encoders": [*"abcd"]}, keep="results")
    assert run.failed == []
    assert set(run.frame()["component"]) == {"toy.centroid", "toy.gap"}
    assert entries_bytes(tmp_path / "store") == 0
    assert peak[0] == pytest.approx(2 * one_model(some, tmp_path), rel=0.01)


def one_model(some, tmp_path):
    api.run(some, settings={"encoders": ["a"], "metrics": [], "seeds": [9]})
    return entries_bytes(tmp_path / "store")


METRIC = """
class Gap:
    units, randomness, bounds = "vectors", (), None
    def begin(self, seed, labels=None):
        return Sum()

class Sum:
    total = 0.0
    def update(self, x, y, *_):
        self.total += float(np.abs(x - y).sum())
    def merge(self, other):
        self.total += other.total
        return self
    def compute(self):
        from sondage.data import Result
        return Result({"gap": self.total})

@sondage.hookimpl
def sondage_metrics():
    return [sondage.MetricSpec(name="toy.gap", factory=Gap, **ABOUT)]
"""


def test_what_was_there_before_stays_and_what_others_want_to_keep_does_too(some, tmp_path):
    api.run(some)
    before = entries_bytes(tmp_path / "store")
    api.run(some, settings={"seeds": [5]}, keep="results")
    assert entries_bytes(tmp_path / "store") == before
    store = Store(tmp_path / "mine", temporary=True)
    key = entry(store)
    with claimed(store, [key], keep=True):  # a run that keeps its activations reads it, too
        pass
    with claimed(store, [key], keep=False) as claim:
        claim.let_go([key])
    assert store.has(key)


def test_an_entry_that_another_living_run_reads_is_not_dropped_and_a_dead_ones_claim_is(tmp_path):
    store = Store(tmp_path, temporary=True)
    key, other = entry(store), entry(store, 1)
    with (
        claimed(store, [key, other], keep=False) as mine,
        claimed(store, [key], keep=False) as theirs,
    ):
        mine.let_go([key, other])
        assert (store.has(key), store.has(other)) == (True, False)
        theirs.let_go([key])
        assert store.has(key)  # each waits for the other while both live
    process = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], check=True,
                             capture_output=True, text=True)  # fmt: skip
    left = tmp_path / "claims" / f"{this_machine()}-{process.stdout.strip()}-0.json"
    left.write_text(json.dumps([key.id]), "utf-8")
    with claimed(store, [key], keep=False) as mine:
        mine.let_go([key])
    assert not store.has(key)
    assert not left.exists()


def test_a_killed_runs_activations_serve_the_next_one_and_go_with_it(some, tmp_path, monkeypatch):
    def killed(self, *args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(keeping.Keeping, "drop", killed)
        with pytest.raises(KeyboardInterrupt):
            api.run(some, keep="results")
    assert entries_bytes(tmp_path / "store") > 0
    heard = Heard()
    api.run(some, keep="results", listener=heard)
    assert (heard.encodings, heard.titles != []) == ([], True)
    assert entries_bytes(tmp_path / "store") == 0


def test_what_a_run_left_that_was_killed_at_its_very_end_goes_though_nothing_is_to_do(
    some, tmp_path, monkeypatch
):
    with monkeypatch.context() as patched:
        patched.setattr(keeping.Keeping, "drop", lambda self, keys: None)
        api.run(some, keep="results")
    assert entries_bytes(tmp_path / "store") > 0
    api.run(some)  # nothing to do, and nothing is read: what is temporary stays temporary
    api.run(some, keep="results")
    assert entries_bytes(tmp_path / "store") == 0


def test_workers_do_not_encode_far_ahead(some, tmp_path, monkeypatch):
    heard = Heard(tmp_path / "store")
    models = [*"abcdef"]
    run = api.run(some, settings={"encoders": models}, keep="results", workers=2, listener=heard)
    assert run.failed == []
    assert len(run.frame()) == 6 * 4 * 2 * 2
    assert entries_bytes(tmp_path / "store") == 0
    monkeypatch.setenv("SONDAGE_RUNS", str(tmp_path / "kept"))
    assert 0 < heard.most <= 3.01 * one_model(some, tmp_path)


def chain(planned):
    """Nodes of an encoding for each job, and the job."""
    nodes = []
    for i, job in enumerate(planned.jobs):
        nodes.append(Node(f"b{i}", Encoding(job.encoders[0], job.task, tuple(job.needs)), ()))
        nodes.append(Node(f"c{i}", job, (f"b{i}",)))
    return nodes


@pytest.mark.parametrize(("most", "drops"), [(1, True), (2, True), (9, True), (1, False)])
def test_at_most_so_many_encodings_are_open(some, most, drops):
    planned = make_plan(some, settings={"encoders": [*"abcd"], "layers": [0], "seeds": [0]})

    class Claim:
        def let_go(self, keys):
            pass

    counted = keeping.Keeping(Claim(), planned.jobs, Silent(), drops=drops)
    ahead = keeping.Ahead(chain(planned), counted, most)
    out, running = [], []
    while True:
        new = [*ahead.more()]
        running += new
        out += [node.name for node in new]
        if not running:
            break
        encodings = sum(n.name.startswith("b") for n in running)
        assert encodings <= most or not drops
        node = running.pop(0)
        ahead.done()
        counted.after(node.item)
    assert sorted(out) == sorted(node.name for node in chain(planned))


def test_what_is_kept_is_one_of_two_words(some):
    with pytest.raises(ParameterError, match="neither"):
        api.run(some, keep="nothing")
