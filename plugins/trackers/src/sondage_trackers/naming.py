"""What runs and cells are called in a store: parameters, scores, and names that any store takes."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from sondage.contracts import ToldRun

#: Longest name, and what names are made of; MLflow is the strictest.
LONGEST = 200
_OTHER = re.compile(r"[^A-Za-z0-9_\-. ]")


def fitting(name: str, longest: int = LONGEST) -> str:
    """Return a name that stores take; one that had to be changed ends in digits of its own.

    Parameters
    ----------
    name : str
    longest : int
        Characters, at least 12.
    """
    plain = _OTHER.sub("_", name).strip()
    if plain == name and 0 < len(name) <= longest and name.strip("."):
        return name
    digits = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{plain.strip('.')[: longest - 9]}-{digits}"


def score_name(record: Mapping[str, Any], score: str) -> str:
    """Return what a cell's score is called: ``upos/linear/accuracy/minilm word seed 0``.

    Layers are no part of it, they are steps. An encoder's training step is.
    """
    who = [str(record["encoder_label"])]
    who += [f"step {record['step']}"] if record["step"] is not None else []
    who += [f"vs {record['other_label']}"] if record["other"] else []
    who += [str(record["view"])] if record["view"] else []
    named = f"{' '.join(who)} seed {record['seed']}"
    parts = (str(record["task_label"]), str(record["component_label"]), score, named)
    # With the slashes the longest is below 250.
    return "/".join(fitting(p, most) for p, most in zip(parts, (50, 50, 50, 90), strict=True))


def scores(records: Iterable[Mapping[str, Any]]) -> list[tuple[str, int, float]]:
    """Return name, layer and value of each score of finished cells; 0 where there is no layer."""
    return [
        (score_name(record, score), record["layer"] or 0, float(value))
        for record in records
        if record["status"] == "done"
        for score, value in record["scores"].items()
    ]


def parameters(run: ToldRun) -> dict[str, str]:
    """Return what a run was made of, as short texts: models, components with their parameters."""
    out = {"composition": run.composition, "cells": str(run.n_cells)}
    for part in run.components:
        at = f"{part.get('kind', 'component')}.{part.get('label', '')}"
        if part.get("shown"):
            out[f"{at}.label"] = str(part["shown"])
        for name, value in dict(part.get("parameters") or {}).items():
            out[f"{at}.{name}"] = value if isinstance(value, str) else json.dumps(value)
        for i, origin in enumerate(part.get("origins") or ()):
            for name, said in origin.items():
                out[f"{at}.origin{i or ''}.{name}"] = str(said)
    return {fitting(name): value for name, value in out.items()}


def tags(run: ToldRun) -> dict[str, str]:
    """Return what says where a run comes from: command, commit, versions."""
    own = {"run": run.id, "name": run.name, "command": run.command, "commit": run.commit}
    own |= {"folder": str(run.folder)}
    own |= {f"version.{name}": said for name, said in run.versions.items()}
    return {fitting(f"sondage.{name}"): said for name, said in own.items() if said}
