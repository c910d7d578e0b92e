"""``sondage doctor``: what works here and what does not."""

from __future__ import annotations

import typer

from sondage.cli import text


def doctor() -> None:
    """Look for what is wrong with this installation.

    Python, libraries, plugins, folders, disk and devices; exits with 1 if something is wrong.
    """
    from sondage.commands import doctor

    wrong = 0
    for finding in doctor.diagnose():
        wrong += not finding.fine
        mark = "ok  " if finding.fine else "BAD "
        text.say(f"{mark} {text.flat(finding.subject)}: {text.flat(finding.said)}")
        if finding.detail:
            text.say("       " + finding.detail.rstrip().replace("\n", "\n       "))
    if wrong:
        text.say(f"\n{text.counted(wrong, 'problem')}")
        raise typer.Exit(1)
