"""What workers open to others, and which addresses are none."""

import psutil
import pytest

from sondage.errors import ClusterError, PluginError
from sondage.execute import awaiting
from sondage.execute.workers import connected


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
