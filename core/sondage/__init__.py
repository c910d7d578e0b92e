"""Sondage: a deep cut through a pretrained model, layer by layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sondage.lazy import exports

__version__ = "0.1.0"

if TYPE_CHECKING:
    from sondage.api import Run as Run
    from sondage.api import all_runs as all_runs
    from sondage.api import results as results
    from sondage.api import run as run
    from sondage.host.hookspecs import hookimpl as hookimpl
    from sondage.specs import DataFile as DataFile
    from sondage.specs import DataSpec as DataSpec
    from sondage.specs import EncoderSpec as EncoderSpec
    from sondage.specs import MetricSpec as MetricSpec
    from sondage.specs import Origin as Origin
    from sondage.specs import ProbeSpec as ProbeSpec
    from sondage.specs import ReportSpec as ReportSpec
    from sondage.specs import TaskSpec as TaskSpec
    from sondage.specs import TrackerSpec as TrackerSpec
else:
    # Imported at first use: `import sondage` stays fast and plugins pay for what they touch.
    __getattr__, __dir__, __all__ = exports(
        __name__,
        {
            "api": ["Run", "all_runs", "results", "run"],
            "host.hookspecs": ["hookimpl"],
            "specs": [
                "DataFile",
                "DataSpec",
                "EncoderSpec",
                "MetricSpec",
                "Origin",
                "ProbeSpec",
                "ReportSpec",
                "TaskSpec",
                "TrackerSpec",
            ],
        },
        own=["__version__"],
    )
