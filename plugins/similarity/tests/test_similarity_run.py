"""The family and its calibration in a run: what is declared, stored and told."""

from __future__ import annotations

import os
import textwrap
from types import SimpleNamespace

import numpy as np
import pytest

import sondage
from sondage.data import States
from sondage.errors import ParameterError
from sondage.execute import metric_job
from sondage_similarity import SVCCA, calibrate, calibrate_aggregate
from sondage_similarity.linear import gathered

PLUGIN = """
    import sondage
    from sondage.testing.toys import ToyEncoder, ToyTask

    @sondage.hookimpl
    def sondage_encoders():
        return [sondage.EncoderSpec(name="toy.encoder", factory=ToyEncoder, summary="s",
                                    reference="r")]
    @sondage.hookimpl
    def sondage_tasks():
        return [sondage.TaskSpec(name="toy.task", factory=ToyTask, summary="s", reference="r")]
"""

REGISTRY = """
version: 1
encoders:
  a: {use: toy.encoder, seed: 0, n_layers: 2}
  b: {use: toy.encoder, seed: 1, n_layers: 2}
tasks:
  t: {use: toy.task, n: 60}
metrics:
  hao: {use: similarity.svcca, mean_over: width}
  calibrated: {use: similarity.calibrated, metric: hao, permutations: 39, stimuli: 150}
  few: {use: similarity.calibrated, metric: similarity.cka, permutations: 3}
compositions:
  c:
    encoders: [a, b]
    baseline: b
    tasks: [t]
    metrics:
      - hao
      - similarity.pwcca
      - calibrated
      - {use: similarity.calibrated, metric: {use: similarity.mutual_knn, neighbours: 3},
         permutations: 19, stimuli: 100}
    seeds: [0, 1]
  few: {encoders: [a, b], baseline: b, tasks: [t], metrics: [few]}
  rsa:
    encoders: [a, b]
    baseline: b
    tasks: [t]
    metrics: [{use: similarity.rsa, stimuli: 100}]
    views: [word]
    seeds: [0]
"""


@pytest.fixture
def registry(tmp_path, monkeypatch):
    site = tmp_path / "site"
    info = site / "sondage_toyrun-0.1.dist-info"
    info.mkdir(parents=True)
    (site / "toyrun_similarity.py").write_text(textwrap.dedent(PLUGIN), "utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: sondage-toyrun\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text("[sondage]\ntoy = toyrun_similarity\n")
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("SONDAGE_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("SONDAGE_RUNS", str(tmp_path / "runs"))
    path = tmp_path / "registry.yaml"
    path.write_text(REGISTRY, "utf-8")
    return path


@pytest.fixture
def run(registry):
    run = sondage.run(f"{registry}:c")
    assert run.failed == []
    return run


def test_a_run_keeps_scores_intervals_and_draws(run):
    frame = run.frame()
    told = frame.groupby("score").size().to_dict()
    # Three layers; two seeds where the seed draws.
    assert told["svcca_centred_99pct_over_width"] == 3 + 6
    assert told["svcca_centred_99pct_over_width_calibrated"] == 6
    assert told["pwcca_centred_by_a"] == 3
    assert told["mutual_knn_cosine_k3_calibrated"] == told["mutual_knn_cosine_k3"] == 6
    assert frame["value"].between(0, 1).all()
    ranks = run.table("ranks")
    assert set(ranks["side"]) == {"a", "b"}
    assert (ranks["kept"] <= ranks["rank"]).all()
    chosen = ranks[ranks["component"] == "hao"]
    assert (chosen["kept_least"] <= chosen["kept_most"]).all()
    assert ranks[ranks["component"] == "similarity.pwcca"]["kept_least"].isna().all()
    plain = run.summary().query("component == 'hao'")
    assert (plain["low"] < plain["high"]).all()
    # Draws of one seed are of the same orders in every layer.
    draws, values, made = [], [], []
    for record, arrays in run.arrays():
        if record["component"] == "calibrated" and record["seed"] == 0:
            draws.append(arrays["null"])
            made.append(record["scores"]["svcca_centred_99pct_over_width_calibrated"])
            values.append(record["scores"]["svcca_centred_99pct_over_width"])
    assert np.shape(draws) == (3, 39)
    assert [calibrate(v, n).score for v, n in zip(values, draws, strict=True)] == made
    assert calibrate_aggregate(values, draws, aggregate="max").observed == max(values)


def test_an_interval_over_unlike_numbers_of_directions_says_so():
    rng = np.random.default_rng(3)
    scale = 0.75 ** np.arange(12)
    a, b = (States((rng.normal(size=(60, 12)) * scale), np.arange(61)) for _ in range(2))
    metric = SVCCA(variance=0.95)
    result, intervals = metric_job._measure(metric, SimpleNamespace(seed=0), a, b)
    ranks = result.tables["ranks"]
    kept = []
    for group in range(metric_job.JACKKNIFE_GROUPS):
        rest = np.arange(60) % metric_job.JACKKNIFE_GROUPS != group
        told = metric.result(gathered(a.values[rest], b.values[rest])).tables["ranks"]
        assert "kept_least" not in told
        kept.append(told["kept"])
    assert ranks["kept_least"] == np.min(kept, axis=0).tolist()
    assert ranks["kept_most"] == np.max(kept, axis=0).tolist()
    assert ranks["kept_least"] != ranks["kept_most"]
    jumps = sum(k != ranks["kept"] for k in kept)
    assert result.warnings == {"choice-varies": jumps}
    low, high = intervals["svcca_centred_95pct_over_kept"]
    assert low <= result.scores["svcca_centred_95pct_over_kept"] <= high


def test_rsa_of_one_draw_has_an_interval_over_sentences(registry):
    run = sondage.run(f"{registry}:rsa")
    assert run.failed == []
    rows = run.summary()
    assert set(rows["interval"]) == {"groups"}
    assert (rows["low"] < rows["mean"]).all()
    assert (rows["mean"] < rows["high"]).all()


def test_a_metric_that_cannot_be_used_stops_the_plan(registry):
    with pytest.raises(ParameterError, match="3 permutations no value can pass"):
        sondage.run(f"{registry}:few")
