"""``sondage check``: the conformance kit on one component."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sondage.cli import text
from sondage.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sondage.testing import CheckOutcome


def check(
    name: Annotated[
        str, typer.Argument(help="plugin.component, or a name that a registry declares.")
    ],
    params: Annotated[
        Path | None, typer.Option(metavar="FILE.yaml", help="The component's parameters.")
    ] = None,
    registry_file: Annotated[
        Path | None, typer.Option("--registry", metavar="FILE", help="Else the shipped one.")
    ] = None,
    expect: Annotated[
        list[str],
        typer.Option(
            metavar="CHECK=REASON",
            help="A check that fails for a reason; an error if it does not fail.",
        ),
    ] = [],  # noqa: B006 - typer copies it
) -> None:
    """Run the conformance kit on one component."""
    reasons = dict(_expectation(given) for given in expect)
    from sondage.commands import check
    from sondage.host import Host
    from sondage.testing import run_checks

    subject = check.subject(name, Host.discover(), params, registry_file)
    text.say(f"{subject.offer.spec.name} of {subject.offer.distribution} {subject.offer.version}")
    outcomes = run_checks(
        subject.offer.spec.kind,
        subject.offer.spec,
        subject.arguments,
        expected_failures=reasons,
    )
    _tell_outcomes(outcomes)
    if any(o.status == "failed" for o in outcomes):
        raise typer.Exit(1)


def _tell_outcomes(outcomes: Sequence[CheckOutcome]) -> None:
    first: dict[str, str] = {}
    rows = []
    for o in outcomes:
        said = o.message.partition("\nassert ")[0] or o.promise
        before = first.setdefault(said, o.check) if o.status == "failed" else o.check
        rows.append([o.status, o.check, said if before == o.check else f"as {before}"])
    text.table(["", "check", "promise, or why not"], rows)
    for o in outcomes:
        # The kit's own assertions are said above; of what a component raised, the place helps.
        if o.check in first.values() and not _of_the_kit(o):
            text.say(f"\n{o.check}: {o.promise}\n{o.details}")
    bad = sum(o.status == "failed" for o in outcomes)
    known = sum(o.status == "expected" for o in outcomes)
    as_said = f", {known} as expected" if known else ""
    text.say(f"{text.counted(len(outcomes), 'check')}, {bad} failed{as_said}")


def _expectation(given: str) -> tuple[str, str]:
    check, _, reason = given.partition("=")
    if not check or not reason.strip():
        raise ParameterError(
            f"--expect {given!r} has no reason", hint="--expect CHECK='why it has to fail'"
        )
    return check, reason.strip()


def _of_the_kit(outcome: CheckOutcome) -> bool:
    """Tell whether a failure is told in full by its message."""
    if not outcome.details:
        return True
    raised = [line for line in outcome.details.splitlines() if line.startswith("  File ")]
    return "AssertionError" in outcome.details and "/testing/" in raised[-1].replace("\\", "/")
