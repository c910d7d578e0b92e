"""Runs in MLflow."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from sondage.contracts import Findings, RunState, ToldRun
from sondage.errors import DependencyError
from sondage_trackers.files import write_files
from sondage_trackers.naming import LONGEST, fitting, parameters, scores, tags

Thing = TypeVar("Thing")

#: What MLflow takes at once, and characters of a parameter's and a tag's value.
_SCORES, _PARAMETERS, _LONG_PARAMETER, _LONG_TAG = 1000, 100, 6000, 5000
#: The tag by which a run is found again.
_RUN = "sondage.run"


@dataclass(kw_only=True, eq=False)
class MLflow:
    """Keep each run as a run of MLflow's: a score's steps are layers.

    Parameters
    ----------
    tracking_uri : str
        Such as ``sqlite:///mlflow.db`` or ``https://HOST``; without one, MLflow's own setting.
    experiment : str
        Made if it is not there.

    References
    ----------
    MLflow 3. Departs from it: a run that is taken up again is the same run, with each score once.
    """

    _states: ClassVar[Mapping[str, str]] = {
        "finished": "FINISHED", "failed": "FAILED", "stopped": "KILLED",
    }  # fmt: skip

    tracking_uri: str = ""
    experiment: str = "sondage"

    def begin(self, run: ToldRun) -> None:
        """Make the run, or find the one that has its id; say what it is made of."""
        self._client = _client(self.tracking_uri)
        self._run = run
        #: Steps that are there of a score, asked for at most once.
        self._known: dict[str, set[int]] = {}
        experiment = self._experiment()
        there = self._client.search_runs([experiment], f"tags.`{_RUN}` = '{run.id}'", max_results=1)
        self._resumed = bool(there)
        if there:
            self._id = there[0].info.run_id
            self._client.update_run(self._id, status="RUNNING")
        else:
            # With its id from the start: a run of which nothing else was said is found again.
            made = self._client.create_run(experiment, tags={_RUN: run.id}, run_name=run.name)
            self._id = made.info.run_id
        self._describe(there[0].data.params if there else {})

    def _experiment(self) -> str:
        found = self._client.get_experiment_by_name(self.experiment)
        if found is not None:
            return str(found.experiment_id)
        return str(self._client.create_experiment(self.experiment))

    def _describe(self, there: Mapping[str, str]) -> None:
        from mlflow.entities import Param, RunTag

        said = tags(self._run) | {"mlflow.source.name": self._run.command}
        if self._run.commit:
            said["mlflow.source.git.commit"] = self._run.commit.rstrip("+")
        # A parameter cannot be changed: what a run is made of does not.
        new = {k: v for k, v in parameters(self._run).items() if k not in there}
        labels = [RunTag(fitting(k, LONGEST), v[:_LONG_TAG]) for k, v in said.items() if v]
        made = [Param(k, v[:_LONG_PARAMETER]) for k, v in new.items()]
        for part in _parts(labels, _PARAMETERS):
            self._client.log_batch(self._id, tags=part)
        for part in _parts(made, _PARAMETERS):
            self._client.log_batch(self._id, params=part)

    def recorded(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Log the scores that are not there."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        fresh = [(n, layer, v) for n, layer, v in scores(records) if layer not in self._there(n)]
        for part in _parts(fresh, _SCORES):
            try:
                self._client.log_batch(
                    self._id, metrics=[Metric(name, v, now, layer) for name, layer, v in part]
                )
            except Exception:
                # It may have arrived all the same: what is there is asked anew.
                self._known, self._resumed = {}, True
                raise
            for name, layer, _ in part:
                self._known[name].add(layer)

    def _there(self, name: str) -> set[int]:
        if name not in self._known:
            told = self._client.get_metric_history(self._id, name) if self._resumed else ()
            self._known[name] = {metric.step for metric in told}
        return self._known[name]

    def end(self, state: RunState, findings: Findings) -> None:
        """Keep tables, figures and reports, and say how it ended."""
        with tempfile.TemporaryDirectory(prefix="sondage-mlflow-") as folder:
            write_files(self._run, findings, Path(folder))
            self._client.log_artifacts(self._id, folder)
        self._client.set_terminated(self._id, self._states[state])


def _parts(things: Sequence[Thing], most: int) -> Iterator[list[Thing]]:
    for at in range(0, len(things), most):
        yield list(things[at : at + most])


def _client(uri: str) -> Any:
    """Return a client of the store; imports MLflow, which takes seconds."""
    line = "pip install 'sondage-trackers[mlflow]'"
    try:
        from mlflow import MlflowClient, get_tracking_uri
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "mlflow":
            raise
        raise DependencyError("MLflow is not installed", hint=line) from error
    uri = uri or get_tracking_uri()
    if uri.startswith("sqlite") and not all(map(find_spec, ("sqlalchemy", "alembic"))):
        # MLflow says of this that it has no registry of models.
        raise DependencyError("a store in SQLite needs SQLAlchemy and Alembic", hint=line)
    return MlflowClient(tracking_uri=uri)
