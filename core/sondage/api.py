"""The Python interface: run compositions and read results."""

from sondage.commands.run import folder_of, run, run_plan
from sondage.commands.target import each, make_plan, overrides_of, plans, split_target
from sondage.host import Host
from sondage.records.catalogue import all_runs
from sondage.records.runs import Run, matching, results
from sondage.report.html import write_page

__all__ = [
    "Host",
    "Run",
    "all_runs",
    "each",
    "folder_of",
    "make_plan",
    "matching",
    "overrides_of",
    "plans",
    "results",
    "run",
    "run_plan",
    "split_target",
    "write_page",
]
