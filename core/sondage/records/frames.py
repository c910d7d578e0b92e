"""Results as pandas frames: tidy rows, summaries with intervals, stacked tables."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Container, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sondage import stats
from sondage.data import Outcomes
from sondage.host import extras
from sondage.records import printed, whole
from sondage.records.folder import RunFolder
from sondage.records.lines import Record
from sondage.records.outcomes import unpack
from sondage.registry.naming import joined, parted

if TYPE_CHECKING:
    import pandas as pd

_CELL = ["kind", "encoder", "other", "step", "task", "component", "view", "layer", "seed"]
_GROUP = [c for c in _CELL if c != "seed"]

#: Columns of the summary and their pandas types in files and SQL, the same for any run.
SUMMARY = (
    dict.fromkeys(("kind", "encoder", "other"), "string")
    | {"step": "Int64"}
    | dict.fromkeys(("task", "component", "view"), "string")
    | {"layer": "Int64", "score": "string"}
    | dict.fromkeys(("mean", "std", "low", "high"), "Float64")
    | {"interval": "string", "n_seeds": "Int64"}
    | {"boot_low": "Float64", "boot_high": "Float64", "n_groups": "Int64"}
    | dict.fromkeys(("difference", "difference_low", "difference_high", "p", "p_holm"), "Float64")
    | dict.fromkeys(printed.columns(), "string")
)


def frame(folders: Iterable[RunFolder]) -> pd.DataFrame:
    """Return one row per cell and score.

    Parameters
    ----------
    folders : iterable of RunFolder

    Returns
    -------
    DataFrame
        Columns ``run, kind, encoder, other, step, task, component, view, layer, seed, score,
        value, low, high, status, id`` and how the names are printed, ``encoder_label,
        other_label, task_label, component_label, score_label``; a failed cell has one row
        without a value.
    """
    extras.need("run", "a table of results")
    import pandas as pd

    rows = []
    for folder in folders:
        shown = printed.PrintedNames(folder.header())
        for record in folder.records():
            base = {"run": folder.path.name} | {c: record[c] for c in _CELL}
            end = {"status": record["status"], "id": record["id"]}
            for score, value in (record["scores"] or {"": None}).items():
                low, high = record.get("intervals", {}).get(score, (None, None))
                numbers = {"score": score, "value": value, "low": low, "high": high}
                rows.append(base | numbers | end | shown.row(record, score))
    columns = ["run", *_CELL, "score", "value", "low", "high", "status", "id", *printed.columns()]
    out = pd.DataFrame(rows, columns=columns)
    out["layer"] = out["layer"].astype("Int64")
    out["step"] = out["step"].astype("Int64")
    for column in ("value", "low", "high"):
        out[column] = out[column].astype("Float64")
    return out


def table(folder: RunFolder, name: str) -> pd.DataFrame:
    """Return one named table of all cells, stacked, with the cells' columns in front.

    A column of the table that has a cell column's name gets an underscore at its end.
    """
    extras.need("run", "a table of results")
    import pandas as pd

    parts = []
    for record in folder.records():
        if name in record.get("tables", {}):
            own = record["tables"][name]
            part = pd.DataFrame({c + "_" * (c in _CELL): v for c, v in own.items()})
            for i, column in enumerate(_CELL):
                part.insert(i, column, [record[column]] * len(part))
            parts.append(part)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=_CELL)


def summary(folder: RunFolder) -> pd.DataFrame:
    """Return one row per score of each encoder, task, component, view and layer.

    Returns
    -------
    DataFrame
        ``mean`` and ``std`` over the seeds (``n_seeds``), ``low`` and ``high`` of a 95%
        interval and how it was made (``interval``): ``seeds`` (t), ``items`` (over test
        sentences, for scores that outcomes are of), ``groups`` (jackknife over sentences).
        With outcomes also the interval over test sentences beside that over seeds (``boot_low,
        boot_high``), the number of sentences behind it (``n_groups``) and, against the
        composition's baseline, ``difference, difference_low, difference_high, p, p_holm``
        (Holm over layers). Last how the names are printed, ``encoder_label``, ``other_label``,
        ``task_label``, ``component_label``, ``score_label``.
    """
    extras.need("run", "a table of results")
    import pandas as pd

    header = folder.header()
    baseline = (header.get("declared") or {}).get("baseline")
    plan, shown = whole.planned(header), printed.PrintedNames(header)
    cells: dict[tuple[Any, ...], list[Record]] = defaultdict(list)
    for record in folder.records():
        if record["status"] == "done":
            cells[tuple(record[c] for c in _GROUP)].append(record)
    rows = []
    for group, records in cells.items():
        twin = cells.get(_twin(group, baseline, cells)) if baseline else None
        told = _told(records)
        for score in _shared(records):
            row = dict(zip(_GROUP, group, strict=True)) | {"score": score}
            row |= _spread(records, score, told.get(score, ())) | shown.row(records[0], score)
            if score in told and twin and twin is not records and group[0] != "metric":
                row |= _against(records, twin, score)
                theirs = plan.get(_family(_twin(group, baseline or "", cells)))
                row["tests"] = _tests(group, records, twin, plan, theirs)
            rows.append(row)
    out = pd.DataFrame(rows, columns=[*SUMMARY, "tests"])
    _adjust(out)
    out = in_floats(out.drop(columns="tests").astype(SUMMARY))
    order = ["kind", "task", "component", "view", "score", "encoder", "other", "step", "layer"]
    return out.sort_values(order, kind="stable", ignore_index=True)


def in_floats(out: pd.DataFrame) -> pd.DataFrame:
    """Return a summary with its numbers as plain floats, NaN where one is missing."""
    return out.astype({c: "float64" for c, kind in SUMMARY.items() if kind == "Float64"})


def _shared(records: Sequence[Record]) -> list[str]:
    """Return the scores that all records have."""
    return [s for s in records[0]["scores"] if all(s in r["scores"] for r in records)]


def _twin(
    group: tuple[Any, ...], baseline: str, cells: Container[tuple[Any, ...]]
) -> tuple[Any, ...]:
    """Return the group of the baseline; of a baseline with several seeds, that of the same seed."""
    name, _, step = baseline.rpartition("@")
    other = (name, int(step)) if name and step.isdigit() else (baseline, None)
    mine = dict(zip(_GROUP, group, strict=True))
    if mine["kind"] == "training":
        # Of its last step, whichever of them the baseline is.
        other = (other[0], None)
    twin = mine | dict(zip(("encoder", "step"), other, strict=True))
    seed = parted(str(mine["encoder"]))[1]
    of_its_seed = tuple((twin | {"encoder": joined(twin["encoder"], seed)}).values())
    return of_its_seed if of_its_seed in cells else tuple(twin.values())


def _told(records: Sequence[Record]) -> dict[str, list[Outcomes]]:
    """Return the outcomes of each record, for every score of which all have some."""
    found = [outcomes_of(record) for record in records]
    return {score: [one[score] for one in found] for score in found[0] if all(
        score in one for one in found)}  # fmt: skip


def outcomes_of(record: Record) -> dict[str, Outcomes]:
    """Return a record's outcomes by the score that they are of.

    Those that are no numbers say nothing, and are left out.
    """
    out: dict[str, Outcomes] = {}
    for packed in (record.get("outcomes"), *record.get("further", ())):
        try:
            found = unpack(packed)
        except (KeyError, TypeError, ValueError, zlib.error):
            continue
        lengths = {len(found.items), len(found.groups), len(found.values)}
        if len(lengths) == 1 and np.isfinite(found.values).all():
            out[found.score or next(iter(record["scores"]), "")] = found
    return out


def _spread(records: Sequence[Record], score: str, told: Sequence[Outcomes]) -> dict[str, Any]:
    values = np.array([r["scores"][score] for r in records])
    over = stats.seed_interval(values)
    if over.std is not None and over.std <= 1e-12 * abs(over.mean):
        # Equal up to rounding: the seeds varied nothing that counts, so they say nothing.
        over = stats.Interval(over.mean, 0.0, None, None, over.n)
    row: dict[str, Any] = {
        "mean": over.mean, "std": over.std, "low": over.low, "high": over.high,
        "interval": "seeds" if over.low is not None else "", "n_seeds": len(values),
    }  # fmt: skip
    if told:
        outcome, groups = _stacked(told)
        own = stats.cluster_interval(outcome, groups)
        row |= {"boot_low": own.low, "boot_high": own.high, "n_groups": own.n}
        if over.low is None:
            row |= {"low": own.low, "high": own.high, "interval": "items"}
    if over.low is None and score in records[0].get("intervals", {}):
        low, high = records[0]["intervals"][score]
        row |= {"low": low, "high": high, "interval": "groups"}
    return row


def _stacked(parts: Sequence[Outcomes]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    values = np.concatenate([np.asarray(p.values, np.float64) for p in parts])
    return values, np.concatenate([p.groups for p in parts])


def _against(records: Sequence[Record], twin: Sequence[Record], score: str) -> dict[str, Any]:
    theirs = {r["seed"]: r for r in twin}
    a, b, groups = [], [], []
    for record in records:
        other = theirs.get(record["seed"])
        mine = outcomes_of(record).get(score)
        his = None if other is None else outcomes_of(other).get(score)
        if mine is None or his is None:
            continue
        if not np.array_equal(mine.items, his.items):
            continue
        a.append(np.asarray(mine.values, np.float64))
        b.append(np.asarray(his.values, np.float64))
        groups.append(mine.groups)
    if not a:
        return {}
    found = stats.paired_difference(np.concatenate(a), np.concatenate(b), np.concatenate(groups))
    return {
        "difference": found.difference,
        "difference_low": found.low,
        "difference_high": found.high,
        "p": found.p_value,
    }


def _tests(
    group: tuple[Any, ...],
    records: Sequence[Record],
    twin: Sequence[Record],
    plan: dict[tuple[Any, ...], whole.Planned],
    theirs: whole.Planned | None,
) -> int | None:
    """Return how many tests over layers the plan holds; None where seeds are still to come.

    0 if the run does not say what was planned.
    """
    mine = plan.get(_family(group))
    if mine is None or theirs is None:
        return 0
    seeds = mine.seeds & theirs.seeds
    there = {r["seed"] for r in records} & {r["seed"] for r in twin}
    return len(mine.layers & theirs.layers) if seeds <= there else None


def _family(group: tuple[Any, ...]) -> tuple[Any, ...]:
    names = dict(zip(_GROUP, group, strict=True))
    return tuple(names[n] for n in whole.FAMILY)


def _adjust(out: pd.DataFrame) -> None:
    """Correct over the layers that the plan holds: one that is not there yet counts as p = 1."""
    family = [c for c in _GROUP if c != "layer"]
    tested = out[out["p"].notna() & out["tests"].notna()]
    for _, part in tested.groupby(family, dropna=False):
        lacking = max(int(part["tests"].max()) - len(part), 0)
        p = np.concatenate([part["p"].to_numpy(float), np.ones(lacking)])
        out.loc[part.index, "p_holm"] = stats.holm(p)[: len(part)]
