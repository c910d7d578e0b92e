"""Checks of trackers: whatever a run says, nothing is raised, and its folder is left alone."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from sondage.data import digest
from sondage.testing import toys
from sondage.testing.check import promise_of
from sondage.testing.checks.report import files_in
from sondage.testing.component import Component
from sondage.testing.findings import ToyFindings
from sondage.testing.tracked import hostile, told_records, track


def takes(component: Component, what: str, found: ToyFindings, **told: Any) -> None:
    """Tell a new instance of a run of its own; raises AssertionError if that raises."""
    try:
        track(component.make(), found, id=digest("tracked", what), name=what[:20], **told)
    except Exception as error:
        raise AssertionError(f"{what}: {type(error).__name__}: {error}") from error


@promise_of("tracker", since="0.1")
def check_tracker_takes_any_run(component: Component) -> None:
    """Whatever a run has, even nothing, and however it ends, nothing is raised."""
    track(component.make())
    for what, part in toys.partial_findings().items():
        takes(component, what, part, state="stopped")
    takes(component, "no components", toys.findings(), components=(), commit="", state="failed")


@promise_of("tracker", since="0.1")
def check_tracker_takes_any_name(component: Component) -> None:
    """Names of any letters are taken: those that a store refuses, the tracker makes fit."""
    track(component.make())
    takes(component, "odd names", hostile())


@promise_of("tracker", since="0.1")
def check_tracker_takes_a_run_up_again(component: Component) -> None:
    """A run that is there is taken up by another process, and told what it was told before."""
    track(component.make(), state="stopped")
    found = toys.findings()
    takes(component, "a run", found)
    takes(component, "a run", found, again=told_records(found), command="sondage run b")


@promise_of("tracker", since="0.1")
def check_tracker_leaves_the_run_alone(component: Component) -> None:
    """Nothing is written to the run's folder, nor changed in it."""
    track(component.make())
    with tempfile.TemporaryDirectory(prefix="sondage-check-") as folder:
        (Path(folder) / "run.json").write_text("{}", "utf-8")
        track(component.make(), folder=Path(folder))
        found = files_in(Path(folder))
    assert found == {"run.json": b"{}"}, f"in the run's folder: {', '.join(found)}"
