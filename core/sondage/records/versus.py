"""Runs against each other: scores side by side, differences over the same test items."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sondage import stats
from sondage.data import Outcomes
from sondage.errors import ResultsError
from sondage.records.folder import RunFolder
from sondage.records.frames import outcomes_of
from sondage.records.lines import Record
from sondage.records.printed import PrintedNames

_COMPARED_BY = ("kind", "task", "component", "view", "encoder", "other", "step", "layer")
_Place = tuple[Any, ...]


@dataclass(frozen=True)
class Against:
    """One score of one encoder in a run, against that in the first run.

    Attributes
    ----------
    place : dict
        ``kind, task, component, view, encoder, other, step, layer, score``, as the registry
        names them: what the two have in common.
    run, reference : int
        Which of the runs, from 0; the first is 0.
    labels : dict
        How task, component, encoder, other and score are printed; the encoder as in `run`.
    mean, reference_mean : float
        Over the seeds that each has.
    difference, low, high, p : float or None
        Of this run minus the first one, over test items that both have; None without such.
    p_holm : float or None
        Corrected for all tests of the comparison.
    n_groups, n_seeds : int
        Sentences, and seeds, behind the test.
    why : str
        Why there is no test.
    """

    place: dict[str, Any]
    run: int
    labels: dict[str, str]
    mean: float
    reference_mean: float
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    p_holm: float | None = None
    n_groups: int = 0
    n_seeds: int = 0
    why: str = ""


def versus(folders: Sequence[RunFolder], *, every_score: bool = False) -> list[Against]:
    """Compare runs with the first of them, wherever they have an encoder and task in common.

    What is compared has the same names in the registry; where each of two runs has one encoder,
    these are. A test needs the same test items: the task's fingerprint, the seed and the items
    have to agree.

    Parameters
    ----------
    folders : sequence of RunFolder
        Two or more.
    every_score : bool
        Not only the first score of each component.

    Returns
    -------
    list of Against
        By place, then run.

    Raises
    ------
    ResultsError
        If there are fewer than two runs, or one has nothing in common with the first.
    """
    if len(folders) < 2:
        raise ResultsError("a comparison needs two runs or more", hint="sondage runs")
    first, *others = [_Cells.of(folder) for folder in folders]
    found: list[Against] = []
    for number, other in enumerate(others, 1):
        mine = list(_compared(first, other.as_in(first), number, every_score))
        if not mine:
            raise ResultsError(
                f"runs '{folders[0].path.name}' and '{folders[number].path.name}' have no "
                "finished cells of one encoder, task, component and layer",
                hint="names in the registry are what counts; sondage runs RUN shows a run",
            )
        found += mine
    return _as_planned(_corrected(found), first)


@dataclass(frozen=True)
class _Cells:
    labels: PrintedNames
    at: Mapping[_Place, list[Record]]
    # What the encoders of another run are called here, to find their labels.
    own: Mapping[str, str]

    @classmethod
    def of(cls, folder: RunFolder) -> _Cells:
        at: dict[_Place, list[Record]] = defaultdict(list)
        for record in folder.records():
            if record["status"] == "done":
                at[tuple(record[name] for name in _COMPARED_BY)].append(record)
        return cls(PrintedNames(folder.header()), at, {})

    @property
    def encoders(self) -> set[str]:
        """Names of the encoders."""
        return {place[4] for place in self.at}

    def as_in(self, first: _Cells) -> _Cells:
        """Return these cells under the first run's name, where each run has one encoder."""
        mine, theirs = self.encoders, first.encoders
        if mine & theirs or len(mine) != 1 or len(theirs) != 1:
            return self
        (name,), (wanted,) = mine, theirs
        at = {(*p[:4], wanted, *p[5:]): records for p, records in self.at.items()}
        return replace(self, at=at, own={wanted: name})


def _compared(first: _Cells, other: _Cells, number: int, every: bool) -> Iterator[Against]:
    for place, records in other.at.items():
        reference = first.at.get(place)
        if not reference:
            continue
        named = dict(zip(_COMPARED_BY, place, strict=True))
        encoder = other.own.get(named["encoder"], named["encoder"])
        shared = [s for s in reference[0]["scores"] if _in_all(s, (*reference, *records))]
        told = [(r, outcomes_of(r)) for r in records], [(r, outcomes_of(r)) for r in reference]
        for score in shared if every else shared[:1]:
            labels = other.labels.row({**named, "encoder": encoder}, score)
            yield replace(
                Against(
                    named | {"score": score}, number,
                    {name.removesuffix("_label"): text for name, text in labels.items()},
                    _mean(records, score), _mean(reference, score),
                ),
                **_tested(*told, score),
            )  # fmt: skip


def _in_all(score: str, records: Sequence[Record]) -> bool:
    return all(score in record["scores"] for record in records)


def _mean(records: Sequence[Record], score: str) -> float:
    return float(np.mean([record["scores"][score] for record in records]))


_Told = list[tuple[Record, dict[str, Outcomes]]]


def _tested(records: _Told, reference: _Told, score: str) -> dict[str, Any]:
    theirs = {record["seed"]: (record, told) for record, told in reference}
    pairs: list[tuple[Outcomes, Outcomes]] = []
    why = ""
    for record, told in records:
        if record["seed"] not in theirs:
            why = why or "no seed in common"
            continue
        twin, his = theirs[record["seed"]]
        one, two = told.get(score), his.get(score)
        if one is None or two is None:
            why = "no outcomes by item"
        elif _data_of_task(record) != _data_of_task(twin):
            why = "other data"
        elif not (np.array_equal(one.items, two.items) and np.array_equal(one.groups, two.groups)):
            why = "other test items"
        else:
            pairs.append((one, two))
    if not pairs:
        return {"why": why}
    mine, other, groups = (np.concatenate(part) for part in zip(*map(_aligned, pairs), strict=True))
    found = stats.paired_difference(mine, other, groups)
    return {
        "difference": found.difference, "low": found.low, "high": found.high,
        "p": found.p_value, "n_groups": found.n, "n_seeds": len(pairs),
    }  # fmt: skip


def _aligned(pair: tuple[Outcomes, Outcomes]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    one, two = pair
    return np.asarray(one.values, float), np.asarray(two.values, float), one.groups


def _data_of_task(record: Record) -> Any:
    task = (record.get("key") or {}).get("task")
    return task.get("fingerprint") if isinstance(task, dict) else task


def _corrected(found: list[Against]) -> list[Against]:
    tested = {i: one.p for i, one in enumerate(found) if one.p is not None}
    p = dict(zip(tested, stats.holm(list(tested.values())), strict=True))
    return [replace(one, p_holm=float(p[i])) if i in p else one for i, one in enumerate(found)]


def _as_planned(found: list[Against], first: _Cells) -> list[Against]:
    places = {place: i for i, place in enumerate(first.at)}
    panels: dict[tuple[Any, ...], int] = {}
    for one in found:
        key = tuple(one.place[n] for n in ("kind", "task", "component", "view", "score"))
        panels.setdefault(key, len(panels))

    def at(one: Against) -> tuple[Any, ...]:
        place = tuple(one.place[name] for name in _COMPARED_BY)
        key = tuple(one.place[n] for n in ("kind", "task", "component", "view", "score"))
        layer = -1 if one.place["layer"] is None else one.place["layer"]
        return panels[key], layer, places[place], one.run

    return sorted(found, key=at)
