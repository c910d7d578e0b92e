"""Several models at once, runs against each other, and the leaderboard."""

import csv
import io
from types import SimpleNamespace

import numpy as np
import pytest

from sondage import api, stats
from sondage.cli import outcome
from sondage.data import Outcomes
from sondage.errors import RegistryError, ResultsError
from sondage.records import lines
from sondage.records.catalogue import listed
from sondage.records.folder import RunFolder
from sondage.records.outcomes import pack
from sondage.records.summary import read_summary
from sondage.records.versus import versus
from sondage.report.leaderboard import leaderboard
from sondage.store import paths


def rows_of(ended):
    return list(csv.DictReader(io.StringIO(ended.out)))


@pytest.fixture
def two(call, named):
    """Runs of one composition on two models, in one command."""
    return call("run", f"{named}:c", "--quiet", "--set", "model=org/one, org/two_")


def test_several_models_are_run_and_shown_beside_each_other(call, two):
    assert two.code == 0
    head = two.out.splitlines()[1]
    for name in ("one", "one-2", "two_", "two_-2"):
        assert f" {name} " in f"{head} "
    first, second = (one.name for one in listed(paths.runs_folder()))
    assert f"sondage compare {first} {second} tests the differences" in two.out
    assert "org/two_, files" in two.out
    assert [one.models for one in listed(paths.runs_folder())] == [("one",), ("two_",)]


def test_several_models_are_a_list_or_names_with_commas(named, tmp_path, monkeypatch):
    target = f"{named}:c"
    for given in ("a,b", "a , b", ["a", "b"]):
        assert [s["model"] for s in api.each(target, {"model": given})] == ["a", "b"]
    # Only an encoder's model; and a path with a comma in it is one.
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a,b").mkdir()
    assert api.each(target, {"model": "a,b"}) == [{"model": "a,b"}]
    both = {"model": ["a", "b"], "summary": "x, y"}
    assert [s["summary"] for s in api.each(target, both)] == ["x, y"] * 2
    for wrong in ("a,,b", [], "a,a", ["a", None]):
        with pytest.raises(RegistryError):
            api.each(target, {"model": wrong})
    # 'ad' and 'bc' have one seed, so one fingerprint.
    with pytest.raises(RegistryError, match="the same one"):
        api.plans(target, settings={"model": "ad,bc"})


def test_a_plan_of_several_models_shows_each(call, named):
    ended = call("plan", f"{named}:c", "--set", "model=a,b")
    assert ended.out.count(" cells: ") == 2
    assert f"sondage run {named}:c --set model=b" in ended.out


def test_runs_are_compared_over_test_items_and_corrected(call, two):
    ended = call("compare", "1", "2", "--csv", "-")
    rows = rows_of(ended)
    # Four encoders, two layers, a score.
    assert len(rows) == 8
    assert {row["encoder"] for row in rows} == {"base", "base-2", "tuned#0", "tuned#1"}
    folders = [one.folder for one in listed(paths.runs_folder())]
    each = [{(r["encoder"], r["layer"]): r for r in f.records()} for f in folders]
    from sondage.records.frames import outcomes_of

    wanted = []
    for row in rows:
        one, two = (e[row["encoder"], int(row["layer"])] for e in each)
        a, b = (outcomes_of(r)["accuracy"] for r in (one, two))
        found = stats.paired_difference(b.values, a.values, a.groups)
        assert float(row["difference"]) == pytest.approx(found.difference)
        assert float(row["difference"]) == pytest.approx(
            two["scores"]["accuracy"] - one["scores"]["accuracy"]
        )
        assert (float(row["low"]), float(row["p"])) == pytest.approx((found.low, found.p_value))
        wanted.append(found.p_value)
    assert [float(row["p_holm"]) for row in rows] == pytest.approx(list(stats.holm(wanted)))
    assert len(rows_of(call("compare", "1", "2", "--csv", "-", "--all"))) == 16


def test_a_comparison_is_read(call, two, tmp_path):
    out = call("compare", "c").out
    assert out.startswith("run 1: c-")
    assert "(org/one, files 000000000000)" in out
    assert "Parts of speech · Centroid · Acc. (%)" in out
    assert "corrected\nfor 8 tests (Holm)" in out
    assert max(map(len, out.splitlines()[2:])) <= 100
    tex = call("compare", "c", "--latex", "-").out
    assert r"two\_-2" in tex
    assert r"Acc. (\%)" in tex
    assert call("compare", "c", "--plot", tmp_path / "a.svg").code == 0
    drawn = (tmp_path / "a.svg").read_text("utf-8")
    assert ">one-2<" in drawn
    assert ">two_-2<" in drawn


def test_what_cannot_be_compared_is_refused(call, two, both):
    assert "two runs or more" in call("compare", "1").err
    call("run", f"{both}:both", "--quiet")
    ended = call("compare", "1", "3")
    assert ended.code == 2
    assert "have no finished cells of one encoder" in ended.err
    assert call("compare", "1", "nosuch").code == 2


def run_of(root, name, records, **header):
    folder = RunFolder(root / name)
    folder.open({"composition": "x", "cells": len(records)} | header)
    folder.append([base(i, **one) for i, one in enumerate(records)])
    return folder


def base(i, *, values=None, items=(0, 1, 2), data="d", scores=None, **place):
    record = {
        "id": f"{i:032x}", "status": "done", "schema": 2, "kind": "probe", "encoder": "a",
        "other": "", "task": "t", "component": "p", "view": "word", "layer": 0, "seed": 0,
        "step": None, "key": {"task": {"fingerprint": data}},
        "scores": scores or {"accuracy": float(np.mean(values))},
    } | place  # fmt: skip
    if values is not None:
        told = Outcomes(np.array(items), np.array(items), np.array(values, float))
        record["outcomes"] = pack(told)
    return record


def test_only_the_same_items_of_the_same_data_are_tested(tmp_path):
    first = run_of(tmp_path, "one", [{"values": [1, 0, 0]}, {"values": [1, 1, 0], "seed": 1}])
    (one,) = versus([first, run_of(tmp_path, "b", [{"values": [1, 1, 0]}])])
    # One sign pattern in two is as far from 0; the mean is over all seeds that a run has.
    assert (one.difference, one.p, one.p_holm, one.n_seeds) == (pytest.approx(1 / 3), 1.0, 1.0, 1)
    assert (one.mean, one.reference_mean) == (pytest.approx(2 / 3), pytest.approx(0.5))
    for n, (other, why) in enumerate(
        [
            ({"values": [1, 1, 0], "items": (0, 1, 3)}, "other test items"),
            ({"values": [1, 1, 0], "data": "e"}, "other data"),
            ({"values": [1, 1, 0], "seed": 5}, "no seed in common"),
            ({"scores": {"accuracy": 0.5}}, "no outcomes by item"),
        ]
    ):
        (one,) = versus([first, run_of(tmp_path, f"c{n}", [other])])
        assert (one.difference, one.why) == (None, why)


def test_one_encoder_each_is_compared_whatever_it_is_called(tmp_path):
    first = run_of(tmp_path, "one", [{"values": [1, 0, 0]}])
    other = run_of(tmp_path, "two", [{"values": [1, 1, 1], "encoder": "b"}])
    (one,) = versus([first, other])
    assert one.difference == pytest.approx(2 / 3)
    assert one.labels["encoder"] == "b"
    two = run_of(tmp_path, "three", [{"values": [1, 1, 1], "encoder": e} for e in "bc"])
    with pytest.raises(ResultsError, match="no finished cells"):
        versus([first, two])


def part(kind, label, key):
    return {"kind": kind, "label": label, "key": {"fingerprint": key}}


def test_the_leaderboard_of_two_runs_by_hand(tmp_path):
    parts = [part("task", "t", "t"), part("task", "u", "u"), part("probe", "p", "p")]
    parts.append(part("probe", "mdl", "m"))
    own = {("a", "t", "p", "accuracy"): (0.5, 0.9, 0.7), ("b", "t", "p", "accuracy"): (0.9, 0.6),
           ("a", "u", "mdl", "codelength"): (9.0, 8.0), ("b", "u", "mdl", "codelength"): (5.0, 6.0),
           }  # fmt: skip
    more = {("a", "t", "p", "accuracy"): (0.95,)}
    one = run_of(tmp_path, "one", scores_of(own), components=[
        part("encoder", "a", "A"), part("encoder", "b", "B"), *parts])  # fmt: skip
    # In the second run 'a' is another encoder, on the same task and probe.
    two = run_of(tmp_path, "two", scores_of(more), components=[part("encoder", "a", "C"), *parts])
    board = leaderboard([read_summary(one), read_summary(two)])
    assert board.columns == ["t · p · accuracy", "u · mdl · codelength"]
    accuracy, codelength = board.columns
    at = {k: (p.row["mean"], p.row["layer"], p.rank, p.best) for k, p in board.places.items()}
    assert at == {
        ("a [1]", accuracy): (0.9, 1, 2.5, False),
        ("b", accuracy): (0.9, 0, 2.5, False),
        ("a [2]", accuracy): (0.95, 0, 1.0, True),
        # Fewer nats are better.
        ("a [1]", codelength): (8.0, 1, 2.0, False),
        ("b", codelength): (5.0, 0, 1.0, True),
    }
    # Only the first column is one that all have.
    assert board.shared == 1
    assert board.ranks == {"a [2]": 1.0, "a [1]": 2.5, "b": 2.5}
    assert board.encoders == ["a [2]", "a [1]", "b"]
    last = leaderboard([read_summary(one)], "last")
    assert last.places["a", accuracy].row["mean"] == 0.7
    assert leaderboard([read_summary(one)], "2").encoders == ["a"]
    for wrong in ("7", "deepest"):
        with pytest.raises(ResultsError):
            leaderboard([read_summary(one)], wrong)
    tex = board.latex()
    assert tex.count(r"{\boldmath\bfseries") == 2
    assert r"a [2] & {\boldmath\bfseries \(0.950\)} & -- & 1.00 \\" in tex


def scores_of(means):
    return [
        {"encoder": e, "task": t, "component": p, "layer": k, "scores": {s: v}}
        for (e, t, p, s), values in means.items()
        for k, v in enumerate(values)
    ]


def test_the_leaderboard_is_printed_and_written(call, two):
    out = call("leaderboard", "c").out
    assert out.startswith("1: Parts of speech · Centroid · Acc. (%)\n")
    assert "too good to be expected" in out
    rows = rows_of(call("leaderboard", "1", "2", "--layer", "2", "--csv", "-"))
    assert {row["layer"] for row in rows} == {"2"}
    assert len({row["encoder"] for row in rows}) == 8
    assert r"\boldmath" in call("leaderboard", "c", "--latex", "-").out
    assert call("leaderboard", "c", "--layer", "no").code == 2
    assert call("leaderboard").code == 2


def test_a_run_that_is_not_whole_is_said_to_be_so(call, two):
    one = listed(paths.runs_folder())[1].folder
    raw = one.cells.read_bytes().splitlines(keepends=True)
    one.cells.write_bytes(b"".join(raw[:3]))
    assert lines.parsed(raw[0]) is not None
    said = f"{one.path.name}: 3 of 8 cells, not finished"
    assert said in call("compare", "1", "2").err
    assert said in call("leaderboard", "1", "2").out


def test_a_run_of_very_many_tasks_ends_with_one_table_of_all(call, toy_registry):
    names = [f"t{n}" for n in range(17)]
    declared = "".join(
        f"  {name}: {{use: toy.task, n: {30 + n}}}\n" for n, name in enumerate(names)
    )
    written = toy_registry.read_text("utf-8").replace("tasks:\n", f"tasks:\n{declared}", 1)
    written += f"  many: {{encoders: [a, b], tasks: [{', '.join(names)}], probes: [slow]}}\n"
    toy_registry.write_text(written, "utf-8")
    out = call("run", f"{toy_registry}:many", "--layers", "0", "--quiet").out
    lines_ = out.splitlines()
    assert sorted(lines_[0].split()) == sorted(["task", "·", "probe", "·", "score", "a", "b"])
    rows = {line.split()[0]: line for line in lines_[1:18]}
    assert sorted(rows) == sorted(names)
    assert all(line.count("<") in (1, 2) for line in rows.values())
    assert lines_[18].startswith("mean rank")
    assert "every layer: sondage results many-" in out
    # One with fewer tasks ends as it did.
    few = call("run", f"{toy_registry}:many", "--set", "tasks=[t0, t1]", "--layers", "0", "--quiet")
    assert few.out.startswith("t0 · slow")


def test_very_many_warnings_are_told_by_component(capsys):
    def some(n):
        return [
            {"warning": "lost-words", "component": c, "task": f"t{i}", "cells": 2,
             "least": i, "most": i + 1}
            for c in ("linear", "mlp") for i in range(n)
        ]  # fmt: skip

    outcome.warnings(SimpleNamespace(warnings=some(12)))
    assert len(capsys.readouterr().out.splitlines()) == 24
    alone = {"warning": "odd", "component": "mlp", "task": "t", "cells": 1, "least": 1, "most": 1}
    outcome.warnings(SimpleNamespace(warnings=[*some(13), alone]))
    assert capsys.readouterr().out.splitlines() == [
        "warning: lost-words: 0 to 13 in each of 26 cells of linear on 13 tasks",
        "warning: lost-words: 0 to 13 in each of 26 cells of mlp on 13 tasks",
        "warning: odd: 1 in each of 1 cell of mlp on t",
    ]
