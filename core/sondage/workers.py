"""Local worker processes or a running Dask cluster, behind one context manager."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sondage.errors import ClusterError


@contextmanager
def connected(workers: int, cluster: str | None) -> Iterator[tuple[Any, Any]]:
    """Yield a Dask client and `as_completed`.

    Parameters
    ----------
    workers : int
        How many local processes to start, each with one thread; used without `cluster`.
    cluster : str, optional
        Address of a running scheduler, ``tcp://HOST:PORT``; it and its workers must see the
        same store and runs folders.

    Raises
    ------
    ClusterError
    """
    import dask
    from distributed import Client, LocalCluster, as_completed

    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), 1)
    dask.config.set(
        {
            # A worker that died took its job along; three deaths of one job are the job's fault.
            "distributed.scheduler.allowed-failures": 3,
            # Dask also has workers give memory back after every large array, which costs a
            # probe that makes many of them a third of its time.
            "distributed.nanny.pre-spawn-environ": threads,
            "distributed.worker.profile.enabled": False,
        }
    )
    if cluster:
        try:
            with Client(cluster, timeout=10, set_as_default=False) as client:
                yield client, as_completed
        except (OSError, TimeoutError, ValueError) as error:
            raise ClusterError(
                f"the Dask cluster at {cluster} cannot be reached: {error}",
                hint="start one with 'dask scheduler', or use --workers N",
            ) from error
        return
    with (
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=":0",
            silence_logs=logging.CRITICAL,
        ) as local,
        Client(local, set_as_default=False) as client,
    ):
        yield client, as_completed
