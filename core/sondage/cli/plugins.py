"""``sondage plugins``: what is installed, and why something is not used."""

from __future__ import annotations

from typing import Annotated

import typer

from sondage.cli import text


def plugins(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    hooks: Annotated[bool, typer.Option("--hooks", help="Show the hooks that answer.")] = False,
    requires: Annotated[
        bool, typer.Option("--requires", help="Show which core each plugin needs.")
    ] = False,
) -> None:
    """List installed plugins with their status and its reason."""
    from sondage.host import Host

    reports = Host.discover().plugins
    if as_json:
        import json
        from dataclasses import asdict

        # ASCII only: escape sequences cannot reach a terminal.
        text.say(json.dumps([asdict(report) for report in reports], indent=2))
        return
    if not reports:
        text.say(
            "no plugins are installed; in a clone of sondage: "
            "pip install ./plugins/transformers ./plugins/synthetic"
        )
        return
    columns = ["name", "distribution", "version", "status", "reason"]
    columns += ["hooks"] * hooks + ["requires"] * requires
    rows = []
    for report in reports:
        row = [report.plugin, report.distribution, report.version, report.status]
        offers = [text.counted(len(report.components), "component")]
        offers += [text.counted(len(report.data), "data set")] * bool(report.data)
        row.append(report.reason or ", ".join(offers))
        row += [", ".join(report.hooks)] * hooks + [report.requires] * requires
        rows.append(row)
    text.table(columns, rows)
