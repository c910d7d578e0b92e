"""Runs the kit on one component without pytest, as ``sondage check`` does."""

from __future__ import annotations

import time
import traceback
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from sondage.errors import ParameterError, SondageError, nearest
from sondage.specs import Kind, Spec
from sondage.testing import checks  # noqa: F401 - importing it registers the checks
from sondage.testing.check import CHECKS, Check, NotApplicable
from sondage.testing.component import Component, Given, plugin_module

CheckStatus = Literal["passed", "failed", "warned", "skipped", "expected"]


@dataclass(frozen=True)
class CheckOutcome:
    """How one check went.

    Parameters
    ----------
    component, check : str
    status : {'passed', 'failed', 'warned', 'skipped', 'expected'}
        ``warned``: failed, but the check is not enforced before a later release;
        ``skipped``: does not apply to this component; ``expected``: failed, as was said
        beforehand.
    promise : str
        What the check promises.
    message : str
        Why it did not pass; empty if it did.
    details : str
        The traceback of a failure.
    seconds : float
        Wall-clock time.
    """

    component: str
    check: str
    status: CheckStatus
    promise: str
    message: str
    details: str
    seconds: float


def checks_of(kind: Kind) -> tuple[Check, ...]:
    """Return the checks that a component of this kind has to pass."""
    return (*CHECKS["every"], *CHECKS[kind])


def run_checks(
    kind: Kind,
    spec: Spec,
    params: Given | None = None,
    *,
    variants: Sequence[Mapping[str, Any]] = (),
    encoder: Any = None,
    expected_failures: Mapping[str, str] | None = None,
) -> list[CheckOutcome]:
    """Run every check of a component's kind.

    Parameters
    ----------
    kind : {'encoder', 'task', 'probe', 'metric', 'report', 'tracker'}
    spec : Spec
    params : mapping, optional
        Constructor arguments; see `Component`.
    variants : sequence of mappings
        Changes to the parameters that must change the fingerprint.
    encoder : encoder, or callable that makes one, optional
        What a probe with ``reads = "encoder"`` asks; see `conformance`.
    expected_failures : mapping of a check's name to a reason
        Strict both ways, as in `conformance`: such a check is ``expected`` if it fails, and
        ``failed`` if it passes or does not apply.

    Returns
    -------
    list of CheckOutcome
        One per check, in the order of `checks_of`.

    Raises
    ------
    ParameterError
        If `expected_failures` names a check that this kind does not have.
    SondageError
        Under ``python -O``, which removes the assertions that the checks consist of.
    """
    if not __debug__:
        raise SondageError("the conformance kit does nothing under python -O", hint="drop -O")
    prefix = spec.name.partition(".")[0]
    component = Component(
        spec,
        params or {},
        variants,
        plugin_module=plugin_module(prefix),
        encoder_given=encoder,
    )
    reasons = dict(expected_failures or {})
    names = [check.name for check in checks_of(kind)]
    for wanted in reasons:
        if wanted not in names:
            raise ParameterError(
                f"{wanted!r} is expected to fail, but is no check of {kind}s",
                near=nearest(wanted, names) or names,
            )
    return [
        _expected(run_check(check, component), reasons.get(check.name)) for check in checks_of(kind)
    ]


def _expected(outcome: CheckOutcome, reason: str | None) -> CheckOutcome:
    """Turn the outcome round where a failure was expected for a reason."""
    if reason is None:
        return outcome
    if outcome.status in ("failed", "warned"):
        return replace(outcome, status="expected", message=reason, details="")
    did = "passed" if outcome.status == "passed" else f"does not apply: {outcome.message}"
    return replace(outcome, status="failed", message=f"expected to fail ({reason}), but {did}")


def run_check(check: Check, component: Component) -> CheckOutcome:
    """Run one check; never raises for what the component does."""
    begin = time.perf_counter()
    status: CheckStatus = "passed"
    message = details = ""
    try:
        with warnings.catch_warnings(record=True):
            check(component)
    except NotApplicable as reason:
        status, message = "skipped", str(reason)
    except Exception as error:
        status = "failed" if check.enforced else "warned"
        message = str(error) if isinstance(error, AssertionError) else f"{_kind(error)}: {error}"
        details = traceback.format_exc()
    seconds = time.perf_counter() - begin
    return CheckOutcome(
        component.name, check.name, status, check.promise, message, details, seconds
    )


def _kind(error: Exception) -> str:
    slug = f" ({error.slug})" if isinstance(error, SondageError) else ""
    return type(error).__name__ + slug
