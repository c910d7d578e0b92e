"""Local worker processes or a running Dask cluster, behind one context manager."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sondage.errors import ClusterError
from sondage.execute import devices
from sondage.execute.admission import PATIENCE
from sondage.host import extras

#: How many workers one piece of work may take along and be tried again.
DEATHS = 3


@contextmanager
def connected(workers: int, cluster: str | None) -> Iterator[tuple[Any, Any]]:
    """Yield a Dask client and `as_completed`.

    Parameters
    ----------
    workers : int
        How many local processes to start, each with one thread; used without `cluster`. As many
        as there are devices have one each, the others none.
    cluster : str, optional
        Address of a running scheduler, ``tcp://HOST:PORT``, or the file that ``dask scheduler
        --scheduler-file`` wrote; it and its workers must see the same store and runs folders.

    Raises
    ------
    ClusterError
    """
    extras.need("cluster", "running on workers or a cluster")
    import dask
    from distributed import Client, as_completed

    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), 1)
    dask.config.set(
        {
            # A worker that died took its job along; three deaths of one job are the job's fault.
            "distributed.scheduler.allowed-failures": DEATHS,
            # Dask also has workers give memory back after every large array, which costs a
            # probe that makes many of them a third of its time.
            "distributed.nanny.pre-spawn-environ": threads,
            "distributed.worker.profile.enabled": False,
            # Fifty times a second each process looks whether it is late: with two workers that
            # takes as much as a twentieth of a core from them.
            "distributed.admin.tick.interval": "1s",
        }
    )
    if cluster:
        address = _address(cluster)
        # That the scheduler is gone is said once, as an error of ours.
        logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
        try:
            with Client(address, timeout=10, set_as_default=False) as client:
                yield client, as_completed
        except (OSError, TimeoutError, ValueError) as error:
            raise ClusterError(
                f"the Dask cluster at {cluster} cannot be reached: {error}",
                hint="start one with 'dask scheduler', or use --workers N",
            ) from error
        return
    with _local(workers) as local, Client(local, set_as_default=False) as client:
        # What runs where is decided once, by what all of them have.
        client.wait_for_workers(workers, timeout=PATIENCE)
        yield client, as_completed


def _local(workers: int) -> Any:
    """Return a cluster of this machine's processes, those with a device first."""
    from distributed import LocalCluster, Security

    there = devices.cards()

    local: Any = LocalCluster(
        n_workers=0,
        threads_per_worker=1,
        memory_limit=_memory_of_each(workers),
        processes=True,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        worker_dashboard_address="127.0.0.1:0",
        silence_logs=logging.CRITICAL,
        # Whoever reaches a scheduler's port runs code as its user: only holders of a key
        # that is made for this run, and kept in memory, get in.
        security=Security.temporary(),
    )
    plain = local.new_worker_spec

    def new_worker_spec() -> dict[Any, Any]:
        ((name, spec),) = plain().items()
        more = devices.options_of(len(local.worker_spec), there)
        return {name: spec | {"options": spec["options"] | more}}

    local.new_worker_spec = new_worker_spec
    local.scale(workers)
    return local


def _memory_of_each(workers: int) -> int:
    """Return the bytes of memory that each of so many local workers may take."""
    from distributed.system import MEMORY_LIMIT

    return int(MEMORY_LIMIT / workers)


def _address(cluster: str) -> str:
    """Return the address of a scheduler, also where the file that it wrote is named."""
    path = Path(cluster)
    if path.suffix != ".json" and not path.is_file():
        _check_address(cluster)
        return cluster
    try:
        address = json.loads(path.read_text("utf-8"))["address"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ClusterError(
            f"{cluster} is no file of a Dask scheduler: {error}",
            hint="'dask scheduler --scheduler-file FILE.json' writes one",
        ) from error
    _check_address(str(address))
    return str(address)


def _check_address(cluster: str) -> None:
    """Raise `ClusterError` for what is no address: a client made for it would not close quietly."""
    from distributed.comm.addressing import parse_address, parse_host_port

    try:
        scheme, place = parse_address(cluster, strict=True)
        host, port = parse_host_port(place, 0) if scheme in ("tcp", "tls") else ("?", 1)
        right = bool(host) and 0 < int(port) < 65536
    except ValueError:
        right = False
    if not right:
        raise ClusterError(
            f"{cluster!r} is no address of a Dask scheduler",
            hint="it looks like tcp://HOST:PORT, as 'dask scheduler' prints it",
        )
