"""Local worker processes or a running Dask cluster, behind one context manager."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import sondage
from sondage.errors import ClusterError, PluginError
from sondage.host import extras


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
    extras.need("cluster", "running on workers or a cluster")
    import dask
    from distributed import Client, LocalCluster, Security, as_completed

    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), 1)
    dask.config.set(
        {
            # A worker that died took its job along; three deaths of one job are the job's fault.
            "distributed.scheduler.allowed-failures": _DEATHS,
            # Dask also has workers give memory back after every large array, which costs a
            # probe that makes many of them a third of its time.
            "distributed.nanny.pre-spawn-environ": threads,
            "distributed.worker.profile.enabled": False,
        }
    )
    if cluster:
        _check_address(cluster)
        # That the scheduler is gone is said once, as an error of ours.
        logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
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
            dashboard_address="127.0.0.1:0",
            worker_dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,
            # Whoever reaches a scheduler's port runs code as its user: only holders of a key
            # that is made for this run, and kept in memory, get in.
            security=Security.temporary(),
        ) as local,
        Client(local, set_as_default=False) as client,
    ):
        yield client, as_completed


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


def completed(
    client: Any,
    futures: Iterable[Any],
    as_completed: Any,
    more: Callable[[], Iterable[Any]] = lambda: (),
) -> Iterator[Any]:
    """Yield futures as they end; give up when nobody is left to end them.

    Parameters
    ----------
    client : distributed.Client
    futures : iterable of distributed.Future
    as_completed : class
    more : callable
        Asked for further futures after each.

    Raises
    ------
    ClusterError
        If the scheduler is gone, or for half a minute no worker runs: all have left, or have
        too little memory to take work.
    """
    waiting = as_completed(futures, loop=client.loop)
    looked = last = time.monotonic()
    while not waiting.is_empty():
        if waiting.has_ready():
            future = next(waiting)
            if future.cancelled():
                raise _gone()
            yield future
            waiting.update(more())
            last = time.monotonic()
            continue
        time.sleep(0.005)
        now = time.monotonic()
        if now - looked < _LOOK_EVERY:
            continue
        looked = now
        if _running(client):
            last = now
        elif now - last > _PATIENCE:
            raise ClusterError(
                f"for {_PATIENCE} seconds no worker has run: all have left, or have too little "
                "memory to take work; what was finished is kept",
                hint="start workers with more memory, or use fewer on one machine",
            )


def told(error: BaseException | None) -> BaseException | None:
    """Return the error of a piece of work; in our own words where each worker that ran it died."""
    if error is None or type(error).__name__ != "KilledWorker":
        return error
    return PluginError(
        f"every worker that ran this died, {error.args[2] + 1} in all, most likely because it "
        "takes more memory than a worker has",
        hint="use fewer --workers (each has its share of the memory), or start cluster workers "
        "with more; with one worker it runs in the command's own process",
    )


def _running(client: Any) -> int:
    if client.status != "running":
        return 0
    try:
        return int(client.run_on_scheduler(_count_running))
    except (OSError, TimeoutError) as error:
        raise _gone() from error


def _count_running(dask_scheduler: Any) -> int:
    return len(dask_scheduler.running)


def _gone() -> ClusterError:
    return ClusterError(
        "the cluster's scheduler is gone; what was finished is kept",
        hint="start it again, and give the same command",
    )


def installed(names: list[str]) -> dict[str, str]:
    """Return the versions of the core and of these distributions here; '' where one is absent."""
    found = {"sondage": sondage.__version__}
    for name in (n for n in names if n != "sondage"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = ""
    return found


def refuse_unlike(client: Any, wanted: Mapping[str, str]) -> None:
    """Refuse workers that have not what the plan was made with: they would run other code.

    Parameters
    ----------
    client : distributed.Client
    wanted : mapping
        Distribution to version, ``sondage`` among them.

    Raises
    ------
    ClusterError
        With the worker, the distribution and both versions; or if there is no worker.
    """
    try:
        client.wait_for_workers(1, timeout=_PATIENCE)
        answers = client.run(installed, list(wanted), on_error="return")
    except (OSError, TimeoutError) as error:
        raise ClusterError(
            f"the cluster has no worker that answers within {_PATIENCE} seconds",
            hint="start some with 'dask worker ADDRESS', or use --workers N",
        ) from error
    for worker, found in answers.items():
        if isinstance(found, BaseException):
            raise ClusterError(
                f"a worker cannot run sondage: {found}",
                where=worker,
                hint=f"install sondage {wanted['sondage']} there",
            )
        check_versions(worker, found, wanted)


def check_versions(worker: str, found: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    """Raise `ClusterError` if a worker has not the wanted versions, with the first that differs."""
    for name, need in wanted.items():
        if found[name] != need:
            has = f"has {name} {found[name]}" if found[name] else f"lacks {name}"
            raise ClusterError(
                f"a worker {has}, but the run was planned with {name} {need}",
                where=worker,
                hint=f"install {name} {need} there, and start the worker again",
            )


#: How many workers one piece of work may take along and be tried again.
_DEATHS = 3
#: Seconds to wait for a first worker, or for one that runs.
_PATIENCE = 30
#: Seconds between two looks at the workers.
_LOOK_EVERY = 2
