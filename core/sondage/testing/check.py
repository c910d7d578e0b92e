"""What a check is: a promise with a version, kept by a function of one component."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from packaging.version import Version

from sondage import __version__
from sondage.specs import Kind

if TYPE_CHECKING:
    from sondage.testing.component import Component

Scope = Kind | Literal["every"]


class NotApplicable(Exception):  # noqa: N818 - says why a check was skipped; no error
    """Raised by a check that has nothing to say about this component."""


class ConformanceWarning(UserWarning):
    """A component breaks a promise that the next release will insist on."""


@dataclass(frozen=True)
class Check:
    """One promise about components of a kind.

    Parameters
    ----------
    run : callable
        Raises AssertionError where the promise is broken, `NotApplicable` where there is
        nothing to test.
    since : str
        The release from which a broken promise fails. Before it, the kit only warns, so
        that a new check gives plugin authors one minor release to follow.
    """

    run: Callable[[Component], None]
    since: str

    @property
    def name(self) -> str:
        """The function's name, ``check_*``."""
        return self.run.__name__

    @property
    def promise(self) -> str:
        """First line of the function's docstring."""
        return (self.run.__doc__ or "").strip().partition("\n")[0]

    @property
    def enforced(self) -> bool:
        """Whether this release fails a component that breaks the promise."""
        return Version(__version__).release >= Version(self.since).release

    def __call__(self, component: Component) -> None:
        """Run the check."""
        self.run(component)


CHECKS: dict[Scope, list[Check]] = {
    "every": [],
    "encoder": [],
    "task": [],
    "probe": [],
    "metric": [],
    "report": [],
    "tracker": [],
}

CheckFunction = Callable[["Component"], None]


def promise_of(scope: Scope, *, since: str) -> Callable[[CheckFunction], CheckFunction]:
    """Register the decorated function as a check of `scope`; return it unchanged."""

    def register(run: CheckFunction) -> CheckFunction:
        CHECKS[scope].append(Check(run, since))
        return run

    return register
