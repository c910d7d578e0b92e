"""A plan's graph on workers: each piece of work is handed to Dask with what it asks for."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from typing import Any

from sondage.execute import stopping
from sondage.execute.admission import admitted
from sondage.execute.awaiting import Awaited, told
from sondage.execute.engines import Uses, in_order, let_all_go, mark_unused
from sondage.execute.graph import Node
from sondage.execute.listener import Listener
from sondage.execute.node import FATAL, Prepared, Work, failures
from sondage.execute.placement import GPU, Workers, asked_by, wants_device, why_none
from sondage.execute.sizes import Sizes
from sondage.execute.work import collected, unplaced, wanted_versions
from sondage.execute.workers import connected
from sondage.plan.cells import Encoding
from sondage.records.folder import RunFolder
from sondage.store import Store, disk


def distributed(
    work: Work,
    nodes: list[Node],
    folder: RunFolder,
    listener: Listener,
    workers: int,
    cluster: str | None,
) -> None:
    """Run nodes on local workers or a cluster; see `sondage.execute.runner.run_graph`."""
    wanted = wanted_versions(node.item for node in nodes)
    shared = (work.store, work.folder)
    with (
        stopping.stoppable() as stop,
        connected(workers, cluster) as (client, as_completed),
        admitted(client, wanted, shared, late=bool(cluster)),
    ):
        work = replace(work, notes=Store(work.store).scratch())
        futures = _submitted(client, work, nodes, listener, cluster)
        items = {futures[node.name].key: node.item for node in nodes}
        listener.started(f"{len(nodes)} pieces of work on {cluster or f'{workers} workers'}")
        uses = Uses(nodes)
        titles = {key: item.title for key, item in items.items()}
        awaited = Awaited(client, titles, stop, listener.said, work.notes)
        for future in awaited.completed(list(futures.values()), as_completed):
            item = items[future.key]
            _take(item, future, folder, listener)
            unused = uses.done(item)
            if unused:
                client.run(mark_unused, work.store, unused, on_error="ignore")
        if cluster:
            client.run(let_all_go, work.store, on_error="ignore")
        if work.notes is not None:
            disk.take_away(work.notes)


def _submitted(
    client: Any, work: Work, nodes: list[Node], listener: Listener, cluster: str | None
) -> dict[str, Any]:
    """Hand all nodes to Dask; what no worker can ever take is answered for at once."""
    there = Workers(tuple(client.run_on_scheduler(_declared).values()))
    if cluster and not there.declare(GPU) and any(wants_device(node.item) for node in nodes):
        listener.said(
            "no worker declares a device (--resources GPU=1): models run where Dask puts them"
        )
    sizes, lacked = Sizes(), Counter[str]()
    futures: dict[str, Any] = {}
    # Keys of one kind of work begin alike: Dask takes them for one group, keeps them in a
    # common queue, and gives each worker that is free the next.
    for node in in_order(nodes):
        asked = asked_by(node.item, there, sizes)
        key = f"{type(node.item).__name__}-{node.name}-{time.time_ns()}"
        needed = [futures[name] for name in node.needs]
        if there.can_take(asked):
            futures[node.name] = client.submit(
                collected, work, node.item, *needed, pure=False, key=key, resources=asked or None
            )
            continue
        why = why_none(asked, there)
        lacked[f"no worker can take '{node.item.title}': it asks for {why}"] += 1
        futures[node.name] = client.submit(unplaced, node.item, why, pure=False, key=key)
    for said, n in lacked.items():
        listener.said(said + (f" ({n} pieces of work)" if n > 1 else ""))
    return futures


def _declared(dask_scheduler: Any) -> dict[str, dict[str, float]]:
    return {name: dict(worker.resources) for name, worker in dask_scheduler.workers.items()}


def _take(item: Any, future: Any, folder: RunFolder, listener: Listener) -> None:
    """Make durable what a piece of work found."""
    error = told(future.exception())
    if isinstance(error, FATAL):
        raise error
    if error is not None:
        records = failures(item, error)
    else:
        value: Prepared = future.result()
        records = value.records
        if value.error == "" and isinstance(item, Encoding):
            listener.encoded(value.title, value.warnings, value.seconds)
    folder.append(records)
    listener.recorded(records)
