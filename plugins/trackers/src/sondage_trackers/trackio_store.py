"""Runs in trackio's local dashboard."""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sondage.contracts import Findings, RunState, ToldRun
from sondage.errors import DependencyError
from sondage_trackers.files import write_files
from sondage_trackers.naming import fitting, parameters, scores, tags

#: Settings with which trackio sends every run elsewhere.
_ELSEWHERE = ("TRACKIO_SPACE_ID", "TRACKIO_SERVER_URL")


@dataclass(kw_only=True, eq=False)
class Trackio:
    """Keep each run as a run of a local project: a score's steps are layers.

    Runs are on this machine, in ``TRACKIO_DIR``; ``trackio sync`` sends a project elsewhere.

    Parameters
    ----------
    project : str
        Made if it is not there.

    References
    ----------
    trackio 0.43. Departs from it: a run that is taken up again has each score once, and nothing is
    printed or measured of the machine.
    """

    project: str = "sondage"

    def begin(self, run: ToldRun) -> None:
        """Open the run, new or there, and read which scores it has."""
        self._run = run
        with _quiet():
            trackio = _trackio()
            from trackio.sqlite_storage import SQLiteStorage

            self._there: set[tuple[str, int]] = set()
            # The name ends in digits of the id.
            for row in SQLiteStorage.get_logs(self.project, run=run.name):
                step = int(row.pop("step"))
                self._there |= {(name, step) for name in row}
            self._kept = trackio.init(
                project=self.project, name=run.name, config=parameters(run) | tags(run),
                resume="allow", embed=False, auto_log_cpu=False, auto_log_gpu=False,
            )  # fmt: skip

    def recorded(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Log the scores that are not there, those of a layer together."""
        rows: dict[int, dict[str, float]] = defaultdict(dict)
        for name, layer, value in scores(records):
            if (name, layer) not in self._there:
                rows[layer][name] = value
                self._there.add((name, layer))
        with _quiet():
            for layer, row in rows.items():
                self._kept.log(row, step=layer)

    def end(self, state: RunState, findings: Findings) -> None:
        """Keep tables, figures and reports, and how the run ended with them."""
        with _quiet(), tempfile.TemporaryDirectory(prefix="sondage-trackio-") as folder:
            write_files(self._run, findings, Path(folder))
            name = fitting(self._run.name).replace(" ", "-")
            said = {"state": state} | tags(self._run)
            made = _trackio().Artifact(name=name, type="sondage", metadata=said)
            made.add_dir(folder)
            self._kept.log_artifact(made)
            self._kept.finish()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Let trackio print nothing, and keep runs here whatever the environment says."""
    with contextlib.redirect_stdout(io.StringIO()):
        before = {name: os.environ.pop(name) for name in _ELSEWHERE if name in os.environ}
        try:
            yield
        finally:
            os.environ.update(before)


def _trackio() -> Any:
    try:
        import trackio
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "trackio":
            raise
        raise DependencyError(
            "trackio is not installed", hint="pip install 'sondage-trackers[trackio]'"
        ) from error
    return trackio
