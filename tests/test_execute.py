"""Runs end as they should whatever happens to them."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import psutil
import pytest

from sondage import api
from sondage.errors import ParameterError, SondageError, StoreError
from sondage.execute import listener, turns
from sondage.records.folder import RunFolder
from sondage.store import Store

RUN = """
import sys, sondage
run = sondage.run(sys.argv[1], workers=int(sys.argv[2]))
sys.exit(1 if run.failed else 0)
"""


def start(target, workers=1, **env):
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(target), str(workers)],
        env=os.environ | {k: str(v) for k, v in env.items()},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip


def numbers(root):
    """Everything in the results but times."""
    out = {}
    lines = 0
    for file in root.glob("*/cells.jsonl"):
        for line in file.read_text("utf-8").splitlines():
            record = json.loads(line)
            out[record["id"]] = {k: v for k, v in record.items() if k != "seconds"}
            lines += 1
    assert lines == len(out), "a cell is doubled"
    return out


class Heard(listener.Silent):
    def __init__(self):
        self.titles, self.encodings, self.records, self.notes = [], [], [], []

    def started(self, title):
        self.titles.append(title)

    def encoded(self, title, warnings, seconds):
        self.encodings.append(title)

    def recorded(self, records):
        self.records += records

    def said(self, text):
        self.notes.append(text)


def test_a_run_gives_every_cell_and_a_second_one_does_nothing(toy_registry):
    heard = Heard()
    run = api.run(f"{toy_registry}:small", listener=heard)
    assert len(heard.encodings) == 2
    assert len(heard.records) == 2 * 4 * 3
    frame = run.frame()
    assert set(frame["score"]) == {"accuracy", "macro_f1"}
    assert frame["value"].between(0, 1).all()
    again = Heard()
    second = api.run(f"{toy_registry}:small", listener=again)
    assert (again.titles, again.records) == ([], [])
    assert second.folder.path == run.folder.path


def test_another_composition_reuses_cells_and_encodings(toy_registry):
    api.run(f"{toy_registry}:small", layers=[0, 1])
    heard = Heard()
    run = api.run(f"{toy_registry}:small", layers=[0, 1, 2], listener=heard)
    assert {r["layer"] for r in heard.records} == {2}
    assert len(run.folder.records()) == 18
    assert len(api.run(f"{toy_registry}:small", layers=[1]).folder.records()) == 6


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_a_run_in_halves_stores_half_and_scores_nearly_the_same(toy_registry, tmp_path, dtype):
    target = f"{toy_registry}:small"
    whole = api.run(target).frame()
    before = {entry.folder for entry in Store(tmp_path / "store").entries()}
    half = api.run(target, settings={"store_dtype": dtype}).frame()
    assert half["id"].isin(whole["id"]).sum() == 0
    assert np.abs(whole["value"] - half["value"]).max() < 0.2
    new = [e for e in Store(tmp_path / "store").entries() if e.folder not in before]
    assert {entry.key.stored for entry in new} == {dtype}
    assert len(new) == len(before)


def test_workers_give_the_same_numbers(toy_registry, tmp_path, monkeypatch):
    api.run(f"{toy_registry}:small")
    here = numbers(tmp_path / "runs")
    monkeypatch.setenv("SONDAGE_RUNS", str(tmp_path / "other"))
    monkeypatch.setenv("SONDAGE_STORE", str(tmp_path / "otherstore"))
    done = start(f"{toy_registry}:small", 2)
    assert done.wait(120) == 0, done.stdout.read()
    done.stdout.close()
    assert numbers(tmp_path / "other") == here


def test_kill_9_at_random_moments_loses_and_doubles_nothing(toy_registry, tmp_path, monkeypatch):
    target = f"{toy_registry}:small"
    began = time.monotonic()
    whole = start(target)
    assert whole.wait(120) == 0, whole.stdout.read()
    whole.stdout.close()
    duration = time.monotonic() - began
    expected = numbers(tmp_path / "runs")
    moments = random.Random(0)
    killed = finished = 0
    while killed < 20 or not finished:
        # The same command until it ends, then again from nothing.
        folder = tmp_path / f"k{finished}"
        process = start(target, SONDAGE_RUNS=folder / "runs", SONDAGE_STORE=folder / "store")
        with process.stdout:
            try:
                delay = moments.uniform(0.3, 1.2) * duration if killed < 20 else 120
                code = process.wait(delay)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                killed += 1
                continue
            assert code == 0, process.stdout.read()
        assert numbers(folder / "runs") == expected
        assert not list((folder / "store" / "tmp").glob("*"))
        finished += 1


def test_two_runs_at_once_are_both_right(toy_registry, tmp_path):
    both = [start(f"{toy_registry}:small") for _ in range(2)]
    for process in both:
        assert process.wait(120) == 0, process.stdout.read()
        process.stdout.close()
    assert len(numbers(tmp_path / "runs")) == 24


@pytest.mark.parametrize("damage", ["flip", "cut"])
def test_a_damaged_file_is_told_and_encoded_again(toy_registry, tmp_path, damage):
    api.run(f"{toy_registry}:small", seeds=[0])
    file = sorted((tmp_path / "store").glob("entries/*/*/data.npy"))[0]
    raw = bytearray(file.read_bytes())
    raw[-3] ^= 7
    file.write_bytes(raw if damage == "flip" else raw[:-5])
    turns._stores.clear()
    heard = Heard()
    run = api.run(f"{toy_registry}:small", seeds=[1], listener=heard)
    assert len(heard.encodings) == 1
    assert run.failed == []
    if damage == "flip":
        assert any("damaged" in note and "encoded again" in note for note in heard.notes)


def test_a_dask_worker_killed_in_mid_run_is_survived(toy_registry, tmp_path):
    text = toy_registry.read_text("utf-8").replace("wait: 0.005", "wait: 0.3")
    toy_registry.write_text(text, "utf-8")
    process = start(f"{toy_registry}:small", 2)
    killed = threading.Event()

    def kill_one():
        while process.poll() is None and not killed.is_set():
            cells = list((tmp_path / "runs").glob("*/cells.jsonl"))
            if cells and cells[0].stat().st_size:
                family = psutil.Process(process.pid).children(recursive=True)
                workers = [p for p in family if any("spawn_main" in a for a in p.cmdline())]
                if workers:
                    workers[-1].kill()
                    killed.set()
            time.sleep(0.02)

    killer = threading.Thread(target=kill_one)
    killer.start()
    out = process.communicate(timeout=120)[0]
    killer.join()
    assert killed.is_set()
    assert process.returncode == 0, out
    assert len(numbers(tmp_path / "runs")) == 24


BROKEN = """
    import numpy as np, sondage
    from sondage.testing.toys import ToyEncoder, ToyTask
    from sondage.data import Chunk

    class Nan(ToyEncoder):
        def encode(self, corpus, request):
            for chunk in super().encode(corpus, request):
                rows = {v: r.copy() for v, r in chunk.rows.items()}
                for r in rows.values():
                    if 1 in request.layers:
                        r[request.layers.index(1), 0] = np.nan
                yield Chunk(chunk.sentences, rows, {"lost-words": 1})

    class Dies(ToyEncoder):
        def encode(self, corpus, request):
            raise RuntimeError("no memory")
            yield

    class Picky:
        def fit(self, X, y, *, rng):
            if float(abs(X).sum()) > 0 and rng.random() < 0.5:
                raise ValueError("bad luck")
            return self
        def predict(self, X):
            return np.zeros(len(X), int)

    class OneLabel(ToyTask):
        def load(self):
            import dataclasses
            data = super().load()
            return dataclasses.replace(
                data, target=dataclasses.replace(data.target, y=data.target.y * 0))

    class Empty(ToyTask):
        def load(self):
            import dataclasses
            data = super().load()
            return dataclasses.replace(data, corpus=data.corpus.take([]))

    @sondage.hookimpl
    def sondage_encoders():
        return [sondage.EncoderSpec(name="broken." + n, factory=f, summary="s", reference="r")
                for n, f in [("nan", Nan), ("dies", Dies)]]
    @sondage.hookimpl
    def sondage_probes():
        return [sondage.ProbeSpec(name="broken.picky", factory=Picky, summary="s", reference="r")]
    @sondage.hookimpl
    def sondage_tasks():
        return [sondage.TaskSpec(name="broken." + n, factory=f, summary="s", reference="r")
                for n, f in [("one", OneLabel), ("empty", Empty)]]
"""


def compose(path, encoders="[a]", tasks="[t]", probes="[slow]"):
    text = path.read_text("utf-8").split("compositions:")[0]
    text += (
        "compositions:\n  odd:\n"
        f"    encoders: {encoders}\n    tasks: {tasks}\n    probes: {probes}\n"
        "    seeds: [0, 1, 2]\n"
    )
    path.write_text(text, "utf-8")
    return f"{path}:odd"


def test_nan_in_one_layer_fails_its_cells_and_no_others(toy_registry, make_plugin):
    make_plugin("broken", BROKEN)
    run = api.run(compose(toy_registry, encoders="[broken.nan]"))
    assert {r["layer"] for r in run.failed} == {1}
    assert "NaN or infinite" in run.failed[0]["error"]["message"]
    assert "traceback" not in run.failed[0]["error"]
    done = [r for r in run.folder.records() if r["status"] == "done"]
    assert {r["layer"] for r in done} == {0, 2}
    assert all(r["warnings"]["lost-words"] > 0 for r in done)


def test_an_encoder_that_dies_fails_its_cells_and_no_others(toy_registry, make_plugin):
    make_plugin("broken", BROKEN)
    run = api.run(compose(toy_registry, encoders="[broken.dies, a]"))
    assert {r["encoder"] for r in run.failed} == {"broken.dies"}
    assert "no memory" in run.failed[0]["error"]["message"]
    assert sum(r["status"] == "done" for r in run.folder.records()) == 12


def test_a_failing_cell_keeps_its_traceback_and_is_tried_again(toy_registry, make_plugin):
    make_plugin("broken", BROKEN)
    target = compose(toy_registry, probes="[broken.picky, slow]")
    run = api.run(target)
    assert {r["component"] for r in run.failed} == {"broken.picky"}
    assert "bad luck" in run.failed[0]["error"]["traceback"]
    heard = Heard()
    api.run(target, listener=heard)
    assert {r["component"] for r in heard.records} == {"broken.picky"}


@pytest.mark.parametrize(
    ("task", "words"), [("broken.one", "the one label 'short'"), ("broken.empty", "no sentences")]
)
def test_a_task_that_cannot_be_learnt_says_so(toy_registry, make_plugin, task, words):
    make_plugin("broken", BROKEN)
    run = api.run(compose(toy_registry, tasks=f"[{task}]"))
    assert len(run.failed) == len(run.folder.records())
    assert words in run.failed[0]["error"]["message"]
    assert "traceback" not in run.failed[0]["error"]


def test_a_full_disk_ends_the_run_and_records_no_failure(toy_registry, tmp_path, monkeypatch):
    import errno

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(StoreError, match="full"):
        api.run(f"{toy_registry}:small")
    monkeypatch.undo()
    monkeypatch.setenv("SONDAGE_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("SONDAGE_RUNS", str(tmp_path / "runs"))
    for folder in (tmp_path / "runs").glob("*"):
        assert RunFolder(folder).records() == []


def test_a_wrong_setting_is_told_before_anything_runs(toy_registry, tmp_path):
    with pytest.raises(SondageError, match="sedes"):
        api.run(f"{toy_registry}:small", settings={"sedes": [1]})
    with pytest.raises(ParameterError, match="n_layers"):
        api.run(f"{toy_registry}:small", settings={"encoders.a.n_layers": "many"})
    assert not (tmp_path / "runs").exists()


def test_settings_change_what_runs(toy_registry):
    run = api.run(f"{toy_registry}:small", settings={"seeds": [5], "encoders": ["b"]})
    records = run.folder.records()
    assert {(r["seed"], r["encoder"]) for r in records} == {(5, "b")}


def test_results_hold_what_paired_tests_need(toy_registry):
    from sondage.records.outcomes import unpack

    run = api.run(f"{toy_registry}:small")
    by = {(r["encoder"], r["layer"], r["seed"]): r for r in run.folder.records()}
    for (_, layer, seed), record in by.items():
        outcomes = unpack(record["outcomes"])
        assert record["scores"]["accuracy"] == pytest.approx(np.mean(outcomes.values))
        twin = unpack(by["b", layer, seed]["outcomes"])
        np.testing.assert_array_equal(outcomes.items, twin.items)
    assert record["key"]["encoders"][0]["use"] == "toy.encoder"


def test_a_cell_from_another_run_takes_the_names_of_this_one(toy_registry, tmp_path):
    api.run(f"{toy_registry}:small", layers=[0])
    other = tmp_path / "other.yaml"
    text = toy_registry.read_text("utf-8").replace("  a:", "  alpha:").replace("[a, b]", "[alpha]")
    other.write_text(text.replace("    baseline: b\n", "").replace("slow", "quick"), "utf-8")
    heard = Heard()
    run = api.run(f"{other}:small", layers=[0], listener=heard)
    assert heard.records == []
    assert {(r["encoder"], r["component"]) for r in run.folder.records()} == {("alpha", "quick")}


LIAR = """
    import sondage
    from sondage.testing.toys import ToyTask
    class Liar(ToyTask):
        @property
        def corpus_fingerprint(self):
            return "c" * 32
    @sondage.hookimpl
    def sondage_tasks():
        return [sondage.TaskSpec(name="liar.task", factory=Liar, summary="s", reference="r")]
"""


def test_a_corpus_fingerprint_that_stands_for_other_texts_is_found_out(toy_registry, make_plugin):
    make_plugin("liar", LIAR)
    assert api.run(compose(toy_registry, tasks="[{use: liar.task, n: 20}]")).failed == []
    run = api.run(compose(toy_registry, tasks="[{use: liar.task, n: 21}]"))
    assert len(run.failed) == len(run.folder.records())
    assert "other texts" in run.failed[0]["error"]["message"]


LABELLED = """
    import numpy as np, sondage
    from sondage.data import Result

    class Gap:
        units, symmetric, bounds, self_value = "labelled", True, (0.0, float("inf")), 0.0
        invariances, randomness = frozenset(), ()
        def begin(self, seed, labels=None):
            return Sums(labels)

    class Sums:
        def __init__(self, labels):
            self.labels = labels
        def update(self, a, b, rows):
            y = self.labels.y[rows]
            self.gap = sum(np.linalg.norm((a - b)[y == k].mean(axis=0)) for k in np.unique(y))
            self.n = len(rows)
        def merge(self, other):
            return self
        def compute(self):
            return Result({"gap": float(self.gap), "n": self.n})

    @sondage.hookimpl
    def sondage_metrics():
        return [sondage.MetricSpec(name="lab.gap", factory=Gap, summary="s", reference="r")]
"""


def test_a_labelled_metric_sees_the_training_items_of_each_seed(toy_registry, make_plugin):
    from sondage.testing.toys import ToyTask

    make_plugin("lab", LABELLED)
    text = toy_registry.read_text("utf-8").replace("    probes: [slow]\n", "")
    toy_registry.write_text(text + "    metrics: [lab.gap]\n", "utf-8")
    run = api.run(f"{toy_registry}:small")
    assert run.failed == []
    data = ToyTask(n=60).load()
    for record in run.folder.records():
        assert record["seed_controls"] == ["split"]
        assert record["scores"]["n"] == len(data.split(record["seed"]).train)
        assert record["scores"]["gap"] > 0


class Cluster:
    """Workers that answer what they have."""

    def __init__(self, answers):
        self.answers = answers

    def wait_for_workers(self, n, timeout):
        if self.answers is None:
            raise TimeoutError

    def run(self, function, names, on_error):
        return self.answers


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"tcp://w:1": {"sondage": "1", "sondage-toy": "0.2"}}, "has sondage-toy 0.2"),
        ({"tcp://w:1": {"sondage": "1", "sondage-toy": ""}}, "lacks sondage-toy"),
        ({"tcp://w:1": {"sondage": "0", "sondage-toy": "0.1"}}, "has sondage 0"),
        ({"tcp://w:1": ModuleNotFoundError("No module named 'sondage'")}, "cannot run sondage"),
        (None, "no worker"),
    ],
)
def test_workers_that_are_not_as_the_plan_are_refused_by_name(answers, words):
    from sondage.errors import ClusterError
    from sondage.execute.admission import refuse_unlike

    wanted = {"sondage": "1", "sondage-toy": "0.1"}
    refuse_unlike(Cluster({"tcp://w:1": wanted}), wanted)
    with pytest.raises(ClusterError) as caught:
        refuse_unlike(Cluster(answers), wanted)
    assert words in str(caught.value)


def test_nobody_without_the_key_reaches_local_workers(in_python):
    done = in_python("""
        from sondage.execute.workers import connected
        if __name__ == "__main__":
            from distributed import Client
            with connected(1, None) as (client, _):
                address = client.scheduler.address
                assert address.startswith("tls://127.0.0.1"), address
                assert client.submit(sum, [1, 2]).result() == 3
                try:
                    Client(address.replace("tls", "tcp"), timeout=2, set_as_default=False)
                except (OSError, TimeoutError):
                    print("refused")
    """)
    assert "refused" in done.stdout, done.stderr


def test_no_worker_left_ends_the_run(in_python):
    done = in_python("""
        import time
        from sondage.execute import awaiting
        from sondage.execute.stopping import Stop
        from sondage.errors import ClusterLostError
        if __name__ == "__main__":
            from distributed import LocalCluster, Client, as_completed
            awaiting._PATIENCE, awaiting._LOOK_EVERY = 0.5, 0.1
            with LocalCluster(n_workers=1, processes=False, dashboard_address=None) as local:
                with Client(local, set_as_default=False) as client:
                    awaited = awaiting.Awaited(client, {}, Stop(), print)
                    done = client.submit(int, 3)
                    (one,) = awaited.completed(lambda n=iter([[done]]): next(n, []), as_completed)
                    assert one.result() == 3
                    local.scale(0)
                    while client.run_on_scheduler(awaiting._look_around)[0]:
                        time.sleep(0.05)
                    try:
                        left = [client.submit(int, 4)]
                        list(awaited.completed(lambda: left, as_completed))
                    except ClusterLostError as error:
                        print(error)
    """)
    assert "no worker has run" in done.stdout, done.stderr
