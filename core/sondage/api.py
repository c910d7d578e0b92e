"""The Python interface: run compositions and read results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sondage.lazy import exports

if TYPE_CHECKING:
    from sondage.commands.run import folder_of as folder_of
    from sondage.commands.run import run as run
    from sondage.commands.run import run_plan as run_plan
    from sondage.commands.target import each as each
    from sondage.commands.target import make_plan as make_plan
    from sondage.commands.target import overrides_of as overrides_of
    from sondage.commands.target import plans as plans
    from sondage.commands.target import split_target as split_target
    from sondage.host import Host as Host
    from sondage.records.catalogue import all_runs as all_runs
    from sondage.records.runs import Run as Run
    from sondage.records.runs import matching as matching
    from sondage.records.runs import results as results
    from sondage.report.html import write_page as write_page
else:
    # Who reads results does not pay for what plans and runs.
    __getattr__, __dir__, __all__ = exports(
        __name__,
        {
            "commands.run": ["folder_of", "run", "run_plan"],
            "commands.target": ["each", "make_plan", "overrides_of", "plans", "split_target"],
            "host": ["Host"],
            "records.catalogue": ["all_runs"],
            "records.runs": ["Run", "matching", "results"],
            "report.html": ["write_page"],
        },
        root="sondage",
    )
