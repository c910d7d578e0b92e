"""Counts how long each kind of work takes in a run, for what is said of time before the next."""

from __future__ import annotations

import contextlib
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from sondage.execute.node import Prepared
from sondage.plan.cells import Encoding, Plan
from sondage.records import history
from sondage.records.folder import RunFolder
from sondage.records.lines import Record
from sondage.records.paces import Paces, kind_of_encoding, kind_of_record, kind_of_training


class Took:
    """What has been done in this run.

    Parameters
    ----------
    planned : Plan
    """

    def __init__(self, planned: Plan) -> None:
        self._trainings = {t.cell.id: t for t in planned.trainings}
        self.paces = Paces()

    def encoded(self, item: Encoding, went: Prepared) -> None:
        """Count an encoding that went well."""
        if not went.error:
            self.paces.add(kind_of_encoding(item), 1, went.seconds, went.size)

    def recorded(self, records: list[Record]) -> None:
        """Count cells that went well."""
        for record in records:
            if record["status"] != "done" or not isinstance(record.get("seconds"), float | int):
                continue
            training = self._trainings.get(record["id"])
            # A record of a plugin's own making may have any key.
            with contextlib.suppress(KeyError, TypeError, AttributeError):
                kind = kind_of_training(training) if training else kind_of_record(record)
                self.paces.add(kind, 1, record["seconds"])


@contextmanager
def taken_down(planned: Plan, folder: RunFolder, workers: int) -> Iterator[Took]:
    """Yield what counts a run's work, and write it beside the results, however the run ends."""
    took = Took(planned)
    try:
        yield took
    finally:
        history.took(folder, took.paces.lines(), peak_memory(), workers)


def peak_memory() -> int:
    """Return the bytes that this process, or one that it started, had at most."""
    unit = 1 if sys.platform == "darwin" else 1024
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return unit * max(resource.getrusage(one).ru_maxrss for one in who)
