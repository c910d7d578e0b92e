"""What an encoder, a task, a probe, a metric, a report and a tracker are: no base classes.

A component is a class. Its constructor's typed, keyword signature is its schema: the core
validates a registry's parameters against it and fills in defaults. A parameter annotated
`Encoder`, `Task` or `Probe` is a reference: the registry names another component, the
constructor receives the built object, and for an encoder or a task the plan makes that an edge.

Importing a component's module and constructing it must be cheap (no torch, no data);
weights and files are read when `encode` or `load` is called.
"""

from sondage.contracts.encoder import (
    Encoder,
    Headed,
    Live,
    Pointing,
    Releasable,
    Series,
    Trained,
)
from sondage.contracts.masked_lm import MaskedLM
from sondage.contracts.metric import Accumulator, Metric
from sondage.contracts.passing import Passable, PassingAccumulator, PassingProbe, Sink
from sondage.contracts.probe import EncoderProblem, Probe, ProbeUnits, Problem, SimpleProbe
from sondage.contracts.report import Findings, Report
from sondage.contracts.task import Illustrated, Task, TaskUnits
from sondage.contracts.tracker import RunState, ToldRun, Tracker

__all__ = [
    "Accumulator", "Encoder", "EncoderProblem", "Findings", "Headed", "Illustrated", "Live",
    "MaskedLM", "Metric", "Passable", "PassingAccumulator", "PassingProbe", "Pointing", "Probe",
    "ProbeUnits", "Problem", "Releasable", "Report", "RunState", "Series", "SimpleProbe", "Sink",
    "Task", "TaskUnits", "ToldRun", "Tracker", "Trained",
]  # fmt: skip
