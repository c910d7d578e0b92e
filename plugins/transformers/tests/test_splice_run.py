"""Sweeps of spliced encoders in a run: positions are a column, and trainings come first."""

import json
import os
import shutil
import textwrap

import pytest
import torch

import sondage
from sondage.api import make_plan
from sondage.contracts import Series
from sondage.errors import ParameterError
from sondage.testing.toys import ToyEncoder
from sondage_transformers import Pretrained, Spliced, SpliceSweep
from sondage_transformers.quiet import quiet

PLUGIN = """
    import numpy as np, sondage
    from sondage.testing.toys import ToyTask

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
        return [sondage.TaskSpec(name="toy.task", factory=ToyTask, summary="s", reference="r")]
    @sondage.hookimpl
    def sondage_probes():
        return [sondage.ProbeSpec(name="toy.centroid", factory=Centroid, summary="s",
                                  reference="r")]
"""

REGISTRY = """\
version: 1
encoders:
  base: {{use: transformers.pretrained, model: "{model}", device: cpu}}
  tuned: {{use: transformers.finetuned, base: base, task: t, epochs: 2, batch_size: 10,
          learning_rate: 0.01}}
  back: {{use: transformers.splice_sweep, base: tuned@last, donor: base, replace: last,
         embeddings: true}}
  single: {{use: transformers.splice_sweep, base: tuned@last, donor: base, replace: only,
           positions: [1, 3]}}
  deep:
    use: transformers.spliced
    base: base
    donor: tuned@last
    layers: "last:4"
  upon: {{use: transformers.truncated, base: deep, layers: 1}}
  beyond: {{use: transformers.splice_sweep, base: base, donor: base, positions: [2, 9]}}
  formless: {{use: transformers.spliced, base: base, donor: base, layers: "first:2"}}
  larger: {{use: transformers.pretrained, model: "{larger}", device: cpu}}
  wider: {{use: transformers.pretrained, model: "{wider}", device: cpu}}
  misfit: {{use: transformers.pretrained, model: "{misfit}", device: cpu}}
  with-larger: {{use: transformers.spliced, base: base, donor: larger, layers: "last:1",
                embeddings: true}}
  with-misfit: {{use: transformers.spliced, base: base, donor: misfit, layers: "last:1"}}
  with-wider: {{use: transformers.spliced, base: base, donor: wider, layers: "last:1"}}
  all-wider: {{use: transformers.splice_sweep, base: base, donor: wider}}
  twin: {{use: transformers.spliced, base: base, donor: base, layers: [1]}}
  published:
    use: transformers.checkpoints
    folders: {{"0": "{model}", "500": "{model}"}}
tasks:
  t: {{use: toy.task, n: 60}}
compositions:
  c:
    encoders: [tuned@last, back, single]
    tasks: [t]
    probes: [toy.centroid]
  unlike:
    encoders: [base, with-larger, with-misfit, twin]
    baseline: base
    tasks: [t]
    probes: [toy.centroid, attention.entropy]
    metrics: [similarity.cka, attention.js]
    layers: [1]
  refused: {{encoders: [base, with-wider], tasks: [t], probes: [toy.centroid]}}
  refused-sweep: {{encoders: [base, all-wider], tasks: [t], probes: [toy.centroid]}}
"""


def changed(folder, to, **settings):
    """Write a fresh model of a folder's configuration with other settings; return where."""
    from transformers import AutoConfig, AutoModel

    shutil.copytree(folder, to)
    config = AutoConfig.from_pretrained(folder)
    config.update(settings)
    with quiet(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(2)
        AutoModel.from_config(config).save_pretrained(to)
    return to


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
    bert = model_folder("bert")
    # More embeddings than the base; a block of another shape; and that under the base's config.
    larger = changed(bert, tmp_path / "larger", vocab_size=500)
    wider = changed(bert, tmp_path / "wider", intermediate_size=40)
    misfit = shutil.copytree(wider, tmp_path / "misfit")
    shutil.copy(f"{bert}/config.json", misfit)
    where = {"model": bert, "larger": larger, "wider": wider, "misfit": misfit}
    path.write_text(REGISTRY.format(**where), "utf-8")
    return path


def test_a_sweep_is_a_column_of_steps_after_one_training(registry, tmp_path, capsys):
    planned = make_plan(f"{registry}:c")
    steps = {(c.encoder, c.step) for c in planned.cells if c.kind == "probe"}
    assert {s for e, s in steps if e == "back"} == {0, 1, 2, 3}
    assert {s for e, s in steps if e == "single"} == {1, 3}
    assert len(planned.trainings) == 1
    run = sondage.run(f"{registry}:c")
    assert run.failed == []
    frame = run.frame()
    probes = frame[(frame.kind == "probe") & (frame.score == "accuracy")]
    found = {
        key: rows.sort_values("layer")["value"].tolist()
        for key, rows in probes.groupby(["encoder", "step"])
    }
    tuned = next(value for (encoder, _), value in found.items() if encoder == "tuned")
    assert found["back", 1][1:3] != tuned[1:3] or found["back", 3] != tuned
    # Nothing replaced but the embeddings, which the training moved too.
    assert found["back", 0] != found["back", 3]
    assert found["single", 3][:3] == tuned[:3]
    # Interrupted: half the results and a third of the encodings are lost, and come back the same.
    (cells,) = (tmp_path / "runs").glob("*/cells.jsonl")
    lines = cells.read_text("utf-8").splitlines(keepends=True)
    cells.write_text("".join(lines[: len(lines) // 2]), "utf-8")
    weights = list((tmp_path / "store").glob("models/*/*/step-*/model.safetensors"))
    before = [path.stat().st_mtime_ns for path in weights]
    assert len(before) == 2
    entries = sorted((tmp_path / "store").glob("entries/*/*"))
    for folder in entries[::3]:
        shutil.rmtree(folder)
    again = sondage.run(f"{registry}:c")
    assert again.failed == []
    columns = ["encoder", "step", "layer", "score", "value"]
    kept, remade = (
        f[f.kind == "probe"][columns].sort_values(columns[:4]).reset_index(drop=True)
        for f in (frame, again.frame())
    )
    assert kept.equals(remade)
    assert [path.stat().st_mtime_ns for path in weights] == before
    from sondage.cli.app import app

    with pytest.raises(SystemExit) as ended:
        app(["results", "--csv", "-"])
    assert ended.value.code in (0, None)
    shown = capsys.readouterr().out
    assert "back,3," in shown or "step" in shown.splitlines()[0]


def test_all_layers_and_embeddings_put_back_are_the_base(registry):
    settings = {"encoders": ["base", "back@last"]}
    frame = sondage.run(f"{registry}:c", settings=settings).frame()
    rows = frame[(frame.kind == "probe") & (frame.score == "accuracy")]
    by = {e: r.sort_values("layer")["value"].tolist() for e, r in rows.groupby("encoder")}
    assert by["back"] == by["base"]


@pytest.mark.parametrize(
    ("encoders", "said", "line"),
    [
        (["deep"], "encoder 'deep': layers: last:4, but the base has 3 blocks", 10),
        (["upon"], "encoder 'deep': layers: last:4, but the base has 3 blocks", 10),
        (["beyond"], "encoder 'beyond': positions: 9 is not among 0 to 3", 16),
        (["beyond@2"], "encoder 'beyond': positions: 9 is not among 0 to 3", 16),
        (["formless"], "layers: 'first:2' is not understood", 17),
    ],
)
def test_layers_that_are_not_there_are_told_with_their_line(registry, encoders, said, line):
    with pytest.raises(ParameterError, match=said) as raised:
        make_plan(f"{registry}:c", settings={"encoders": encoders})
    assert raised.value.where.startswith(f"{registry}:{line}, encoders.")


def test_what_encoders_have_to_say_stands_among_the_notes(registry):
    settings = {"encoders": ["twin", "published"]}
    notes = make_plan(f"{registry}:c", settings=settings).notes
    assert any(n.startswith("encoder 'twin': base and donor are the same encoder") for n in notes)
    same = "encoder 'published': the checkpoints of steps 0, 500 have the same weights"
    assert notes.count(same) == 1
    assert not [n for n in make_plan(f"{registry}:c").notes if n.startswith("encoder ")]
    run = sondage.run(f"{registry}:c", settings=settings)
    assert run.failed == []
    frame = run.frame()
    assert sorted(set(frame[frame.encoder == "published"]["step"])) == [0, 500]
    header = json.loads((run.folder.path / "run.json").read_text("utf-8"))
    assert same in header["notes"]


def test_a_sweep_is_a_series_of_spliced_encoders(model_folder):
    base = Pretrained(model=model_folder("bert"), device="cpu")
    last = SpliceSweep(base=base, donor=base)
    assert isinstance(last, Series)
    assert last.steps == (0, 1, 2, 3)
    assert last.at(2).replaced == (2, 3)
    only = SpliceSweep(base=base, donor=base, replace="only", embeddings=True)
    assert only.steps == (1, 2, 3)
    assert only.at(2).replaced == (0, 2)
    assert (
        only.at(3).fingerprint
        == Spliced(base=base, donor=base, layers=[3], embeddings=True).fingerprint
    )
    assert SpliceSweep(base=base, donor=base, positions=[3, 1, 3]).steps == (1, 3)
    with pytest.raises(ParameterError, match="positions: 0 is not among 1 to 3"):
        _ = SpliceSweep(base=base, donor=base, replace="only", positions=[0]).steps
    with pytest.raises(ParameterError, match="positions: there are none"):
        _ = SpliceSweep(base=base, donor=base, positions=[]).steps
    with pytest.raises(ParameterError, match="not ToyEncoder"):
        _ = SpliceSweep(base=base, donor=ToyEncoder(n_layers=3)).at(1).fingerprint


def test_a_splice_of_unlike_shapes_fails_alone(registry):
    run = sondage.run(f"{registry}:unlike")
    bad = {"with-larger", "with-misfit"}
    components = {"toy.centroid", "attention.entropy", "similarity.cka", "attention.js"}
    assert {(c["encoder"], c["component"]) for c in run.failed} == {
        (encoder, component) for encoder in bad for component in components
    }
    said = {
        "with-larger": "layer 0 cannot be replaced: embeddings.word_embeddings.weight has the "
        "shape",
        "with-misfit": "of the weights have another shape than config.json says",
    }
    for cell in run.failed:
        message = cell["error"]["message"]
        assert said[cell["encoder"]] in message
        assert "try: " in message
        assert "traceback" not in cell["error"]
    frame = run.frame()
    done = frame[frame["status"] == "done"].groupby("component")["encoder"].unique()
    for component in components:
        of_pair = component in ("similarity.cka", "attention.js")
        assert sorted(done[component]) == (["twin"] if of_pair else ["base", "twin"])


@pytest.mark.parametrize(
    ("composition", "encoder"), [("refused", "with-wider"), ("refused-sweep", "all-wider")]
)
def test_what_config_files_say_of_unlike_shapes_is_refused_before_the_run(
    registry, composition, encoder
):
    with pytest.raises(ParameterError, match="intermediate_size") as caught:
        sondage.run(f"{registry}:{composition}")
    assert f"encoder '{encoder}': base and donor are not alike" in str(caught.value)
    number = next(
        i for i, line in enumerate(registry.read_text().splitlines(), 1)
        if line.startswith(f"  {encoder}:")
    )  # fmt: skip
    assert f"{registry}:{number}, encoders.{encoder}" in str(caught.value)
