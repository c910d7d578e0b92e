"""`pairwise.cai2020`: its numbers from cells made by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from sondage.testing import toys
from sondage_pairwise import Cai2020


def ranked(measure, rule, macro, micro, other=0.6):
    n = [0.5, macro - 0.1, macro + 0.1, micro, micro - 0.2, micro + 0.2, 10, 9]
    names = ("low", "high", "micro", "micro_low", "micro_high", "examples", "contexts")
    columns = {k: [v, v, v] for k, v in zip(names, n[1:], strict=True)}
    return {
        "measure": [measure] * 3, "rule": [rule] * 3,
        "ranked": ["match", "other anchor", "random word"], "macro": [macro, other, 0.5], **columns,
    }  # fmt: skip


def cells():
    out = []
    for task in ("boundary", "synonyms"):
        for layer in range(2):
            for rule, name in (("auc", "cosine"), ("paper", "printed"))[: 1 + (task == "synonyms")]:
                here = {"component": name, "task": task, "layer": layer}
                score = f"cosine_{'auc' if rule == 'auc' else 'share'}"
                for encoder, step, macro in (
                    ("base", None, 0.7), ("tuned#0", 10, 0.1), ("tuned#0", 20, 0.8),
                    ("tuned#1", 20, 0.9),
                ):  # fmt: skip
                    value = macro + 0.01 * layer
                    table = ranked("cosine", rule, value, value - 0.3)
                    right = [k < 20 * value for k in range(20)]
                    out.append(toys.cell({score: value}, encoder=encoder, step=step, right=right,
                                         tables={"ranked": table}, **here))  # fmt: skip
    for seed in (0, 1):
        for step, auc in ((0, 0.5), (10, 0.7), (20, 0.8 + 0.1 * seed)):
            table = {
                "end": ["both", "start", "end"],
                "auc": [auc] * 3,
                "low": [auc - 0.1] * 3,
                "high": [auc + 0.1] * 3,
                "found": [auc / 2] * 3,
                "questions": [9] * 3,
            }
            out.append(toys.cell(
                {"boundary_auc": auc}, encoder=f"tuned#{seed}", step=step, component="pointed",
                task="ends", layer=None, view="", tables={"pointed": table},
            ))  # fmt: skip
        place = {"encoder": f"tuned#{seed}", "component": "t.finetuned", "task": "squad"}
        f1 = {"dev_f1": 0.5 + 0.1 * seed}
        out.append(toys.cell(f1, kind="training", layer=None, view="", **place))
    return out


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cai")
    findings = toys.ToyFindings(cells(), baseline="base")
    return {p.name: p for p in Cai2020().write(findings, folder)}


def at(table, **place):
    for column, value in place.items():
        table = table[table[column] == value]
    (row,) = table.itertuples()
    return row


def test_figure_1_is_the_mean_over_examples_at_the_last_step_over_trainings(written):
    data = pd.read_csv(written["figure1-ranking.csv"])
    base = at(data, task="synonyms", encoder="base", ranked="match", layer=1)
    assert (base.value, base.low, base.high) == pytest.approx((0.71, 0.61, 0.81))
    tuned = at(data, task="boundary", encoder="tuned", ranked="match", layer=0)
    assert tuned.value == pytest.approx(0.85)
    assert tuned.low < 0.8 < 0.9 < tuned.high
    assert tuned.n_seeds == 2
    assert at(data, task="boundary", encoder="base", ranked="other anchor", layer=1).value == 0.6
    assert set(data["ranked"]) == {"match", "other anchor"}
    assert list(dict.fromkeys(data["task"])) == ["synonyms", "boundary"]
    assert list(dict.fromkeys(data["encoder"])) == ["base", "tuned"]


def test_as_printed_is_over_all_words(written):
    data = pd.read_csv(written["figure1-as-printed.csv"])
    base = at(data, task="synonyms", encoder="base", ranked="match", layer=0)
    assert (base.value, base.low, base.high) == pytest.approx((0.4, 0.2, 0.6))


def test_boundaries_by_logits_are_before_and_after_over_trainings(written):
    data = pd.read_csv(written["boundary-logits.csv"])
    assert list(dict.fromkeys(data["encoder"])) == ["tuned, step 0", "tuned"]
    before = at(data, encoder="tuned, step 0", end="start")
    assert (before.value, before.found, before.n_seeds) == (0.5, 0.25, 2)
    after = at(data, encoder="tuned", end="both")
    assert (after.value, after.found, after.questions) == pytest.approx((0.85, 0.425, 9))
    assert after.low < 0.8 < 0.9 < after.high
    assert "boundary-logits.svg" in written


def test_changes_are_paired_and_at_the_last_step(written):
    data = pd.read_csv(written["changes.csv"])
    row = at(data, task="boundary", component="cosine", encoder="tuned#1", layer=0)
    assert row.difference == pytest.approx(4 / 20)
    assert row.low <= row.difference <= row.high
    assert len(data) == (2 + 1) * 2 * 2


def test_table_2_has_the_scores_of_trainings(written):
    row = at(pd.read_csv(written["table2-tuning.csv"]), score="dev_f1")
    assert (row.encoder, row.tuned_on, row.value, row.n_seeds) == ("tuned", "squad", 0.55, 2)
    assert "Not in this run" not in written["README.md"].read_text()


def test_what_is_not_there_is_said(tmp_path):
    (readme, *rest) = Cai2020().write(toys.ToyFindings(), tmp_path)
    assert not rest
    assert "figure 1 as printed: needs the probe pairwise.ranking with paper: true" in (
        readme.read_text()
    )


def test_labels_are_what_is_printed(tmp_path):
    found = toys.ToyFindings(cells(), baseline="base", labels=True)
    printed = toys.printed(Cai2020().write(found, tmp_path))
    names = {"base", "tuned", "boundary", "synonyms", "ends", "squad"}
    assert not printed & {*names, "tuned, step 0"}
    assert {f"the {name}" for name in names} | {"the tuned, step 0"} <= printed
