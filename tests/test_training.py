"""A trained encoder: trained once, before what needs it; its steps are a column."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from sondage import api, stats
from sondage.data import Outcomes, Result
from sondage.errors import PluginError, RegistryError, StoreError
from sondage.execute import node
from sondage.execute.returned import checked
from sondage.records.folder import RunFolder

TRAINED = """
    import json, os, pathlib
    import numpy as np, sondage
    from sondage.contracts import Encoder, Task
    from sondage.data import Chunk, Outcomes, Result, digest
    from sondage.errors import EncodingError
    from sondage.testing.toys import ToyEncoder

    class Step(ToyEncoder):
        def __init__(self, series, step):
            super().__init__()
            self.series, self.step = series, step
        @property
        def fingerprint(self):
            return digest(self.series.fingerprint, self.step)
        def encode(self, corpus, request):
            weight = float((self.series.folder / f"{self.step}.txt").read_text())
            for chunk in super().encode(corpus, request):
                rows = {v: r * np.float32(weight) for v, r in chunk.rows.items()}
                yield Chunk(chunk.sentences, rows)

    class Tuned:
        def __init__(self, *, base: Encoder, task: Task, diverges: bool = False):
            self.base, self.task, self.diverges = base, task, diverges
        @property
        def fingerprint(self):
            return digest(self.base.fingerprint, self.task.fingerprint, self.diverges)
        @property
        def steps(self):
            return (0, 5, 10)
        def at(self, step):
            return Step(self, step)
        def place(self, folder):
            self.folder = pathlib.Path(folder)
        def train(self):
            log = pathlib.Path(os.environ["TRAIN_LOG"])
            log.write_text((log.read_text() if log.exists() else "") + "x")
            if self.diverges:
                raise EncodingError("the loss is NaN at step 5")
            for step in self.steps:
                (self.folder / f"{step}.txt").write_text(str(1 + step))
            return Result({"dev_accuracy": 0.5}, tables={"steps": {"step": list(self.steps)}})

    class Judged(Tuned):
        # Dev items 0 to 7 in sentences of two, of which the last `wrong` are wrong.
        def __init__(self, *, base: Encoder, task: Task, wrong: int = 0, again: bool = False):
            super().__init__(base=base, task=task)
            self.wrong, self.rescores = wrong, again
        @property
        def fingerprint(self):
            return digest("judged", super().fingerprint, self.wrong)
        def train(self):
            super().train()
            items, right = np.arange(8), np.arange(8) < 8 - self.wrong
            dev = Outcomes(items, items // 2, right, score="dev_accuracy")
            test = Outcomes(items[:4], items[:4], ~right[:4], score="test_accuracy")
            scores = {"dev_accuracy": right.mean(), "dev_loss": 0.1, "test_accuracy": 0.0}
            return Result(scores, dev, arrays={"dev_outcomes": right[None]}, further=[test])

    class Cut(ToyEncoder):
        def __init__(self, *, base: Encoder):
            super().__init__()
            self.base = base
        @property
        def fingerprint(self):
            return digest("cut", self.base.fingerprint)
        def encode(self, corpus, request):
            return self.base.encode(corpus, request)

    @sondage.hookimpl
    def sondage_encoders():
        return [sondage.EncoderSpec(name="tune." + n, factory=f, summary="s", reference="r")
                for n, f in [("tuned", Tuned), ("cut", Cut), ("judged", Judged)]]
"""

METRIC = """
    import sondage

    class Gap:
        units, symmetric, bounds, self_value = "vectors", True, (0.0, float("inf")), 0.0
        invariances, randomness = frozenset({"translation"}), ()
        def begin(self, seed): ...

    @sondage.hookimpl
    def sondage_metrics():
        return [sondage.MetricSpec(name="far.gap", factory=Gap, summary="gap", reference="none")]
"""

REGISTRY = """
version: 1
encoders:
  a: {use: toy.encoder}
  tuned: {use: tune.tuned, base: a, task: t}
  cut: {use: tune.cut, base: tuned@last}
  bad: {use: tune.tuned, base: a, task: t, diverges: true}
  wrong: {use: tune.cut, base: tuned}
  half: {use: tune.judged, base: a, task: t, wrong: 4}
  most: {use: tune.judged, base: a, task: t, wrong: 2}
  old: {use: tune.judged, base: a, task: t, wrong: 4, again: true}
tasks:
  t: {use: toy.task, n: 30}
compositions:
  c:
    encoders: [a, tuned, cut]
    baseline: a
    tasks: [t]
    probes: [toy.centroid]
    layers: [1]
"""


@pytest.fixture
def registry(tmp_path, make_plugin, monkeypatch):
    make_plugin("toy")
    make_plugin("tune", TRAINED)
    monkeypatch.setenv("TRAIN_LOG", str(tmp_path / "log"))
    path = tmp_path / "r.yaml"
    path.write_text(REGISTRY, "utf-8")
    return path


def times(tmp_path):
    log = tmp_path / "log"
    return len(log.read_text()) if log.exists() else 0


def test_a_series_is_trained_once_and_its_steps_are_a_column(registry, tmp_path):
    run = api.run(f"{registry}:c")
    assert run.failed == []
    assert times(tmp_path) == 1
    frame = run.frame()
    steps = frame[(frame.kind == "probe") & (frame.encoder == "tuned")]["step"]
    assert sorted(set(steps)) == [0, 5, 10]
    assert frame[frame.encoder == "cut"]["step"].isna().all()
    (training,) = frame[frame.kind == "training"].itertuples()
    assert (training.score, training.value, training.task) == ("dev_accuracy", 0.5, "t")
    assert run.table("steps")["step_"].tolist() == [0, 5, 10]
    api.run(f"{registry}:c")
    assert times(tmp_path) == 1


def test_every_step_is_compared_with_the_baseline(registry):
    summary = api.run(f"{registry}:c").summary()
    rows = summary[(summary.encoder == "tuned") & (summary.score == "accuracy")]
    assert len(rows) == 3
    assert rows["difference"].notna().all()


def test_the_last_step_can_be_the_baseline(registry, make_plugin):
    def compared(baseline):
        settings = {"encoders": ["a", "tuned"], "baseline": baseline}
        summary = api.run(f"{registry}:c", settings=settings).summary()
        rows = summary[summary["difference"].notna()]
        step = rows["step"].astype(object).where(rows["step"].notna(), None)
        return sorted(zip(rows["encoder"], step, rows["difference"], strict=True), key=repr)

    last = compared("tuned@last")
    assert [(name, step) for name, step, _ in last] == [("a", None), ("tuned", 0), ("tuned", 5)]
    assert last == compared("tuned@10")


def test_the_last_step_can_be_the_baseline_of_metrics(registry, make_plugin):
    make_plugin("far", METRIC)
    more = registry.read_text("utf-8").replace("probes: [toy.centroid]", "metrics: [far.gap]")
    registry.write_text(more.replace("baseline: a", "baseline: tuned@last"), "utf-8")
    cells = [c for c in api.make_plan(f"{registry}:c").cells if c.kind == "metric"]
    assert {c.other for c in cells} == {"tuned@10"}
    assert {c.step for c in cells} == {None, 0, 5}


def test_finished_cells_need_no_weights_and_new_ones_train_again_what_is_gone(registry, tmp_path):
    api.run(f"{registry}:c", settings={"encoders": ["tuned@5"]}, seeds=[0])
    for file in (tmp_path / "store").glob("models/*/*/*"):
        file.unlink()
    api.run(f"{registry}:c", settings={"encoders": ["tuned@5"], "baseline": None}, seeds=[0])
    assert times(tmp_path) == 1
    run = api.run(f"{registry}:c", settings={"encoders": ["tuned@10"], "baseline": None})
    assert times(tmp_path) == 2
    assert run.failed == []
    assert sum(r["kind"] == "training" for r in run.folder.records()) == 1


def test_damaged_weights_are_made_again(registry, tmp_path):
    api.run(f"{registry}:c", settings={"encoders": ["tuned@5"], "baseline": None})
    (weights,) = (tmp_path / "store").glob("models/*/*/10.txt")
    weights.write_text("999")
    run = api.run(f"{registry}:c", settings={"encoders": ["tuned@10"], "baseline": None})
    assert times(tmp_path) == 2
    assert weights.read_text() == "11"
    assert run.failed == []


def test_a_training_that_diverges_fails_its_cells_with_the_step(registry, tmp_path):
    run = api.run(f"{registry}:c", settings={"encoders": ["bad", "a"]})
    kinds = {(r["kind"], r["encoder"]) for r in run.failed}
    assert kinds == {("training", "bad"), ("probe", "bad")}
    assert all("NaN at step 5" in r["error"]["message"] for r in run.failed)
    assert any(r["status"] == "done" for r in run.folder.records())


def test_workers_train_as_well(registry, tmp_path, in_python):
    done = in_python(f"""
        import sondage
        if __name__ == "__main__":
            run = sondage.run("{registry}:c", workers=2)
            assert not run.failed, run.failed
    """)
    assert done.returncode == 0, done.stderr
    assert times(tmp_path) == 1
    kinds = [r["kind"] for r in api.results().folder.records()]
    assert kinds.count("training") == 1
    assert kinds.count("probe") == 5


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"encoders": ["tuned@7"]}, "step '7'"),
        ({"encoders": ["a@7"]}, "no steps"),
        ({"encoders": ["wrong"]}, "tuned@last"),
        ({"encoders": ["tuned", "tuned@5"]}, "twice"),
    ],
)
def test_a_step_that_is_not_there_is_told(registry, settings, words):
    with pytest.raises(RegistryError) as caught:
        api.run(f"{registry}:c", settings=settings | {"baseline": None})
    assert words in str(caught.value)


def test_a_step_can_be_the_baseline(registry):
    run = api.run(f"{registry}:c", settings={"encoders": ["tuned"], "baseline": "tuned@0"})
    summary = run.summary()
    rows = summary[(summary.kind == "probe") & (summary.score == "accuracy")]
    assert rows.set_index("step")["difference"].notna().to_dict() == {0: False, 5: True, 10: True}


def test_the_weights_folder_is_named_by_the_recipe(registry, tmp_path):
    planned = api.make_plan(f"{registry}:c")
    (training,) = planned.trainings
    folder = node.weights_folder(tmp_path / "store", training.encoder)
    api.run_plan(planned)
    assert json.loads((folder / "trained.json").read_text())["scores"] == {"dev_accuracy": 0.5}


def test_seeds_that_test_on_training_sentences_are_told(registry):
    planned = api.make_plan(f"{registry}:c", seeds=[0, 1])
    assert any("seeds 0, 1" in n and "'tuned' was trained on" in n for n in planned.notes)


def test_two_declarations_of_one_recipe_both_know_their_weights(registry, tmp_path):
    text = registry.read_text("utf-8").replace(
        "  cut:", "  again: {use: tune.tuned, base: a, task: t}\n  cut:"
    )
    registry.write_text(text, "utf-8")
    run = api.run(f"{registry}:c", settings={"encoders": ["tuned@5", "again@10"], "baseline": None})
    assert run.failed == []
    assert times(tmp_path) == 1


HARM = {
    "missing": lambda path: path.unlink(),
    "empty": lambda path: path.write_text(""),
    "garbled": lambda path: path.write_bytes(b"\xff\x00{"),
    "digit": lambda path: path.write_text(path.read_text().replace("1", "2").replace("0.5", "0.6")),
    "list": lambda path: path.write_text("[1]"),
    "folder": lambda path: (path.unlink(), path.mkdir()),
}


@pytest.mark.parametrize("file", ["10.txt", "trained.json", ".lock"])
def test_any_damage_to_weights_or_what_is_kept_of_them_is_mended(registry, tmp_path, file):
    settings = {"encoders": ["tuned@10"], "baseline": None}
    run = api.run(f"{registry}:c", settings=settings)
    before = {r["id"]: r["scores"] for r in run.folder.records()}
    (folder,) = (tmp_path / "store").glob("models/*/*")
    for kind, harm in HARM.items():
        if file == ".lock":
            if (folder / ".lock").is_dir():
                (folder / ".lock").rmdir()
            (folder / ".lock").unlink(missing_ok=True)
            (folder / ".lock").write_text("1")
            (folder / "trained.json").unlink()
        harm(folder / file)
        shutil.rmtree(tmp_path / "store" / "entries")
        shutil.rmtree(tmp_path / "runs")
        run = api.run(f"{registry}:c", settings=settings)
        assert {r["id"]: r["scores"] for r in run.folder.records()} == before, kind
        assert json.loads((folder / "trained.json").read_text())["scores"] == {"dev_accuracy": 0.5}
        assert (folder / "10.txt").read_text() == "11"


@pytest.mark.parametrize("said", ["errno", "words"])
def test_a_full_disk_while_training_is_one_message(registry, tmp_path, monkeypatch, said):
    import errno
    import os

    def full(*_):
        if said == "words":
            raise RuntimeError("Error: I/O error: No space left on device (os error 28)")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    planned = api.make_plan(f"{registry}:c")
    monkeypatch.setattr(type(planned.trainings[0].encoder.instance), "train", full)
    with pytest.raises(StoreError, match="disk is full"):
        api.run_plan(planned)
    for folder in (tmp_path / "runs").iterdir():
        assert all(r["status"] == "done" for r in RunFolder(folder).records())


def test_whole_weights_need_no_lock(registry, tmp_path, monkeypatch):
    from sondage.store import disk

    settings = {"encoders": ["tuned@10"], "baseline": None}
    api.run(f"{registry}:c", settings=settings)
    shutil.rmtree(tmp_path / "store" / "entries")

    real = disk.locked

    def foreign(path):
        if "models" in path.parts:
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(disk, "locked", foreign)
    monkeypatch.setenv("SONDAGE_RUNS", str(tmp_path / "again"))
    run = api.run(f"{registry}:c", settings=settings | {"seeds": [1]}, seeds=[1])
    assert times(tmp_path) == 1
    assert any(r["status"] == "done" for r in run.folder.records())


def judged(registry, *encoders, baseline=None):
    settings = {"encoders": [f"{name}@last" for name in encoders], "baseline": baseline}
    return api.run(f"{registry}:c", settings=settings)


def test_a_training_is_scored_with_intervals_and_tests_by_item(registry):
    summary = judged(registry, "half", "most", baseline="half@last").summary()
    rows = summary[summary.kind == "training"].set_index(["encoder", "score"])
    # Of 8 items in 4 sentences 4 and 6 are right; sentences are right or wrong as a whole.
    values, groups = np.arange(8) < 4, np.arange(8) // 2
    over = stats.cluster_interval(values, groups)
    row = rows.loc["half", "dev_accuracy"]
    assert (row["mean"], row["low"], row["high"]) == (0.5, over.low, over.high)
    assert (row["interval"], row["n_groups"]) == ("items", 4)
    other = rows.loc["half", "test_accuracy"]
    assert (other["mean"], other["low"], other["n_groups"]) == (0.0, 0.0, 4)
    assert pd.isna(rows.loc["half", "dev_loss"]["low"])
    # Two items of one sentence are right instead of wrong: either sign is as far from 0.
    row = rows.loc["most", "dev_accuracy"]
    assert (row["difference"], row["p"], row["p_holm"]) == (0.25, 1.0, 1.0)
    assert row["difference_low"] < 0 < row["difference_high"]
    assert pd.isna(rows.loc["half", "dev_accuracy"]["difference"])


def test_outcomes_of_a_training_are_kept_with_its_weights(registry, tmp_path, monkeypatch):
    def found(run):
        (record,) = [r for r in run.folder.records() if r["kind"] == "training"]
        arrays = {name: a.tolist() for _, mine in run.arrays() for name, a in mine.items()}
        return record["scores"], record["outcomes"], record["further"], arrays

    before = found(judged(registry, "half"))
    assert before[3] == {"dev_outcomes": [[True] * 4 + [False] * 4]}
    assert [one["score"] for one in before[2]] == ["test_accuracy"]
    monkeypatch.setenv("SONDAGE_RUNS", str(tmp_path / "again"))
    assert found(judged(registry, "half")) == before
    assert times(tmp_path) == 1


@pytest.mark.parametrize(("name", "trainings"), [("half", 1), ("old", 2)])
def test_weights_from_before_outcomes_were_kept(registry, tmp_path, monkeypatch, name, trainings):
    from sondage.store import disk

    judged(registry, name)
    (mark,) = (tmp_path / "store").glob("models/*/*/trained.json")
    kept = disk.unsealed(mark)
    del kept["outcomes"]
    mark.write_text(disk.sealed(kept), "utf-8")
    monkeypatch.setenv("SONDAGE_RUNS", str(tmp_path / "again"))
    run = judged(registry, name)
    (record,) = [r for r in run.folder.records() if r["kind"] == "training"]
    assert times(tmp_path) == trainings
    assert ("outcomes" in record) == (trainings == 2)
    assert record["scores"]["dev_accuracy"] == 0.5
    assert ("outcomes" in disk.unsealed(mark)) == (trainings == 2)


@pytest.mark.parametrize(
    ("further", "words"),
    [
        (Outcomes(np.arange(2), np.arange(2), np.ones(2), score="b"), "wanted a list"),
        ([Outcomes(np.arange(2), np.arange(2), np.ones(2), score="c")], "not a score"),
        ([Outcomes(np.arange(2), np.arange(2), np.ones(2), score="a")], "no others are of"),
        ([Outcomes(np.arange(2), np.arange(2), np.ones(2))], "no others are of"),
        ([Outcomes(np.arange(2), np.arange(3), np.ones(2), score="b")], "2 outcomes"),
    ],
)
def test_further_outcomes_that_are_none_are_refused(further, words):
    first = Outcomes(np.arange(2), np.arange(2), np.ones(2))
    with pytest.raises(PluginError, match=words):
        checked(Result({"a": 1.0, "b": 1.0}, first, further=further), "toy")
