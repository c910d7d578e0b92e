"""`edge.merchant2020`: its numbers from cells made by hand, and its pictures."""

from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from sondage.testing import toys
from sondage_edge.report_merchant import Merchant2020

TASK = "pos <b>\x1b[31m & more"
SHARES = {"base": [0.1, 0.2, 0.7], "random": [0.5, 0.3, 0.2], "tuned": [0.2, 0.3, 0.5]}
CUMULATIVE = [0.5, 0.7, 0.8]


def right(share, seed):
    return np.random.default_rng(seed).random(200) < share


def probe(encoder, share, component="mix", step=None, seed=0, tables=None, layer=None, **scores):
    outcome = right(share, seed)
    return toys.cell(
        {"micro_f1": float(outcome.mean()), "macro_f1": 0.1, **scores}, right=outcome,
        encoder=encoder, component=component, step=step, seed=seed, layer=layer, task=TASK,
        tables=tables or {},
    )  # fmt: skip


def mixed(encoder, share, step=None, seed=0):
    shares = SHARES[encoder]
    table = {"mixed_layer": [0, 1, 2], "share": shares, "gamma": [1.5] * 3}
    gravity = float(np.dot(shares, [0, 1, 2]))
    tables = {"mix": table}
    return probe(encoder, share, "mix", step, seed, tables, centre_of_gravity=gravity)


def cumulative():
    table = {
        "up_to_layer": [0, 1, 2], "micro_f1": CUMULATIVE, "added": [None, 0.2, 0.1],
        "shares": [[1, 0, 0]] * 3, "gamma": [1.0] * 3, "converged": [True] * 3,
    }  # fmt: skip
    mix = {"mixed_layer": [0, 1, 2], "share": [0, 0, 1], "gamma": [1.0] * 3}
    return probe("base", 0.8, "cum", tables={"cumulative": table, "mix": mix},
                 expected_layer=4 / 3, centre_of_gravity=2.0)  # fmt: skip


def training(encoder, task, score):
    return toys.cell({"dev_las": score, "dev_loss": 3.0}, kind="training", encoder=encoder,
                     task=task, layer=None, view="", component="t.finetuned")  # fmt: skip


def cells():
    out = [mixed("base", 0.9), mixed("random", 0.5), cumulative(), probe("base", 0.6, "lexical")]
    out += [mixed("tuned", 0.3, step) for step in (5, 10)]
    out += [training("tuned", "parsing", 0.9)]
    out += [training(f"frozen-{k}", "parsing", 0.8 - k / 100) for k in (0, 2)]
    out += [training("short", "parsing", 0.7)]
    out += [probe("base", 0.5 + layer / 10, "each", layer=layer) for layer in (0, 1, 2)]
    out += [
        toys.cell({"rsa": 1 - layer / 10}, kind="metric", encoder="tuned", other="base", step=10,
                  layer=layer, component="rsa", task=TASK, intervals={"rsa": [0.7, 1.0]})
        for layer in (0, 1, 2)
    ]  # fmt: skip
    return out


REPORT = {"freezing": {"frozen-0": 0, "frozen-2": 2}, "truncation": {"short": 1}}


def write(folder, found, **params):
    return {p.name: p for p in Merchant2020(**params).write(found, folder)}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("merchant")
    return write(folder, toys.ToyFindings(cells(), baseline="base"), **REPORT)


def test_table_1_has_scores_differences_and_intervals(written):
    table = pd.read_csv(written["table1.csv"]).set_index("role")
    assert table.index.tolist() == ["pretrained", "lexical", "randomised", "tuned"]
    base, random = right(0.9, 0), right(0.5, 0)
    assert table.loc["pretrained", "micro_f1"] == base.mean()
    assert pd.isna(table.loc["pretrained", "delta"])
    assert table.loc["randomised", "delta"] == pytest.approx(random.mean() - base.mean())
    assert table.loc["randomised", "delta_interval"] == "paired"
    low, high = table.loc["randomised", ["delta_low", "delta_high"]]
    assert low < random.mean() - base.mean() < high
    assert table.loc["lexical", "delta_interval"] == "independent"
    lexical = table.loc["lexical"]
    down = np.hypot(lexical["micro_f1"] - lexical["low"],
                    table.loc["pretrained", "high"] - base.mean())  # fmt: skip
    assert lexical["delta_low"] == pytest.approx(lexical["delta"] - down)
    assert table.loc["tuned", "encoder"] == "tuned"
    assert len(table) == 4, "a series counts once, at its last step"


def test_table_1_in_latex(written):
    text = written["table1.tex"].read_text("utf-8")
    assert "lexical" in text
    assert r"\&" in text
    assert "\x1b" not in text
    assert "[" in text


def test_differences_are_not_called_paired_with_another_baseline(tmp_path):
    found = toys.ToyFindings(cells(), baseline="random")
    table = pd.read_csv(write(tmp_path, found)["table1.csv"])
    assert set(table["delta_interval"].dropna()) == {"independent"}
    deltas = table.set_index("role")["delta"]
    assert deltas["randomised"] == pytest.approx(right(0.5, 0).mean() - right(0.9, 0).mean())


def test_layers_of_mixes(written):
    layers = pd.read_csv(written["expected-layers.csv"])
    gravity = layers[layers["score"] == "centre_of_gravity"].set_index("encoder")["mean"]
    assert gravity.to_dict() == pytest.approx({"base": 1.6, "random": 0.7, "tuned": 1.3})
    expected = layers[layers["score"] == "expected_layer"]
    assert expected["mean"].tolist() == pytest.approx([4 / 3])
    shares = pd.read_csv(written["mix-weights.csv"])
    assert shares[shares["encoder"] == "base"]["share"].tolist() == SHARES["base"]
    scores = pd.read_csv(written["cumulative-scores.csv"])
    assert scores["micro_f1"].tolist() == CUMULATIVE
    assert scores["added"].tolist()[1:] == pytest.approx([0.2, 0.1])
    single = pd.read_csv(written["layers.csv"])
    assert single["layer"].tolist() == [0, 1, 2]


def test_similarity_freezing_and_truncation(written):
    rsa = pd.read_csv(written["rsa.csv"])
    assert rsa["mean"].tolist() == pytest.approx([1.0, 0.9, 0.8])
    frozen = pd.read_csv(written["freezing.csv"])
    assert frozen["layers"].tolist() == [-1, 0, 2]
    assert frozen["value"].tolist() == pytest.approx([0.9, 0.8, 0.78])
    assert set(frozen["score"]) == {"dev_las"}
    cut = pd.read_csv(written["truncation.csv"])
    # The encoder tuned as a whole has results up to layer 2: so many blocks.
    assert cut[["layers", "value"]].to_numpy().tolist() == [[1, 0.7], [2, 0.9]]


def test_what_is_over_seeds_has_intervals(tmp_path):
    more = [mixed("base", 0.9, seed=seed) for seed in (1, 2)]
    shares = [0.1, 0.2, 0.7]
    for i, c in enumerate(more):
        c.record["tables"]["mix"]["share"] = [shares[0] + 0.1 * (i + 1), shares[1], shares[2]]
    more += [
        toys.cell({"dev_las": 0.7 + seed / 10}, kind="training", encoder="frozen-2", seed=seed,
                  task="parsing", layer=None, view="", component="t.finetuned")
        for seed in (1, 2)
    ]  # fmt: skip
    found = write(tmp_path, toys.ToyFindings([*cells(), *more], baseline="base"), **REPORT)
    table = pd.read_csv(found["mix-weights.csv"]).set_index(["encoder", "mixed_layer"])
    row = table.loc[("base", 0)]
    # Shares 0.1, 0.2, 0.3: t(2, 0.975) = 4.303.
    assert row["share"] == pytest.approx(0.2)
    assert row["high"] - row["share"] == pytest.approx(4.302653 * 0.1 / 3**0.5, rel=1e-5)
    assert row["gamma"] == 1.5
    assert "mark-area" in found["mix-weights.svg"].read_text("utf-8")
    # One depth of three has seeds: its interval is a bar, beside no other.
    assert "mark-rule role-mark" in found["freezing.svg"].read_text("utf-8")


def test_every_figure_is_an_svg_with_its_data(written):
    pictures = [name for name in written if name.endswith(".svg")]
    assert len(pictures) == 7
    for name in pictures:
        assert ElementTree.parse(written[name]).getroot().tag == "{http://www.w3.org/2000/svg}svg"
        assert name.replace(".svg", ".csv") in written
        assert "<b>" not in written[name].read_text("utf-8")


def test_what_is_missing_is_said(tmp_path, written):
    assert "Not in this run" not in written["README.md"].read_text("utf-8")
    only = [c for c in cells() if c.record["component"] == "rsa"]
    found = write(tmp_path, toys.ToyFindings(only))
    assert sorted(found) == ["README.md", "rsa.csv", "rsa.svg"]
    text = found["README.md"].read_text("utf-8")
    assert "table 1: needs edge.probe" in text
    assert "cumulative scores: needs" in text


def test_nothing_at_all_is_said_too(tmp_path):
    found = write(tmp_path, toys.ToyFindings())
    assert list(found) == ["README.md"]
    assert "no encoder is known" in found["README.md"].read_text("utf-8")
