"""Summaries say what a hand calculation says."""

import json

import numpy as np
import pandas as pd
import pytest

from sondage import api, stats
from sondage.records import frames
from sondage.records.folder import RunFolder
from sondage.records.outcomes import unpack
from sondage.report import sheet


def test_the_summary_agrees_with_the_records(toy_registry):
    run = api.run(f"{toy_registry}:small")
    summary = run.summary().set_index(["encoder", "layer", "score"])
    records = {(r["encoder"], r["layer"], r["seed"]): r for r in run.folder.records()}
    for encoder in "ab":
        for layer in range(4):
            values = [records[encoder, layer, s]["scores"]["accuracy"] for s in range(3)]
            row = summary.loc[(encoder, layer, "accuracy")]
            assert row["mean"] == pytest.approx(np.mean(values))
            assert row["n_seeds"] == 3
            if np.std(values) > 0:
                # t(2) at 97.5% is 4.3027
                half = 4.302652729911275 * np.std(values, ddof=1) / np.sqrt(3)
                assert row["high"] - row["mean"] == pytest.approx(half)
                assert row["interval"] == "seeds"
            assert row["boot_low"] <= row["mean"] <= row["boot_high"]
    for layer in range(4):
        row = summary.loc[("a", layer, "accuracy")]
        gaps = [
            unpack(records["a", layer, s]["outcomes"]).values.astype(float)
            - unpack(records["b", layer, s]["outcomes"]).values
            for s in range(3)
        ]
        assert row["difference"] == pytest.approx(np.concatenate(gaps).mean())
        assert 0 < row["p"] <= row["p_holm"] <= 1
    assert summary.loc[("b", 0, "accuracy")].isna()["difference"]
    p = summary.loc["a"].xs("accuracy", level="score")["p"].to_numpy(float)
    np.testing.assert_allclose(
        summary.loc["a"].xs("accuracy", level="score")["p_holm"].to_numpy(float), stats.holm(p)
    )


def test_seeds_that_agree_to_the_last_bit_give_no_seed_interval():
    records = [{"scores": {"s": 0.5}} for _ in range(3)]
    row = frames._spread(records, "s", ())
    assert (row["mean"], row["low"], row["interval"]) == (0.5, None, "")


def test_intervals_and_tests_of_items_stand_by_the_score_that_they_are_of(toy_registry):
    run = api.run(f"{toy_registry}:small", layers=[0], seeds=[0])
    plain = run.summary().set_index(["encoder", "score"])
    records = run.folder.records()
    for record in records:
        if record["kind"] == "probe":
            record["scores"] = {"clusters": 7.0, **record["scores"]}
            record["outcomes"]["score"] = "accuracy"
    summary = frames.summary(_Held(run.folder, records)).set_index(["encoder", "score"])
    assert plain.loc[("a", "accuracy"), "difference"] != 0
    for column in ("boot_low", "boot_high", "low", "high", "difference", "p"):
        assert summary.loc[("a", "accuracy"), column] == plain.loc[("a", "accuracy"), column]
        assert np.isnan(summary.loc[("a", "clusters"), column])


class _Held:
    """A run's folder with records of one's own."""

    def __init__(self, folder, records):
        self.header, self.records = folder.header, lambda: records


def test_a_failed_cell_is_a_row_without_a_value(toy_registry):
    run = api.run(f"{toy_registry}:small", layers=[0], seeds=[0])
    record = dict(run.folder.records()[0], id="f" * 32, status="failed", scores={}, seed=77)
    run.folder.append([record])
    frame = run.frame()
    assert frame[frame["seed"] == 77]["value"].isna().all()
    assert set(run.summary()["n_seeds"]) == {1}


def test_tables_are_stacked(toy_registry):
    run = api.run(f"{toy_registry}:small", layers=[0], seeds=[0])
    table = run.table("per_class")
    assert {"encoder", "layer", "label", "f1"} <= set(table.columns)
    assert len(table) >= 4
    assert run.table("nothing").empty


def test_public_names_are_not_hidden_by_modules(in_python):
    done = in_python("""
        import pkgutil, importlib, sondage
        names = {m.name for m in pkgutil.iter_modules(sondage.__path__)}
        assert names.isdisjoint(sondage.__all__), names & set(sondage.__all__)
    """)
    assert done.returncode == 0, done.stderr


def kept(run, keep):
    """The run's folder as it would be if only these records were there yet."""
    lines = run.folder.cells.read_bytes().splitlines(keepends=True)
    run.folder.cells.write_bytes(b"".join(line for line in lines if keep(json.loads(line))))
    return RunFolder(run.folder.path)


def p_values(folder):
    out = frames.summary(folder).set_index(["encoder", "score"])
    return out.loc[("a", "accuracy")].set_index("layer")[["p", "p_holm"]]


def test_holm_is_over_the_layers_of_the_plan_and_not_over_those_that_are_there(toy_registry):
    run = api.run(f"{toy_registry}:small")
    whole = p_values(run.folder)
    half = p_values(kept(run, lambda r: r["layer"] < 2))
    np.testing.assert_array_equal(half["p"], whole["p"][:2])
    # Four layers are planned: what is not there counts as if it were no difference.
    wanted = stats.holm([*whole["p"][:2], 1, 1])[:2]
    np.testing.assert_allclose(half["p_holm"].to_numpy(float), wanted)
    assert (half["p_holm"] >= whole["p_holm"][:2]).all()


def test_a_layer_whose_seeds_are_not_all_there_claims_nothing(toy_registry):
    run = api.run(f"{toy_registry}:small")
    there = kept(run, lambda r: (r["encoder"], r["layer"], r["seed"]) != ("b", 1, 2))
    found = p_values(there)
    assert found["p"].notna().all()
    assert found["p_holm"].isna().tolist() == [False, True, False, False]


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("=1+1", "'=1+1"),
        ("@sum", "'@sum"),
        ("+x", "'+x"),
        (" =x", "' =x"),
        ("-1.5e-3", "-1.5e-3"),
        ("-1+cmd", "'-1+cmd"),
        ("a=b", "a=b"),
        ("\x1b[31m", "\\x1b[31m"),
        ("a\nb", "a b"),
    ],
)
def test_no_text_of_a_sheet_is_a_formula(text, safe):
    frame = pd.DataFrame({text: [text, None], "n": [-1, 2]})
    out = sheet.inert(frame)
    assert list(out.columns) == [safe, "n"]
    assert out[safe][0] == safe
    assert out["n"].tolist() == [-1, 2]
