"""A plan's graph on workers: each piece of work is handed to Dask with what it asks for."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from sondage.execute import stopping
from sondage.execute.admission import admitted
from sondage.execute.awaiting import Awaited, told
from sondage.execute.begun import notes_in
from sondage.execute.engines import Uses, let_all_go, mark_unused
from sondage.execute.graph import Node
from sondage.execute.keeping import Ahead, Keeping
from sondage.execute.listener import Listener
from sondage.execute.node import FATAL, Prepared, Work, failures
from sondage.execute.placement import GPU, Workers, asked_by, wants_device, why_none
from sondage.execute.sizes import Sizes
from sondage.execute.took import Took
from sondage.execute.work import collected, unplaced, wanted_versions
from sondage.execute.workers import connected
from sondage.plan.cells import Encoding
from sondage.records.folder import RunFolder
from sondage.store import Store


def distributed(
    work: Work,
    nodes: list[Node],
    folder: RunFolder,
    listener: Listener,
    keeping: Keeping,
    took: Took,
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
        notes_in(Store(work.store)) as notes,
    ):
        handing = _Handing(client, replace(work, notes=notes))
        if cluster:
            handing.tell_of_devices(nodes, listener)
        ahead = Ahead(nodes, keeping, 1 + len(client.nthreads()))
        listener.started(f"{len(nodes)} pieces of work on {cluster or f'{workers} workers'}")
        uses = Uses(nodes)
        look = _at_work(listener, handing.titles)
        awaited = Awaited(client, handing.titles, stop, listener.said, look, notes)
        for future in awaited.completed(lambda: handing.out(ahead.more(), listener), as_completed):
            item = handing.items[future.key]
            _take(item, future, folder, listener, took)
            ahead.done()
            keeping.after(item)
            unused = uses.done(item)
            if unused:
                client.run(mark_unused, work.store, unused, on_error="ignore")
        if cluster:
            client.run(let_all_go, work.store, on_error="ignore")


class _Handing:
    """Hands nodes to Dask; what no worker can ever take is answered for at once."""

    def __init__(self, client: Any, work: Work) -> None:
        self._client, self._work = client, work
        self._there = Workers(tuple(client.run_on_scheduler(_declared).values()))
        self._sizes = Sizes()
        self._futures: dict[str, Any] = {}
        self.items: dict[str, Any] = {}
        self.titles: dict[str, str] = {}

    def tell_of_devices(self, nodes: list[Node], listener: Listener) -> None:
        """Say so where models would have a device and no worker declares one."""
        if not self._there.declare(GPU) and any(wants_device(node.item) for node in nodes):
            listener.said(
                "no worker declares a device (--resources GPU=1): models run where Dask puts them"
            )

    def out(self, nodes: Iterable[Node], listener: Listener) -> list[Any]:
        """Return the futures of nodes."""
        lacked = Counter[str]()
        given = []
        for node in nodes:
            asked = asked_by(node.item, self._there, self._sizes)
            why = "" if self._there.can_take(asked) else why_none(asked, self._there)
            if why:
                lacked[f"no worker can take '{node.item.title}': it asks for {why}"] += 1
            given.append(self._submit(node, asked, why))
        for said, n in lacked.items():
            listener.said(said + (f" ({n} pieces of work)" if n > 1 else ""))
        return given

    def _submit(self, node: Node, asked: dict[str, float], why: str) -> Any:
        # Keys of one kind of work begin alike: Dask takes them for one group, keeps them in a
        # common queue, and gives each worker that is free the next.
        key = f"{type(node.item).__name__}-{node.name}-{time.time_ns()}"
        if why:
            future = self._client.submit(unplaced, node.item, why, pure=False, key=key)
        else:
            needed = [self._futures[name] for name in node.needs]
            future = self._client.submit(
                collected, self._work, node.item, *needed,
                pure=False, key=key, resources=asked or None,
            )  # fmt: skip
        self._futures[node.name] = future
        self.items[key], self.titles[key] = node.item, node.item.title
        return future


def _declared(dask_scheduler: Any) -> dict[str, dict[str, float]]:
    return {name: dict(worker.resources) for name, worker in dask_scheduler.workers.items()}


def _take(item: Any, future: Any, folder: RunFolder, listener: Listener, took: Took) -> None:
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
            took.encoded(item, value)
    folder.append(records)
    took.recorded(records)
    listener.recorded(records)


def _at_work(listener: Listener, titles: Mapping[str, str]) -> Callable[[Any], None]:
    """Return what tells a listener, where it wants to know, what each worker does."""
    hear: Callable[[list[str]], None] | None = getattr(listener, "at_work", None)
    if hear is None:
        return lambda client: None
    tell = hear

    def look(client: Any) -> None:
        # In an order that stays: a worker keeps its place.
        held = client.processing()
        keys = [next(iter(held[worker]), None) for worker in sorted(held)]
        tell(["" if key is None else titles.get(key, "") for key in keys])

    return look
