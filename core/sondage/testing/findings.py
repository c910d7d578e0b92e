"""Toy findings for reports: what a run would hand over, made from records in memory."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from sondage.data import Outcomes, digest
from sondage.records.folder import SCHEMA, RunFolder
from sondage.records.lines import Record
from sondage.records.outcomes import pack

if TYPE_CHECKING:
    from pandas import DataFrame


class ToyCell(NamedTuple):
    """One cell: its record, as in ``cells.jsonl``, and its arrays by name."""

    record: Record
    arrays: Mapping[str, NDArray[Any]]


def cell(
    scores: Mapping[str, float],
    *,
    right: Sequence[bool] | NDArray[np.bool_] | None = None,
    arrays: Mapping[str, NDArray[Any]] | None = None,
    **fields: Any,
) -> ToyCell:
    """Return a cell of probe ``linear`` on task ``words``, encoder ``a``, layer 0, seed 0.

    Parameters
    ----------
    scores : mapping of name to float
        Without any, the cell is one that failed.
    right : sequence of bool, optional
        Whether each test item, alone in its sentence, was answered rightly.
    arrays : mapping of name to array, optional
    **fields
        What else the record says, or says otherwise: ``kind``, ``encoder``, ``layer``,
        ``tables``, ...
    """
    place: Record = {
        "kind": "probe", "encoder": "a", "other": "", "task": "words", "component": "linear",
        "step": None, "view": "word", "layer": 0, "seed": 0,
    }  # fmt: skip
    place |= {name: value for name, value in fields.items() if name in place}
    record: Record = {
        "id": digest("toy cell", *map(str, place.values())),
        "status": "done" if scores else "failed",
        "schema": SCHEMA,
        **place,
        "seed_controls": [],
        "key": {},
        "versions": {},
        "scores": dict(scores),
    }
    if scores:
        record |= {"intervals": {}, "warnings": {}, "seconds": 0.0}
    else:
        record["error"] = {"type": "DataError", "message": "a toy failure", "slug": "data"}
    if right is not None:
        index = np.arange(len(right), dtype=np.int64)
        record["outcomes"] = pack(Outcomes(index, index, np.asarray(right, bool)))
    if arrays:
        record["artifact"] = f"artifacts/{record['id']}.npz"
    return ToyCell(record | fields, dict(arrays or {}))


class _Remembered(RunFolder):
    """A run folder that is on no disk."""

    def __init__(self, cells: Sequence[ToyCell], baseline: str, labels: bool) -> None:
        super().__init__(Path("toy-00000000"))
        self._records = [c.record for c in cells]
        self._header = {"schema": SCHEMA, "composition": "toy", "declared": {"baseline": baseline}}
        if labels:
            self._header["components"] = list(_labelled(self._records))

    def header(self) -> Record:
        return copy.deepcopy(self._header)

    def records(self) -> list[Record]:
        return copy.deepcopy(self._records)


def _labelled(records: Iterable[Record]) -> Iterator[Record]:
    named: dict[tuple[str, str], None] = {}
    for r in records:
        kinds = {"encoder": "encoder", "other": "encoder", "task": "task",
                 "component": "metric" if r["kind"] == "metric" else "probe"}  # fmt: skip
        named |= {(kind, str(r[column]).partition("@")[0]): None for column, kind in kinds.items()}
    for kind, name in named:
        yield {"kind": kind, "label": name, "key": {}, "shown": f"the {name}"}


def printed(files: Iterable[Path]) -> set[str]:
    """Return what a report prints: the texts of SVG pictures, the cells of LaTeX tables."""
    out: set[str] = set()
    for file in files:
        text = file.read_text("utf-8") if file.suffix in (".svg", ".tex") else ""
        if file.suffix == ".svg":
            tags = (e for e in ElementTree.fromstring(text).iter() if e.tag.endswith("}text"))
            out |= {"".join(e.itertext()) for e in tags}
        rows = (line.removesuffix("\\\\") for line in text.splitlines() if " & " in line)
        out |= {cell.strip() for row in rows for cell in row.split(" & ")}
    return out


class ToyFindings:
    """A `sondage.contracts.Findings` over cells in memory, with the frames of a real run.

    Parameters
    ----------
    cells : iterable of ToyCell
    baseline : str
        The encoder that `summary` takes differences to.
    labels : bool
        Whether encoders, tasks, probes and metrics have labels: ``NAME`` is printed ``the NAME``.
    """

    def __init__(
        self, cells: Iterable[ToyCell] = (), *, baseline: str = "b", labels: bool = False
    ) -> None:
        self.cells = tuple(cells)
        self.baseline, self.labels = baseline, labels

    def only(self, keep: Callable[[Record], bool]) -> ToyFindings:
        """Return the findings of the cells whose record is kept."""
        kept = (c for c in self.cells if keep(c.record))
        return ToyFindings(kept, baseline=self.baseline, labels=self.labels)

    def frame(self) -> DataFrame:
        """Return one row per cell and score."""
        from sondage.records.frames import frame

        return frame([self._folder()])

    def summary(self) -> DataFrame:
        """Return one row per score, over seeds, with intervals and differences."""
        from sondage.records.frames import summary

        return summary(self._folder())

    def table(self, name: str) -> DataFrame:
        """Return one named table of all cells, stacked."""
        from sondage.records.frames import table

        return table(self._folder(), name)

    def arrays(self) -> Iterator[tuple[Record, dict[str, NDArray[Any]]]]:
        """Yield each finished cell that has arrays: its record and its arrays by name."""
        for record, arrays in self.cells:
            if record["status"] == "done" and arrays:
                yield copy.deepcopy(record), {name: a.copy() for name, a in arrays.items()}

    def _folder(self) -> RunFolder:
        return _Remembered(self.cells, self.baseline, self.labels)


def findings(seed: int = 0) -> ToyFindings:
    """Return findings of all kinds: the seed changes the numbers, nothing else.

    Probe ``linear`` on encoders ``a`` and ``b`` (layers 0 to 2, seeds 0 and 1, arrays, a table
    ``per_class``; the last cell failed), and on ``tuned`` at steps 0 and 100, which was
    trained; probe ``mix``, without layers or arrays; metric ``gap`` between a and b.
    """
    rng = np.random.default_rng(seed)
    cells = []

    def probed(**place: Any) -> ToyCell:
        right = rng.random(24) < 0.7
        scores = {"accuracy": float(right.mean()), "loss": float(rng.random())}
        return cell(scores, right=right, **place)

    for encoder, layer, s in itertools.product("ab", (0, 1, 2), (0, 1)):
        if (encoder, layer, s) == ("b", 2, 1):
            cells.append(cell({}, encoder=encoder, layer=layer, seed=s))
            continue
        table = {"label": ["long", "short"], "f1": rng.random(2).tolist(), "support": [9, 15]}
        arrays = {"means": rng.standard_normal((2, 3)), "labels": np.array([0, 1])}
        place = {"encoder": encoder, "layer": layer, "seed": s}
        cells.append(probed(**place, tables={"per_class": table}, arrays=arrays))
    cells.append(
        cell({"dev_loss": 0.5}, kind="training", encoder="tuned", component="toy.tuned", view="",
             layer=None)
    )  # fmt: skip
    cells += [probed(encoder="tuned", step=step, layer=2) for step in (0, 100)]
    cells += [probed(encoder=encoder, component="mix", layer=None) for encoder in "ab"]
    for layer in (0, 1, 2):
        gap = float(rng.random())
        cells.append(
            cell({"gap": gap}, kind="metric", component="gap", other="b", layer=layer,
                 intervals={"gap": [gap - 0.1, gap + 0.1]})
        )  # fmt: skip
    return ToyFindings(cells)


def partial_findings() -> dict[str, ToyFindings]:
    """Return what is there of `findings` when things are missing, by what it is."""
    whole = findings()
    return {
        "no results at all": ToyFindings(),
        "failed cells only": whole.only(lambda r: r["status"] == "failed"),
        "one cell": ToyFindings(whole.cells[:1]),
        "metrics only": whole.only(lambda r: r["kind"] == "metric"),
        "a training only": whole.only(lambda r: r["kind"] == "training"),
        "nothing by layer": whole.only(lambda r: r["layer"] is None),
        "no arrays": whole.only(lambda r: "artifact" not in r),
        "no baseline": whole.only(lambda r: r["encoder"] != "b"),
    }
