"""Run a plan's graph: in this process, on N local workers, or on a Dask cluster.

A job's records are made durable by the process that the user started: at once in this
process, when the job's result arrives from a worker.
"""

from __future__ import annotations

import time
from typing import Any

from sondage.execute.engines import Engines, in_order
from sondage.execute.graph import Node, graph_of, missing_keys
from sondage.execute.keeping import Keep, Keeping, reading
from sondage.execute.listener import Listener
from sondage.execute.node import Prepared, Work, weights_folder
from sondage.execute.took import Took
from sondage.execute.work import function_of
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
    took: Took,
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
    took : Took
        Counts how long each kind of work takes.

    Raises
    ------
    StoreError, ResultsError
        If the disk fails; all cells reported so far are durable.
    ClusterError
        If workers cannot be had, or cannot take part, or are gone.
    KeyboardInterrupt
        On workers also after a SIGTERM, when what was at hand is done.
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
            from sondage.execute.distribute import distributed

            distributed(work, nodes, folder, listener, keeping, took, workers, cluster)
        else:
            _in_process(work, nodes, folder, listener, keeping, took)


def _in_process(
    work: Work,
    nodes: list[Node],
    folder: RunFolder,
    listener: Listener,
    keeping: Keeping,
    took: Took,
) -> None:
    emit, engines = _Grouped(folder, listener, took), Engines(nodes)
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
                    if isinstance(node.item, Encoding):
                        took.encoded(node.item, value)
            _tell(engines.close(), listener)
    finally:
        emit.flush()


def _tell(said: list[str], listener: Listener) -> None:
    for text in said:
        listener.said(text)


class _Grouped:
    """Makes records durable in groups: many quick cells share one fsync."""

    def __init__(
        self, folder: RunFolder, listener: Listener, took: Took, seconds: float = 0.1
    ) -> None:
        self._folder, self._listener, self._seconds = folder, listener, seconds
        self._took = took
        self._waiting: list[Record] = []
        self._last = 0.0

    def __call__(self, new: Record) -> None:
        self._waiting.append(new)
        if time.monotonic() - self._last > self._seconds:
            self.flush()

    def flush(self) -> None:
        records, self._waiting = self._waiting, []
        self._folder.append(records)
        self._took.recorded(records)
        self._listener.recorded(records)
        self._last = time.monotonic()
