"""How long kinds of work took in earlier runs on this machine, each kind by itself."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sondage.data import digest
from sondage.plan.cells import Encoding, Job, Training
from sondage.records.across import runs
from sondage.records.catalogue import composition_of
from sondage.records.folder import RunFolder
from sondage.records.history import told_lines
from sondage.records.lines import Record
from sondage.registry.built import Built, key_id
from sondage.store import machine


@dataclass
class Pace:
    """Seconds that some pieces of one kind of work took.

    Attributes
    ----------
    n : int
        Pieces: cells, encodings, trainings.
    seconds : float
        All together.
    size : int
        Characters that were encoded; 0 of other work.
    """

    n: int = 0
    seconds: float = 0.0
    size: int = 0

    def add(self, n: int, seconds: float, size: int = 0) -> None:
        """Count more pieces."""
        self.n, self.seconds, self.size = self.n + n, self.seconds + seconds, self.size + size

    @property
    def each(self) -> float:
        """Seconds of one piece."""
        return self.seconds / self.n


#: What is done, on what, by which encoder: together they say what kind of work it is.
WorkKind = tuple[str, str, str]


def kind_of_cell(job: Job) -> WorkKind:
    """Return the kind of work that a job's cells are: all but layer and seed."""
    who = "+".join(encoder.id for encoder in job.encoders)
    return job.component.id, f"{job.task.id} {job.view}", who


def kind_of_record(record: Record) -> WorkKind:
    """Return what `kind_of_cell` says of the job that left a record."""
    key = record["key"]
    who = "+".join(map(key_id, key["encoders"]))
    return key_id(key["component"]), f"{key_id(key['task'])} {record['view']}", who


def kind_of_training(training: Training) -> WorkKind:
    """Return the kind of work that a training is: all but its seed."""
    return "train", _but_seed(training.encoder), ""


def _but_seed(built: Built) -> str:
    kept = {name: value for name, value in built.parameters.items() if name != "seed"}
    return digest(json.dumps([built.use, built.offer.version, kept], sort_keys=True))


def kind_of_encoding(encoding: Encoding) -> WorkKind:
    """Return the kind of work that a pass over a model is."""
    return "encode", str(encoding.task.instance.corpus_fingerprint), encoding.encoder.id


@dataclass
class Paces:
    """What earlier runs on this machine say of time and memory.

    Attributes
    ----------
    exact : dict
        By all that makes a kind of work.
    likewise : dict
        Cells by component and task, whatever the encoder; encodings by encoder, whatever the text.
    peaks : dict of str to int
        Bytes that the process had at most, by composition.
    """

    exact: dict[WorkKind, Pace] = field(default_factory=dict)
    likewise: dict[WorkKind, Pace] = field(default_factory=dict)
    peaks: dict[str, int] = field(default_factory=dict)

    def add(self, kind: WorkKind, n: int, seconds: float, size: int = 0) -> None:
        """Count pieces of work of one kind."""
        what, where, who = kind
        wider = (what, "", who) if what == "encode" else (what, where, "")
        self.exact.setdefault(kind, Pace()).add(n, seconds, size)
        self.likewise.setdefault(wider, Pace()).add(n, seconds, size)

    def cell(self, kind: WorkKind) -> float | None:
        """Return the seconds of a cell or a training; None if no such work was done here."""
        what, where, _ = kind
        found = self.exact.get(kind) or self.likewise.get((what, where, ""))
        return found.each if found else None

    def encoding(self, kind: WorkKind, size: int | None) -> float | None:
        """Return the seconds of an encoding: as it took before, or by the length of the texts.

        Parameters
        ----------
        kind : tuple
        size : int or None
            Characters, where they are known.
        """
        what, _, who = kind
        if kind in self.exact:
            return self.exact[kind].each
        found = self.likewise.get((what, "", who))
        if found is None or not found.size or size is None:
            return None
        return found.seconds * size / found.size

    def lines(self) -> list[list[Any]]:
        """Return all of it, to be written."""
        return [
            [*kind, pace.n, round(pace.seconds, 3), pace.size] for kind, pace in self.exact.items()
        ]


def paces_here(root: Path) -> Paces:
    """Return what the runs under a folder say of this machine."""
    found, here = Paces(), machine.this_machine()
    for folder in runs(root):
        for line in told_lines(folder):
            if "took" in line and line.get("host") == here:
                _take(found, line, folder)
    return found


def _take(found: Paces, line: Record, folder: RunFolder) -> None:
    with contextlib.suppress(TypeError, ValueError):
        for what, where, who, n, seconds, size in _pace_rows(line["took"]):
            found.add((str(what), str(where), str(who)), int(n), float(seconds), int(size))
        name = composition_of(folder)
        found.peaks[name] = max(found.peaks.get(name, 0), int(line.get("peak") or 0))


def _pace_rows(told: Any) -> Iterable[Any]:
    return [row for row in told if isinstance(row, list) and len(row) == 6 and row[3] > 0]
