"""How a run was made: settings, models, versions, commits, commands, times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import yaml

from sondage.plain import duration
from sondage.records.folder import RunFolder
from sondage.records.history import events
from sondage.records.printed import models_of
from sondage.records.summary import Summary
from sondage.report.html.sources import Part


@dataclass(frozen=True)
class Making:
    """How a run came to be.

    Attributes
    ----------
    command : str
        What makes it again.
    times : list of (str, str, str, str)
        When it was worked on (UTC), how long, the commit and the command.
    versions : list of str pairs
    models : list of str pairs
        Encoders, and the model that stood behind them.
    composition, components : str, list of (str, str)
        What was asked, and every component's parameters, as YAML.
    """

    command: str
    times: list[tuple[str, str, str, str]]
    versions: list[tuple[str, str]]
    models: list[tuple[str, str]]
    composition: str
    components: list[tuple[str, str]]


def making(folder: RunFolder, found: Summary, ran: Sequence[Part]) -> Making:
    """Return how a run was made, as far as its folder says."""
    told = events(folder)
    header = found.header
    name = str(header.get("composition") or found.name.rpartition("-")[0] or found.name)
    versions = header.get("versions")
    own = sorted(versions.items()) if isinstance(versions, Mapping) else []
    here = [(n, str(header[n])) for n in ("python", "machine") if header.get(n)]
    return Making(
        command=next((e.command for e in reversed(told) if e.command), f"sondage run {name}"),
        times=[
            (
                datetime.fromtimestamp(e.begun, UTC).strftime("%Y-%m-%d %H:%M UTC"),
                "" if e.seconds is None else duration(e.seconds),
                e.commit,
                e.command,
            )
            for e in told
        ],
        versions=[*here, *((str(k), str(v)) for k, v in own)],
        models=models_of(header),
        composition=as_yaml(header.get("declared") or {}),
        components=[(f"{p.kind} {p.label}", as_yaml({"use": p.use, **p.parameters})) for p in ran],
    )


def as_yaml(value: Any) -> str:
    """Return settings as a registry has them."""
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=90)
