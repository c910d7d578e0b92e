"""`edge.merchant2020`: its numbers from cells made by hand, and its pictures."""

from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from sondage import stats
from sondage.testing import toys
from sondage_edge.report_merchant import Merchant2020
from sondage_edge.report_mixes import signal_to_noise

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
    out += [probe("base", 0.6, "top")]
    for layer in (0, 1, 2):
        out += [
            alike("tuned", "parsing", layer, 1 - layer / 5, 0.02),
            toys.cell({"uuas": 0.5, "dspr": layer / 10}, encoder="base", component="distance",
                      layer=layer, task="parsing", tables={"intervals": ENDS}),
            toys.cell({"compression": 2.0 + layer, "codelength": 90.0 - layer}, encoder="base",
                      component="mdl", layer=layer, task=TASK),
        ]  # fmt: skip
    out += [toys.cell({"uuas": 0.4, "nspr": 0.3}, encoder="base", component="chain", layer=None,
                      task="parsing")]  # fmt: skip
    return out


ENDS = {"name": ["uuas", "dspr"], "value": [0.5, 0.1], "low": [0.4, 0.0], "high": [0.6, 0.3]}


def alike(encoder, task, layer, value, half):
    ends = {"rsa": [value - half, value + half]}
    return toys.cell({"rsa": value}, kind="metric", encoder=encoder, other="base", step=10,
                     layer=layer, component="rsa", task=task, intervals=ends)  # fmt: skip


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
    assert layers["snr"].isna().all(), "of one seed there is no noise"
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
    assert rsa["mean"].tolist() == pytest.approx([1.0, 0.8, 0.6, 1.0, 0.9, 0.8])
    assert rsa["domain"].tolist() == ["in"] * 3 + ["out"] * 3
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


def test_a_depth_is_compared_with_the_whole_by_item(tmp_path):
    """Ten sentences of two items; frozen ones of two seeds against the whole ones of theirs."""
    rng, found = np.random.default_rng(0), {}
    groups = np.arange(20) // 2

    def trained(encoder, share):
        found[encoder] = rng.random((2, 20)) < share
        arrays = {"dev_steps": np.array([0, 7]), "dev_items": np.arange(20), "dev_groups": groups}
        arrays["dev_outcomes"] = found[encoder]
        score = {"dev_las": float(found[encoder][1].mean())}
        return toys.cell(score, kind="training", encoder=encoder, task="parsing", layer=None,
                         view="", component="t.finetuned", arrays=arrays)  # fmt: skip

    names = [f"{name}#{seed}" for name in ("whole", "still") for seed in (0, 1)]
    cells = [trained(name, 0.9 if name[0] == "w" else 0.5) for name in names]
    cells += [trained("alone", 0.4)]
    told = write(tmp_path, toys.ToyFindings(cells), freezing={"still": 2, "alone": 3})
    table = pd.read_csv(told["freezing.csv"]).set_index("layers")
    mine, his = (
        np.concatenate([found[f"{name}#{seed}"][1] for seed in (0, 1)]).astype(float)
        for name in ("still", "whole")
    )
    gap = stats.paired_difference(mine, his, np.tile(groups, 2))
    row = table.loc[2]
    assert (row["difference"], row["p"]) == pytest.approx((gap.difference, gap.p_value))
    assert (row["difference_low"], row["difference_high"]) == pytest.approx((gap.low, gap.high))
    assert (row["interval"], row["n_seeds"]) == ("trainings", 2)
    # One training without a seed: compared with the whole one of seed 0.
    gap = stats.paired_difference(found["alone"][1], found["whole#0"][1], groups)
    assert table.loc[3, "difference"] == pytest.approx(gap.difference)
    assert table.loc[[-1]].isna()["difference"].all()
    ends = pd.read_csv(told["end-tasks.csv"]).iloc[0]
    values = [found[f"whole#{seed}"][1].mean() for seed in (0, 1)]
    over = stats.seed_interval(values)
    assert ends["encoder"] == "whole"
    assert (ends["value"], ends["low"], ends["std"]) == pytest.approx(
        (over.mean, over.low, over.std)
    )


def test_three_trainings_are_one_encoder_with_intervals_over_them(tmp_path):
    base = mixed("base", 0.9)
    shares, seeds = (0.5, 0.6, 0.8), (0, 1, 2)
    tuned = []
    for seed, share in zip(seeds, shares, strict=True):
        cell = mixed("tuned", share, 10, seed=0)
        cell.record["encoder"] = f"tuned#{seed}"
        tuned.append(cell)
    told = write(tmp_path, toys.ToyFindings([base, *tuned], baseline="base"))
    table = pd.read_csv(told["table1.csv"]).set_index("encoder")
    values = [right(share, 0).mean() for share in shares]
    over = stats.seed_interval(values)
    row = table.loc["tuned"]
    assert (row["micro_f1"], row["low"], row["high"]) == pytest.approx(
        (over.mean, over.low, over.high)
    )
    assert row["delta"] == pytest.approx(over.mean - right(0.9, 0).mean())
    # The same distance to one base: as wide as the scores' own.
    assert row["delta_high"] - row["delta"] == pytest.approx(over.high - over.mean)
    assert (row["delta_interval"], row["n_seeds"]) == ("trainings", 3)


def test_a_centre_of_gravity_in_the_noise_is_left_out(tmp_path):
    """Means 2 and 3 of values whose standard deviations are 1 and 0.1."""
    cells = []
    for name, values in {"base": (1.0, 2.0, 3.0), "other": (2.9, 3.0, 3.1)}.items():
        for seed, gravity in enumerate(values):
            cell = mixed("base", 0.9, seed=seed)
            cell.record["encoder"] = name
            cell.record["scores"]["centre_of_gravity"] = gravity
            cells.append(cell)
    told = write(tmp_path, toys.ToyFindings(cells, baseline="base"))
    table = pd.read_csv(told["expected-layers.csv"]).set_index("encoder")
    assert table["snr"].to_dict() == pytest.approx({"base": 2.0, "other": 30.0})
    assert table["n_seeds"].tolist() == [3, 3]
    assert pd.isna(table.loc["base", ["mean", "low", "high"]]).all()
    assert "below 3" in table.loc["base", "note"]
    assert table.loc["other", "mean"] == pytest.approx(3.0)
    text = told["README.md"].read_text("utf-8")
    assert "Left out are centres of gravity" in text
    assert "base (2.0)" in text
    assert "other (30" not in text
    assert "left out (S/N 2.0)" in told["expected-layers.tex"].read_text("utf-8")


@pytest.mark.parametrize(
    ("values", "expected"),
    [([2.0], None), ([1.0, 3.0], 2 / 2**0.5), ([-1.0, -3.0], 2 / 2**0.5), ([0.5, 0.5], np.inf),
     ([1.0, -1.0], 0.0)],
)  # fmt: skip
def test_signal_to_noise_by_hand(values, expected):
    assert signal_to_noise(values) == (None if expected is None else pytest.approx(expected))


def test_text_of_the_trainings_kind_is_set_against_other_text(written, tmp_path):
    gaps = pd.read_csv(written["domain-gaps.csv"])
    # On its own text 1 - layer / 5 ± 0.02, on the other 1 - layer / 10 from 0.7 to 1.0.
    assert gaps["gap"].tolist() == pytest.approx([0.0, 0.1, 0.2])
    assert gaps.loc[2, "high"] == pytest.approx(0.2 + np.hypot(0.02, 1.0 - 0.8))
    assert gaps.loc[2, "low"] == pytest.approx(0.2 - np.hypot(0.02, 0.8 - 0.7))
    assert set(gaps["interval"]) == {"independent"}
    cells = [training(f"tuned#{seed}", "parsing", 0.9) for seed in (0, 1, 2)]
    inside, outside = (0.5, 0.6, 0.7), (0.7, 0.9, 1.0)
    for seed in (0, 1, 2):
        cells += [alike(f"tuned#{seed}", "pairs", 1, inside[seed], 0.1),
                  alike(f"tuned#{seed}", "wiki", 1, outside[seed], 0.1)]  # fmt: skip
    told = write(tmp_path, toys.ToyFindings(cells), domains={"pairs": "parsing"})
    row = pd.read_csv(told["domain-gaps.csv"]).iloc[0]
    over = stats.seed_interval([0.2, 0.3, 0.3])
    assert (row["inside"], row["outside"], row["layer"]) == ("pairs", "wiki", 1)
    assert (row["gap"], row["low"], row["high"]) == pytest.approx((over.mean, over.low, over.high))
    assert (row["interval"], row["n_trainings"]) == ("trainings", 3)


def test_structural_probes_codelengths_and_the_top_layer(written):
    table = pd.read_csv(written["structural.csv"])
    assert table["score"].tolist() == ["dspr"] * 3 + ["nspr"] + ["uuas"] * 4
    spearman = table[table["score"] == "dspr"]
    assert spearman["mean"].tolist() == pytest.approx([0.0, 0.1, 0.2])
    assert spearman[["low", "high"]].to_numpy().tolist() == [[0.0, 0.3]] * 3
    assert set(table["line"]) == {"base", "chain (base)"}
    codes = pd.read_csv(written["codelengths.csv"])
    assert codes[["mean", "codelength"]].to_numpy().tolist() == [[2, 90], [3, 89], [4, 88]]
    top = pd.read_csv(written["top-layer.csv"]).iloc[0]
    assert (top["component"], top["micro_f1"]) == ("top", right(0.6, 0).mean())


def test_every_figure_is_an_svg_with_its_data(written):
    pictures = [name for name in written if name.endswith(".svg")]
    assert len(pictures) == 12
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


def test_labels_are_what_is_printed(tmp_path):
    found = toys.ToyFindings(cells(), baseline="base", labels=True)
    files = write(tmp_path, found, **REPORT)
    printed = toys.printed(files.values())
    names = {c.record[n] for c in found.cells for n in ("encoder", "task")}
    assert not printed & names
    shown = {name for name in names if f"the {name}" in printed}
    assert {"base", "tuned"} <= shown
    assert "The pretrained encoder is `the base`." in files["README.md"].read_text("utf-8")
    # What plays which part goes by the names.
    (tmp_path / "plain").mkdir()
    plain = write(tmp_path / "plain", toys.ToyFindings(cells(), baseline="base"), **REPORT)
    assert {*plain} == {*files}
    roles = [pd.read_csv(found["table1.csv"])["role"].tolist() for found in (plain, files)]
    assert roles[0] == roles[1]
