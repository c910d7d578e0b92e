"""Run a plan's graph: in this process, on N local workers, or on a Dask cluster.

A job's records are made durable by the process that the user started: at once in this
process, when the job's result arrives from a worker.
"""

from __future__ import annotations

import time
from typing import Any

from sondage.execute.engines import Engines, in_order
from sondage.execute.graph import Node, graph_of, missing_keys
from sondage.execute.keeping import Ahead, Keep, Keeping, reading
from sondage.execute.listener import Listener
from sondage.execute.node import FATAL, Prepared, Work, failures, weights_folder
from sondage.execute.work import collected, function_of, wanted_versions
from sondage.guard.guarded import signals
from sondage.guard.headway import heard
from sondage.plan.cells import Encoding, Job, Plan, Training, encodings
from sondage.records.folder import RunFolder
from sondage.records.lines import Record
from sondage.store import Store


def run_graph(
    planned: Plan,
    todo: list[Job],
    training: list[Training],
    folder: RunFolder,
    store: Store,
    *,
    workers: int = 1,
    cluster: str | None = None,
    cell_seconds: float | None = None,
    keep: Keep = "all",
    listener: Listener,
) -> None:
    """Run jobs, the encodings that they lack and the trainings that those need.

    Parameters
    ----------
    planned : Plan
    todo, training : lists of Job and Training
        The cells that are left; a finished training whose weights are needed and gone is
        done again.
    folder : RunFolder
    store : Store
    workers : int
    cluster : str, optional
    cell_seconds : float, optional
        The time limit of a cell; see `sondage.api.run`.
    keep : {'all', 'results'}
        Whether activations stay in the store.
    listener : Listener

    Raises
    ------
    StoreError, ResultsError
        If the disk fails; all cells reported so far are durable.
    """
    store.sweep()
    for component in planned.components:
        for built in component.all_trained:
            built.instance.place(weights_folder(store.root, built))
    with reading(store, planned, todo, listener, keep) as keeping:
        wanted = (key for job in todo for key in job.needs)
        passes = encodings(todo, missing_keys(store, wanted, listener))
        nodes = graph_of(planned, todo, training, passes)
        unrecorded = {t.cell.id for t in training}
        work = Work(store.root, folder.path, unrecorded, cell_seconds, keeping.drops)
        if workers > 1 or cluster:
            _distributed(work, nodes, folder, listener, keeping, workers, cluster)
        else:
            _in_process(work, nodes, folder, listener, keeping)


def _in_process(
    work: Work, nodes: list[Node], folder: RunFolder, listener: Listener, keeping: Keeping
) -> None:
    emit, engines = _Grouped(folder, listener), Engines(nodes)
    went: dict[str, Any] = {}
    try:
        with signals.heard():
            for node in in_order(nodes):
                listener.started(node.item.title)
                _tell(engines.before(node), listener)
                needed = (went[name] for name in node.needs)
                # A listener of before there was headway hears of none.
                with heard(getattr(listener, "advanced", None)):
                    value = function_of(node.item)(work, node.item, emit, *needed)
                went[node.name] = value
                engines.after(node)
                keeping.after(node.item, emit.flush)
                if isinstance(value, Prepared):
                    listener.encoded(value.title, value.warnings, value.seconds)
            _tell(engines.close(), listener)
    finally:
        emit.flush()


def _tell(said: list[str], listener: Listener) -> None:
    for text in said:
        listener.said(text)


class _Grouped:
    """Makes records durable in groups: many quick cells share one fsync."""

    def __init__(self, folder: RunFolder, listener: Listener, seconds: float = 0.1) -> None:
        self._folder, self._listener, self._seconds = folder, listener, seconds
        self._waiting: list[Record] = []
        self._last = 0.0

    def __call__(self, new: Record) -> None:
        self._waiting.append(new)
        if time.monotonic() - self._last > self._seconds:
            self.flush()

    def flush(self) -> None:
        records, self._waiting = self._waiting, []
        self._folder.append(records)
        self._listener.recorded(records)
        self._last = time.monotonic()


def _distributed(
    work: Work,
    nodes: list[Node],
    folder: RunFolder,
    listener: Listener,
    keeping: Keeping,
    workers: int,
    cluster: str | None,
) -> None:
    from sondage.execute.workers import completed, connected, refuse_unlike, told

    with connected(workers, cluster) as (client, as_completed):
        refuse_unlike(client, wanted_versions(node.item for node in nodes))
        futures: dict[str, Any] = {}
        items: dict[str, Any] = {}

        def submitted(node: Node) -> Any:
            # Keys of one kind of work begin alike: Dask takes them for one group, keeps them in a
            # common queue, and gives each worker that is free the next.
            future = client.submit(
                collected, work, node.item, *(futures[n] for n in node.needs),
                pure=False, key=f"{type(node.item).__name__}-{node.name}-{time.time_ns()}",
            )  # fmt: skip
            futures[node.name], items[future.key] = future, node.item
            return future

        ahead = Ahead(nodes, keeping, 1 + len(client.nthreads()))
        listener.started(f"{len(nodes)} pieces of work on {cluster or f'{workers} workers'}")

        def more() -> list[Any]:
            return [submitted(node) for node in ahead.more()]

        for future in completed(client, more(), as_completed, more):
            item = items[future.key]
            records = _records_of(future, item, told(future.exception()), listener)
            folder.append(records)
            listener.recorded(records)
            ahead.done()
            keeping.after(item)


def _records_of(
    future: Any, item: Any, error: BaseException | None, listener: Listener
) -> list[Record]:
    """Return the records of a piece of work that has ended; raise what ends the run."""
    if isinstance(error, FATAL):
        raise error
    if error is not None:
        return failures(item, error)
    value: Prepared = future.result()
    if value.error == "" and isinstance(item, Encoding):
        listener.encoded(value.title, value.warnings, value.seconds)
    return value.records
