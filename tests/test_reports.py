"""Reports: written when a run ends, anew only when results changed, harmless when broken."""

import pytest

from sondage import api
from sondage.execute import listener

CODE = """
    import numpy as np, os, pathlib, sondage
    from sondage.data import Result, Outcomes

    class Arrays:
        units, joint, randomness = "vectors", (), ()
        def run_layers(self, problem):
            for layer in problem.layers:
                for seed in problem.seeds:
                    yield layer, seed, Result({"s": 1.0}, arrays={"means": np.full(2, layer)})

    class Table:
        def __init__(self, *, broken: bool = False):
            self.broken = broken
        def write(self, findings, folder):
            if self.broken:
                raise KeyError("no such column")
            path = pathlib.Path(folder) / "table.csv"
            findings.summary().to_csv(path)
            total = sum(int(arrays["means"].sum()) for _, arrays in findings.arrays())
            (pathlib.Path(folder) / "total.txt").write_text(str(total))
            log = pathlib.Path(os.environ["REPORT_LOG"])
            log.write_text((log.read_text() if log.exists() else "") + "x")
            return [path]

    @sondage.hookimpl
    def sondage_probes():
        return [sondage.ProbeSpec(name="rep.arrays", factory=Arrays, summary="s", reference="r")]

    @sondage.hookimpl
    def sondage_reports():
        return [sondage.ReportSpec(name="rep.table", factory=Table, summary="s", reference="r")]
"""


class Heard(listener.Silent):
    def __init__(self):
        self.notes = []

    def said(self, text):
        self.notes.append(text)


@pytest.fixture
def target(toy_registry, make_plugin, tmp_path, monkeypatch):
    make_plugin("rep", CODE)
    monkeypatch.setenv("REPORT_LOG", str(tmp_path / "log"))
    text = toy_registry.read_text("utf-8").replace("[slow]", "[rep.arrays]")
    toy_registry.write_text(text + "    reports: [rep.table]\n", "utf-8")
    return f"{toy_registry}:small"


def test_a_report_is_written_once_for_the_same_results(target, tmp_path):
    run = api.run(target, layers=[1, 2])
    folder = run.folder.path / "reports" / "rep.table"
    assert (folder / "table.csv").read_text().count("\n") == 5
    assert (folder / "total.txt").read_text() == str(2 * 3 * 2 * (1 + 2))
    api.run(target, layers=[1, 2])
    assert (tmp_path / "log").read_text() == "x"


def test_a_broken_report_is_told_and_harms_nothing(target):
    heard = Heard()
    run = api.run(
        target, settings={"reports": [{"use": "rep.table", "broken": True}]}, listener=heard
    )
    assert run.failed == []
    assert any("no such column" in note for note in heard.notes)


def test_arrays_of_cells_from_another_run_come_along(target):
    api.run(target, layers=[1, 2])
    run = api.run(target, layers=[2])
    assert len(list(run.arrays())) == 2 * 3
    assert all(set(arrays["means"]) == {2} for _, arrays in run.arrays())
