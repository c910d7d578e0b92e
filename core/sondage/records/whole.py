"""Whether a run is whole: what its plan holds, and how much of that is there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sondage.plan.cells import Cell
from sondage.records.lines import Record

#: What tests over layers have in common: one family, corrected together.
FAMILY = ("kind", "encoder", "other", "step", "task", "component", "view")


@dataclass(frozen=True)
class Planned:
    """The layers and seeds that a plan holds of one family."""

    layers: frozenset[int | None]
    seeds: frozenset[int]


def families(cells: Iterable[Cell]) -> list[Record]:
    """Return what ``run.json`` says of a plan's families: their names, layers and seeds."""
    found: dict[tuple[Any, ...], tuple[dict[int | None, None], dict[int, None]]] = {}
    for cell in cells:
        layers, seeds = found.setdefault(tuple(getattr(cell, n) for n in FAMILY), ({}, {}))
        layers[cell.layer] = None
        seeds[cell.seed] = None
    return [
        dict(zip(FAMILY, names, strict=True)) | {"layers": [*layers], "seeds": [*seeds]}
        for names, (layers, seeds) in found.items()
    ]


def planned(header: Mapping[str, Any]) -> dict[tuple[Any, ...], Planned]:
    """Return what `families` wrote, by names; empty where it cannot be read."""
    try:
        return {
            tuple(family[n] for n in FAMILY): Planned(
                frozenset(family["layers"]), frozenset(family["seeds"])
            )
            for family in header.get("families", [])
        }
    except (KeyError, TypeError):
        # Damaged: the same 'sondage run' writes it anew.
        return {}


def said(done: int, failed: int, header: Mapping[str, Any]) -> str:
    """Return what a run lacks, in words; '' if all that was planned is done.

    ``37 of 88 cells, not finished`` where cells are still to come, with `` (2 more failed)``
    where some failed; ``3 of 88 cells failed`` where every one was tried.
    """
    wanted = int(header.get("cells") or 0)
    if done >= wanted:
        return ""
    if done + failed >= wanted:
        return f"{wanted - done} of {wanted} cells failed"
    more = f" ({failed} more failed)" if failed else ""
    return f"{done} of {wanted} cells, not finished{more}"
