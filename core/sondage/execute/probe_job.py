"""Run a probe over its cells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from sondage import probing
from sondage.data import TaskData
from sondage.errors import PluginError
from sondage.execute.problem import StoredProblem
from sondage.execute.returned import checked
from sondage.plan.cells import Job
from sondage.records.record import Finished
from sondage.store import Store


def run_probe(store: Store, job: Job, data: TaskData) -> Iterator[Finished]:
    """Yield each of a probe's cells as it is done."""
    problem = StoredProblem(store, job, data)
    cells = {(cell.layer, cell.seed): cell for cell in job.cells}
    for layer, seed, result in probing.run(job.component.instance, problem):
        cell = cells.pop((layer, seed), None)
        if cell is None:
            raise PluginError(
                f"probe '{job.component.label}' gave a result for layer {layer}, seed {seed}, "
                "which was not asked for, or twice"
            )
        result = checked(result, job.component.label)
        warnings = Counter(problem.warnings)
        warnings.update(result.warnings)
        yield Finished(cell, replace(result, warnings=dict(warnings)))
    if cells:
        raise PluginError(
            f"probe '{job.component.label}' gave no result for (layer, seed) {sorted(cells)[:5]}"
        )
