"""Which worker gets what: devices, memory, versions, folders that are shared."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import pytest

import sondage
from sondage import api
from sondage.errors import ClusterError, ClusterLostError
from sondage.execute import admission, devices, engines, placement, stopping
from sondage.execute.listener import Silent
from sondage.execute.sizes import Sizes
from sondage.store import machine

PLUGIN = """
    import dataclasses, os, sondage, time
    from sondage.contracts import Encoder
    from sondage.data import Result, digest
    from sondage.testing.toys import ToyEncoder, ToyTask

    ABOUT = {"summary": "s", "reference": "r"}

    def note(what):
        name = os.environ.get("NOTES")
        if name:
            seen = os.environ.get("CUDA_VISIBLE_DEVICES")
            with open(name, "a") as file:
                file.write(f"{what} {os.getpid()} {seen!r}\\n")

    class Deviced(ToyEncoder):
        def __init__(self, *, seed: int = 0, device: str = "auto"):
            super().__init__(seed=seed, n_layers=3)
            self.device = device
        def encode(self, corpus, request):
            note(f"encode-{self.device}")
            yield from super().encode(corpus, request)
        def release(self):
            note("release")

    class Above(ToyEncoder):
        def __init__(self, *, base: Encoder, seed: int):
            super().__init__(seed=seed, n_layers=3)
            self.base = base

    class Mean:
        def __init__(self, *, device: str = "cpu"):
            self.device = device
        def fit(self, X, y, *, rng):
            note("fit")
            time.sleep(0.1)
            self.most = max(set(y.tolist()), key=y.tolist().count)
            return self
        def predict(self, X):
            return [self.most] * len(X)

    @sondage.hookimpl
    def sondage_encoders():
        return [sondage.EncoderSpec(name="dev.encoder", factory=Deviced, **ABOUT),
                sondage.EncoderSpec(name="dev.above", factory=Above, **ABOUT),
                sondage.EncoderSpec(name="dev.plain", factory=ToyEncoder, **ABOUT)]
    @sondage.hookimpl
    def sondage_tasks():
        return [sondage.TaskSpec(name="dev.task", factory=ToyTask, **ABOUT)]
    @sondage.hookimpl
    def sondage_probes():
        return [sondage.ProbeSpec(name="dev.mean", factory=Mean, **ABOUT)]
"""

REGISTRY = """
version: 1
encoders:
  any: {use: dev.encoder}
  cpu: {use: dev.encoder, device: cpu, seed: 1}
  card: {use: dev.encoder, device: "cuda:1", seed: 2}
  plain: {use: dev.plain, seed: 7}
  on-any: {use: dev.above, base: any, seed: 8}
  on-cpu: {use: dev.above, base: cpu, seed: 9}
tasks:
  t: {use: dev.task, n: 60}
probes:
  mean: {use: dev.mean}
  fast: {use: dev.mean, device: cuda}
compositions:
  all:
    encoders: [any, cpu, card, plain, on-any, on-cpu]
    tasks: [t]
    probes: [mean, fast]
    layers: [0]
  small: {encoders: [any, cpu], tasks: [t], probes: [mean], layers: [0, 1], seeds: [0, 1]}
"""


@pytest.fixture
def registry(tmp_path, make_plugin):
    make_plugin("dev", PLUGIN)
    path = tmp_path / "r.yaml"
    path.write_text(REGISTRY, "utf-8")
    return path


def workers(*each):
    return placement.Workers(each)


class Heard(Silent):
    def __init__(self):
        self.notes = []

    def said(self, text):
        self.notes.append(text)


def test_who_wants_a_device_is_said_by_a_parameter_or_by_what_an_encoder_is_made_of(registry):
    planned = api.make_plan(f"{registry}:all")
    from sondage.plan.cells import encodings

    passes = encodings(planned.jobs, {k for job in planned.jobs for k in job.needs})
    wants = {item.encoder.label: placement.wants_device(item) for item in passes}
    yes = {"any", "card", "plain", "on-any"}
    assert wants == {name: name in yes for name in (*yes, "cpu", "on-cpu")}
    probes = {job.component.label: placement.wants_device(job) for job in planned.jobs}
    assert probes == {"mean": False, "fast": True}


def test_only_what_some_worker_declares_is_asked_for(registry):
    planned = api.make_plan(f"{registry}:all")
    mean = next(job for job in planned.jobs if job.component.label == "mean")
    fast = next(job for job in planned.jobs if job.component.label == "fast")
    ask, sizes = placement.asked_by, Sizes()
    assert ask(fast, workers({}, {}), sizes) == {}
    assert ask(fast, workers({}, {"GPU": 1}), sizes) == {"GPU": 1}
    assert ask(mean, workers({}, {"GPU": 1}), sizes) == {}
    assert ask(mean, workers({"CPU": 4}, {"GPU": 1}), sizes) == {"CPU": 1}
    corpus = mean.task.instance.load().corpus
    assert mean.view == "word"
    rows = len(corpus.unique[0]) and int(corpus.take(corpus.unique[0]).offsets[-1])
    # Twice the one layer of float32.
    needed = 2 * rows * mean.encoders[0].instance.width * 4
    assert ask(mean, workers({"MEMORY": 1e9}), sizes) == {"MEMORY": needed}


def test_what_no_worker_has_is_said_in_words():
    there = workers({"MEMORY": 2**30, "CPU": 1}, {"GPU": 1, "MEMORY": 2**20})
    assert there.can_take({"MEMORY": 2**30})
    assert not there.can_take({"MEMORY": 2**30 + 1})
    assert not there.can_take({"GPU": 1, "MEMORY": 2**30})
    assert placement.why_none({"MEMORY": 2**31}, there) == (
        "2.0 GiB of MEMORY, where the most that one has is 1.0 GiB"
    )
    assert "no one worker" in placement.why_none({"GPU": 1, "MEMORY": 2**30}, there)


@pytest.mark.parametrize(
    ("given", "found"),
    [("0,1", ["0", "1"]), ("", []), ("-1", []), ("3,-1,4", ["3"]), ("GPU-a, 2", ["GPU-a", "2"])],
)
def test_devices_are_those_that_cuda_would_take(given, found, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", given)
    assert devices.cards() == found


def test_without_that_variable_the_driver_is_asked(monkeypatch, tmp_path):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(devices, "_CARDS", tmp_path / "none")
    assert devices.cards() == []
    for name in ("0000:01:00.0", "0000:02:00.0"):
        (tmp_path / "gpus" / name).mkdir(parents=True)
    monkeypatch.setattr(devices, "_CARDS", tmp_path / "gpus")
    assert devices.cards() == ["0", "1"]


def notes_of(path):
    return [line.split(" ", 2) for line in path.read_text("utf-8").splitlines()]


def test_one_local_worker_has_the_device_and_models_that_want_it(registry, tmp_path, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "7")
    monkeypatch.setenv("NOTES", str(tmp_path / "notes"))
    done = subprocess.run(
        [sys.executable, "-c",
         "import sys, sondage\nassert not sondage.run(sys.argv[1], workers=2).failed",
         f"{registry}:small"],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    seen = notes_of(tmp_path / "notes")
    on_card = {pid for _, pid, card in seen if card == "'7'"}
    assert len(on_card) == 1
    assert {card for _, _, card in seen} <= {"'7'", "''"}
    assert [card for what, _, card in seen if what == "encode-auto"] == ["'7'"]
    # The one that let its model go did so once nothing was left to be read with it.
    assert len([what for what, *_ in seen if what == "release"]) <= 2


@contextmanager
def scheduler(tmp_path):
    """A scheduler and what starts workers for it, each a process with what it is given."""
    file = tmp_path / "scheduler.json"
    started = []

    def start(*words, **env):
        log = (tmp_path / f"log{len(started)}").open("w")
        started.append(subprocess.Popen(
            [sys.executable, "-m", "dask", *words, "--scheduler-file", str(file), "--no-dashboard"],
            env=os.environ | env, stdout=log, stderr=log, start_new_session=True,
        ))  # fmt: skip
        log.close()
        return started[-1]

    def work(*words, **env):
        return start(
            "worker", "--nthreads", "1", "--no-nanny", "--host", "127.0.0.1", *words, **env
        )

    try:
        start("scheduler", "--port", "0", "--host", "127.0.0.1")
        for _ in range(1000):
            if file.is_file() and file.stat().st_size:
                break
            time.sleep(0.02)
        yield file, work, started
    finally:
        for process in started:
            process.kill()
            process.wait()


def test_placement_on_a_cluster(registry, tmp_path, monkeypatch):
    """One cluster for all: starting one takes seconds."""
    target = f"{registry}:small"
    with scheduler(tmp_path) as (file, work, started):
        first = work(NOTES=str(tmp_path / "first"))
        heard = Heard()
        run = api.run(target, cluster=str(file), listener=heard)
        assert not run.failed
        assert [n for n in heard.notes if "no worker declares a device" in n]
        assert not list((tmp_path / "runs").glob("*/.seen*"))
        # Now one that declares a device: what wants one goes there, and nowhere else.
        second = work("--resources", "GPU=1 MEMORY=1000", NOTES=str(tmp_path / "second"))
        monkeypatch.setenv("SONDAGE_STORE", str(tmp_path / "store2"))
        monkeypatch.setenv("SONDAGE_RUNS", str(tmp_path / "runs2"))
        (tmp_path / "first").unlink()
        wait_for(file, 2)
        heard = Heard()
        run = api.run(target, cluster=str(file), listener=heard)
        assert "encode-auto" in {what for what, *_ in notes_of(tmp_path / "second")}
        there = tmp_path / "first"
        assert not there.exists() or "encode-auto" not in {w for w, *_ in notes_of(there)}
        # Of memory no worker has enough for any probe: each is said, and none waits for ever.
        assert len(run.failed) == 8
        assert any("no worker can take 'mean" in n and "of MEMORY" in n for n in heard.notes)
        assert "asks for" in run.failed[0]["error"]["message"]
        # A model is let go at the end.
        assert "release" in {what for what, *_ in notes_of(tmp_path / "second")}
        second.kill()
        late_ones(file, work, tmp_path)
        monkeypatch.setenv("SONDAGE_STORE", str(tmp_path / "store3"))
        monkeypatch.setenv("SONDAGE_RUNS", str(tmp_path / "runs3"))
        asked_to_stop(file, target)
        assert first.poll() is None
        scheduler_gone(file, f"{registry}:all", started)


def wait_for(file, n):
    from distributed import Client

    address = json.loads(file.read_text())["address"]
    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(n, timeout=60)


def late_ones(file, work, tmp_path):
    """A worker that joins a run, and is not as the plan, goes by itself and says why."""
    from distributed import Client

    address = json.loads(file.read_text())["address"]
    wanted = {"sondage": sondage.__version__, "sondage-dev": "0.1"}
    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(1, timeout=60)
        with admission.admitted(client, wanted, [tmp_path / "store"], late=True):
            older = tmp_path / "older" / "sondage_dev-0.0.dist-info"
            older.mkdir(parents=True)
            (older / "METADATA").write_text("Name: sondage-dev\nVersion: 0.0\n", "utf-8")
            late = work(PYTHONPATH=os.pathsep.join([str(older.parent), os.environ["PYTHONPATH"]]))
            assert late.wait(60) == 0
            ((_, said),) = client.get_events(admission.TOPIC)
            assert "has sondage-dev 0.0, not 0.1, and is sent away" in said
            assert client.run_on_scheduler(gates) == 1
        assert not list((tmp_path / "store").glob(".seen*"))
    with Client(address, set_as_default=False) as client:
        assert client.run_on_scheduler(gates) == 0


class Acts(Heard):
    """Does something when the first cell is recorded."""

    def __init__(self, act):
        super().__init__()
        self.act = act

    def recorded(self, records):
        if records and self.act:
            act, self.act = self.act, None
            act()


def asked_to_stop(file, target):
    heard = Acts(lambda: os.kill(os.getpid(), signal.SIGTERM))
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt):
        api.run(target, cluster=str(file), listener=heard)
    assert signal.getsignal(signal.SIGTERM) is before
    assert any(n.startswith("asked to stop: ") and "the same command" in n for n in heard.notes)
    folder = api.folder_of(api.make_plan(target))
    # What was at hand is done, what was not begun is not.
    assert 0 < len(folder.records()) < 8
    api.run(target, cluster=str(file))
    assert len(folder.cells.read_text("utf-8").splitlines()) == len(folder.records()) == 8


def scheduler_gone(file, target, started):
    with pytest.raises(ClusterLostError, match="the cluster's scheduler is gone") as caught:
        api.run(target, cluster=str(file), listener=Acts(started[0].kill))
    assert caught.value.exit_code == 75
    assert api.folder_of(api.make_plan(target)).records()


def gates(dask_scheduler):
    return len([name for name in dask_scheduler.worker_plugins if name.startswith("sondage-")])


class Answers:
    """A client whose workers say this."""

    def __init__(self, answers):
        self.answers = answers

    def run(self, function, *args, on_error):
        return self.answers


def test_marks_that_are_not_seen_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr(admission, "_APART", 0.0)
    (tmp_path / "a").write_text("one")
    marks = {str(tmp_path / "a"): "one", str(tmp_path / "b"): "one"}
    assert admission.unseen(marks) == [str(tmp_path / "b")]
    assert admission.unseen({str(tmp_path / "a"): "two"}) == [str(tmp_path / "a")]
    with pytest.raises(ClusterError, match=f"does not see the folder {tmp_path}"):
        admission.refuse_blind(Answers({"tcp://w:1": [str(tmp_path / "b")]}), marks)
    admission.refuse_blind(Answers({"tcp://w:1": []}), marks)


def test_marks_of_killed_runs_are_swept(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    here = machine.this_machine()
    names = [f".seen-{here}-{pid}-0" for pid in (dead.pid, os.getpid())]
    names += [".seen-elsewhere-1-0", ".seen-elsewhere-2-0", ".seen-", "cells.jsonl"]
    for name in names:
        (tmp_path / name).write_text("")
    long_ago = time.time() - 8 * 86400
    os.utime(tmp_path / ".seen-elsewhere-2-0", (long_ago, long_ago))
    admission._sweep(tmp_path)
    gone = {names[0], ".seen-elsewhere-2-0"}
    assert {path.name for path in tmp_path.iterdir()} == {*names} - gone


def test_a_second_signal_does_not_wait():
    stop = stopping.Stop()
    stop()
    assert stop.asked
    with pytest.raises(KeyboardInterrupt):
        stop()


def test_no_signal_is_heard_in_another_thread():
    found = []

    def listen():
        with stopping.stoppable() as stop:
            found.append(stop.asked)

    thread = threading.Thread(target=listen)
    thread.start()
    thread.join()
    assert found == [False]


def test_encoders_are_unused_once_their_last_piece_of_work_is_done(registry):
    from sondage.execute.graph import graph_of
    from sondage.plan.cells import encodings

    planned = api.make_plan(f"{registry}:small")
    passes = encodings(planned.jobs, {k for job in planned.jobs for k in job.needs})
    nodes = graph_of(planned, list(planned.jobs), [], passes)
    uses = engines.Uses(nodes)
    ended = [uses.done(node.item) for node in nodes]
    assert [e for e in ended if e] == [[p.encoder.id] for p in passes]


class Worker:
    """As much of a worker as a gate looks at."""

    address = "tcp://w:1"

    def __init__(self):
        self.said, self.called, self.loop = [], [], self

    def log_event(self, topic, said):
        self.said.append(said)

    def add_callback(self, function, **how):
        self.called.append(function)

    def close(self):
        pass


@pytest.mark.parametrize(
    ("wanted", "marks", "words"),
    [
        ({"sondage": sondage.__version__, "python": admission.this_python()}, {}, ""),
        ({"sondage": "0.0.0"}, {}, f"has sondage {sondage.__version__}, not 0.0.0"),
        ({"sondage-none": "1"}, {}, "lacks sondage-none"),
        ({"python": "2.7"}, {}, f"has python {admission.this_python()}, not 2.7"),
        ({}, {"/nowhere/at/all/.seen-1": "1"}, "does not see /nowhere/at/all"),
    ],
)
def test_the_gate_says_what_does_not_fit_and_closes(wanted, marks, words):
    worker = Worker()
    admission._gate("g", wanted, marks).setup(worker)
    assert worker.said == ([f"worker tcp://w:1 {words}, and is sent away"] if words else [])
    assert worker.called == ([worker.close] if words else [])


def test_the_gate_is_read_where_there_is_no_sondage(in_python):
    from distributed.protocol.pickle import dumps

    raw = dumps(admission._gate("g", {"sondage": "1"}, {}))
    done = in_python(f"""
        import sys
        sys.modules["sondage"] = None
        from distributed.protocol.pickle import loads
        print(loads({raw!r}).wrong())
    """)
    assert done.stdout == "lacks sondage\n", done.stderr
