"""What a plugin may offer. Hooks return lists of specs; they never act."""

from __future__ import annotations

import pluggy

from sondage.specs import (
    DataSpec,
    EncoderSpec,
    MetricSpec,
    ProbeSpec,
    ReportSpec,
    TaskSpec,
    TrackerSpec,
)

PROJECT = "sondage"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def sondage_encoders() -> list[EncoderSpec]:
    """Return the encoders this plugin offers."""
    return []


@hookspec
def sondage_tasks() -> list[TaskSpec]:
    """Return the tasks this plugin offers."""
    return []


@hookspec
def sondage_probes() -> list[ProbeSpec]:
    """Return the probes this plugin offers."""
    return []


@hookspec
def sondage_metrics() -> list[MetricSpec]:
    """Return the similarity metrics this plugin offers."""
    return []


@hookspec
def sondage_reports() -> list[ReportSpec]:
    """Return the reports this plugin offers."""
    return []


@hookspec
def sondage_trackers() -> list[TrackerSpec]:
    """Return the trackers this plugin offers."""
    return []


@hookspec
def sondage_data() -> list[DataSpec]:
    """Return the data sets that this plugin's tasks read and that can be had."""
    return []
