"""`directprobe.zhou2022`: its numbers from cells made by hand, and its pictures."""

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from sondage.testing import toys
from sondage_directprobe import report_labels
from sondage_directprobe.component import Clusters
from sondage_directprobe.report_read import gather
from sondage_directprobe.report_zhou import Zhou2022

NAMES = ("left <b>", "right\x1b[31m", "up & away", "down_")


def problem(step, layer):
    """Four labels on a cross, whose arms grow with the step; the fourth goes the other way."""
    rng = np.random.default_rng(7)
    y = np.arange(80) % 4
    arms = np.array([[1.0, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0]])
    arms = arms * (1 + step * (1 + layer) / 10)
    arms[3] /= 1 + step / 5
    X = 4 * arms[y] + 0.3 * rng.standard_normal((80, 3))
    return toys.ToyProblem.of_vectors(X[None].astype(np.float32), y, names=NAMES)


def probe_cell(encoder, step, layer, task="words"):
    (found,) = list(Clusters(similarity=True).run_layers(problem(step or 0, layer)))
    result = found[2]
    return toys.cell(
        result.scores, encoder=encoder, step=step, layer=layer, task=task, component="dp",
        tables=result.tables, arrays=result.arrays,
    )  # fmt: skip


def cells():
    out = [toys.cell({"dev_accuracy": 1.0}, kind="training", encoder="tuned", layer=None, view="",
                     component="t.finetuned")]  # fmt: skip
    for layer in (0, 1):
        out += [probe_cell("base", None, layer)]
        out += [probe_cell("tuned", step, layer) for step in (5, 10)]
        for encoder, step, score in (("base", None, 0.5), ("tuned", 5, 0.6), ("tuned", 10, 0.75)):
            scores = {"accuracy": score, "accuracy_std": 0.01}
            out.append(toys.cell(scores, encoder=encoder, step=step, layer=layer, component="mlp"))
    for step, value in ((5, 0.9), (10, 0.8)):
        out.append(
            toys.cell({"spatial_similarity": value}, kind="metric", encoder="tuned", other="base",
                      step=step, layer=1, component="spatial")
        )  # fmt: skip
    return out


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("zhou")
    return {p.name: p for p in Zhou2022().write(toys.ToyFindings(cells()), folder)}


def least(step, layer):
    """The least distances straight from the estimator."""
    (found,) = list(Clusters().run_layers(problem(step, layer)))
    table = found[2].tables["per_label"]
    return dict(zip(table["label"], table["min_distance"], strict=True))


def test_table_7_has_before_and_after_of_the_last_layer(written):
    table = pd.read_csv(written["table7.csv"])
    assert table["state"].tolist() == ["original", "tuned"]
    assert table["accuracy"].tolist() == [0.5, 0.75]
    assert table["accuracy_std"].tolist() == [0.01, 0.01]
    assert table["layer"].tolist() == [1, 1]
    assert table["step"].tolist() == [0, 10]
    assert table["clusters"].tolist() == [4, 4]
    assert "tuned" in written["table7.tex"].read_text()
    assert "table4.csv" not in written


def test_table_5_counts_labels(written):
    table = pd.read_csv(written["table5.csv"])
    before, after = least(0, 1), least(10, 1)
    gains = [after[n] - before[n] for n in before]
    row = table[table["encoder"] == "tuned"].iloc[0]
    assert row["up"] == sum(g > 0 for g in gains)
    assert row["down"] == sum(g < 0 for g in gains)
    assert row["mean_change"] == pytest.approx(np.mean(gains))
    assert table["tuned_on"].tolist() == ["nothing", "words"]


def test_figure_6_holds_every_label_at_every_step(written):
    table = pd.read_csv(written["figure6-distances.csv"])
    assert len(table) == 4 * 3
    assert table["step"].unique().tolist() == [0, 5, 10]
    row = table[(table["step"] == 5) & (table["label"] == NAMES[0])].iloc[0]
    assert row["min_distance"] == pytest.approx(least(5, 1)[NAMES[0]])


def test_figure_4_takes_the_metric_or_the_tables(written, tmp_path):
    table = pd.read_csv(written["figure4-similarity.csv"])
    assert table["similarity"].tolist() == [1.0, 0.9, 0.8]
    without = toys.ToyFindings(cells()).only(lambda r: r["kind"] != "metric")
    Zhou2022().write(without, tmp_path)
    table = pd.read_csv(tmp_path / "figure4-similarity.csv")
    assert table["layer"].unique().tolist() == [0, 1]
    straight = [next(iter(Clusters().run_layers(problem(s, 1))))[2] for s in (0, 10)]
    straight = [r.tables["distances"]["distance"] for r in straight]
    wanted = np.corrcoef(*straight)[0, 1]
    found = table[(table["layer"] == 1) & (table["step"] == 10)]["similarity"].iloc[0]
    assert found == pytest.approx(wanted, abs=1e-6)


def test_paths_begin_where_the_original_is(written):
    table = pd.read_csv(written["figure3-paths-words-tuned.csv"])
    assert table["label"].nunique() == 3
    assert sorted(table["step"].unique()) == [0, 5, 10]
    # Distances in the plane are at most those in space; these four lie in a plane.
    moves = pd.read_csv(written["figure5-moves-words-tuned.csv"])
    assert np.all(np.hypot(moves["pc1"], moves["pc2"]) <= moves["length"] + 1e-6)
    means = {m.step: m for m in gather(toys.ToyFindings(cells()), "base").means
             if m.encoder == "tuned" and m.layer == 1}  # fmt: skip
    length = np.linalg.norm(means[10].values - means[0].values, axis=1)
    assert np.allclose(sorted(moves[moves["layer"] == 1]["length"]), sorted(length))


def test_pictures_are_sound_and_harmless(written):
    pictures = [p for p in written.values() if p.suffix == ".svg"]
    assert len(pictures) == 5
    for picture in pictures:
        ElementTree.fromstring(picture.read_text("utf-8"))
        assert picture.with_suffix(".csv").exists()
        assert "\x1b" not in picture.read_text("utf-8")


def test_accuracy_by_layer_is_drawn_with_its_intervals(tmp_path):
    out = []
    for layer in (0, 1):
        for encoder, step in (("base", None), ("tuned", 5)):
            right = np.arange(60) % (3 + layer) > 0
            scores = {"accuracy": float(right.mean()), "accuracy_std": 0.01}
            out.append(toys.cell(scores, right=right, encoder=encoder, step=step, layer=layer,
                                 component="mlp"))  # fmt: skip
    names = {p.name: p for p in Zhou2022().write(toys.ToyFindings(out), tmp_path)}
    assert pd.read_csv(names["layers.csv"])["accuracy_high"].notna().all()
    drawn = names["layers.svg"].read_text("utf-8")
    assert drawn.count("mark-area") == 2, "one a line, in the panel of accuracies alone"


def test_the_index_says_what_is_missing(tmp_path):
    (index,) = Zhou2022().write(toys.ToyFindings(), tmp_path)
    assert index.name == "README.md"
    text = index.read_text("utf-8")
    assert "Not in this run" in text
    assert text.count("needs") == 7


def test_arrays_that_are_gone_cost_only_their_figures(tmp_path, written):
    class Gone(toys.ToyFindings):
        def arrays(self):
            raise FileNotFoundError(2, "No such file or directory", "x.npz")
            yield

    names = {p.name for p in Zhou2022().write(Gone(cells()), tmp_path)}
    assert set(written) - names == {n for n in written if n[:7] in ("figure3", "figure5")}
    assert "No such file" in (tmp_path / "README.md").read_text("utf-8")


def test_only_the_named_classifier_counts(tmp_path):
    Zhou2022(classifier="no such").write(toys.ToyFindings(cells()), tmp_path)
    table = pd.read_csv(tmp_path / "table7.csv")
    assert table["accuracy"].isna().all()
    assert json.dumps(table["clusters"].tolist()) == "[4.0, 4.0]"


def test_data_folder_stays_inside(written):
    assert {p.parent for p in written.values()} == {Path(written["README.md"]).parent}


def test_labels_are_what_is_printed(tmp_path, written):
    found = toys.ToyFindings(cells(), labels=True)
    files = {p.name: p for p in Zhou2022(classifier="mlp").write(found, tmp_path)}
    # Files are called by names, whatever is printed in them.
    assert {*files} == {*written}
    printed = toys.printed(files.values())
    # "tuned" is a state in its tables, too.
    assert not printed & {"words", "base"}
    assert "tuned" not in toys.printed(p for p in files.values() if p.suffix == ".svg")
    assert {"the words", "the tuned"} <= printed
    assert "Accuracies are those of `the mlp`." in files["README.md"].read_text("utf-8")


def test_labels_have_their_clusters_at_the_last_step_and_layer(tmp_path):
    found = toys.ToyFindings(cells(), labels=True)
    files = {p.name: p for p in report_labels.Labels().write(found, tmp_path)}
    ends = ("clusters.csv", "clusters.tex", "distances.csv", "distances.svg")
    assert {*files} == {"README.md", *(f"labels-words-dp-{end}" for end in ends)}
    table = pd.read_csv(files["labels-words-dp-clusters.csv"])
    assert table["layer"].unique().tolist() == [1]
    assert table["encoder"].value_counts().to_dict() == {"the base": 4, "the tuned": 4}
    mine = table[table["encoder"] == "the tuned"]
    assert mine["min_distance"].tolist() == pytest.approx(list(least(10, 1).values()))
    assert mine["items"].tolist() == [18, 16, 16, 14]  # of 64 training items
    assert {"the base", "the tuned", "the dp on the words"} <= toys.printed(files.values())
    bare = [c for c in cells() if c.record["component"] == "mlp"]
    (tmp_path / "none").mkdir()
    (index,) = report_labels.Labels().write(toys.ToyFindings(bare), tmp_path / "none")
    assert "clusters: needs directprobe.clusters" in index.read_text("utf-8")
