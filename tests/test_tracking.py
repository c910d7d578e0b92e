"""Trackers: told of a run once for all, and harmless whatever they do."""

import json

import pytest

from sondage import api
from sondage.errors import UnknownComponentError
from sondage.execute import listener, tracking

CODE = """
    import json, os, pathlib, time, sondage
    from sondage.errors import DependencyError

    class Log:
        '''Writes what it hears to a file; fails where it is told to.'''
        def __init__(self, *, fail: str = "", times: int = 1000, name: str = "log"):
            self.fail, self.times, self.name = fail, times, name
        def _did(self, what, **told):
            if what in self.fail.split(",") and self.times > 0:
                self.times -= 1
                if "exit" in self.fail:
                    raise SystemExit(3)
                if "absent" in self.fail:
                    raise DependencyError("logger is not installed", hint="pip install logger")
                if "slow" in self.fail:
                    time.sleep(20)
                raise RuntimeError(f"no {what}")
            with open(os.environ["TRACK_LOG"] + self.name, "a") as file:
                file.write(json.dumps({"what": what, **told}) + chr(10))
        def begin(self, run):
            self._did("begin", id=run.id, cells=run.n_cells, command=run.command,
                      labels=[c["label"] for c in run.components], version=run.versions["sondage"])
        def recorded(self, records):
            self._did("recorded", ids=[r["id"] for r in records], keys=sorted(records[0]),
                      layers=[r["layer"] for r in records])
            records[0]["scores"].clear()
            records.clear()
        def end(self, state, findings):
            self._did("end", state=state, rows=len(findings.frame()))

    @sondage.hookimpl
    def sondage_trackers():
        return [sondage.TrackerSpec(name="tr.log", factory=Log, summary="s", reference="r")]
"""


class Heard(listener.Silent):
    def __init__(self):
        self.notes = []
        self.cells = 0

    def recorded(self, records):
        self.cells += len(records)

    def said(self, text):
        self.notes.append(text)


@pytest.fixture
def target(toy_registry, make_plugin, tmp_path, monkeypatch):
    make_plugin("tr", CODE)
    monkeypatch.setenv("TRACK_LOG", str(tmp_path / "track-"))
    text = toy_registry.read_text("utf-8")
    text += "trackers:\n  ours: {use: tr.log, name: ours}\n"
    toy_registry.write_text(text, "utf-8")
    return f"{toy_registry}:small"


@pytest.fixture
def told(tmp_path):
    def read(name="log"):
        file = tmp_path / f"track-{name}"
        lines = file.read_text("utf-8").splitlines() if file.exists() else []
        return [json.loads(line) for line in lines]

    return read


def test_a_tracker_hears_of_every_cell_and_how_it_ended(target, told):
    run = api.run(target, trackers=["ours"])
    begin, *records, end = told("ours")
    assert begin["what"] == "begin"
    assert (begin["cells"], begin["labels"]) == (24, ["a", "b", "t", "slow"])
    assert begin["command"].endswith("small")
    ids = [i for line in records for i in line["ids"]]
    assert sorted(ids) == sorted(r["id"] for r in run.folder.records())
    assert end == {"what": "end", "state": "finished", "rows": len(run.frame())}
    keys = {k for line in records for k in line["keys"]}
    assert {"scores", "encoder_label", "layer", "status", "seconds"} <= keys
    assert not keys & {"outcomes", "key", "tables"}


def test_what_a_tracker_does_to_records_is_its_own_matter(target, told):
    plain = api.run(target).frame()["value"].tolist()
    api.run(target, trackers=["ours", "tr.log"])
    tracked = api.results("small").frame()["value"].tolist()
    assert tracked == plain
    both = [sorted(i for line in told(n)[1:-1] for i in line["ids"]) for n in ("log", "ours")]
    assert both[0] == both[1]
    assert len(both[0]) == 24


def test_a_finished_run_is_told_whole_and_trackers_are_no_part_of_it(target, told):
    first = api.run(target)
    again = api.run(target, trackers=["ours"])
    assert again.name == first.name
    assert "trackers" not in again.folder.header()["declared"]
    assert sum(len(line["ids"]) for line in told("ours")[1:-1]) == 24


def test_without_trackers_nobody_is_told(target, told):
    api.run(target)
    assert told("ours") == []


@pytest.mark.parametrize("call", ["begin", "recorded", "end"])
@pytest.mark.parametrize("how", ["", "exit"])
def test_a_tracker_that_fails_harms_nothing(target, told, call, how):
    heard = Heard()
    fail = {"use": "tr.log", "fail": f"{call},{how}"}
    run = api.run(target, trackers=[fail, "ours"], listener=heard)
    assert not run.failed
    assert heard.cells == 24
    assert [n for n in heard.notes if n.startswith("tracker 'tr.log' failed, the run goes on: ")]
    assert sum(len(line["ids"]) for line in told("ours")[1:-1]) == 24
    assert told("ours")[-1]["state"] == "finished"


def test_what_a_tracker_missed_it_is_told_again(target, told, monkeypatch):
    monkeypatch.setattr(tracking, "EVERY", 0.0)
    heard = Heard()
    flaky = {"use": "tr.log", "fail": "recorded", "times": 2}
    api.run(target, trackers=[flaky], listener=heard)
    ids = [i for line in told()[1:-1] for i in line["ids"]]
    assert len(ids) == len(set(ids)) == 24
    assert len(heard.notes) == 2


def test_a_tracker_is_let_go_after_three_failures(target, told, monkeypatch):
    monkeypatch.setattr(tracking, "EVERY", 0.0)
    heard = Heard()
    broken = {"use": "tr.log", "fail": "recorded"}
    run = api.run(target, trackers=[broken], listener=heard, settings={"probes": ["slow"]})
    assert len(heard.notes) <= 3
    assert not run.failed
    if len(heard.notes) == 3:
        assert "failed 3 times in a row and is told no more" in heard.notes[-1]
    # The same command with it tells it all.
    api.run(target, trackers=["tr.log"])
    assert sum(len(line["ids"]) for line in told() if line["what"] == "recorded") == 24


def test_a_tracker_that_never_returns_is_ended(target, told, monkeypatch):
    monkeypatch.setattr(tracking, "PATIENCE", 0.2)
    monkeypatch.setattr(tracking, "TRIES", 1)
    heard = Heard()
    run = api.run(target, trackers=[{"use": "tr.log", "fail": "begin,slow"}], listener=heard)
    assert not run.failed
    assert "the time limit of 0.2 seconds is over" in heard.notes[0]
    assert "--cell-seconds" not in heard.notes[0]


def test_what_a_tracker_lacks_is_said_with_the_line_that_installs_it(target):
    heard = Heard()
    api.run(target, trackers=[{"use": "tr.log", "fail": "begin,absent"}], listener=heard)
    assert heard.notes == [
        "tracker 'tr.log' is told nothing, the run goes on: logger is not installed "
        "(pip install logger)"
    ]


def test_failed_cells_and_interrupts_are_told(target, told, monkeypatch):
    wrong = {"probes.slow.wait": -1.0}
    assert api.run(target, trackers=["ours"], settings=wrong).failed
    assert told("ours")[-1]["state"] == "failed"

    class Stops(Heard):
        def encoded(self, title, warnings, seconds):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        api.run(target, trackers=["tr.log"], settings={"tasks.t.n": 30}, listener=Stops())
    assert told()[-1]["state"] == "stopped"


def test_a_name_that_nobody_offers_is_an_error_before_anything_runs(target):
    with pytest.raises(UnknownComponentError, match="the run needs tracker 'our'") as caught:
        api.run(target, trackers=["our"])
    assert caught.value.near == ("ours",)


def test_settings_reach_a_tracker_and_change_no_run(target, told):
    plain = api.make_plan(target)
    named = api.make_plan(target, settings={"trackers.ours.name": "theirs"}, trackers=["ours"])
    assert named.id == plain.id
    api.run_plan(named)
    assert told("theirs")[-1]["state"] == "finished"
