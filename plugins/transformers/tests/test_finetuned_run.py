"""Fine-tuned encoders in a run: a training is a cell, steps are a column."""

import os
import textwrap

import pytest

import sondage
from sondage.errors import RegistryError

PLUGIN = """
    import numpy as np, sondage
    from sondage.data import TaskData, Trees
    from sondage.testing.toys import ToyTask

    class Chains(ToyTask):
        units = "trees"

        def __init__(self, *, n: int = 30) -> None:
            super().__init__(n=n)

        def load(self):
            corpus = super().load().corpus
            heads = np.concatenate([[*range(1, n), -1] for n in np.diff(corpus.offsets)])
            relations = (heads < 0).astype(int)
            names, items = ("next", "root"), np.arange(len(corpus))
            return TaskData(corpus, Trees(heads, heads > -2, relations, names, items))

    class Centroid:
        def __init__(self):
            pass
        def fit(self, X, y, *, rng):
            self.labels_ = np.unique(y)
            self.means_ = np.stack([X[y == c].mean(axis=0) for c in self.labels_])
            return self
        def predict(self, X):
            return self.labels_[((X[:, None] - self.means_) ** 2).sum(-1).argmin(axis=1)]

    @sondage.hookimpl
    def sondage_tasks():
        return [sondage.TaskSpec(name="toy.task", factory=ToyTask, summary="s", reference="r"),
                sondage.TaskSpec(name="toy.chains", factory=Chains, summary="s", reference="r")]
    @sondage.hookimpl
    def sondage_probes():
        return [sondage.ProbeSpec(name="toy.centroid", factory=Centroid, summary="s",
                                  reference="r")]
"""

REGISTRY = """
version: 1
encoders:
  base: {{use: transformers.pretrained, model: "{model}", device: cpu}}
  tuned: {{use: transformers.finetuned, base: base, task: t, epochs: 10, batch_size: 5,
          learning_rate: 0.003, checkpoints: [10]}}
  frozen: {{use: transformers.finetuned, base: base, task: t, epochs: 1, freeze: 1}}
  top: {{use: transformers.truncated, base: tuned@last, layers: 2}}
  twice: {{use: transformers.finetuned, base: tuned@10, task: t, epochs: 1}}
  wild: {{use: transformers.finetuned, base: base, task: t, learning_rate: 1.0e+30}}
  series: {{use: transformers.finetuned, base: tuned, task: t}}
  short: {{use: transformers.truncated, base: base, layers: 1}}
  parser: {{use: transformers.finetuned, base: base, task: chains, epochs: 3, batch_size: 5}}
  short-parser: {{use: transformers.finetuned, base: short, task: chains, epochs: 3, batch_size: 5}}
  still-parser: {{use: transformers.finetuned, base: base, task: chains, epochs: 3, batch_size: 5,
                 freeze: 3}}
  several: {{use: transformers.finetuned, base: base, task: t, epochs: 1, batch_size: 20,
            seeds: [0, 7]}}
  tops: {{use: transformers.truncated, base: several@last, layers: 1}}
tasks:
  t: {{use: toy.task, n: 60}}
  chains: {{use: toy.chains, n: 300}}
compositions:
  c:
    encoders: [base, tuned]
    baseline: base
    tasks: [t]
    probes: [toy.centroid]
"""


@pytest.fixture
def registry(tmp_path, monkeypatch, model_folder):
    site = tmp_path / "site"
    info = site / "sondage_toy-0.1.dist-info"
    info.mkdir(parents=True)
    module = f"m_toy_{abs(hash(str(tmp_path)))}"
    (site / f"{module}.py").write_text(textwrap.dedent(PLUGIN), "utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: sondage-toy\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text(f"[sondage]\ntoy = {module}\n")
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("SONDAGE_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("SONDAGE_RUNS", str(tmp_path / "runs"))
    path = tmp_path / "r.yaml"
    path.write_text(REGISTRY.format(model=model_folder("bert")), "utf-8")
    return path


def accuracies(frame, encoder, step=None):
    rows = frame[(frame.kind == "probe") & (frame.encoder == encoder) & (frame.score == "accuracy")]
    rows = rows if step is None else rows[rows.step == step]
    return rows.sort_values("layer")["value"].tolist()


def test_a_series_is_one_training_and_a_column_of_steps(registry, tmp_path):
    run = sondage.run(f"{registry}:c")
    assert run.failed == []
    frame = run.frame()
    steps = sorted(set(frame[(frame.kind == "probe") & (frame.encoder == "tuned")]["step"]))
    assert steps[:2] == [0, 10]
    assert len(steps) == 3
    assert accuracies(frame, "tuned", 0) == accuracies(frame, "base")
    assert accuracies(frame, "tuned", steps[-1]) != accuracies(frame, "base")
    training = frame[frame.kind == "training"].set_index("score")["value"]
    table = run.table("checkpoints")
    assert training["dev_accuracy"] == table["dev_accuracy"].tolist()[-1]
    assert table["step_"].tolist() == steps
    assert {"epoch", "dev_loss", "train_loss"} <= set(table.columns)
    (weights,) = (tmp_path / "store").glob("models/*/*/step-10/model.safetensors")
    before = weights.stat().st_mtime_ns
    again = sondage.run(f"{registry}:c", settings={"encoders": ["tuned@10", "base"]}, seeds=[0, 1])
    assert again.failed == []
    assert weights.stat().st_mtime_ns == before


def test_encoders_are_made_of_steps(registry):
    settings = {"encoders": ["top", "twice", "tuned@last", "frozen"], "baseline": None}
    run = sondage.run(f"{registry}:c", settings=settings)
    assert run.failed == []
    frame = run.frame()
    assert accuracies(frame, "top") == accuracies(frame, "tuned")[:3]
    assert sorted(set(frame[frame.kind == "training"]["encoder"])) == ["frozen", "tuned", "twice"]


def test_divergence_fails_the_cells_with_its_step(registry):
    run = sondage.run(f"{registry}:c", settings={"encoders": ["wild", "base"]})
    assert {(r["kind"], r["encoder"]) for r in run.failed} == {
        ("training", "wild"),
        ("probe", "wild"),
    }
    assert all("diverged" in r["error"]["message"] for r in run.failed)
    assert all("at step" in r["error"]["message"] for r in run.failed)
    assert accuracies(run.frame(), "base")


def test_end_task_scores_by_depth_are_rows_of_training(registry):
    names = ["parser", "short-parser", "still-parser"]
    settings = {"encoders": [f"{name}@last" for name in names], "baseline": None}
    run = sondage.run(f"{registry}:c", settings=settings, layers=[1])
    assert run.failed == []
    rows = run.frame()
    rows = rows[rows.kind == "training"]
    found = rows.pivot_table(index="encoder", columns="score", values="value")
    assert sorted(found.index) == names
    assert {"test_las", "test_uas", "dev_las", "dev_uas"} <= set(found.columns)
    assert (found["test_uas"] > 0.1).all()


def test_a_series_is_no_base(registry):
    with pytest.raises(RegistryError, match="series of checkpoints"):
        sondage.run(f"{registry}:c", settings={"encoders": ["series"], "baseline": None})


def test_several_seeds_are_several_trainings(registry, tmp_path):
    settings = {"encoders": ["base", "several@last", "tops"]}
    run = sondage.run(f"{registry}:c", settings=settings, layers=[0, 1])
    assert run.failed == []
    frame = run.frame()
    trained = frame[(frame.kind == "training") & (frame.score == "train_loss")]
    losses = trained.set_index("encoder")["value"]
    assert sorted(losses.index) == ["several#0", "several#7"]
    assert losses["several#0"] != losses["several#7"]
    probed = set(frame[frame.kind == "probe"]["encoder"])
    assert probed == {"base", "several#0", "several#7", "tops#0", "tops#7"}
    for seed in (0, 7):
        assert accuracies(frame, f"tops#{seed}") == accuracies(frame, f"several#{seed}")
    # Both are compared with the one that they were made of.
    against = run.summary().dropna(subset="difference")
    assert {"several#0", "several#7"} <= set(against["encoder"])
    assert len(list((tmp_path / "store").glob("models/*/*/finished.json"))) == 2
