"""What workers open to others, and which addresses are none."""

import psutil
import pytest

from sondage.errors import ClusterError
from sondage.workers import connected


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
