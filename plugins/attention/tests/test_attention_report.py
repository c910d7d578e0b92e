"""`attention.hao2020`: its numbers from cells made by hand."""

import re

import pandas as pd
import pytest

from sondage.testing import toys
from sondage_attention import Hao2020


def cells():
    out = []
    for task in ("rte", "mrpc"):
        for seed in (0, 1):
            name = f"tuned-{task}#{seed}"
            out.append(toys.cell({"dev_accuracy": 0.7}, kind="training", encoder=name, layer=None,
                                 view="", component="t.finetuned", task=task))  # fmt: skip
            pairs = [("base", f"{task}-dev")]
            if seed:
                pairs.append((f"tuned-{task}#0@20", f"{task}-dev"))
            if task == "rte":
                pairs.append((f"tuned-mrpc#{seed}@20", "joined"))
            for other, texts in pairs:
                for layer in range(3):
                    known = {"kind": "metric", "encoder": name, "other": other, "step": 20,
                             "task": texts, "layer": layer, "seed": 0}  # fmt: skip
                    if layer:
                        out.append(toys.cell({"js": 0.1 * layer + 0.01 * seed}, component="js",
                                             view="attention", **known))  # fmt: skip
                    out.append(toys.cell({"svcca_centred_0.99_width": 1 - 0.2 * layer},
                                         component="svcca", view="subwords", **known))  # fmt: skip
    for seed in (0, 1):
        for step in (1, 2):
            out.append(toys.cell(
                {"svcca_centred_0.99_width": 1 - 0.1 * step - 0.02 * seed}, kind="metric",
                encoder=f"back#{seed}", other=f"tuned-rte#{seed}@20", step=step, task="rte-dev",
                layer=2, component="svcca", view="subwords", seed=0,
            ))  # fmt: skip
    return out


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hao")
    return {p.name: p for p in Hao2020().write(toys.ToyFindings(cells()), folder)}


def test_all_seven_figures_are_there(written):
    made = {name.split("-")[0] for name in written if name.endswith(".svg")}
    assert made == {f"figure{k}" for k in range(1, 8)}
    assert "Not in this run" not in written["README.md"].read_text()


def told(path):
    """Return the texts of a picture."""
    return " ".join(re.sub(r"<[^>]*>", " ", path.read_text()).split())


def test_figures_of_svcca_say_where_a_model_is_from_itself(written):
    figure = told(written["figure2-svcca-change.svg"])
    assert "share of directions cut off from itself" in figure
    assert "cut off" not in told(written["figure1-js-change.svg"])


def test_intervals_end_where_the_measure_does_and_say_what_they_are_over(written):
    table = pd.read_csv(written["figure1-js-change.csv"])
    first = table[table["layer"] == 1].iloc[0]
    # 0.105 less 12.7 times 0.005, the half width over two seeds, is above 0.
    assert first["low"] == pytest.approx(0.105 - 12.706 * 0.005, rel=1e-3)
    back = pd.read_csv(written["figure3-svcca-put-back.csv"])
    # 0.11 less 12.7 times 0.01.
    assert back["low"].tolist() == pytest.approx([0.0, 0.21 - 12.706 * 0.01], rel=1e-3)
    assert pd.read_csv(written["figure2-svcca-change.csv"])["high"].max() <= 1
    seeds = "over the seeds of the fine-tuning, cut at the bounds of the measure"
    assert seeds in told(written["figure1-js-change.svg"])
    alone = told(written["figure4-js-seeds.svg"])
    assert "intervals over groups of sentences" in alone
    assert "cut at the bounds" not in alone


def test_figures_1_and_2_are_means_over_seeds_of_distances_to_the_base(written):
    table = pd.read_csv(written["figure1-js-change.csv"])
    row = table[(table["pair"] == "rte") & (table["layer"] == 2)].iloc[0]
    assert row["value"] == pytest.approx(0.205)
    assert row["low"] < 0.2 < 0.21 < row["high"]
    assert row["n_seeds"] == 2
    features = pd.read_csv(written["figure2-svcca-change.csv"])
    assert list(features[features["pair"] == "mrpc"]["value"]) == pytest.approx([0.0, 0.2, 0.4])


def test_figure_3_is_by_the_layer_put_back(written):
    table = pd.read_csv(written["figure3-svcca-put-back.csv"])
    assert list(table["layer"]) == [1, 2]
    assert list(table["value"]) == pytest.approx([0.11, 0.21])


def test_seeds_and_data_sets_are_told_apart(written):
    seeds = pd.read_csv(written["figure4-js-seeds.csv"])
    assert set(seeds["pair"]) == {"rte", "mrpc"}
    assert set(seeds["n_seeds"]) == {1}
    sets = pd.read_csv(written["figure7-svcca-data-sets.csv"])
    assert set(sets["pair"]) == {"rte and mrpc"}


def test_what_is_not_there_is_said(tmp_path):
    (readme, *rest) = Hao2020().write(toys.ToyFindings(cells()[:1]), tmp_path)
    assert not rest
    assert "figure 3" in readme.read_text()


def test_labels_are_what_is_printed(tmp_path):
    found = toys.ToyFindings(cells(), labels=True)
    names = {c.record[n] for c in found.cells for n in ("encoder", "other", "task")} - {""}
    printed = toys.printed(Hao2020().write(found, tmp_path))
    assert not names & printed
    tuned_on = {c.record["task"] for c in found.cells if c.record["kind"] == "training"}
    assert {f"the {task}" for task in tuned_on} <= printed
