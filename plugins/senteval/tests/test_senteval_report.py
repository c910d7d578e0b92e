"""`senteval.mosbach2020`: its numbers from cells made by hand."""

import re
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from sondage.testing import toys
from sondage_senteval.report_mosbach import Mosbach2020, halves_of

TASKS, LAYERS, SEEDS = ("shift", "odd"), range(5), (0, 1)


def value(encoder, step, task, view, layer, seed):
    """Accuracies that a hand can follow; the tuned encoder gains 2 points a layer under CLS."""
    base = 0.5 + 0.01 * layer + (0.05 if view == "mean" else 0) + 0.001 * seed
    base += 0.1 if task == "odd" else 0
    gain = {"base": 0.0, "random": -0.04}.get(encoder, (0.02 if view == "cls" else 0.0) * layer)
    return base + (gain if step in (None, 20) else -0.3) + (0.01 * seed if step == 20 else 0)


def cells():
    out = [toys.cell({"dev_accuracy": 1.0}, kind="training", encoder="tuned", layer=None, view="",
                     component="t.finetuned", task="cola")]  # fmt: skip
    for encoder, step in (("base", None), ("random", None), ("tuned", 10), ("tuned", 20)):
        for task in TASKS:
            for view in ("cls", "mean"):
                for layer in LAYERS:
                    for seed in SEEDS:
                        score = value(encoder, step, task, view, layer, seed)
                        out.append(toys.cell(
                            {"accuracy": score}, encoder=encoder, step=step, task=task,
                            view=view, layer=layer, seed=seed, component="logreg",
                        ))  # fmt: skip
    return out


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mosbach")
    return {p.name: p for p in Mosbach2020().write(toys.ToyFindings(cells()), folder)}


def test_files(written):
    assert set(written) == {
        "README.md", "figure1-accuracy.svg", "figure1-accuracy.csv", "pooling.csv", "pooling.tex",
        "table1-tuning.csv", "table1-tuning.tex", "table2-changes.csv", "table2-changes.tex",
        "figure4-changes.svg", "figure4-changes.csv",
    }  # fmt: skip
    missing = written["README.md"].read_text("utf-8").partition("Not in this run")[2]
    assert missing.count("needs") == 2
    assert "figure 2" in missing
    assert "figure 3" in missing


def test_figure_1_has_the_encoders_that_were_not_trained(written):
    table = pd.read_csv(written["figure1-accuracy.csv"])
    assert set(table["encoder"]) == {"base", "random"}
    assert len(table) == 2 * 2 * 2 * 5
    row = table[(table["encoder"] == "base") & (table["task"] == "odd") & (table["view"] == "mean")
                & (table["layer"] == 3)].iloc[0]  # fmt: skip
    assert row["accuracy"] == pytest.approx(0.5 + 0.03 + 0.05 + 0.1 + 0.0005)


def test_halves_and_their_changes(written):
    assert halves_of(range(13))[6] == "0-6"
    assert halves_of(range(13))[7] == "7-12"
    assert halves_of(range(7)) == {**dict.fromkeys(range(4), "0-3"),
                                   **dict.fromkeys((4, 5, 6), "4-6")}  # fmt: skip
    table = pd.read_csv(written["table2-changes.csv"])
    assert set(table["half"]) == {"0-2", "3-4"}
    assert set(table["tuned_on"]) == {"cola"}
    cell = table.set_index(["task", "view", "half"])
    # The last step: gains 0, 2, 4 | 6, 8 points, and half a point more, on average over seeds.
    assert cell.loc[("shift", "cls", "0-2"), "change"] == pytest.approx(2.5)
    assert cell.loc[("shift", "cls", "3-4"), "change"] == pytest.approx(7.5)
    assert cell.loc[("odd", "mean", "3-4"), "change"] == pytest.approx(0.5)
    # The second seed gains a point more than the first.
    assert cell.loc[("shift", "cls", "0-2"), "std"] == pytest.approx(0.5**0.5)
    assert set(table["seeds"]) == {2}
    assert "\\(7.50\\)" in written["table2-changes.tex"].read_text()


def test_figure_4_compares_cls_with_the_originals_mean(written):
    table = pd.read_csv(written["figure4-changes.csv"]).set_index(["task", "view", "layer"])
    assert table.loc[("shift", "cls", 4), "change"] == pytest.approx(8.5)
    assert table.loc[("shift", "cls", 4), "against_mean"] == pytest.approx(3.5)
    assert table.loc[("shift", "mean", 4)].isna()["against_mean"]


def test_changes_have_intervals_that_say_what_they_are_over(written, tmp_path):
    table = pd.read_csv(written["figure4-changes.csv"]).set_index(["task", "view", "layer"])
    row = table.loc[("shift", "cls", 4)]
    # Two seeds, a point apart: t(1, 0.975) = 12.706 times 1 / 2.
    assert row["interval"] == "seeds"
    assert row["high"] - row["change"] == pytest.approx(12.706 * 0.5, rel=1e-4)
    ElementTree.parse(written["figure4-changes.svg"])
    drawn = written["figure4-changes.svg"].read_text("utf-8")
    assert drawn.count("mark-area") == drawn.count("mark-line") == 4

    rng = np.random.default_rng(0)
    right = {e: rng.random(60) < p for e, p in (("base", 0.5), ("tuned", 0.8))}

    def found(baseline):
        cells = [
            toys.cell({"accuracy": float(r.mean())}, right=r, encoder=e, view="cls",
                      step=20 if e == "tuned" else None, component="logreg")
            for e, r in right.items()
        ]  # fmt: skip
        folder = tmp_path / baseline
        folder.mkdir()
        Mosbach2020().write(toys.ToyFindings(cells, baseline=baseline), folder)
        return pd.read_csv(folder / "figure4-changes.csv").iloc[0]

    paired, apart = found("base"), found("other")
    assert (paired["interval"], apart["interval"]) == ("paired", "independent")
    for row in (paired, apart):
        gain = 100 * (right["tuned"].mean() - right["base"].mean())
        assert row["change"] == pytest.approx(gain)
        assert row["low"] < gain < row["high"]
        assert row["high"] - row["low"] < 100


def test_figures_can_be_of_a_papers_width_and_pdf(tmp_path):
    only = toys.ToyFindings(cells()).only(lambda r: r["encoder"] == "base" and r["view"] == "cls")
    names = [p.name for p in Mosbach2020(size="column", pdf=True).write(only, tmp_path)]
    assert names == ["README.md", *(f"figure1-accuracy{end}" for end in (".svg", ".csv", ".pdf"))]
    assert 'pt" height=' in (tmp_path / "figure1-accuracy.svg").read_text("utf-8")


def test_mean_against_cls(written):
    table = pd.read_csv(written["pooling.csv"])
    assert len(table) == 2 * 2 * 5
    assert table["difference"].to_numpy() == pytest.approx(0.05)


def test_another_base_and_what_is_missing(tmp_path):
    found = {p.name: p for p in Mosbach2020(base="random", probe="logreg").write(
        toys.ToyFindings(cells()), tmp_path
    )}  # fmt: skip
    table = pd.read_csv(found["table2-changes.csv"]).set_index(["task", "view", "half"])
    assert table.loc[("shift", "mean", "3-4"), "change"] == pytest.approx(4.5)
    only = toys.ToyFindings(cells()).only(lambda r: r["encoder"] == "base" and r["view"] == "cls")
    folder = tmp_path / "two"
    folder.mkdir()
    names = [p.name for p in Mosbach2020().write(only, folder)]
    assert names == ["README.md", "figure1-accuracy.svg", "figure1-accuracy.csv"]
    assert "needs a probe in the views cls and mean" in (folder / "README.md").read_text()


def more_cells():
    """Two trainings with CLS and two with the mean, their attention and perplexity."""
    out = []

    def add(scores, **known):
        out.append(toys.cell(scores, **{"layer": None, "view": "", "seed": 0, **known}))

    add({"perplexity": 10.0}, component="ppl", encoder="base", task="wiki")
    add({"dev_exact_match": 0.3, "dev_f1": 0.4, "dev_loss": 2.0}, kind="training",
        encoder="reader", component="t.finetuned", task="questions")  # fmt: skip
    for seed in (0, 1):
        for name, task, gain in (("cls", "cola", 0.5), ("mean", "rte", 0.1)):
            encoder = f"{name}#{seed}"
            found = {"dev_accuracy": 0.8 + 0.02 * seed, "dev_matthews": 0.4 + 0.02 * seed}
            passed = {"checkpoints": {"step": [10, 20], "epoch": [1.5, 3.0]}}
            add(found, kind="training", encoder=encoder, component="t.finetuned", task=task,
                tables=passed)  # fmt: skip
            for step in (10, 20):
                for layer in (1, 2):
                    known = {"encoder": encoder, "step": step, "task": "shift", "layer": layer}
                    add({"entropy": 1 + gain * layer * step / 20}, component="h0", **known)
                    moved = {"emd": gain * layer + 0.1 * seed, "relative": 0.1}
                    add(moved, kind="metric", component="emd", other="base", **known)
                    add({"emd": 9.0}, kind="metric", component="emd", other="mean#0@20", **known)
        for step, nats in ((0, 1.0), (20, 3.0 + seed)):
            known = {"component": "ppl", "encoder": f"cls#{seed}", "step": step, "task": "wiki"}
            for masks in (0, 1):
                add({"perplexity": np.exp(nats)}, **known | {"seed": masks})
        for k in range(3):
            add({"perplexity": np.exp(3.0 + seed - k)}, component="ppl",
                encoder=f"back#{seed}", step=k, task="wiki")  # fmt: skip
    for layer in (1, 2):
        add({"entropy": 1.0}, component="h0", encoder="base", task="shift", layer=layer)
    return out


@pytest.fixture(scope="module")
def tuned(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tuned")
    return {p.name: p for p in Mosbach2020().write(toys.ToyFindings(more_cells()), folder)}


def test_table_1_is_matthews_for_cola_exact_match_and_f1_of_answers_and_accuracy_else(tuned):
    table = pd.read_csv(tuned["table1-tuning.csv"]).set_index("encoder")
    assert table.loc["cls", "measure"] == "Matthews"
    assert table.loc["cls", "score"] == pytest.approx(0.41)
    assert table.loc["mean", "measure"] == "accuracy"
    assert table.loc["mean", "score"] == pytest.approx(0.81)
    # t(1, 0.975) = 12.706 times 0.01, the standard error of two numbers 0.02 apart.
    assert table.loc["mean", "high"] == pytest.approx(0.81 + 0.12706, abs=1e-4)
    reader = table.loc["reader"].set_index("measure")["score"]
    assert dict(reader) == {"exact match": 0.3, "F1": 0.4}
    # What it is over, and that it ends where the score does.
    assert "over trainings, cut at the bounds" in tuned["table1-tuning.tex"].read_text()


def test_figure_2_is_of_the_last_step_and_against_the_original(tuned):
    assert "figure2-attention.svg" in tuned
    table = pd.read_csv(tuned["figure2-attention.csv"]).set_index(["measure", "encoder", "layer"])
    assert table.index[0] == ("entropy", "base", 1)
    assert table.loc[("entropy", "base", 1), "value"] == 1.0
    assert table.loc[("entropy", "cls", 2), "value"] == pytest.approx(2.0)
    assert table.loc[("emd", "cls", 2), "value"] == pytest.approx(1.05)
    assert table.loc[("emd", "mean", 1), "value"] == pytest.approx(0.15)
    assert set(table["n_seeds"]) == {1, 2}
    # 0.15 less 12.7 times 0.05 is no distance.
    assert table.loc[("emd", "mean", 1), "low"] == 0.0
    assert table.loc[("emd", "mean", 1), "high"] == pytest.approx(0.15 + 12.706 * 0.05, rel=1e-4)
    picture = " ".join(re.sub(r"<[^>]*>", " ", tuned["figure2-attention.svg"].read_text()).split())
    assert "over trainings, cut at the bounds of the score; of one training, over sentences" in (
        picture
    )


def test_figure_3_by_step_and_by_layers_put_back(tuned):
    assert "figure3-perplexity.svg" in tuned
    table = pd.read_csv(tuned["figure3-perplexity.csv"]).set_index(["encoder", "step"])
    assert set(table.loc["cls", "part"]) == {"training"}
    assert set(table.loc["back", "part"]) == {"put back"}
    assert table.loc[("cls", 20), "perplexity"] == pytest.approx(np.exp(3.5))
    # Over two trainings, not over four cells: masks have seeds too.
    assert table.loc[("cls", 20), "n_seeds"] == 2
    # Log perplexities are at least 0: 3.5 less 12.7 times 0.5 is not.
    assert table.loc[("cls", 20), "low"] == 1.0
    assert np.log(table.loc[("cls", 20), "high"]) == pytest.approx(3.5 + 12.706 * 0.5, rel=1e-4)
    assert list(table.loc["cls", "epoch"]) == [0.0, 3.0]
    assert table.loc["back", "epoch"].isna().all()
    assert table.loc[("back", 2), "perplexity"] == pytest.approx(np.exp(1.5))


def test_a_training_without_a_step_0_begins_with_its_base(tmp_path):
    cells = [
        c for c in more_cells()
        if (c.record["component"], c.record["encoder"][:4], c.record["step"]) != ("ppl", "cls#", 0)
    ]  # fmt: skip
    Mosbach2020().write(toys.ToyFindings(cells), tmp_path)
    table = pd.read_csv(tmp_path / "figure3-perplexity.csv").set_index(["encoder", "step"])
    start = table.loc[("cls", 0)]
    assert (start["part"], start["epoch"], start["n_seeds"]) == ("training", 0.0, 1)
    assert start["perplexity"] == pytest.approx(10.0)
    assert table.loc[("base", -1), "perplexity"] == pytest.approx(10.0)
    assert list(table.loc["back"].index) == [0, 1, 2]
    assert table.loc[("back", 0), "perplexity"] == pytest.approx(np.exp(3.5))


def test_changes_are_over_trainings_where_there_are_several(tmp_path):
    found = [toys.cell({"accuracy": 0.5}, encoder="base", component="logreg", view="cls")]
    for seed, accuracy in ((0, 0.6), (1, 0.62)):
        known = {"encoder": f"tuned#{seed}", "step": 20, "component": "logreg"}
        found.append(toys.cell({"accuracy": accuracy}, view="cls", **known))
    Mosbach2020().write(toys.ToyFindings(found), tmp_path)
    (row,) = pd.read_csv(tmp_path / "figure4-changes.csv").itertuples()
    assert (row.encoder, row.interval) == ("tuned", "trainings")
    assert row.change == pytest.approx(11.0)
    assert row.high == pytest.approx(11 + 12.706, rel=1e-4)
    (half,) = pd.read_csv(tmp_path / "table2-changes.csv").itertuples()
    assert (half.seeds, half.std) == (2, pytest.approx(2**0.5))


def test_labels_are_what_is_printed(tmp_path):
    for name, made in (("a", cells()), ("b", more_cells())):
        (tmp_path / name).mkdir()
        found = toys.ToyFindings(made, labels=True)
        files = Mosbach2020(probe="logreg").write(found, tmp_path / name)
        printed = toys.printed(files)
        names = {"base", "tuned", "random", *TASKS} if name == "a" else {"cls", "back", "h0", "emd"}
        assert not printed & names
        assert {f"the {one}" for one in names} <= printed
    assert "against `the base`" in (tmp_path / "a" / "README.md").read_text("utf-8")
