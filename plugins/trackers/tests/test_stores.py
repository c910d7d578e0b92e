"""A real run in local stores: what is there, once, also after an interrupt."""

import sys
from textwrap import dedent

import pytest

from sondage import api
from sondage.execute.listener import Silent

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")

TOY = """
    import numpy as np, sondage
    from sondage.data import Result
    from sondage.testing.toys import ToyEncoder, ToyTask

    ABOUT = {"summary": "s", "reference": "r"}

    class Slopes:
        units, joint, randomness = "vectors", (), ("init",)
        def run_layers(self, problem):
            for layer in problem.layers:
                for seed in problem.seeds:
                    yield layer, seed, Result({"up": layer / 4 + seed, "odd·name": 1.0})

    class Note:
        def write(self, findings, folder):
            (folder / "note.csv").write_text("rows,%d" % len(findings.frame()))
            return [folder / "note.csv"]

    @sondage.hookimpl
    def sondage_encoders():
        return [sondage.EncoderSpec(name="tr_toy.encoder", factory=ToyEncoder, **ABOUT)]
    @sondage.hookimpl
    def sondage_tasks():
        return [sondage.TaskSpec(name="tr_toy.task", factory=ToyTask, **ABOUT)]
    @sondage.hookimpl
    def sondage_probes():
        return [sondage.ProbeSpec(name="tr_toy.slopes", factory=Slopes, **ABOUT)]
    @sondage.hookimpl
    def sondage_reports():
        return [sondage.ReportSpec(name="tr_toy.note", factory=Note, **ABOUT)]
"""

REGISTRY = """
version: 1
encoders:
  a: {use: tr_toy.encoder, label: "the model"}
tasks:
  t: {use: tr_toy.task, n: 20}
probes:
  up: {use: tr_toy.slopes}
compositions:
  small: {encoders: [a], tasks: [t], probes: [up], reports: [tr_toy.note], seeds: [0, 1]}
"""


class Stops(Silent):
    """Interrupts after the first records."""

    def recorded(self, records):
        if records:
            raise KeyboardInterrupt


class Heard(Silent):
    def __init__(self):
        self.notes = []

    def said(self, text):
        self.notes.append(text)


@pytest.fixture
def target(tmp_path, monkeypatch):
    site = tmp_path / "site"
    info = site / "sondage_tr_toy-0.1.dist-info"
    info.mkdir(parents=True)
    (site / "tr_toy_module.py").write_text(dedent(TOY), "utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: sondage-tr_toy\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text("[sondage]\ntr_toy = tr_toy_module\n")
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.delitem(sys.modules, "tr_toy_module", raising=False)
    monkeypatch.setenv("SONDAGE_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("SONDAGE_RUNS", str(tmp_path / "runs"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "toy.yaml").write_text(REGISTRY, "utf-8")
    return "toy.yaml:small"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A folder for both tests: MLflow takes seconds to make a store."""
    return tmp_path_factory.mktemp("mlflow")


def stopped_then_finished(target, tracker):
    heard = Heard()
    with pytest.raises(KeyboardInterrupt):
        api.run(target, trackers=[tracker], listener=Stops())
    run = api.run(target, trackers=[tracker], listener=heard)
    api.run(target, trackers=[tracker], listener=heard)
    assert [n for n in heard.notes if "tracker" in n] == []
    return run


UP = "t/up/up/the model word seed 1"


def test_mlflow_has_a_run_once_with_all_that_it_is(target, store):
    pytest.importorskip("mlflow", reason="MLflow is not installed")
    pytest.importorskip("alembic", reason="a local store needs alembic")
    from mlflow import MlflowClient

    uri = f"sqlite:///{store / 'db'}"
    run = stopped_then_finished(target, {"use": "trackers.mlflow", "tracking_uri": uri})
    client = MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name("sondage").experiment_id
    (kept,) = client.search_runs([experiment])
    assert kept.info.status == "FINISHED"
    assert kept.info.run_name == run.name
    assert kept.data.params["composition"] == "small"
    assert kept.data.params["encoder.a.label"] == "the model"
    assert kept.data.params["encoder.a.n_layers"] == "2"
    assert kept.data.tags["sondage.command"] == "sondage run toy.yaml:small"
    assert kept.data.tags["sondage.version.sondage"]
    history = client.get_metric_history(kept.info.run_id, UP)
    assert [(m.step, m.value) for m in history] == [(0, 1.0), (1, 1.25), (2, 1.5)]
    assert len(kept.data.metrics) == 4  # two scores, two seeds
    total = sum(len(client.get_metric_history(kept.info.run_id, n)) for n in kept.data.metrics)
    assert total == 12
    files = {f.path for f in client.list_artifacts(kept.info.run_id)}
    assert {"cells.csv", "summary.csv", "reports"} <= files
    report = client.list_artifacts(kept.info.run_id, "reports/tr_toy.note")
    assert [f.path for f in report] == ["reports/tr_toy.note/note.csv"]


def test_mlflow_says_how_a_run_was_stopped(target, store):
    pytest.importorskip("mlflow", reason="MLflow is not installed")
    pytest.importorskip("alembic", reason="a local store needs alembic")
    from mlflow import MlflowClient

    uri = f"sqlite:///{store / 'db'}"
    tracker = {"use": "trackers.mlflow", "tracking_uri": uri, "experiment": "other"}
    with pytest.raises(KeyboardInterrupt):
        api.run(target, trackers=[tracker], listener=Stops())
    client = MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name("other").experiment_id
    (kept,) = client.search_runs([experiment])
    assert kept.info.status == "KILLED"


def test_trackio_has_a_run_once_with_all_that_it_is(target, monkeypatch):
    pytest.importorskip("trackio", reason="trackio is not installed")
    from trackio.api import Api
    from trackio.sqlite_storage import SQLiteStorage

    monkeypatch.setenv("TRACKIO_SPACE_ID", "nobody/nowhere")
    run = stopped_then_finished(target, {"use": "trackers.trackio", "project": "once"})
    (kept,) = Api().runs("once")
    assert kept.name == run.name
    assert kept.config["composition"] == "small"
    assert kept.config["encoder.a.label"] == "the model"
    rows = SQLiteStorage.get_logs("once", run=run.name)
    assert sorted((r["step"], r[UP]) for r in rows if UP in r) == [(0, 1.0), (1, 1.25), (2, 1.5)]
    assert sum(len(r) - 2 for r in rows) == 12
    files = SQLiteStorage.get_run_artifacts("once", run.name, kept.id)
    assert run.name in str(files)


@pytest.mark.parametrize(
    ("tracker", "library"), [("trackers.mlflow", "MLflow"), ("trackers.trackio", "trackio")]
)
def test_without_its_library_a_run_goes_on_and_says_what_to_install(
    target, tracker, library, monkeypatch
):
    monkeypatch.setitem(sys.modules, library.lower(), None)
    heard = Heard()
    run = api.run(target, trackers=[tracker], listener=heard)
    assert not run.failed
    (said,) = [n for n in heard.notes if "tracker" in n]
    assert f"{library} is not installed (pip install 'sondage-trackers[{library.lower()}]')" in said
