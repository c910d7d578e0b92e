"""Run one job: a probe over its cells, or a metric over its stimuli."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sondage.data import TaskData
from sondage.execute.metric_job import run_metric
from sondage.execute.probe_job import run_probe
from sondage.guard.heed import UNCONVERGED, heeded
from sondage.plan.cells import Job
from sondage.records.record import Finished
from sondage.store import Store


def run_job(store: Store, job: Job, data: TaskData) -> Iterator[Finished]:
    """Yield each of the job's cells as it is done.

    Raises
    ------
    SondageError
        For what the user can mend; anything else is the component's fault.
    PluginError
        If the component does not keep its contract.
    KeyboardInterrupt
        For a signal to stop, also where the component's library takes it for an answer.
    """
    made = run_metric if job.cells[0].kind == "metric" else run_probe
    for finished, slow in heeded(made(store, job, data)):
        told = finished.result.warnings
        if slow and UNCONVERGED not in told:
            result = replace(finished.result, warnings={**told, UNCONVERGED: slow})
            yield replace(finished, result=result)
        else:
            yield finished
