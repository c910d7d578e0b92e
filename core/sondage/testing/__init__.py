"""The conformance kit: what makes a component that someone else wrote safe to run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sondage.lazy import exports

if TYPE_CHECKING:
    from sondage.testing.decorator import conformance as conformance
    from sondage.testing.entries import data_conformance as data_conformance
    from sondage.testing.entries import data_problems as data_problems
    from sondage.testing.runner import CheckOutcome as CheckOutcome
    from sondage.testing.runner import checks_of as checks_of
    from sondage.testing.runner import run_checks as run_checks
else:
    # pytest imports this package at start-up: numpy and the checks come at first use.
    __getattr__, __dir__, __all__ = exports(
        __name__,
        {
            "decorator": ["conformance"],
            "entries": ["data_conformance", "data_problems"],
            "runner": ["CheckOutcome", "checks_of", "run_checks"],
        },
    )
