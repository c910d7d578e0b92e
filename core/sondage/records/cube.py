"""A run's scores as labelled arrays: encoder by layer by seed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sondage.host import extras
from sondage.plain import flat
from sondage.records.folder import RunFolder
from sondage.records.lines import Record
from sondage.records.printed import PrintedNames
from sondage.records.summary import read_summary

if TYPE_CHECKING:
    from xarray import Dataset

_Coords = dict[str, list[Any]]


def cube(folder: RunFolder) -> Dataset:
    """Return a run's scores; see `sondage.api.Run.to_xarray`.

    Raises
    ------
    DependencyError
        If xarray is not installed.
    """
    extras.need("notebook", "labelled arrays")
    import xarray as xr

    header = folder.header()
    cells = [r for r in folder.records() if r["status"] == "done"]
    rows = read_summary(folder).rows
    layered = {r["component"] for r in cells if r["layer"] is not None}
    mixing = {r["component"] for r in cells} - layered
    coords = _coordinates(cells, mixing)
    values: dict[str, tuple[tuple[str, ...], dict[tuple[Any, ...], float]]] = {}
    for record in cells:
        dims = _dims(record, mixing)
        for score, value in record["scores"].items():
            name = flat(f"{record['component']}.{score}")
            values.setdefault(name, (dims, {}))[1][_place_in(record, dims)] = value
    for row in rows:
        dims = tuple(d for d in _dims(row, mixing) if d != "seed")
        for end in ("low", "high"):
            name = flat(f"{row['component']}.{row['score']}.{end}")
            values.setdefault(name, (dims, {}))[1][_place_in(row, dims)] = row[end]
    variables = {n: (d, _filled(found, [coords[c] for c in d])) for n, (d, found) in values.items()}
    used = {d for dims, _ in values.values() for d in dims}
    kept = {name: found for name, found in coords.items() if name in used}
    return xr.Dataset(
        variables, kept | _label_coordinates(cells, kept, header), _cube_attributes(folder, header)
    )


def _dims(row: Mapping[str, Any], mixing: set[str]) -> tuple[str, ...]:
    who = "pair" if row["kind"] == "metric" else "encoder"
    layer = () if row["component"] in mixing else ("layer",)
    return ("task", "view", who, *layer, "seed")


def _name(row: Mapping[str, Any]) -> str:
    step = "" if row["step"] is None else f"@{row['step']}"
    return f"{row['encoder']}{step}" + (f" ~ {row['other']}" if row["other"] else "")


def _place_in(row: Mapping[str, Any], dims: Sequence[str]) -> tuple[Any, ...]:
    named = {"pair": _name(row), "encoder": _name(row)}
    # One that has layers, and a result over all of them beside these, has that at -1.
    own = {**row, **named, "layer": -1 if row["layer"] is None else row["layer"]}
    return tuple(own[d] for d in dims)


def _coordinates(cells: Iterable[Record], mixing: set[str]) -> _Coords:
    """Return the values along each dimension: numbers in order, names as they come."""
    found: dict[str, dict[Any, None]] = {
        name: {} for name in ("task", "view", "encoder", "pair", "layer", "seed")
    }
    for record in cells:
        dims = _dims(record, mixing)
        for dim, value in zip(dims, _place_in(record, dims), strict=True):
            found[dim][value] = None
    return {n: sorted(v) if n in ("layer", "seed") else list(v) for n, v in found.items()}


def _filled(
    found: Mapping[tuple[Any, ...], float | None], along: Sequence[Sequence[Any]]
) -> NDArray[np.float64]:
    places = [{value: i for i, value in enumerate(values)} for values in along]
    out = np.full([len(values) for values in along], np.nan)
    for at, value in found.items():
        out[tuple(p[a] for p, a in zip(places, at, strict=True))] = (
            np.nan if value is None else value
        )
    return out


def _label_coordinates(cells: Iterable[Record], kept: _Coords, header: Record) -> dict[str, Any]:
    """Return how tasks and encoders are printed, as further coordinates."""
    shown = PrintedNames(header)
    names: dict[str, dict[str, str]] = {"task": {}, "encoder": {}}
    for record in cells:
        names["task"][record["task"]] = shown.of("task", record["task"])
        names["encoder"][_name(record)] = shown.of("encoder", _name(record))
    return {
        f"{dim}_label": (dim, [flat(names[dim][name]) for name in kept[dim]])
        for dim in names
        if dim in kept
    }


def _cube_attributes(folder: RunFolder, header: Record) -> dict[str, str]:
    """Return where it is from, as texts, which every format can keep."""
    said = {
        "run": folder.path.name,
        "composition": str(header.get("composition") or ""),
        "baseline": str((header.get("declared") or {}).get("baseline") or ""),
        "versions": json.dumps(header.get("versions") or {}),
        "python": str(header.get("python") or ""),
        "interval": "low and high are the ends of 95% intervals",
    }
    return {name: flat(value) for name, value in said.items() if value}
