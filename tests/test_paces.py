"""Time that is said beforehand: of the same kind of work, on this machine, and of nothing else."""

import json

import pytest

from sondage import api
from sondage.commands import progress
from sondage.commands.estimate import estimate
from sondage.commands.plan import preview
from sondage.execute.listener import Silent
from sondage.plan.cells import encodings
from sondage.records.history import told_lines
from sondage.records.paces import Pace, Paces, kind_of_cell, kind_of_record, paces_here
from sondage.store import Store, paths

EXACT, OTHER_TEXT = ("encode", "corpus", "bert"), ("encode", "longer", "bert")


def test_by_hand():
    paces = Paces()
    paces.add(("linear", "upos word", "bert"), 4, 8.0)
    paces.add(("linear", "upos word", "roberta"), 1, 7.0)
    paces.add(EXACT, 1, 10.0, 1000)
    # As it took with this encoder; with one that is new, as it took with all of them.
    assert paces.cell(("linear", "upos word", "bert")) == 2.0
    assert paces.cell(("linear", "upos word", "new")) == 3.0
    # Of another task, view or probe nothing is known.
    assert paces.cell(("linear", "deprel word", "bert")) is None
    assert paces.cell(("linear", "upos cls", "bert")) is None
    assert paces.cell(("mlp", "upos word", "bert")) is None
    # An encoder has a pace, by the length of the text; another encoder has another.
    assert paces.encoding(EXACT, None) == 10.0
    assert paces.encoding(OTHER_TEXT, 2500) == 25.0
    assert paces.encoding(OTHER_TEXT, None) is None
    assert paces.encoding(("encode", "corpus", "roberta"), 1000) is None
    assert Pace(4, 8.0).each == 2.0


@pytest.fixture
def target(toy_registry):
    return f"{toy_registry}:small"


def left(target, **changes):
    planned = api.make_plan(target, **changes)
    return preview(planned, Store(paths.store_folder()), paths.runs_folder())


def test_a_first_run_says_that_nothing_is_known(target):
    found = left(target)
    assert str(found.time) == (
        "not known, no earlier run on this machine did encode t with a, encode t with b, slow on t"
    )
    assert (found.time.seconds, found.memory) == (0, None)


def test_a_run_leaves_what_the_next_is_told(target):
    run = api.run(target)
    records = run.folder.records()
    (line,) = [one for one in told_lines(run.folder) if "took" in one]
    assert line["workers"] == 1
    assert line["peak"] > 10**7
    paces = paces_here(paths.runs_folder())
    planned = api.make_plan(target, seeds=[7])
    for job in planned.jobs:
        same = [r["seconds"] for r in records if kind_of_record(r) == kind_of_cell(job)]
        assert len(same) == 12  # four layers of three seeds
        assert paces.cell(kind_of_cell(job)) == pytest.approx(sum(same) / 12, abs=1e-4)
    found = left(target, seeds=[7, 8])
    assert not found.time.unknown
    mine = sum(paces.cell(kind_of_cell(job)) * len(job.cells) for job in planned.jobs)
    assert found.time.seconds == pytest.approx(2 * mine)
    assert str(found.time).startswith("about 0 s (cells 0 s), by earlier runs on this machine")
    assert found.memory == line["peak"]
    assert str(left(target).time) == "none: all is done"


def test_a_text_that_is_new_takes_the_encoders_pace(target):
    api.run(target)
    paces = paces_here(paths.runs_folder())
    planned = api.make_plan(target, settings={"tasks.t.n": 30})
    keys = {key for job in planned.jobs for key in job.needs}
    passes = encodings(planned.jobs, keys)
    twice = estimate((), (), passes, paces, lambda item: 2000).seconds
    once = estimate((), (), passes, paces, lambda item: 1000).seconds
    assert twice == pytest.approx(2 * once)
    found = left(target, settings={"tasks.t.n": 30})
    # Cells of a task that is another: nothing is known of them.
    assert [p.title for p in found.time.unknown] == ["slow on t"] * len(found.time.unknown)
    assert "none of them did slow on t" in str(found.time)


def test_another_machine_says_nothing_of_this_one(target, monkeypatch):
    run = api.run(target)
    history = run.folder.path / "history.jsonl"
    lines = [json.loads(line) for line in history.read_text("utf-8").splitlines()]
    told = [line | ({"host": "elsewhere"} if "took" in line else {}) for line in lines]
    history.write_text("".join(json.dumps(line) + "\n" for line in told), "utf-8")
    assert left(target, seeds=[7]).time.unknown


def test_damaged_lines_count_for_nothing(target):
    run = api.run(target)
    history = run.folder.path / "history.jsonl"
    host = next(one["host"] for one in told_lines(run.folder) if "took" in one)
    for took in (None, [[1, 2]], [["a", "b", "c", 0, 1.0, 0]], [["a", "b", "c", "x", {}, []]]):
        line = {"took": took, "host": host, "peak": "much"}
        with open(history, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
    assert not left(target, seeds=[7]).time.unknown


def test_progress_knows_what_earlier_runs_took(target):
    api.run(target, seeds=[0])
    planned = api.make_plan(target, seeds=[1, 2])
    counts = progress.Counts(planned, 1)
    counts.begin()
    wanted = left(target, seeds=[1, 2]).time.seconds
    assert counts.left == pytest.approx(wanted)
    other = progress.Counts(api.make_plan(target, settings={"tasks.t.n": 20}), 1)
    other.begin()
    assert other.left is None


def test_what_each_worker_does_is_told(target):
    from sondage.execute.distribute import _at_work

    planned = api.make_plan(target)
    titles = {f"Job-{i}": job.title for i, job in enumerate(planned.jobs)}

    class Client:
        def processing(self):
            return {"tcp://b": (), "tcp://a": ("Job-1", "Job-0")}

    counts = progress.Counts(planned, 2)
    assert counts.each_worker() == ""

    class Hears(Silent):
        def at_work(self, titles):
            counts.at_work = titles

    _at_work(Hears(), titles)(Client())
    assert counts.each_worker() == f"1: {planned.jobs[1].title}; 2: waits"
    _at_work(Silent(), titles)(Client())  # whoever does not want to know is not told
