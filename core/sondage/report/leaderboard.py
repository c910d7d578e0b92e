"""Encoders of several runs in one table: a column a task and probe, best first."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sondage.errors import ResultsError
from sondage.plain import flat
from sondage.records.glance import less_is_better
from sondage.records.summary import Summary
from sondage.report.pivot import column_of, half_width
from sondage.report.tex import escape, tabular

if TYPE_CHECKING:
    from pandas import DataFrame

_PM = r"\pm"


@dataclass(frozen=True)
class Standing:
    """An encoder's score in one column.

    Attributes
    ----------
    row : dict
        Of the summary: the layer that stands for the encoder.
    rank : float
        1 is best; of equals, the mean of their places.
    best : bool
        Whether none is better.
    """

    row: dict[str, Any]
    rank: float
    best: bool

    def text(self, plus_minus: str = "±") -> str:
        """Return ``mean ± half-width``."""
        half = half_width(self.row)
        return f"{self.row['mean']:.3f}" + ("" if half is None else f" {plus_minus} {half:.3f}")


@dataclass(frozen=True)
class Board:
    """The table.

    Attributes
    ----------
    columns : list of str
        ``task · component · score``.
    encoders : list of str
        Best mean rank first.
    places : dict of (encoder, column) to Standing
    ranks : dict of encoder to float or None
        Mean rank over the columns that all encoders have; None if there is none.
    shared : int
        How many columns those are.
    layer : str
        What stands for an encoder: ``best``, ``last`` or a number.
    lacking : list of str
        What of the runs is not there.
    """

    columns: list[str]
    encoders: list[str]
    places: dict[tuple[str, str], Standing]
    ranks: dict[str, float | None]
    shared: int
    layer: str
    lacking: list[str] = field(default_factory=list)

    @property
    def notes(self) -> list[str]:
        """How to read it."""
        of = f"{self.shared} of {len(self.columns)} columns"
        out = [
            "± half of the 95% interval; rank 1 is best, the mean over "
            f"{of}, those that all encoders have"
        ]
        if self.layer == "best":
            out.append("of every encoder the layer that is best on test: too good to be expected")
        return out + self.lacking

    def frame(self) -> DataFrame:
        """Return a row for each score, with the layer that stands for it."""
        import pandas as pd

        kept = ("task", "component", "view", "score", "layer", "mean", "std", "low", "high",
                "interval", "n_seeds")  # fmt: skip
        rows = [
            {"encoder": encoder, "column": column}
            | {name: place.row[name] for name in kept}
            | {"rank": place.rank, "mean_rank": self.ranks[encoder]}
            for encoder in self.encoders
            for column in self.columns
            if (place := self.places.get((encoder, column))) is not None
        ]
        return pd.DataFrame(rows).astype({"layer": "Int64"})

    def latex(self) -> str:
        r"""Return a ``table`` environment, the best of a column bold; needs ``booktabs``."""
        rows = []
        for encoder in self.encoders:
            cells = [escape(flat(encoder))]
            for column in self.columns:
                place = self.places.get((encoder, column))
                number = "" if place is None else rf"\({place.text(_PM)}\)"
                best = place is not None and place.best
                cells.append(rf"{{\boldmath\bfseries {number}}}" if best else number or "--")
            rank = self.ranks[encoder]
            rows.append([*cells, "--" if rank is None else f"{rank:.2f}"])
        heads = ["encoder", *(escape(flat(column)) for column in self.columns), "rank"]
        caption = escape("; ".join(self.notes))
        return tabular(caption, "l" * (len(self.columns) + 1) + "r", heads, rows)


def leaderboard(runs: Sequence[Summary], layer: str = "best") -> Board:
    """Put the encoders of runs into one table.

    An encoder that several runs have is one row; a task or probe that is another thing in
    another run, whatever its name, is another column. Only probes count, by their first score.

    Parameters
    ----------
    runs : sequence of Summary
        The first one first.
    layer : str
        What stands for an encoder: its layer that is ``best`` on test, its ``last`` one, or a
        number. A probe of all layers has one score.

    Raises
    ------
    ResultsError
        If there is nothing to show, or no such layer.
    """
    if layer not in ("best", "last") and not layer.isdecimal():
        raise ResultsError(f"'{layer}' is no layer", hint="best, last or a number")
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    rows, columns = _Names(), _Names()
    for number, run in enumerate(runs, 1):
        for key, part in _layers_of_each(run):
            at = rows.name(*key[0], number), columns.name(*key[1], number)
            known = found.get(at)
            if known is None or part[0]["n_seeds"] >= known[0]["n_seeds"]:
                found[at] = part
    chosen = {at: row for at, part in found.items() if (row := _at_layer(part, layer)) is not None}
    if not chosen:
        raise ResultsError(
            "there are no scores of probes" + f" at layer {layer}" * layer.isdecimal(),
            hint="sondage results RUN",
        )
    said = [f"{run.name}: {run.lacking}" for run in runs if run.lacking]
    return _board(rows.shown(), columns.shown(), chosen, layer, said)


class _Names:
    """Tells apart what is printed alike: by the number of the run that has it."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, int]] = {}

    def name(self, identity: str, label: str, run: int) -> str:
        self._known.setdefault(identity, (label, run))
        return identity

    def shown(self) -> dict[str, str]:
        """Return what each identity is printed as."""
        alike = Counter(label for label, _ in self._known.values())
        return {
            identity: label if alike[label] == 1 else f"{label} [{run}]"
            for identity, (label, run) in self._known.items()
        }


_Key = tuple[tuple[str, str], tuple[str, str]]


def _layers_of_each(run: Summary) -> Iterator[tuple[_Key, list[dict[str, Any]]]]:
    """Yield the layers of each encoder and column, with what identifies both."""
    keys = {(c.get("kind"), c.get("label")): c.get("key") for c in run.header.get("components", [])}
    groups: dict[_Key, list[dict[str, Any]]] = {}
    for row in run.rows:
        if row["kind"] != "probe" or not run.is_primary(row):
            continue
        encoder = [keys.get(("encoder", row["encoder"]), row["encoder"]), row["step"]]
        column = [keys.get(("task", row["task"])), keys.get(("probe", row["component"]))]
        names = [str(row.get(f"{c}_label") or row[c]) for c in ("task", "component", "score")]
        identity = json.dumps([*column, row["view"], row["score"]], sort_keys=True)
        one = json.dumps(encoder, sort_keys=True), column_of(row)
        groups.setdefault((one, (identity, " · ".join(names))), []).append(row)
    yield from groups.items()


def _better(row: dict[str, Any]) -> float:
    low = less_is_better(row["score"])
    return float(-row["mean"] if low else row["mean"])


def _at_layer(part: list[dict[str, Any]], layer: str) -> dict[str, Any] | None:
    layered = [row for row in part if row["layer"] is not None]
    if not layered:
        return part[0]
    if layer == "best":
        return max(layered, key=_better)
    if layer == "last":
        return max(layered, key=lambda row: int(row["layer"]))
    return next((row for row in layered if row["layer"] == int(layer)), None)


def _board(
    rows: dict[str, str], columns: dict[str, str],
    chosen: dict[tuple[str, str], dict[str, Any]], layer: str, said: list[str],
) -> Board:  # fmt: skip
    encoders = [one for one in rows if any(at[0] == one for at in chosen)]
    shown = [one for one in columns if any(at[1] == one for at in chosen)]
    places: dict[tuple[str, str], Standing] = {}
    ranks: dict[str, list[float]] = {one: [] for one in encoders}
    shared = 0
    for column in shown:
        values = {e: _better(chosen[e, column]) for e in encoders if (e, column) in chosen}
        whole = len(values) == len(encoders)
        shared += whole
        for encoder, value in values.items():
            above = sum(other > value for other in values.values())
            equal = sum(other == value for other in values.values())
            rank = above + (equal + 1) / 2
            places[rows[encoder], columns[column]] = Standing(
                chosen[encoder, column], rank, above == 0
            )
            if whole:
                ranks[encoder].append(rank)
    mean = {e: sum(r) / len(r) if r else None for e, r in ranks.items()}
    ordered = sorted(encoders, key=lambda e: (mean[e] is None, mean[e] or 0.0))
    return Board(
        [columns[c] for c in shown], [rows[e] for e in ordered], places,
        {rows[e]: mean[e] for e in ordered}, shared, layer, said,
    )  # fmt: skip
