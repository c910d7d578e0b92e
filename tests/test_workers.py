"""What workers open to others, and which addresses are none."""

import os
import threading
import types

import psutil
import pytest

from sondage.errors import ClusterError, PluginError
from sondage.execute import awaiting, begun
from sondage.execute.stopping import Stop
from sondage.execute.workers import connected
from sondage.store import Store


def test_no_port_of_local_workers_can_be_reached_from_elsewhere():
    with connected(1, None):
        me = psutil.Process()
        open_ports = [
            found.laddr.ip
            for process in (me, *me.children(recursive=True))
            for found in process.net_connections("inet")
            if found.status == psutil.CONN_LISTEN
        ]
    assert open_ports
    assert set(open_ports) == {"127.0.0.1"}


@pytest.mark.parametrize(
    "address", ["", "host", "tcp:/x", "tcp://", "tcp://host", "tcp://host:x", "tcp://host:99999"]
)
def test_what_is_no_address_is_refused_before_anything_is_opened(address):
    with pytest.raises(ClusterError, match="no address"), connected(1, address or "//"):
        pass


def test_work_that_takes_its_workers_along_says_what_to_do():
    from distributed.scheduler import KilledWorker

    said = awaiting.told(KilledWorker("Job-1", None, 3))
    assert isinstance(said, PluginError)
    assert "every worker that ran this died, 4 in all" in said.message
    assert "--workers" in said.hint
    other = ValueError("mine")
    assert awaiting.told(other) is other
    assert awaiting.told(None) is None


class Future:
    """One that ended as its workers died, at the piece of work of this key."""

    def __init__(self, key, cause, status="error"):
        from distributed.scheduler import KilledWorker

        self.key, self.status, self.error = key, status, KilledWorker(cause, None, 3)

    def exception(self):
        return self.error


class Client:
    status = "running"

    def __init__(self):
        self.again = []

    def retry(self, futures):
        self.again += [future.key for future in futures]


def died_at(folder, key, times):
    for i in range(times):
        (folder / f"{key}-{i}").write_text(key)


def test_work_that_only_waited_where_workers_died_is_tried_again(tmp_path):
    died_at(tmp_path, "bad", 4)
    died_at(tmp_path, "unlucky", 3)
    client = Client()
    awaited = awaiting.Awaited(client, {}, Stop(), print, notes=tmp_path)
    assert not awaited._tried_again(Future("bad", "bad"))
    assert not awaited._tried_again(Future("needs-bad", "bad"))
    assert not awaited._tried_again(Future("done", "done", status="finished"))
    assert client.again == []
    assert awaited._tried_again(Future("waited", "waited"))
    assert awaited._tried_again(Future("unlucky", "unlucky"))
    assert awaited._tried_again(Future("needs-waited", "waited"))
    # What it needs was tried again, and it with that.
    assert awaited._tried_again(Future("needs-it-too", "waited", status="pending"))
    assert client.again == ["waited", "unlucky", "needs-waited"]
    for _ in range(200):
        awaited._tried_again(Future("waited", "waited"))
    assert client.again.count("waited") == awaiting._MOST_AGAIN


def test_a_process_notes_what_it_is_at_and_nothing_in_between(tmp_path, monkeypatch):
    monkeypatch.setattr(begun, "_key", lambda: "Job-1")
    with begun.noted(tmp_path):
        assert begun.deaths_at(tmp_path, "Job-1") == 1
        assert begun.deaths_at(tmp_path, "Job-2") == 0
    assert begun.deaths_at(tmp_path, "Job-1") == 0
    with pytest.raises(ValueError, match="mine"), begun.noted(tmp_path):
        raise ValueError("mine")
    (file,) = tmp_path.iterdir()
    assert file.read_text() == ""


def test_a_node_that_is_run_by_hand_notes_nothing(tmp_path):
    with begun.noted(tmp_path), begun.noted(None):
        assert not list(tmp_path.iterdir())


def test_notes_go_in_the_end_and_what_dead_workers_left_goes_with_them(tmp_path):
    store = Store(tmp_path)
    live = store.scratch()
    dead = live.with_name(live.name.replace(f"-{os.getpid()}-", "-999999999-"))
    dead.mkdir()
    with begun.notes_in(store) as notes:
        assert notes.is_dir()
    assert [*live.parent.iterdir()] == [live]


def test_who_waits_for_work_wakes_when_it_ends_and_hardly_before():
    class Future:
        status, key = "finished", "k"

        def cancelled(self):
            return False

    class Waiting:
        """As distributed's `as_completed`, with one future that ends after half a second."""

        def __init__(self, futures, loop):
            self.thread_condition, self.looks = threading.Condition(), 0
            self._ready, self._left = [], 1
            threading.Timer(0.5, self._end).start()
            made.append(self)

        def _end(self):
            self._ready.append(Future())
            with self.thread_condition:
                self.thread_condition.notify()

        def is_empty(self):
            return not self._left

        def has_ready(self):
            self.looks += 1
            return bool(self._ready)

        def __next__(self):
            self._left -= 1
            return self._ready.pop()

        def update(self, futures):
            pass

    made = []
    client = types.SimpleNamespace(loop=None, status="running")
    awaited = awaiting.Awaited(client, {}, Stop(), print)
    (one,) = awaited.completed(list, Waiting)
    assert one.status == "finished"
    # Twice a look: before the condition is held, and under it.
    assert made[0].looks < 40
