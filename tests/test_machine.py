"""Which machine this is, which of its processes live, and where things are kept."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from sondage.store import machine, paths


def test_a_machine_is_named_alike_in_all_its_processes(in_python):
    name = machine.this_machine()
    host, _, digits = name.rpartition("-")
    assert (host, len(digits)) == (socket.gethostname(), 12)
    said = in_python("from sondage.store.machine import this_machine; print(this_machine())")
    assert said.stdout.strip() == name


def test_another_start_of_the_machine_is_another_machine(monkeypatch):
    name = machine.this_machine()
    machine.this_machine.cache_clear()
    try:
        monkeypatch.setattr(machine, "_boot", lambda: "another")
        assert machine.this_machine() != name
    finally:
        machine.this_machine.cache_clear()


def test_a_process_lives_until_it_ended():
    assert machine.alive(os.getpid())
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert not machine.alive(ended.pid)
    assert not machine.alive(1 << 80)


def test_where_things_are_kept_can_be_said(monkeypatch):
    for name in ("SONDAGE_STORE", "SONDAGE_RUNS", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    assert paths.store_folder() == Path.home() / ".cache" / "sondage" / "store"
    assert paths.runs_folder() == Path("sondage-runs")
    monkeypatch.setenv("XDG_CACHE_HOME", "/c")
    assert paths.store_folder() == Path("/c/sondage/store")
    monkeypatch.setenv("SONDAGE_STORE", "/s")
    monkeypatch.setenv("SONDAGE_RUNS", "/r")
    assert (paths.store_folder(), paths.runs_folder()) == (Path("/s"), Path("/r"))


def test_room_is_told_where_a_folder_would_be(tmp_path):
    absent = tmp_path / "a" / "b"
    assert paths.nearest_there(absent) == tmp_path
    assert paths.free(absent) > 0


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc on this machine")
def test_a_process_that_has_ended_is_dead_though_its_parent_has_not_looked():
    ended = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
    os.kill(ended.pid, 0)
    assert not machine.alive(ended.pid)
    ended.wait()
