"""Results survive a torn line, concurrent writers and odd content."""

import json
import multiprocessing

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sondage.data import Outcomes
from sondage.errors import PluginError, ResultsError
from sondage.records.across import finished, provider
from sondage.records.folder import RunFolder
from sondage.records.lines import raw_lines
from sondage.records.outcomes import pack, unpack
from sondage.records.recordable import MOST, recordable


def record(i, status="done", **more):
    return {"id": f"{i:032x}", "status": status, "scores": {"s": 1.0}, **more}


def test_what_is_appended_is_read(tmp_path):
    folder = RunFolder(tmp_path)
    folder.append([record(1), record(2, text="a\nb \x1b[31m <b>")])
    assert [r["id"] for r in RunFolder(tmp_path).records()] == [f"{i:032x}" for i in (1, 2)]


def test_a_finished_cell_is_never_doubled(tmp_path):
    one, two = RunFolder(tmp_path), RunFolder(tmp_path)
    assert len(one.append([record(1)])) == 1
    assert two.append([record(1), record(2)]) == [record(2)]
    assert len((tmp_path / "cells.jsonl").read_text().splitlines()) == 2


@pytest.mark.parametrize("cut", [1, 20, 60])
def test_a_half_written_line_is_cut_off_and_its_cell_written_again(tmp_path, cut):
    RunFolder(tmp_path).append([record(1), record(2)])
    file = tmp_path / "cells.jsonl"
    raw = file.read_bytes()
    file.write_bytes(raw[:-cut])
    folder = RunFolder(tmp_path)
    assert [r["id"][-1] for r in folder.records()] == ["1"]
    folder.append([record(2), record(3)])
    assert [r["id"][-1] for r in folder.records()] == ["1", "2", "3"]
    assert all(json.loads(line) for line in file.read_text().splitlines())


def test_success_replaces_failure_and_not_the_reverse(tmp_path):
    folder = RunFolder(tmp_path)
    folder.append([record(1, "failed")])
    assert folder.records()[0]["status"] == "failed"
    folder.append([record(1)])
    folder.append([record(1, "failed")])
    assert [r["status"] for r in folder.records()] == ["done"]


def test_finished_looks_into_every_run(tmp_path):
    RunFolder(tmp_path / "a").path.mkdir()
    RunFolder(tmp_path / "b").path.mkdir()
    RunFolder(tmp_path / "a").append([record(1), record(2, "failed")])
    RunFolder(tmp_path / "b").append([record(3)])
    ids = {f"{i:032x}" for i in (1, 2, 3, 4)}
    assert sorted(finished(tmp_path, ids)) == [f"{i:032x}" for i in (1, 3)]


def _append_many(path, start):
    folder = RunFolder(path)
    for i in range(40):
        folder.append([record(start + i), record(i + 1000)])


def test_two_processes_may_append_at_once(tmp_path):
    context = multiprocessing.get_context("spawn")
    both = [context.Process(target=_append_many, args=(tmp_path, s)) for s in (0, 100)]
    for process in both:
        process.start()
    for process in both:
        process.join()
    lines = [json.loads(x)["id"] for x in (tmp_path / "cells.jsonl").read_text().splitlines()]
    assert len(lines) == len(set(lines)) == 120


@given(
    st.lists(st.tuples(st.integers(0, 2**31 - 1), st.integers(0, 10**6), st.booleans())),
    st.booleans(),
)
def test_outcomes_survive_packing(rows, exact):
    items = np.array(sorted(r[0] for r in rows), np.int64)
    groups = np.array([r[1] for r in rows], np.int64)
    values = np.array([r[2] for r in rows], bool)
    if not exact:
        values = values * 0.1
    back = unpack(json.loads(json.dumps(pack(Outcomes(items, groups, values)))))
    np.testing.assert_array_equal(back.items, items)
    np.testing.assert_array_equal(back.groups, groups)
    np.testing.assert_array_equal(back.values, values)
    assert back.values.dtype == values.dtype


def test_outcomes_that_are_no_numbers_leave_the_run_readable(tmp_path):
    from sondage.records.frames import summary
    from sondage.report import query

    folder = RunFolder(tmp_path / "runs" / "c-1")
    folder.open({"composition": "c", "cells": 2})
    place = {"kind": "probe", "encoder": "e", "other": "", "step": None, "task": "t"}
    place |= {"component": "p", "view": "mean", "layer": 0, "schema": 2}
    for seed, values in enumerate(([1.0, np.nan], [1.0, 0.0])):
        outcomes = pack(Outcomes(np.arange(2), np.arange(2), np.array(values)))
        folder.append([record(seed, seed=seed, outcomes=outcomes, **place)])
    (tmp_path / "runs" / "bad").mkdir()
    (tmp_path / "runs" / "bad" / "cells.jsonl").mkdir()
    assert summary(folder)["mean"].tolist() == [1.0]
    assert query(tmp_path / "runs", "select mean from summary")["mean"].tolist() == [1.0]
    said = []
    query(tmp_path / "runs", "select 1", left_out=lambda name, why: said.append((name, why)))
    assert [name for name, _ in said] == ["bad"]
    assert said[0][1]
    with pytest.raises(ResultsError, match="empty"):
        query(tmp_path / "runs", " ")


def test_whole_lines_are_those_that_end(tmp_path):
    file = tmp_path / "cells.jsonl"
    assert not list(raw_lines(file))
    file.write_bytes(b"one\ntwo\nhal")
    assert list(raw_lines(file)) == [b"one\n", b"two\n"]


def test_a_provider_is_what_the_last_run_by_name_says(tmp_path):
    for name, version in (("a", "1"), ("b", "2")):
        folder = RunFolder(tmp_path / name)
        part = {"kind": "task", "key": {"use": "x.y", "version": version}, "distribution": "d"}
        folder.open({"components": [part]})
        folder.append([record(1)])
    assert provider(tmp_path, "task", "x.y") == "d 2"
    assert provider(tmp_path, "probe", "x.y") == ""


@given(
    st.lists(st.one_of(
        st.text(max_size=3), st.booleans(), st.integers(), st.floats(), st.none(),
        st.integers(-(2**63) - 1, 2**64), st.just("\ud800"),
    ), max_size=4)
)  # fmt: skip
def test_a_list_is_recorded_as_its_values_one_by_one(values):
    def recorded(made):
        try:
            return repr(recordable({"tables": {"t": {"c": made}}}, "p"))
        except PluginError as error:
            return error.message

    # Of a tuple each value is looked at by itself.
    assert recorded(values) == recorded(tuple(values))
    for kind in {type(value) for value in values}:
        alike = [value for value in values if type(value) is kind]
        assert recorded(alike) == recorded(tuple(alike))


def test_a_list_of_texts_counts_towards_what_a_record_may_hold():
    with pytest.raises(PluginError, match="more in 'tables'"):
        recordable({"tables": {"t": {"c": ["x" * (MOST // 2), "y" * (MOST // 2), "z"]}}}, "p")
