"""Folders that are not there and names that no disk takes: a message, no traceback."""

import pytest

LONG = "x" * 300


@pytest.fixture
def ran(call, tmp_path, make_plugin):
    make_plugin("toy")
    path = tmp_path / "r.yaml"
    path.write_text(
        "version: 1\nencoders:\n  a: {use: toy.encoder}\ntasks:\n  t: {use: toy.task, n: 30}\n"
        "compositions:\n"
        "  c: {encoders: [a], tasks: [t], probes: [toy.centroid], layers: [1]}\n"
        f"  {LONG}: {{encoders: [a], tasks: [t], probes: [toy.centroid], layers: [1]}}\n",
        "utf-8",
    )
    assert call("run", f"{path}:c").code == 0
    return path


@pytest.mark.parametrize("name", ["no/such/f", LONG, "file/f"])
@pytest.mark.parametrize(
    ("option", "end"),
    [("--csv", ""), ("--latex", ".tex"), ("--plot", ".svg"), ("--plot", ".png"),
     ("--parquet", ".parquet")],
)  # fmt: skip
def test_a_file_that_cannot_be_written_is_a_message(call, ran, tmp_path, name, option, end):
    (tmp_path / "file").write_text("", "utf-8")
    ended = call("results", option, f"{tmp_path}/{name}{end}")
    assert ended.code == 2, ended
    assert "cannot be written" in ended.err
    assert "None" not in ended.err


@pytest.mark.parametrize("command", ["plan", "run", "results"])
def test_a_composition_named_too_long_is_a_message(call, ran, command):
    ended = call(command, f"{ran}:{LONG}" if command != "results" else LONG)
    assert ended.code == 2, ended
    assert "too long for a run's folder" in ended.err or "no run" in ended.err


@pytest.mark.parametrize("command", ["plan", "run"])
@pytest.mark.parametrize(
    "setting",
    ["encoders=", "tasks=", "probes=", "probes.toy.centroid.x=", "tasks.t.n=", "name=", ""],
)
def test_a_setting_too_long_is_a_message(call, ran, command, setting):
    for value in (LONG, f"[{LONG}]", LONG * 20 + "=1"):
        ended = call(command, f"{ran}:c", "--set", f"{setting}{value}")
        assert ended.code == 2, ended


@pytest.mark.parametrize("command", ["plan", "run", "validate"])
def test_a_registry_named_too_long_is_a_message(call, ran, command):
    for name in (f"{LONG}.yaml", f"{LONG}/r.yaml:c", f"{LONG}.yaml:c"):
        assert call(command, name).code == 2


def test_sql_says_which_runs_it_leaves_out(call, ran):
    from sondage.store import paths

    assert "left out" not in call("results", "--sql", "select 1").err
    (paths.runs_folder() / "bad" / "cells.jsonl").mkdir(parents=True)
    ended = call("results", "--sql", "select count(*) from cells", "--csv", "-")
    assert ended.code == 0
    assert "left out: run bad, which cannot be read" in ended.err
    assert "left out" not in ended.out
