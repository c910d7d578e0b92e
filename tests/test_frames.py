"""Summaries say what a hand calculation says."""

import numpy as np
import pytest

from sondage import api, frames, stats
from sondage.runfolder import unpack


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
    row = frames._spread(records, "s", items=False)
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
